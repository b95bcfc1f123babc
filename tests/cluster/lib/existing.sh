# CLUSTER=existing: whatever KUBECONFIG (or kubectl's default) points at, used as it is.

is_existing() { [ "${CLUSTER:-}" = existing ]; }

use_existing() {
  type -P kubectl >/dev/null || die "CLUSTER=existing needs kubectl" "install kubectl"
  kubectl --request-timeout 10s get --raw /readyz >/dev/null 2>&1 ||
    die "the cluster in KUBECONFIG does not answer (KUBECONFIG=${KUBECONFIG:-not set})" "try: kubectl cluster-info"
  say "using the existing cluster $(kubectl config current-context 2>/dev/null || echo '(in-cluster)'); its images are yours to load"
}
