# Watches the run: one line per change, then the whole of it, the decision, and how to go on.

readonly WATCH_LIMIT=600

# One line per step and one for the run: what is compared with the last look.
run_lines() {
  jq -r '
    (.status // {}) as $s
    | ($s.steps // [] | .[] | [.name, .phase,
        (if .current then "attempt \(.current.n)" else "" end),
        (if .last and .last.outcome != "Done" then "attempt \(.last.n) \(.last.outcome)\(if .last.cause then " (\(.last.cause))" else "" end)\(if .last.message then ": \(.last.message)" else "" end)" else "" end)]
      | map(select(. != "")) | @tsv),
    (["run", ($s.phase // "not seen by the operator yet"), ($s.reason // ""), ($s.progress // "")] | map(select(. != "")) | @tsv)'
}

watch_run() {
  local -A seen=()
  local started=${EPOCHREALTIME/./} line name phase tenths
  while :; do
    kubectl get workflowrun "$RUN" -n "$NAMESPACE" -o json >"$WORK/seen.json" || die "the run is gone" "kubectl get events -n $NAMESPACE"
    tenths=$(((${EPOCHREALTIME/./} - started) / 100000))
    while IFS= read -r line; do
      name=${line%%$'\t'*}
      [ "${seen[$name]:-}" != "$line" ] || continue
      seen[$name]=$line
      [[ $line != *$'\t'Pending ]] || continue
      line=${line#*$'\t'}
      printf '%5d.%d s  %-10s %s\n' $((tenths / 10)) $((tenths % 10)) "$name" "${line//$'\t'/, }"
    done < <(run_lines <"$WORK/seen.json")
    phase=$(jq -r '.status.phase // ""' "$WORK/seen.json")
    case $phase in Succeeded | Failed | Cancelled | Paused) break ;; esac
    ((tenths < WATCH_LIMIT * 10)) || { explain_failure; die "the run did not end within $WATCH_LIMIT s"; }
    sleep 0.5
  done
  show_end "$phase"
}

show_end() {
  local phase=$1
  echo
  kubectl get workflowruns -n "$NAMESPACE" -o wide
  echo
  jq -r '["STEP", "PHASE", "ATTEMPTS", "RETRIES", "SECONDS"], (.status.steps[] | [.name, .phase, .attempts, .retries,
      (if .startedAt and .finishedAt then ((.finishedAt | sub("\\.[0-9]+"; "") | fromdate) - (.startedAt | sub("\\.[0-9]+"; "") | fromdate)) else "" end)])
    | @tsv' "$WORK/seen.json" | awk -F '\t' '{printf "%-10s %-10s %8s %8s %8s\n", $1, $2, $3, $4, $5}'
  echo
  if [ "$phase" != Succeeded ]; then
    explain_failure
    die "the run is $phase" "kubectl describe workflowrun $RUN -n $NAMESPACE (first: $(look_around))"
  fi
  jq -r '.status.steps[] | select(.name == "approve") | .outputs
    | "DECISION: \(.decision)", "REASON:   \(.reason)", "          \(.summary)"' "$WORK/seen.json"
  cat <<END

Look around:
  $(look_around)
  kubectl get mcr -A
  kubectl get jobs -n $NAMESPACE
  kubectl logs -n $NAMESPACE job/\$(kubectl get jobs -n $NAMESPACE -o jsonpath='{.items[0].metadata.name}')
  kubectl get mcr $RUN -n $NAMESPACE -o yaml
  kubectl explain workflow.spec.steps.retry
  kubectl replace --force -f $WORK/run.json    # the same execution again: answered by its record, nothing runs
Stop:
  make demo-down
END
}

look_around() {
  # shellcheck disable=SC2016
  if [ "${CLUSTER:-}" = existing ]; then echo 'kubectl cluster-info'; else echo 'eval "$(make -s demo-env)"'; fi
}

explain_failure() {
  jq -r '.status | (.message // empty), (.escalations // [] | .[] | "escalation \(.id): \(.step), \(.cause): \(.message) [\(.actions | join(", "))]")' "$WORK/seen.json" >&2
  say "--- the operator's last lines:"
  kubectl logs -n mission-control deployment/mission-control --tail 15 >&2 || true
}
