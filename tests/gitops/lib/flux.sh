# Flux: its controllers as processes, the example's repository, and what its objects say.

install_flux() {
  local module crds
  for module in source-controller kustomize-controller; do
    crds=$(cd "$checkout/tests/cluster/go/$module" && go mod download -json "github.com/fluxcd/$module" | jq -r .Dir)
    kubectl apply --server-side -f "$crds/config/crd/bases" >/dev/null
  done
  mkdir -p "$work/artifacts"
  kubectl create namespace flux-system >/dev/null
  until_true 60 kubectl get serviceaccount default -n flux-system
  start_source_controller
  start_kustomize_controller
}

# flux_program NAME PORT OPTION...
flux_program() {
  local program=$1 port=$2
  shift 2
  mkdir -p "$work/tmp/$program"
  daemon "$program" env TMPDIR="$work/tmp/$program" RUNTIME_NAMESPACE=flux-system "$("$cluster" program "$program")" \
    --watch-all-namespaces --enable-leader-election=false --metrics-addr="127.0.0.1:$port" --health-addr="127.0.0.1:$((port + 1))" \
    --events-addr= --log-encoding=console --interval-jitter-percentage=0 --requeue-dependency=2s "$@"
}
start_source_controller() {
  flux_program source-controller 3010 --storage-path="$work/artifacts" --storage-addr=127.0.0.1:3012 --storage-adv-addr=127.0.0.1:3012
}
start_kustomize_controller() { flux_program kustomize-controller 3020 --no-cross-namespace-refs=false; }

# The example with a local URL, short times, and the operator from charts/kustomize, as Helm's controller is not here.
write_fleet() {
  cp -r "$checkout/examples/gitops/flux/." "$fleet/"
  note_deploys
  rm "$fleet/operator/"*
  cp "$checkout/charts/kustomize/"* "$fleet/operator/"
  sed -i -e "s|url: https://git.example/fleet|url: $git_url|" -e 's|interval: 1m$|interval: 5s|' -e 's|interval: 10m|interval: 10s|' \
    -e 's|retryInterval: 1m|retryInterval: 5s|' -e 's|timeout: 30m |timeout: 40s |' "$fleet/bootstrap.yaml" "$fleet/cluster/"*.yaml
}

of_kustomization() { kubectl get kustomization "$1" -n flux-system -o json 2>/dev/null | jq -r "$2"; }
ready() { of_kustomization "$1" '.status.conditions[]? | select(.type == "Ready") | "\(.status) \(.reason)"'; }
# ready_at NAME: Ready, and for the newest commit.
ready_at() { [ "$(of_kustomization "$1" '"\(.status.lastAppliedRevision) \(.status.conditions[]? | select(.type == "Ready") | .status)"')" = "main@sha1:$revision True" ]; }
is_ready() { until_true "${2:-120}" ready_at "$1"; }

# pull: the newest commit is fetched at once.
pull() {
  kubectl annotate gitrepository fleet -n flux-system --overwrite "reconcile.fluxcd.io/requestedAt=$EPOCHREALTIME" >/dev/null
  until_true 60 is_fetched
}
is_fetched() { [ "$(kubectl get gitrepository fleet -n flux-system -o 'jsonpath={.status.artifact.revision}')" = "main@sha1:$revision" ]; }

# reconcile NAME: once, and it was done when this returns.
reconcile() {
  local token=$EPOCHREALTIME
  kubectl annotate kustomization "$1" -n flux-system --overwrite "reconcile.fluxcd.io/requestedAt=$token" >/dev/null
  until_equal 90 "$token" of_kustomization "$1" .status.lastHandledReconcileAt
}
