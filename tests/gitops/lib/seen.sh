# What was ever there: every Pod by a watch, also those that are gone. And what runs say now.

record_pods() {
  kubectl get pods -A --watch --output-watch-events -o json >"$work/pods" 2>"$work/log/watch.log" &
  watch=$!
}
stop_watch() { [ -z "${watch:-}" ] || kill "$watch" 2>/dev/null || true; }

# pods_ever LABEL VALUE (the last event may be half written): how many Pods with that label there ever were in the
# team's namespace.
pods_ever() {
  jq -r --arg ns "$team" --arg key "$1" --arg value "$2" \
    'select(.object.metadata.namespace == $ns and .object.metadata.labels[$key] == $value) | .object.metadata.uid' \
    "$work/pods" 2>>"$work/log/jq.log" | sort -u | wc -l
}
executed() { pods_ever missioncontrol.dev/run "$1"; }
at_least() { [ "$("${@:2}")" -ge "$1" ]; }

# of_run RUN JSONPATH, or nothing where it is not there.
of_run() { kubectl get workflowrun "$1" -n "$team" -o "jsonpath={$2}" 2>/dev/null || true; }
phase() { of_run "$1" .status.phase; }
reason() { of_run "$1" .status.reason; }
run_uid() { of_run "$1" .metadata.uid; }
is_phase() { until_equal "${3:-120}" "$2" phase "$1"; }
# other_uid RUN UID: it was made again.
other_uid() { local now; now=$(run_uid "$1"); [ -n "$now" ] && [ "$now" != "$2" ]; }
records() { kubectl get runrecords -n "$team" -o json | jq --arg run "$1" '[.items[] | select(.spec.run == $run)] | length'; }
question() { of_run "$1" '.status.escalations[0].id'; }

# told RUN: phase, reason and the version that it is about. (The braces around the whole are of_run's.)
told() { of_run "$1" ".status.phase} {.status.reason} {.spec.params.version"; }
not_before() { [ -n "$1" ] && [ -n "$2" ] && [[ ! "$2" < "$1" ]]; }
no_pods() { [ -z "$(kubectl get pods -n "$team" -l missioncontrol.dev/run -o name)" ]; }

# Two executions of two steps each: by their Pods, by their records, and by what they did outside.
executed_once() {
  equal "$(executed release-staging) $(executed release-production)" "2 2" &&
    equal "$(records release-staging) $(records release-production)" "1 1" && equal "$(deployed 2.4.0)" "1 1"
}

# expires RUN FILE: in Git it is kept for five seconds, which the operator takes for ten minutes, the least; so its end
# is set back by those. The run is deleted by the operator, made again by the tool, and answered by its record.
expires() {
  local before
  before=$(run_uid "$1")
  echo "  retention: {runs: 5s, children: 5s}" >>"$fleet/$2"
  publish "$1 is kept for five seconds"
  "$3" "${@:4}" &&
    until_equal 60 5s of_run "$1" .spec.retention.runs &&
    kubectl patch workflowrun "$1" -n "$team" --subresource status --type merge \
      --patch "{\"status\": {\"finishedAt\": \"$(date -u -d '11 minutes ago' +%FT%TZ)\"}}" >/dev/null &&
    until_true 90 other_uid "$1" "$before" && until_equal 60 AlreadyRan reason "$1"
}

# decision RUN ID ACTION BY
decision() {
  cat <<END
apiVersion: missioncontrol.dev/v1alpha1
kind: WorkflowDecision
metadata: {name: $1-$2, namespace: $team}
spec: {run: $1, escalation: $2, action: $3, by: "$4"}
END
}

decision_result() { kubectl get workflowdecision "$1-$2" -n "$team" -o 'jsonpath={.status.result}' 2>/dev/null; }

# A run's Jobs and Pods carry these labels and no others: what Flux and Argo CD follow objects by is not passed on.
children_are_plain() {
  local found
  found=$(kubectl get jobs,pods -n "$team" -l "missioncontrol.dev/run=$1" -o json | jq -r '
    ["app.kubernetes.io/managed-by", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name",
     "missioncontrol.dev/attempt", "missioncontrol.dev/item", "missioncontrol.dev/run", "missioncontrol.dev/run-uid",
     "missioncontrol.dev/step", "missioncontrol.dev/workflow"] as $allowed
    | .items[] | .metadata
    | ((.labels // {} | keys) - $allowed) + ((.annotations // {} | keys) - ["missioncontrol.dev/launch-hash"]) | .[]' | sort -u)
  equal "$found" '' && [ "$(kubectl get jobs -n "$team" -l "missioncontrol.dev/run=$1" -o name | wc -l)" -gt 0 ]
}

# The operator's name stands beside the status of a run, and beside nothing else of it.
only_status_is_the_operators() {
  local managers
  managers=$(kubectl get workflowrun "$1" -n "$team" -o json --show-managed-fields |
    jq -r '.metadata.managedFields[] | select(.manager == "mission-control") | "\(.subresource // "spec") \(.fieldsV1 | keys | join(","))"' | sort -u)
  equal "$managers" 'status f:status'
}

# The same of a plain Job whose TTL is two seconds, for comparison.
plain_job() {
  cat <<'END'
apiVersion: batch/v1
kind: Job
metadata: {name: plain, namespace: releases}
spec:
  ttlSecondsAfterFinished: 2
  template:
    spec:
      restartPolicy: Never
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: agent
        image: missioncontrol.dev/agents/scripted:v1
        command: [/bin/sh, -c, "echo STATUS: done"]
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
END
}
