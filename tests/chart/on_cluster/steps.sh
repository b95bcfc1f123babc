# The steps, in order; each one leaves the cluster as the next one wants it.

chart=$checkout/charts/mission-control
release=mission-control home=mission-control
crds=(workflows workflowruns workflowdecisions runrecords)

# --- what checks say ---

mc() { "$MC" "$@"; }
deployed() { kubectl rollout status -n "$1" deployment/"$2" --timeout 120s >/dev/null; }
operator_pods() { kubectl get pods -n "$1" -l app.kubernetes.io/component=operator -o name | sort; }
equal() { [ "$1" = "$2" ] || { printf 'is:        %s\nshould be: %s\n' "$1" "$2" >&2; return 1; }; }
differs() { [ -n "$1" ] && [ -n "$2" ] && [ -z "$(comm -12 <(printf '%s\n' "$1") <(printf '%s\n' "$2"))" ]; }
none() { local found; found=$("$@") && equal "$found" ''; }
crd_uids() { kubectl get crd "${crds[@]/%/.missioncontrol.dev}" -o 'jsonpath={range .items[*]}{.metadata.name}={.metadata.uid} {end}'; }
# kept KIND: UIDs of a kind in the release's namespace.
kept() { kubectl get "$1" -n "$home" -o 'jsonpath={range .items[*]}{.metadata.name}={.metadata.uid} {end}'; }
phase() { kubectl get workflowrun "$1" -n "${2:-$home}" -o 'jsonpath={.status.phase}'; }
knows_retention() {
  kubectl get crd workflows.missioncontrol.dev -o json |
    jq -e '.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties | has("retention")' >/dev/null
}
lacks_retention() { ! knows_retention; }

