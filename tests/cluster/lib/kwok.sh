# Simulated nodes: kwok plays them and their Pods; nothing runs. kwok/stages.yaml says how a Pod ends.

make_simulated_nodes() {
  local count=$1 taint='[]'
  [ "$OPT_NODE" = none ] || taint='[{key: missioncontrol.dev/simulated, value: "true", effect: NoSchedule}]'
  simulated_nodes "$count" "$taint" | kubectl_quiet apply --server-side -f - >/dev/null || die "could not make the simulated nodes"
}

simulated_nodes() {
  local n
  for ((n = 1; n <= $1; n++)); do
    cat <<END
---
apiVersion: v1
kind: Node
metadata:
  name: simulated-$n
  labels: {missioncontrol.dev/simulated: "true", kubernetes.io/hostname: simulated-$n, kubernetes.io/os: linux, kubernetes.io/arch: amd64}
spec:
  taints: $2
status:
  allocatable: {cpu: "1000", memory: 4Ti, pods: "10000"}
  capacity: {cpu: "1000", memory: 4Ti, pods: "10000"}
END
  done
}

simulated_nodes_are_ready() {
  local ready
  ready=$(kubectl_quiet get nodes -l missioncontrol.dev/simulated=true -o 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' | grep -c True) || true
  [ "$ready" = "$1" ]
}
