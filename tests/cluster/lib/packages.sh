# What the machine must have. Says what is missing and the next step; installs Debian packages where it may.

need_root() {
  [ "$(uname -s)" = Linux ] || die "the test cluster needs Linux, this is $(uname -s)" "start one with kind, k3d or minikube, then: CLUSTER=existing KUBECONFIG=... $0 ..."
  [ "$(id -u)" = 0 ] || die "the test cluster needs root, for namespaces and containers" "use sudo, or any cluster you have: CLUSTER=existing KUBECONFIG=... $0 ..."
}

# need_packages PROGRAM=PACKAGE...: installs the packages whose program is not there.
need_packages() {
  local pair program missing=()
  for pair in "$@"; do
    program=${pair%%=*}
    if [[ $program == /* ]]; then
      [ -x "$program" ] || missing+=("${pair#*=}")
    else
      PATH=$PATH:/usr/sbin:/sbin type -P "$program" >/dev/null || missing+=("${pair#*=}")
    fi
  done
  ((${#missing[@]})) || return 0
  type -P apt-get >/dev/null || die "missing programs" "install these packages (Debian's names): ${missing[*]}"
  [ "$(id -u)" = 0 ] || die "missing packages" "apt-get install ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  mkdir -p "$STATE_ROOT"
  install_packages "${missing[@]}" >"$STATE_ROOT/apt.log" 2>&1 ||
    { tail -n 15 "$STATE_ROOT/apt.log" >&2; die "apt-get could not install them" "apt-get install ${missing[*]}"; }
}

install_packages() {
  # policy-rc.d: no service of ours may be started on the host by a package.
  local policy=/usr/sbin/policy-rc.d status=0 ours=no
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; ours=yes; }
  export DEBIAN_FRONTEND=noninteractive
  { apt-get install -y --no-install-recommends "$@" ||
    { apt-get update && apt-get install -y --no-install-recommends "$@"; }; } || status=$?
  [ $ours = no ] || rm -f $policy
  return $status
}

need_control_plane_packages() { need_packages openssl=openssl ip=iproute2 unshare=util-linux setpriv=util-linux flock=util-linux jq=jq; }

need_node_packages() {
  need_packages containerd=containerd runc=runc /usr/lib/cni/ptp=containernetworking-plugins busybox=busybox-static
  # Without the static build the images made of it cannot run.
  if ldd "$(type -P busybox)" >/dev/null 2>&1; then
    say "installing Debian packages: busybox-static"
    install_packages busybox-static >"$STATE_ROOT/apt.log" 2>&1 || die "this busybox is not static" "apt-get install busybox-static"
  fi
}
