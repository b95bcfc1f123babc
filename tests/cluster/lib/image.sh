# Container images without a registry: a folder becomes a docker-archive of one layer and goes straight to the node's
# containerd.

# make_image TAR IMAGE DIR ENTRYPOINT-JSON USER
make_image() (
  tar=$1 image=$2 root=$3 entrypoint=$4 user=$5
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # Sorted names and fixed times: the same folder gives the same image.
  tar --create --file "$work/layer.tar" --directory "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner .
  layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
  case $(uname -m) in aarch64) arch=arm64 ;; *) arch=amd64 ;; esac
  jq -cn --argjson entrypoint "$entrypoint" --arg user "$user" --arg layer "sha256:$layer" --arg arch "$arch" '{
    architecture: $arch, os: "linux", created: "1970-01-01T00:00:00Z",
    config: {User: $user, WorkingDir: "/", Env: ["PATH=/usr/local/bin:/usr/bin:/bin"],
             Entrypoint: (if $entrypoint == [] then null else $entrypoint end)},
    rootfs: {type: "layers", diff_ids: [$layer]}, history: [{created: "1970-01-01T00:00:00Z"}]}' >"$work/config"
  config=$(sha256sum "$work/config" | cut -d' ' -f1).json
  mv "$work/config" "$work/$config"
  jq -cn --arg config "$config" --arg image "$image" '[{Config: $config, RepoTags: [$image], Layers: ["layer.tar"]}]' >"$work/manifest.json"
  tar --create --file "$tar" --directory "$work" --mtime=@0 --owner=0 --group=0 --mode=0644 --numeric-owner manifest.json "$config" layer.tar
)

import_image() {
  enter_space ctr --namespace k8s.io images import --snapshotter "$(snapshotter)" - <"$1" >>"$STATE/log/images.log" 2>&1 ||
    { tail -n 5 "$STATE/log/images.log" >&2; die "containerd did not take the image" "the whole output: $STATE/log/images.log"; }
}

# busybox_root DIR: a root folder with a shell, the usual programs, /tmp and a user.
busybox_root() {
  local root=$1 busybox applet
  busybox=$(type -P busybox)
  mkdir -p "$root"/{bin,etc,tmp,usr/bin}
  chmod 1777 "$root/tmp"
  cp "$busybox" "$root/bin/busybox"
  for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  write_users "$root"
}

write_users() {
  mkdir -p "$1/etc"
  printf 'root:x:0:0:root:/:/bin/sh\nagent:x:65532:65532:agent:/tmp:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\nagent:x:65532:\n' >"$1/etc/group"
}

# image NAME IMAGE DIR [--entrypoint JSON|PATH] [--user UID]
image_verb() {
  (($# >= 3)) || die "image needs NAME IMAGE DIR" "tests/cluster/cluster help"
  local image=$2 root=$3
  name_instance "$1"
  shift 3
  image_options "$@"
  [ -d "$root" ] || die "there is no folder $root"
  put_image "$image" "$root"
}

# image-of-programs NAME IMAGE FILE... [-- --user UID]: the root that the Dockerfile makes, by the same script. The
# first FILE is the entrypoint.
image_of_programs_verb() {
  (($# >= 3)) || die "image-of-programs needs NAME IMAGE FILE..." "tests/cluster/cluster help"
  local image=$2 files=() root
  name_instance "$1"
  shift 2
  while (($#)) && [ "$1" != -- ]; do
    files+=("$1")
    shift
  done
  image_options "${@:2}"
  IMAGE_ENTRYPOINT="[\"/usr/local/bin/${files[0]##*/}\"]"
  root=$(mktemp -d)
  "$CHECKOUT/tests/image/root" "$root" "${files[@]}" || { rm -rf "$root"; die "the image $image was not made"; }
  put_image "$image" "$root"
  rm -rf "$root"
}

image_options() {
  IMAGE_ENTRYPOINT='[]' IMAGE_USER=65532
  while (($#)); do
    case $1 in
      --entrypoint) IMAGE_ENTRYPOINT=$2; [[ $2 == \[* ]] || IMAGE_ENTRYPOINT="[\"$2\"]" ;;
      --user) IMAGE_USER=$2 ;;
      *) die "image has no option '$1'" ;;
    esac
    shift 2
  done
}

put_image() {
  local image=$1 root=$2 tar
  if is_existing; then
    die "an image cannot be put into a cluster that we did not start: $image" \
      "push it to a registry that the cluster reads, or: kind load docker-image $image"
  fi
  [ "$(option_of node)" = kubelet ] || die "cluster '$NAME' has no node that runs containers" "start it with --node kubelet"
  tar=$STATE/image.$$.tar
  make_image "$tar" "$image" "$root" "$IMAGE_ENTRYPOINT" "$IMAGE_USER"
  import_image "$tar"
  rm -f "$tar"
}

# has-image NAME IMAGE: exit code 0 if the node has it.
has_image_verb() {
  (($# == 2)) || die "has-image needs NAME IMAGE" "tests/cluster/cluster help"
  name_instance "$1"
  enter_space ctr --namespace k8s.io images ls -q "name==$2" | grep -q .
}

# busybox-root DIR: the root folder of a small image, to put programs into before `image`.
busybox_root_verb() {
  (($# == 1)) || die "busybox-root needs DIR" "tests/cluster/cluster help"
  need_node_packages
  busybox_root "$1"
}
