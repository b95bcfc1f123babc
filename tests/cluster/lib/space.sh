# The instance's own process, mount and network namespaces, and the one link that joins them to the host.
#
# Everything of an instance runs below one init (lib/inside.sh, PID 1 of its own PID namespace). When that init dies,
# for whatever reason, the kernel kills every process below it, and with the last process go the mounts, the network and
# its link. What is left on disk is the state folder and empty cgroups: `clear_remains` removes both.

# start_space [--with-me]: starts the init; with --with-me it dies when this shell dies, however that happens.
# Must be called from the main shell, not from a subshell: "parent" means the process that forks here.
start_space() {
  local tie=() supervisor
  [ "${1:-}" != --with-me ] || tie=(setpriv --pdeathsig KILL)
  mkdir -p "$STATE"/{log/pods,run,lib,etcd}
  chmod 700 "$STATE/etcd"
  "${tie[@]}" setsid unshare --net --mount --pid --ipc --fork --kill-child=KILL --mount-proc \
    "$BASH" "$ROOM/lib/inside.sh" "$ROOM" "$STATE" </dev/null >"$STATE/log/init.log" 2>&1 9>&- &
  supervisor=$!
  disown "$supervisor" # its end is ours to tell, not bash's
  process_mark "$supervisor" >"$STATE/supervisor.mark" || die "could not start the cluster's namespaces" "read $STATE/log/init.log"
  wait_until 10 "the namespaces" find_init "$supervisor" ||
    { cat "$STATE/log/init.log" >&2; die "could not make namespaces here" "needs root with CAP_SYS_ADMIN; or CLUSTER=existing"; }
}

find_init() {
  local child
  child=$(pgrep -P "$1" | head -n 1) || return 1
  [ -n "$child" ] || return 1
  process_mark "$child" >"$STATE/init.mark"
}

# join_network: the host's end of the link gets .1, the node .2, Pods the upper half of the same /24; the host has a
# route to all of them, so an ordinary shell reaches the API server and the Pods. Nothing listens on the host's own
# addresses.
join_network() {
  local init=$1 try hash
  exec 7>"$STATE_ROOT/network.lock"
  flock --wait 60 7 || die "another cluster has held the network lock for a minute"
  ip link del "$LINK" 2>/dev/null || true
  hash=$((16#${INSTANCE_ID:0:6}))
  for ((try = 0; try < 256; try++)); do
    NET=10.$((64 + (hash / 256 + try) % 128)).$((hash % 256))
    net_is_free "$NET.0" && break
  done
  ((try < 256)) || die "found no free /24 in 10.64.0.0 - 10.191.255.0"
  HOST_ADDRESS=$NET.1 NODE_ADDRESS=$NET.2 POD_RANGE=$NET.128/25
  ip link add "$LINK" type veth peer name node netns "$init"
  ip addr add "$HOST_ADDRESS/29" dev "$LINK"
  ip link set "$LINK" up
  ip route add "$POD_RANGE" via "$NODE_ADDRESS" dev "$LINK"
  exec 7>&-
  nsenter --target "$init" --net sh -ec "
    ip link set lo up
    ip addr add $SERVICE_ADDRESS/32 dev lo
    ip addr add $NODE_ADDRESS/29 dev node
    ip link set node up
    ip route add default via $HOST_ADDRESS
  "
}

address_number() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  echo $((a << 24 | b << 16 | c << 8 | d))
}

# Free means: no address and no route of the host overlaps this /24. A default route does not count, nor one as wide as
# a /8, which says where unknown addresses go and not that this one is used.
net_is_free() {
  local ours range base size
  ours=$(address_number "$1")
  while read -r range; do
    [[ $range =~ ^[0-9.]+(/[0-9]+)?$ ]] || continue
    size=32
    [[ $range != */* ]] || size=${range#*/}
    ((size > 8)) || continue
    base=$(address_number "${range%/*}")
    ((size <= 24)) || size=24
    ((base >> (32 - size) != ours >> (32 - size))) || return 1
  done < <(ip -4 -o addr show | awk '{print $4}'; ip -4 route show table all | awk '{print ($1 ~ /^[a-z]/) ? $2 : $1}')
}

# Where the kernel shows cgroups: one folder per controller (v1), or one (v2).
cgroup_roots() { awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts; }

make_cgroups() {
  local root
  while read -r root; do
    mkdir -p "$root/$CGROUP" 2>/dev/null || true
    # v1 cpusets start empty, and an empty one takes no process.
    if [ -e "$root/cpuset.cpus" ] && [ -e "$root/cgroup.clone_children" ]; then
      fill_cpuset "$root" "$root/mission-control" && fill_cpuset "$root" "$root/$CGROUP" || true
    fi
  done < <(cgroup_roots)
}

fill_cpuset() {
  cat "$1/cpuset.cpus" >"$2/cpuset.cpus" && cat "$1/cpuset.mems" >"$2/cpuset.mems"
}

# stop_space: ends the instance's processes, all at once.
stop_space() {
  local pid
  if pid=$(instance_init); then kill -KILL "$pid" 2>/dev/null || true; fi
  if pid=$(same_process "$STATE/supervisor.mark"); then kill -KILL "$pid" 2>/dev/null || true; fi
  wait_until 20 "the cluster's processes to end" space_is_empty || die "cluster '$NAME' does not end" "see: cat $STATE/init.mark"
}

space_is_empty() { ! instance_init >/dev/null && ! same_process "$STATE/supervisor.mark" >/dev/null; }

# clear_remains: what no kernel object takes along. Safe to call on anything, also on nothing.
clear_remains() {
  local root
  ip link del "$LINK" 2>/dev/null || true
  while read -r root; do
    [ ! -d "$root/$CGROUP" ] || wait_until 5 "$root/$CGROUP to empty" remove_cgroup "$root/$CGROUP" || true
    # Last one out: the parent goes when no other instance is in it.
    [ ! -d "$root/mission-control" ] || rmdir "$root/mission-control" 2>/dev/null || true
  done < <(cgroup_roots)
  [ ! -d "$STATE" ] || rm -rf --one-file-system "${STATE:?}"
}

remove_cgroup() {
  find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
  [ ! -d "$1" ]
}
