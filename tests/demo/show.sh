# The end of the demo: the run as a table, its outputs, and the next commands.

show_end() {
  local phase=$1
  echo
  kubectl get workflowruns -n "$NAMESPACE" -o wide
  echo
  show_table
  echo
  if [ "$phase" != Succeeded ]; then
    explain_failure
    die "the run is $phase" "kubectl describe workflowrun $RUN -n $NAMESPACE (first: $(look_around))"
  fi
  show_outcome
  cat <<END

Look around:
  $(look_around)
  mc status $RUN -n $NAMESPACE
  mc logs $RUN -n $NAMESPACE
  kubectl get mcr -A
  kubectl get jobs -n $NAMESPACE
  kubectl logs -n $NAMESPACE job/\$(kubectl get jobs -n $NAMESPACE -o jsonpath='{.items[0].metadata.name}')
  kubectl get mcr $RUN -n $NAMESPACE -o yaml
  kubectl explain workflow.spec.steps.retry
  kubectl replace --force -f $WORK/run.json    # the same execution again: answered by its record, nothing runs
The dashboard, at http://localhost:8081 while the first of these runs; sign in with what the second prints:
  kubectl port-forward -n mission-control deployment/mission-control 8081:8081
  kubectl create token reader -n $NAMESPACE --duration 8h
Stop:
  make demo-down
END
}

show_table() {
  jq -r '
    def seconds: if .startedAt and .finishedAt
      then ([.finishedAt, .startedAt] | map(sub("\\.[0-9]+"; "") | fromdate) | .[0] - .[1]) else "" end;
    def sum(f): if .items then [.items[] | f // 0] | add else f // 0 end;
    def row(name): [name, .phase, sum(.attempts), sum(.retries), sum(.rounds), seconds];
    ["STEP", "PHASE", "ATTEMPTS", "RETRIES", "SENT BACK", "SECONDS"],
    (.status.steps[] | row(.name), (.items // [] | .[] | row("  " + .id)))
    | @tsv' "$WORK/seen.json" | awk -F '\t' '{printf "%-14s %-10s %9s %8s %10s %8s\n", $1, $2, $3, $4, $5, $6}'
}

show_outcome() {
  if [ "$WORKFLOW" = code-review ]; then
    jq -r '.status.steps[] | select(.name == "approve") | .outputs
      | "DECISION: \(.decision)", "REASON:   \(.reason)", "          \(.summary // "")"' "$WORK/seen.json"
    return
  fi
  jq -r '.status.outputs // {} | if type == "object" then to_entries[] | "\(.key): \(.value)" else .[] | "\(.name): \(.value)" end' "$WORK/seen.json"
}

look_around() {
  # shellcheck disable=SC2016
  if [ "${CLUSTER:-}" = existing ]; then echo 'eval "$(CLUSTER=existing make -s demo-env)"'; else echo 'eval "$(make -s demo-env)"'; fi
}

explain_failure() {
  jq -r '.status | (.message // empty), (.escalations // [] | .[] | "escalation \(.id): \(.step)\(if .item then "/" + .item else "" end), \(.cause): \(.message) [\(.actions | join(", "))]")' "$WORK/seen.json" >&2
  say "--- the operator's last lines:"
  kubectl logs -n mission-control deployment/mission-control --tail 15 >&2 || true
}
