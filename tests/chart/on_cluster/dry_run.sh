# What the API server says of every rendering, without keeping any of it: schemas, CEL rules and admission, with the
# chart's CRDs in place.

dry_run() {
  local variant namespace
  for namespace in dry-run team-a team-b; do kubectl create namespace "$namespace" --dry-run=client -o yaml | kubectl apply -f - >/dev/null; done
  for variant in "$here"/variants/*.yaml; do
    check "the API server takes the variant $(basename "$variant" .yaml)" accepted "$variant"
  done
  # A later step has teams of the same names.
  kubectl delete namespace dry-run team-a team-b --timeout 2m >/dev/null
}

# Without the kinds of the Prometheus operator, which no test cluster knows (kubeconform has their schemas), and without
# hooks: the Pod of `helm test` needs a service account that a dry run does not keep. A namespace by context, since some
# objects name another one.
accepted() {
  "$HELM" template dry "$chart" --namespace dry-run --no-hooks --values "$1" \
    --set metrics.serviceMonitor.enabled=false --set metrics.prometheusRule.enabled=false >"$work/rendered.yaml"
  kubectl config view --raw --flatten >"$work/dry-run.kubeconfig"
  KUBECONFIG=$work/dry-run.kubeconfig kubectl config set-context --current --namespace dry-run >/dev/null
  KUBECONFIG=$work/dry-run.kubeconfig quietly kubectl apply --dry-run=server -f "$work/rendered.yaml"
}
