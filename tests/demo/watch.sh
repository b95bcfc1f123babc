# Watches the run: one line per change of a step, an item or the run, and a question as soon as it is asked.

readonly WATCH_LIMIT=600

# One line per step, item and question and one for the run, for comparison with the last poll. The first word names
# the object.
run_lines() {
  jq -r '
    def went: "attempt \(.n) \(.outcome)\(if .cause then " (\(.cause))" else "" end)\(if .message then ": \(.message)" else "" end)";
    def words: [.phase,
      (if .current then "attempt \(.current.n)" else "" end),
      (if (.rounds // 0) > 0 then "sent back \(.rounds)x" else "" end),
      (if .last and .last.outcome != "Done" then (.last | went) else "" end)];
    (.status // {}) as $s
    | ($s.steps // [] | .[] | . as $step
        | ([.name] + words),
          (.items // [] | .[] | ["\($step.name)/\(.id)"] + words + [if .phase == "Pending" then "" else .title // "" end]))
      , ($s.escalations // [] | .[] | ["question", .id, .cause, "\(.step)\(if .item then "/" + .item else "" end)", .message])
      , ["run", ($s.phase // "not seen by the operator yet"), ($s | if .reason == .phase then "" else .reason // "" end), ($s.progress // "")]
    | map(select(. != "" and . != null)) | @tsv'
}

watch_run() {
  local -A seen=()
  local started=${EPOCHREALTIME/./} phase question tenths
  while :; do
    kubectl get workflowrun "$RUN" -n "$NAMESPACE" -o json >"$WORK/seen.json" || die "the run is gone" "kubectl get events -n $NAMESPACE"
    tenths=$(((${EPOCHREALTIME/./} - started) / 100000))
    show_changes
    phase=$(jq -r '.status.phase // ""' "$WORK/seen.json")
    case $phase in Succeeded | Failed | Cancelled) break ;; esac
    question=$(jq -r '.status.escalations // [] | first | .id // ""' "$WORK/seen.json")
    if [ -n "$question" ] && can_answer "$question"; then
      answer "$question"
    elif [ "$phase" = Paused ] && [ -n "$question" ]; then
      break
    fi
    ((tenths < WATCH_LIMIT * 10)) || { explain_failure; die "the run did not end within $WATCH_LIMIT s"; }
    sleep 0.5
  done
  show_end "$phase"
}

# Prints the lines that changed; uses `seen` and `tenths` of watch_run.
show_changes() {
  local line name
  while IFS= read -r line; do
    name=${line%%$'\t'*}
    # Two questions may be open at once.
    [ "$name" != question ] || name=$line
    [ "${seen[$name]:-}" != "$line" ] || continue
    seen[$name]=$line
    [[ $line != *$'\t'Pending ]] || continue
    line=${line#*$'\t'}
    printf '%5d.%d s  %-18s %s\n' $((tenths / 10)) $((tenths % 10)) "${name%%$'\t'*}" "${line//$'\t'/, }"
  done < <(run_lines <"$WORK/seen.json")
}
