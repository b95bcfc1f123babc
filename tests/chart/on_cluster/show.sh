# What a failure shows, most useful last.

show_all() {
  printf '\n--- FAILED at: %s\n' "$current"
  printf '\n--- runs\n'
  kubectl get workflowruns,runrecords -A 2>&1 || true
  printf '\n--- the newest events\n'
  kubectl get events -A --sort-by=.lastTimestamp 2>&1 | tail -n 25 || true
  printf '\n--- Pods\n'
  kubectl get pods -A -o wide 2>&1 || true
  local namespace pod
  while read -r namespace pod; do
    printf '\n--- logs of %s/%s\n' "$namespace" "$pod"
    kubectl logs -n "$namespace" "$pod" --all-containers --tail 25 2>&1 || true
  done < <(kubectl get pods -A --no-headers -o custom-columns=n:.metadata.namespace,p:.metadata.name 2>/dev/null)
  printf '\n--- FAILED at: %s\n' "$current"
}
