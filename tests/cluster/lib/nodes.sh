# The real node: the images that it needs before its first Pod, and what "ready" means.

# containerd's own images: `pause` keeps a Pod's namespaces; `busybox` is a small shell for tests.
import_base_images() {
  local root=$STATE/image-root
  busybox_root "$root"
  make_image "$STATE/pause.tar" missioncontrol.dev/test/pause:v1 "$root" '["/bin/busybox","sleep","2147483647"]' 65535
  make_image "$STATE/busybox.tar" missioncontrol.dev/test/busybox:v1 "$root" '[]' 65532
  import_image "$STATE/pause.tar"
  import_image "$STATE/busybox.tar"
  rm -rf "$root" "$STATE/pause.tar" "$STATE/busybox.tar"
}

containerd_answers() { enter_space ctr --connect-timeout 1s version >/dev/null 2>&1; }

node_is_ready() {
  [ "$(kubectl_quiet get node node-1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

# enter_space CMD...: inside the instance's namespaces; the working folder stays.
enter_space() {
  local init
  init=$(instance_init) || die "cluster '$NAME' does not run" "tests/cluster/cluster up $NAME"
  nsenter --target "$init" --net --mount --pid --ipc --wd="$PWD" "$@"
}

# kubectl against this instance, whatever the caller's environment says; silent while the API server starts.
kubectl_quiet() { "$(program kubectl)" --kubeconfig "$STATE/kubeconfig" --request-timeout 5s "$@" 2>/dev/null; }
