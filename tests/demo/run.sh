# The run of the demo: runs/WORKFLOW.yaml with a runID of its own, and for a code review the change to review.

start_run() {
  # A run's spec is immutable and executes once: a repeated demo deletes the old run and uses a new runID.
  : >"$WORK/diff"
  [ "$WORKFLOW" != code-review ] || choose_diff >"$WORK/diff"
  kubectl create --dry-run=client -o json -n "$NAMESPACE" -f "$ROOM/runs/$WORKFLOW.yaml" |
    jq --rawfile diff "$WORK/diff" --arg id "demo-$EPOCHSECONDS" '
      .spec.runID = $id | if $diff == "" then . else .spec.params.diff = $diff end' >"$WORK/run.json"
  RUN=$(jq -r .metadata.name "$WORK/run.json")
  kubectl delete workflowrun "$RUN" -n "$NAMESPACE" --ignore-not-found --timeout=60s >/dev/null
  kubectl create -f "$WORK/run.json"
  jq -r '.spec | select(.task) | "task: \(.task)"' "$WORK/run.json" | fold -s -w 120
}
