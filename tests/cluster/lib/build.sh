# Builds the programs from their Go modules into a cache outside the checkout, once per content of the module.
# The folder's name is a hash of go.mod, go.sum and the flags; a program that is in it is complete (renamed into place).

KUBERNETES_VERSION=v1.34.4
KWOK_VERSION=v0.7.0
CACHE=${MISSION_CONTROL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mission-control}
ALL_PROGRAMS=(kube-apiserver kubectl kubelet kube-controller-manager kube-scheduler etcd kwok)
readonly KUBERNETES_VERSION KWOK_VERSION CACHE ALL_PROGRAMS

program_module() {
  case $1 in
    etcd | kwok) echo "$1" ;;
    kube-apiserver | kubectl | kubelet | kube-controller-manager | kube-scheduler) echo kubernetes ;;
    *) die "the test cluster has no program '$1'" "it has: ${ALL_PROGRAMS[*]}" ;;
  esac
}

program_import() {
  case $1 in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    kwok) echo sigs.k8s.io/kwok/cmd/kwok ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
  esac
}

module_ldflags() {
  local v=k8s.io/component-base/version
  case $1 in
    kubernetes) echo "-s -w -X $v.gitVersion=$KUBERNETES_VERSION -X $v.gitMajor=1 -X $v.gitMinor=34" ;;
    *) echo "-s -w" ;;
  esac
}

module_folder() {
  local key
  key=$({ cat "$ROOM/go/$1/go.mod" "$ROOM/go/$1/go.sum"; module_ldflags "$1"; uname -sm; } | sha256sum | cut -c1-12)
  echo "$CACHE/$1-$key"
}

# program NAME: the path of a program, from KUBEBUILDER_ASSETS where that has it.
program() {
  case $1 in
    etcd | kube-apiserver | kubectl)
      if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$1" ]; then
        echo "$KUBEBUILDER_ASSETS/$1"
        return
      fi ;;
  esac
  echo "$(module_folder "$(program_module "$1")")/$1"
}

# build_programs [PROGRAM...]: all of them by default; seconds when they are there.
build_programs() {
  local wanted=("$@") missing=() name n=0 started=$EPOCHSECONDS
  ((${#wanted[@]})) || wanted=("${ALL_PROGRAMS[@]}")
  for name in "${wanted[@]}"; do
    program_module "$name" >/dev/null
    [ -x "$(program "$name")" ] || missing+=("$name")
  done
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  need_go
  say "building ${#missing[@]} of ${#wanted[@]} programs into $CACHE, once: ${missing[*]}"
  ((${#missing[@]} < 4)) || say "this takes about ten minutes on two cores"
  for name in "${missing[@]}"; do
    n=$((n + 1))
    build_program "$name" "$n/${#missing[@]}"
  done
  say "built ${#missing[@]} programs in $((EPOCHSECONDS - started)) s"
}

need_go() {
  local version
  type -P go >/dev/null || die "Go is not installed; it builds Kubernetes from its modules" \
    "install Go 1.24 or later (https://go.dev/dl), or use a cluster that you have: CLUSTER=existing KUBECONFIG=... $0 ..."
  version=$(go env GOVERSION)
  [[ $version =~ ^go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 24)) || die "Go is too old: $version" "install Go 1.24 or later (https://go.dev/dl)"
}

# Several checkouts may build at once: a lock per module folder, and the second one finds the program made.
build_program() (
  name=$1 count=$2 module=$(program_module "$1") folder=$(module_folder "$(program_module "$1")")
  mkdir -p "$folder"
  exec 8>"$folder/.lock"
  flock --nonblock 8 || { say "[$count] $name: waiting for another build of it"; flock 8; }
  [ ! -x "$folder/$name" ] || exit 0
  log=$folder/.$name.log temp=$folder/.$name.$$ started=$EPOCHSECONDS
  trap 'rm -f "$temp"; [ -z "${build:-}" ] || kill "$build" 2>/dev/null || true' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  say "[$count] $name"
  cd "$ROOM/go/$module" || exit 1
  env CGO_ENABLED=0 GOWORK=off GOFLAGS="${GOFLAGS:-} -buildvcs=false" go build -mod=readonly -trimpath \
    -ldflags "$(module_ldflags "$module")" -o "$temp" "$(program_import "$name")" >"$log" 2>&1 8>&- 9>&- &
  build=$!
  next=30
  while kill -0 "$build" 2>/dev/null; do
    sleep 0.5
    if ((EPOCHSECONDS - started >= next)); then
      say "[$count] $name: still building, $((EPOCHSECONDS - started)) s"
      next=$((next + 30))
    fi
  done
  status=0
  wait "$build" || status=$?
  build=
  ((status == 0)) || { tail -n 20 "$log" >&2; die "go could not build $name" "the whole output: $log"; }
  mv "$temp" "$folder/$name"
  say "[$count] $name: $((EPOCHSECONDS - started)) s"
)
