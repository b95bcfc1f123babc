# up: from nothing, or from what a crash left, to a cluster that takes Pods.

up_verb() {
  if is_existing; then use_existing; return; fi
  parse_options "$@"
  need_root
  lock_instance
  trap 'failed_start $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  bring_up
  trap - EXIT INT TERM HUP
  unlock_instance
}

# parse_options NAME [OPTION...]: sets the instance's names and OPT_*.
parse_options() {
  (($#)) || die "which cluster? a NAME is missing" "such as: tests/cluster/cluster up demo"
  name_instance "$1"
  shift
  OPT_NODE=kubelet OPT_KWOK=0 OPT_GATES='' OPT_LIMITS=default OPT_AUDIT=no
  while (($#)); do
    case $1 in
      --node | --kwok | --feature-gates) (($# >= 2)) || die "$1 needs a value" ;;&
      --node) OPT_NODE=$2; shift ;;
      --kwok) OPT_KWOK=$2; shift ;;
      --feature-gates) OPT_GATES=$2; shift ;;
      --default-limits) OPT_LIMITS=default ;;
      --raised-limits) OPT_LIMITS=raised ;;
      --audit) OPT_AUDIT=yes ;;
      *) die "up has no option '$1'" "tests/cluster/cluster help" ;;
    esac
    shift
  done
  [[ $OPT_NODE == kubelet || $OPT_NODE == none ]] || die "--node is kubelet or none, not '$OPT_NODE'"
  [[ $OPT_KWOK =~ ^[0-9]{1,4}$ ]] || die "--kwok is a number of nodes, not '$OPT_KWOK'"
  OPT_LINE="node=$OPT_NODE kwok=$OPT_KWOK feature-gates=$OPT_GATES limits=$OPT_LIMITS audit=$OPT_AUDIT"
}

# option_of KEY: what the running instance was started with.
option_of() { tr ' ' '\n' 2>/dev/null <"$STATE/options" | sed -n "s/^$1=//p"; }

is_healthy() {
  [ -e "$STATE/ready" ] && instance_init >/dev/null && kubectl_quiet get --raw /readyz >/dev/null &&
    { [ "$(option_of node)" = none ] || node_is_ready; }
}

# bring_up [--with-me]
bring_up() {
  local started tenths
  if is_healthy; then
    [ "$(cat "$STATE/options")" = "$OPT_LINE" ] ||
      die "cluster '$NAME' runs with other options: $(cat "$STATE/options")" "first: tests/cluster/cluster down $NAME"
    say "cluster '$NAME' is running"
    return
  fi
  if [ -e "$STATE/ready" ]; then
    say "cluster '$NAME' is there but not healthy$(ended_program): starting anew"
  fi
  need_control_plane_packages
  NEEDED=(etcd kube-apiserver kube-controller-manager kube-scheduler kubectl)
  if [ "$OPT_NODE" = kubelet ]; then need_node_packages; NEEDED+=(kubelet); fi
  ((OPT_KWOK == 0)) || NEEDED+=(kwok)
  build_programs "${NEEDED[@]}"
  started=${EPOCHREALTIME/./}
  STARTING=yes
  stop_space
  clear_remains
  mkdir -p "$STATE"
  printf '%s\n' "$OPT_LINE" >"$STATE/options"
  printf '%s\n' "$CHECKOUT" >"$STATE/checkout"
  start_parts "$@"
  touch "$STATE/ready"
  tenths=$(((${EPOCHREALTIME/./} - started) / 100000))
  say "cluster '$NAME' is up after $((tenths / 10)).$((tenths % 10)) s: $OPT_LINE"
}

ended_program() { [ ! -e "$STATE/failed" ] || printf ' (%s ended)' "$(cat "$STATE/failed")"; }

start_parts() {
  local init
  make_cgroups
  start_space "$@"
  init=$(instance_init)
  join_network "$init"
  make_certs
  write_settings
  if [ "$OPT_NODE" = kubelet ]; then
    await 30 containerd "containerd" containerd_answers
    import_base_images
  fi
  await 60 kube-apiserver "the API server" kubectl_quiet get --raw /readyz
  make_storage_class
  touch "$STATE/api-ready"
  ((OPT_KWOK == 0)) || make_simulated_nodes "$OPT_KWOK"
  # Without its default service account a namespace takes no Pod.
  await 60 kube-controller-manager "the default service account" kubectl_quiet get serviceaccount default
  [ "$OPT_NODE" = none ] || await 90 kubelet "the node to be Ready" node_is_ready
  ((OPT_KWOK == 0)) || await 90 kwok "the simulated nodes" simulated_nodes_are_ready "$OPT_KWOK"
}

# await SECONDS PROGRAM WHAT CMD...: like wait_until, but a dead cluster ends the wait; says whose log to read.
await() {
  local bound=$1 program=$2 what=$3 end
  shift 3
  end=$((EPOCHSECONDS + bound))
  until "$@" >/dev/null 2>&1; do
    if ! instance_init >/dev/null; then
      program=$(cat "$STATE/failed" 2>/dev/null || echo init)
      show_log_tail "$program"
      die "$program ended while '$NAME' was starting" "its whole log: $STATE.failed/$program.log"
    fi
    if ((EPOCHSECONDS >= end)); then
      show_log_tail "$program"
      die "waited $bound s for $what" "the whole log: $STATE.failed/$program.log"
    fi
    sleep 0.1
  done
}

show_log_tail() {
  say "--- the last lines of $1:"
  tail -n 20 "$STATE/log/$1.log" >&2 || true
  say "---"
}

# A start that failed leaves nothing running; its logs stay beside the state folder until the next start.
failed_start() {
  local status=$1
  trap - EXIT
  ((status)) || status=1
  # Refused before anything was started: what runs is somebody's and stays.
  [ "${STARTING:-no}" = yes ] || exit "$status"
  rm -rf "$STATE.failed"
  [ ! -d "$STATE/log" ] || cp -r "$STATE/log" "$STATE.failed"
  stop_space
  clear_remains
  exit "$status"
}
