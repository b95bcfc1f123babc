# Builds the programs from their Go modules into a cache outside the checkout, once per content of the module. The
# folder's name is a hash of go.mod, go.sum, code of ours and the flags; a program that is in it is complete (renamed
# into place).

KUBERNETES_VERSION=v1.34.4
KWOK_VERSION=v0.7.0
CACHE=${MISSION_CONTROL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mission-control}
# What the cluster consists of; `build` alone builds these.
ALL_PROGRAMS=(kube-apiserver kubectl kubelet kube-controller-manager kube-scheduler etcd kwok)
readonly KUBERNETES_VERSION KWOK_VERSION CACHE ALL_PROGRAMS

# Program, its module's folder under go/, its package. Versions are in the modules' go.mod.
declare -rA SOURCES=(
  [kube-apiserver]="kubernetes k8s.io/kubernetes/cmd/kube-apiserver"
  [kube-controller-manager]="kubernetes k8s.io/kubernetes/cmd/kube-controller-manager"
  [kube-scheduler]="kubernetes k8s.io/kubernetes/cmd/kube-scheduler"
  [kubectl]="kubernetes k8s.io/kubernetes/cmd/kubectl"
  [kubelet]="kubernetes k8s.io/kubernetes/cmd/kubelet"
  [etcd]="etcd go.etcd.io/etcd/server/v3"
  [kwok]="kwok sigs.k8s.io/kwok/cmd/kwok"
  [actionlint]="actionlint github.com/rhysd/actionlint/cmd/actionlint"
  [helm]="helm helm.sh/helm/v4/cmd/helm"
  [helm-unittest]="helm-unittest github.com/helm-unittest/helm-unittest/cmd/helm-unittest"
  [kubeconform]="kubeconform github.com/yannh/kubeconform/cmd/kubeconform"
  [kustomize]="kustomize sigs.k8s.io/kustomize/kustomize/v5"
  [promtool]="promtool github.com/prometheus/prometheus/cmd/promtool"
  [kstatus]="kstatus missioncontrol.dev/tests/cluster/kstatus"
  [source-controller]="source-controller github.com/fluxcd/source-controller"
  [kustomize-controller]="kustomize-controller github.com/fluxcd/kustomize-controller"
  [argocd]="argocd missioncontrol.dev/tests/cluster/argocd/argocd"
  [argocd-lua]="argocd missioncontrol.dev/tests/cluster/argocd/argocd-lua"
)

program_module() {
  [ -n "${SOURCES[$1]:-}" ] || die "there is no program '$1'" "there are: $(printf '%s\n' "${!SOURCES[@]}" | sort | tr '\n' ' ')"
  echo "${SOURCES[$1]% *}"
}

program_import() { echo "${SOURCES[$1]#* }"; }

module_ldflags() {
  local v=k8s.io/component-base/version
  case $1 in
    kubernetes) echo "-s -w -X $v.gitVersion=$KUBERNETES_VERSION -X $v.gitMajor=1 -X $v.gitMinor=34" ;;
    *) echo "-s -w" ;;
  esac
}

# The modules' own code, where a module has some besides a list of tools.
module_code() { find "$ROOM/go/$1" -name '*.go' ! -name tools.go -print0 | sort -z | xargs -0 -r cat; }

module_folder() {
  local key
  key=$({ cat "$ROOM/go/$1/go.mod" "$ROOM/go/$1/go.sum"; module_code "$1"; module_ldflags "$1"; uname -sm; } | sha256sum | cut -c1-12)
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

# program NAME...: the paths of programs, which are built where they are missing. Paths are all that goes to stdout.
program_verb() {
  (($#)) || die "program needs NAME..." "tests/cluster/cluster help"
  local name
  build_programs "$@" >&2
  for name in "$@"; do program "$name"; done
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
  need_go "${missing[@]}"
  say "building ${#missing[@]} of ${#wanted[@]} programs into $CACHE, once: ${missing[*]}"
  say_duration "${missing[@]}"
  for name in "${missing[@]}"; do
    n=$((n + 1))
    build_program "$name" "$n/${#missing[@]}"
  done
  say "built ${#missing[@]} programs in $((EPOCHSECONDS - started)) s"
}

say_duration() {
  if [[ " $* " == *" promtool "* ]]; then
    say "promtool alone takes about twenty minutes on two cores"
  elif (($# >= 4)); then
    say "this takes about ten minutes on two cores"
  fi
}

# need_go PROGRAM...: as new as the modules of these want it, unless it may fetch a newer one itself.
need_go() {
  local name version needed=24 wanted
  for name in "$@"; do
    wanted=$(sed -n 's/^go 1\.\([0-9]*\).*/\1/p' "$ROOM/go/$(program_module "$name")/go.mod")
    ((wanted <= needed)) || needed=$wanted
  done
  type -P go >/dev/null || die "Go is not installed; it builds programs from their modules" \
    "install Go 1.$needed or later (https://go.dev/dl), or use a cluster that you have: CLUSTER=existing KUBECONFIG=... $0 ..."
  version=$(go env GOVERSION)
  [[ $version =~ ^go1\.([0-9]+) ]] || die "this Go has no version: '$version'" "install Go 1.$needed or later (https://go.dev/dl)"
  ((BASH_REMATCH[1] >= needed)) || { ((BASH_REMATCH[1] >= 24)) && [ "$(go env GOTOOLCHAIN)" != local ]; } ||
    die "Go is too old: $version" "install Go 1.$needed or later (https://go.dev/dl)"
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