until_true() { # until_true SECONDS CMD...
  local end=$((EPOCHSECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((EPOCHSECONDS < end)) || { printf 'waited in vain for: %s\n' "$*" >&2; return 1; }
    sleep 0.2
  done
}

# quietly CMD...: its output only where it failed.
quietly() { "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2; return 1; }; }
helm_do() { quietly "$HELM" "$@"; }
values() { printf '%s\n' --set "image.repository=$image,image.tag=$tag" --wait --timeout 3m; }

# --- steps ---

# The older chart lacks one optional field of a CRD and has a lower version. Nothing else differs.
make_charts() {
  local old=$work/old/mission-control
  mkdir -p "$work/old"
  cp -r "$chart" "$old"
  without_retention <"$chart/files/crds/workflows.yaml" >"$old/files/crds/workflows.yaml"
  check "the older chart is packed" helm_do package "$old" --version 0.0.1 --destination "$work"
  check "this chart is packed" helm_do package "$chart" --destination "$work/new"
  older=$work/mission-control-0.0.1.tgz newer=$(echo "$work"/new/*.tgz)
}

# spec.retention and all that is below it.
without_retention() {
  awk '/^              retention:$/ { inside = 1; next } inside && match($0, /[^ ]/) <= 15 { inside = 0 } !inside'
}

install_older() {
  kubectl create namespace "$home" >/dev/null
  kubectl label namespace "$home" pod-security.kubernetes.io/enforce=restricted >/dev/null
  mapfile -t set < <(values)
  check "helm install ends well" helm_do install "$release" "$older" -n "$home" "${set[@]}"
  check "the operator's two Pods are ready" deployed "$home" "$release"
  check "the CRD is the older one" lacks_retention
}

helm_test() {
  check "a run goes to its end by mc in a Pod, and is deleted by it" helm_do test "$release" -n "$home" --timeout 3m
  check "no run of it is left" none kept workflowruns
  check "its record is" test -n "$(kept runrecords)"
  check "no Pod of it is left" none kubectl get pods -n "$home" -l app.kubernetes.io/component=test -o name
}

install_builtins() {
  check "helm upgrade ends well" helm_do upgrade "$release" "$older" -n "$home" --reuse-values --wait --timeout 3m \
    --set "builtins.enabled=true,builtins.agentImage=$agents"
  local workflow
  for workflow in feature-dev bug-fix security-audit code-review; do
    check "$workflow is Ready" ready_workflow "$workflow" "$home"
  done
}

ready_workflow() { kubectl wait workflow "$1" -n "$2" --for condition=Ready --timeout 30s >/dev/null; }

review_code() {
  check "a review of the sample diff Succeeded" run_review
  check "its record says so" equal "$(outcome_of review)" Succeeded
}

outcome_of() { kubectl get runrecords -n "$home" -o json | jq -r --arg run "$1" '.items[] | select(.spec.run == $run) | .spec.outcome'; }

run_review() {
  quietly mc workflow run code-review -n "$home" --name review --wait --timeout 3m \
    --param-file "diff=$checkout/workflows/agents/scripted/lib/code-review/sample.diff"
}

# start_gated RUN [NAMESPACE]: and its first Pod runs. Sets first_pod, first_uid.
start_gated() {
  local run=$1 namespace=${2:-$home}
  quietly mc workflow run gated -n "$namespace" --name "$run" && until_true 60 pod_runs "$run" "$namespace" || return 1
  first_pod=$(pods_of "$run" "$namespace" -o name)
  first_uid=$(pods_of "$run" "$namespace" -o 'jsonpath={.items[*].metadata.uid}')
}
pods_of() { local run=$1 namespace=$2; shift 2; kubectl get pods -n "$namespace" -l "missioncontrol.dev/run=$run" "$@"; }
pod_runs() { [ "$(pods_of "$1" "$2" -o 'jsonpath={.items[*].status.phase}')" = Running ]; }
open_gate() { kubectl exec -n "${1:-$home}" "$first_pod" -- touch /tmp/go; }
# UIDs of the Pods of the step `first`: one, unless it was begun again.
first_uids() { kubectl get pods -n "$home" -l "missioncontrol.dev/run=$1,missioncontrol.dev/step=first" -o 'jsonpath={.items[*].metadata.uid}'; }
apply_gated() { kubectl apply -n "${1:-$home}" -f "$here/on_cluster/gated.yaml" >/dev/null; }
retention_of_gated() { kubectl get workflow gated -n "$home" -o 'jsonpath={.spec.retention.children}'; }
succeeds() { quietly mc workflow wait "$1" -n "${2:-$home}" --timeout 2m; }

upgrade_live() {
  # Without validation, as the older CRD does not know the field and drops it.
  kubectl apply -n "$home" --validate=false -f "$here/on_cluster/gated.yaml" >/dev/null
  check "the older CRD drops the field" equal "$(retention_of_gated)" ''
  check "a run is live" start_gated live
  local before
  before=$(operator_pods "$home")
  check "helm upgrade ends well" helm_do upgrade "$release" "$newer" -n "$home" --reuse-values --wait --timeout 3m
  check "the operator's two Pods are ready" deployed "$home" "$release"
  check "they are new ones" until_true 60 pods_replaced "$before"
  check "the CRD is the new one" knows_retention
  kubectl delete workflow gated -n "$home" --wait >/dev/null
  apply_gated
  check "it keeps the field" equal "$(retention_of_gated)" 1h
  check "the run is Running" equal "$(phase live)" Running
  check "its step can go on" open_gate
  check "the run Succeeded" succeeds live
  check "the step was not begun again" equal "$(first_uids live)" "$first_uid"
}
pods_replaced() { differs "$1" "$(operator_pods "$home")"; }

uninstall() {
  check "a run is live" start_gated orphan
  crds_before=$(crd_uids) runs_before=$(kept workflowruns) records_before=$(kept runrecords)
  check "helm uninstall ends well" helm_do uninstall "$release" -n "$home" --wait --timeout 2m
  check "no Pod of the operator is left" until_true 60 none operator_pods "$home"
  check "the CRDs stay" equal "$(crd_uids)" "$crds_before"
  check "the runs stay" equal "$(kept workflowruns)" "$runs_before"
  check "the records stay" equal "$(kept runrecords)" "$records_before"
  check "no ClusterRole of the release is left" none kubectl get clusterroles,clusterrolebindings -l app.kubernetes.io/instance="$release" -o name
  check "a step ends while there is no operator" open_gate
}

reinstall() {
  # Labels stay with what is kept, so one that is gone tells whether the release writes them again.
  kubectl label crd "${crds[@]/%/.missioncontrol.dev}" app.kubernetes.io/version- >/dev/null
  mapfile -t set < <(values)
  local started=$EPOCHREALTIME
  check "helm install ends well" helm_do install "$release" "$newer" -n "$home" "${set[@]}"
  check "the run that had been live goes on and Succeeded" succeeds orphan
  say "      $(seconds_since "$started") s from helm install to the end of that run"
  check "its step was not begun again" equal "$(first_uids orphan)" "$first_uid"
  check "the CRDs are the same ones" equal "$(crd_uids)" "$crds_before"
  check "the release owns them again" equal "$(kubectl get crd -l "app.kubernetes.io/version,app.kubernetes.io/instance=$release" -o name | wc -l)" 4
  check "the runs are the same ones" equal "$(kept workflowruns)" "$runs_before"
  check "an old run is as it was" equal "$(phase review)" Succeeded
  check "a run that has a record is answered by it and executes nothing" answered_by_record
  check "helm uninstall ends well" helm_do uninstall "$release" -n "$home" --wait --timeout 2m
}
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# The run `live` is deleted, its Pods with it, and asked for again: Succeeded, and no Pod.
answered_by_record() {
  quietly mc workflow delete live -n "$home" --yes &&
    until_true 60 none pods_of live "$home" -o name &&
    quietly mc workflow run gated -n "$home" --name live --wait --timeout 1m &&
    none pods_of live "$home" -o name
}

# The CRDs are those that the first release left.
two_namespaces() {
  local namespace
  for namespace in mc-team team-a team-b team-c; do
    kubectl create namespace "$namespace" >/dev/null
    kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted >/dev/null
  done
  mapfile -t set < <(values)
  check "helm install ends well" helm_do install team "$newer" -n mc-team "${set[@]}" \
    --set 'scope=namespaces,namespaces={team-a,team-b},crds.install=false,policies.decisionIdentity=false'
  "$HELM" get manifest team -n mc-team >"$work/manifest"
  check "it has a Role in both of the teams' namespaces" roles_in_both
  check "and nothing of the cluster's" none cluster_kinds
  check "no ClusterRole of the release is there" none kubectl get clusterroles,clusterrolebindings -l app.kubernetes.io/instance=team -o name
  check "helm test passes" helm_do test team -n mc-team --timeout 3m
  for namespace in team-a team-b team-c; do apply_gated "$namespace"; done
  for namespace in team-a team-b; do
    check "a run is live in $namespace" start_gated here "$namespace"
    check "its step can go on" open_gate "$namespace"
    check "the run Succeeded" succeeds here "$namespace"
  done
  check "in another namespace it does nothing" untouched team-c
  namespace_goes
  check "helm uninstall ends well" helm_do uninstall team -n mc-team --wait --timeout 2m
}
cluster_kinds() { grep -E '^kind: (Cluster.*|CustomResourceDefinition|ValidatingAdmission.*)$' "$work/manifest" || true; }
roles_in_both() {
  equal "$(kubectl get roles -A -l app.kubernetes.io/instance=team,app.kubernetes.io/component=operator -o \
    'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}')" \
    "mc-team/team-mission-control-lease team-a/team-mission-control team-b/team-mission-control "
}
# untouched NAMESPACE: a run there waits for ever. What was asked for later elsewhere is over by the time that it is
# looked at.
untouched() {
  quietly mc workflow run gated -n "$1" --name there && start_gated later team-a && open_gate team-a && succeeds later team-a || return 1
  equal "$(phase there "$1")" '' && none kubectl get jobs,pods -n "$1" -o name
}

# A team goes, with its namespace: new Pods of the operator meet a namespace that is not there.
namespace_goes() {
  check "one of the two is deleted" quietly kubectl delete namespace team-b --timeout 2m
  quietly kubectl rollout restart -n mc-team deployment/team-mission-control
  check "new Pods are ready without it" deployed mc-team team-mission-control
  check "the log says so" until_true 60 says_missing
  check "in the other one runs Succeed" run_alone
}
# No `grep -q`: it would end the ones before it by SIGPIPE, and pipefail takes that for a failure.
says_missing() {
  kubectl logs -n mc-team -l app.kubernetes.io/component=operator --tail=-1 | grep -F 'namespace team-b may not be read' | grep -F '"next":"create the namespace' >/dev/null
}
run_alone() { start_gated alone team-a && open_gate team-a && succeeds alone team-a; }
