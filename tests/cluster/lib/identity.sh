# Names: which checkout, which instance, which process. Two checkouts on one machine never share any of them.

STATE_ROOT=${MISSION_CONTROL_STATE:-/var/tmp/mission-control}
CHECKOUT_ID=$(printf '%s' "$CHECKOUT" | sha256sum | cut -c1-8)
readonly STATE_ROOT CHECKOUT_ID

# name_instance NAME: sets NAME, STATE (its folder), LOCK, LINK (its network device on the host) and CGROUP.
name_instance() {
  NAME=${1:-}
  [[ $NAME =~ ^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$ ]] ||
    die "'$NAME' is no cluster name" "use 1 to 20 of a-z, 0-9 and -, such as: demo"
  STATE=$STATE_ROOT/$CHECKOUT_ID/$NAME
  LOCK=$STATE_ROOT/$CHECKOUT_ID/$NAME.lock
  INSTANCE_ID=$(printf '%s' "$CHECKOUT/$NAME" | sha256sum | cut -c1-10)
  LINK=mc-$INSTANCE_ID
  CGROUP=mission-control/$CHECKOUT_ID-$NAME
  # A unix socket's path has 108 bytes; the longest one below STATE is run/containerd/containerd.sock.ttrpc.
  ((${#STATE} <= 70)) || die "the state folder's path is too long for unix sockets: $STATE" "set MISSION_CONTROL_STATE to a shorter path"
}

# One verb at a time changes an instance. Long-lived children must close fd 9, or the lock outlives us.
lock_instance() {
  mkdir -p "$STATE_ROOT/$CHECKOUT_ID"
  exec 9>"$LOCK"
  flock --wait 300 9 || die "another command has been working on cluster '$NAME' for five minutes" "look for it: fuser $LOCK"
}
unlock_instance() { exec 9>&-; }

# A pid alone may belong to somebody else by now: a process is its pid, its start time and the boot. A zombie is none:
# it has ended, and in a container nobody may ever collect it.
process_mark() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $1 $stat
  [ "$2" != Z ] || return 1
  printf '%s %s %s\n' "$1" "${21}" "$(cat /proc/sys/kernel/random/boot_id)"
}

# same_process FILE: prints the pid that FILE recorded if that very process still lives.
same_process() {
  local mark pid
  mark=$(cat "$1" 2>/dev/null) || return 1
  pid=${mark%% *}
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  [ "$(process_mark "$pid")" = "$mark" ] || return 1
  printf '%s\n' "$pid"
}

instance_init() { same_process "$STATE/init.mark"; }
