# PID 1 of an instance: its namespaces are fresh, it makes the file tree the programs expect and starts them. When one
# of them ends, it records which and ends too, and the kernel ends the rest. Started by lib/space.sh, never by hand.
set -euo pipefail

ROOM=$1 STATE=$2
readonly ROOM STATE

# --- a file system of its own: nothing below is seen, or left behind, on the host ---
mount --make-rprivate /
mount --bind "$STATE/lib" /var/lib
mount --bind "$STATE/log" /var/log
mount --bind "$STATE/run" /run
mkdir -p /run/lock

# A kubelet writes these for its whole machine. Here it finds them as it wants them, and the host keeps its own.
shade() {
  local value=$1 file=/proc/sys/$2
  [ -e "$file" ] || return 0
  mkdir -p "$STATE/sysctl"
  echo "$value" >"$STATE/sysctl/${2//\//.}"
  mount --bind "$STATE/sysctl/${2//\//.}" "$file"
}
shade 1 vm/overcommit_memory
shade 0 vm/panic_on_oom
shade 10 kernel/panic
shade 1 kernel/panic_on_oops
shade 1000000 kernel/keys/root_maxkeys
shade 25000000 kernel/keys/root_maxbytes

# --- the host joins the network and writes the settings, then we go on ---
until [ -e "$STATE/settings" ]; do sleep 0.05; done
# shellcheck source=/dev/null
source "$STATE/settings"

declare -A PROGRAM_OF
start() { # start NAME CMD...
  local name=$1
  shift
  "$@" </dev/null >"$STATE/log/$name.log" 2>&1 &
  PROGRAM_OF[$!]=$name
}

gates=() limits=() audit=()
[ -z "$FEATURE_GATES" ] || gates=("--feature-gates=$FEATURE_GATES")
[ "$LIMITS" = default ] || limits=(--kube-api-qps=1000 --kube-api-burst=2000)
# One file, however long: a log that rotates would have to be put together again by who reads it.
[ "$AUDIT" = no ] ||
  audit=(--audit-policy-file "$ROOM/audit-policy.yaml" --audit-log-path "$STATE/log/audit.log" --audit-log-maxsize 4096)
pki=$STATE/pki

start etcd "$PROGRAM_etcd" --data-dir "$STATE/etcd" --unsafe-no-fsync --log-level warn --quota-backend-bytes 8589934592 \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 \
  --auto-compaction-mode periodic --auto-compaction-retention 5m

# Port 443 on the service address itself: Pods find the API server as in any cluster, without a kube-proxy.
start kube-apiserver "$PROGRAM_kube_apiserver" --etcd-servers http://127.0.0.1:2379 \
  --bind-address 0.0.0.0 --secure-port 443 --advertise-address "$NODE_ADDRESS" --service-cluster-ip-range "$SERVICE_RANGE" \
  --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" --client-ca-file "$pki/ca.crt" \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$pki/sa.pub" \
  --service-account-signing-key-file "$pki/sa.key" --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
  --allow-privileged=true --kubelet-preferred-address-types InternalIP --kubelet-certificate-authority "$pki/ca.crt" \
  --kubelet-client-certificate "$pki/apiserver-kubelet-client.crt" --kubelet-client-key "$pki/apiserver-kubelet-client.key" "${gates[@]}" "${audit[@]}"

if [ "$NODE" = kubelet ]; then
  start containerd containerd --config "$STATE/containerd.toml" --log-level warn
fi

# --- the rest needs an API server that answers; `up` on the host says when ---
until [ -e "$STATE/api-ready" ]; do
  for pid in "${!PROGRAM_OF[@]}"; do
    kill -0 "$pid" 2>/dev/null || { echo "${PROGRAM_OF[$pid]}" >"$STATE/failed"; exit 1; }
  done
  sleep 0.05
done

start kube-controller-manager "$PROGRAM_kube_controller_manager" --kubeconfig "$pki/controller-manager.conf" --leader-elect=false \
  --authentication-kubeconfig "$pki/controller-manager.conf" --authorization-kubeconfig "$pki/controller-manager.conf" \
  --bind-address 127.0.0.1 --use-service-account-credentials --service-account-private-key-file "$pki/sa.key" --root-ca-file "$pki/ca.crt" \
  --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key" --controllers '*' "${limits[@]}" "${gates[@]}"

start kube-scheduler "$PROGRAM_kube_scheduler" --kubeconfig "$pki/scheduler.conf" --leader-elect=false --bind-address 127.0.0.1 \
  --authentication-kubeconfig "$pki/scheduler.conf" --authorization-kubeconfig "$pki/scheduler.conf"

if [ "$NODE" = kubelet ]; then
  start kubelet "$PROGRAM_kubelet" --config "$STATE/kubelet.yaml" --kubeconfig "$pki/node-1.conf" \
    --hostname-override node-1 --node-ip "$NODE_ADDRESS" --cert-dir "$pki"
fi

if ((KWOK > 0)); then
  start kwok "$PROGRAM_kwok" --kubeconfig "$STATE/kubeconfig" --config "$ROOM/kwok/stages.yaml" \
    --manage-all-nodes=false --manage-nodes-with-label-selector missioncontrol.dev/simulated=true \
    --node-ip "$NODE_ADDRESS" --node-port 10247 --server-address "0.0.0.0:10247" --cidr 10.192.0.0/16 --node-lease-duration-seconds 40 \
    --tls-cert-file "$pki/kubelet-serving.crt" --tls-private-key-file "$pki/kubelet-serving.key"
fi

start provisioner "$BASH" "$ROOM/lib/provisioner.sh" "$STATE" "$PROGRAM_kubectl" "$PROVISIONER"

# Orphans of the container shims come to us and bash collects them. The first program that ends takes the cluster with
# it.
wait -n -p ended "${!PROGRAM_OF[@]}" || true
echo "${PROGRAM_OF[$ended]}" >"$STATE/failed"
exit 1
