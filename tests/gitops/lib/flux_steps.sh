# What is done under Flux, in order; each step leaves the cluster as the next one wants it.

flux_steps() {
  step "Flux: its controllers" install_flux
  step "the example's repository, bootstrapped" bootstrap
  step "promotion: production begins when staging has succeeded" promote
  step "approval: a decision is merged" approve
  step "drift: the operator changes nothing that Git owns" no_drift
  step "ten reconciliations" reconcile_often
  step "children are deleted, as retention does" lose_children
  step "a run that expires" expire
  step "runs are deleted by hand, with and without the operator" delete_runs
  step "controllers are stopped and started" restart_controllers
  step "the cluster is bootstrapped again" bootstrap_again
  step "a plain Job with a TTL, for comparison" plain_job_runs_again
  step "a failed run blocks what depends on it; after a fix, it continues" fail_and_fix
}

bootstrap() {
  write_fleet
  publish "the example"
  kubectl apply -f "$fleet/bootstrap.yaml" >/dev/null
  check "Flux reads the repository" is_ready cluster
  check "the operator is installed, and ready" is_ready operator 180
  check "its Pods run" kubectl rollout status -n "$home" deployment/mission-control --timeout 60s
  check "the Workflow can be executed" is_ready workflows
}

promote() {
  check "staging is ready" is_ready staging
  check "its run has succeeded" is_phase release-staging Succeeded 1
  check "production's run is there" until_true 60 run_uid_known release-production
  check "and was made after staging's had ended" not_before "$(of_run release-staging .status.finishedAt)" "$(of_run release-production .metadata.creationTimestamp)"
}
run_uid_known() { [ -n "$(run_uid "$1")" ]; }

approve() {
  check "production's run asks" is_phase release-production Paused
  check "production is not ready meanwhile" until_true 30 is_unready production
  check "answers can be merged meanwhile" is_ready decisions 60
  merge_decision release-production
  check "the decision was applied" until_equal 60 Applied decision_result release-production "$id"
  check "production's run has succeeded" is_phase release-production Succeeded
  check "production is ready" is_ready production
}
is_unready() { [[ "$(ready "$1")" =~ ^(False|Unknown)\  ]]; }

# merge_decision RUN: Approve, as a file in Git. Sets id.
merge_decision() {
  id=$(question "$1")
  decision "$1" "$id" Approve system:serviceaccount:flux-system:approvals >"$fleet/decisions/$1-$id.yaml"
  (cd "$fleet/decisions" && sed -i "s|^resources: .*|resources: [$(ls -- *-e*.yaml | paste -sd,)]|" kustomization.yaml)
  publish "approve $1"
  pull
}

no_drift() {
  local run
  for run in release-staging release-production; do
    check "$run carries Flux's label" test "$(of_run "$run" '.metadata.labels.kustomize\.toolkit\.fluxcd\.io/name')" = "${run#release-}"
    check "its children do not" children_are_plain "$run"
    check "only its status is the operator's" only_status_is_the_operators "$run"
  done
}


reconcile_often() {
  local before i
  before=$(of_run release-staging .metadata.resourceVersion)
  for ((i = 0; i < 10; i++)); do
    reconcile staging
    reconcile production
  done
  check "the run was not touched" equal "$(of_run release-staging .metadata.resourceVersion)" "$before"
  check "production is ready" is_ready production
  check "each run was executed once" executed_once
}

lose_children() {
  kubectl delete jobs -n "$team" -l missioncontrol.dev/run >/dev/null
  check "no Pod of theirs is left" until_true 60 no_pods
  reconcile staging
  reconcile production
  check "staging and production are ready" both_ready
  check "each run was executed once" executed_once
}

expire() {
  check "it expires, is made again, and its record answers" expires release-staging runs/staging/release.yaml pull
  check "staging and production are ready" both_ready
  check "each run was executed once" executed_once
}
both_ready() { is_ready staging && is_ready production; }

delete_runs() {
  local before
  before=$(run_uid release-staging)
  kubectl delete workflowrun release-staging -n "$team" >/dev/null
  check "Flux makes it again" until_true 60 other_uid release-staging "$before"
  check "its record answers" until_equal 60 AlreadyRan reason release-staging
  check "staging is ready" is_ready staging

  kubectl scale deployment mission-control -n "$home" --replicas 0 >/dev/null
  check "there is no operator" until_true 60 no_operator
  before=$(run_uid release-staging)
  kubectl delete workflowrun release-staging -n "$team" >/dev/null
  check "Flux makes it again" until_true 60 other_uid release-staging "$before"
  check "nobody has looked at it" equal "$(of_run release-staging .status)" '{"observedGeneration":-1}'
  check "so staging is not ready" until_true 60 is_unready staging
  kubectl scale deployment mission-control -n "$home" --replicas 2 >/dev/null
  check "with the operator its record answers" until_equal 120 AlreadyRan reason release-staging
  check "staging and production are ready" both_ready
  check "each run was executed once" executed_once
}
no_operator() { [ -z "$(kubectl get pods -n "$home" -l app.kubernetes.io/component=operator -o name)" ]; }

restart_controllers() {
  stop_daemon kustomize-controller
  stop_daemon source-controller
  kubectl rollout restart deployment/mission-control -n "$home" >/dev/null
  start_source_controller
  start_kustomize_controller
  kubectl rollout status -n "$home" deployment/mission-control --timeout 120s >/dev/null
  reconcile staging
  reconcile production
  check "staging and production are ready" both_ready
  check "each run was executed once" executed_once
}

bootstrap_again() {
  local before
  before=$(run_uid release-production)
  kubectl delete kustomization cluster -n flux-system >/dev/null
  kubectl patch kustomization staging -n flux-system --type merge --patch '{"spec": {"prune": false}}' >/dev/null
  kubectl delete kustomization staging -n flux-system >/dev/null
  check "without prune the runs stay" test -n "$(run_uid release-staging)"
  kubectl delete kustomization production -n flux-system >/dev/null
  check "with prune they go" until_equal 60 '' run_uid release-production
  check "their records stay" equal "$(records release-staging) $(records release-production)" "1 1"
  kubectl apply -f "$fleet/bootstrap.yaml" >/dev/null
  check "everything is there again" until_true 90 other_uid release-production "$before"
  check "the record answers" until_equal 60 AlreadyRan reason release-production
  check "staging and production are ready" both_ready
  check "each run was executed once" executed_once
}

plain_job_runs_again() {
  mkdir -p "$fleet/plain"
  plain_job >"$fleet/plain/job.yaml"
  cat >"$fleet/cluster/plain.yaml" <<'END'
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: plain, namespace: flux-system}
spec:
  interval: 5s
  path: ./plain
  prune: true
  sourceRef: {kind: GitRepository, name: fleet}
END
  echo '- plain.yaml' >>"$fleet/cluster/kustomization.yaml"
  publish "a plain Job"
  pull
  check "the Job was executed three times" until_true 120 at_least 3 pods_ever job-name plain
  check "the runs beside it once" executed_once
  sed -i '/plain.yaml/d' "$fleet/cluster/kustomization.yaml"
  rm -r "$fleet/plain" "$fleet/cluster/plain.yaml"
  publish "no plain Job"
  pull
  is_ready cluster
  kubectl delete kustomization plain -n flux-system >/dev/null
}

# change FROM TO: another version, in both stages.
change() {
  sed -i "s/version: $1/version: $2/" "$fleet"/runs/*/release.yaml
  publish "release $2"
  pull
}

fail_and_fix() {
  local before
  before=$(run_uid release-staging)
  change 2.4.0 0.9.0
  check "staging's run is replaced" until_true 90 other_uid release-staging "$before"
  check "it fails" is_phase release-staging Failed
  check "staging says so" until_equal 90 "False HealthCheckFailed" ready staging
  check "production waits for it" until_equal 90 "False DependencyNotReady" ready production
  check "and its run is the one of before" equal "$(of_run release-production .spec.params.version)" 2.4.0
  change 0.9.0 2.5.0
  check "once fixed, staging's run succeeds" until_equal 120 "Succeeded Succeeded 2.5.0" told release-staging
  check "staging is ready" is_ready staging
  check "production's run is replaced, and asks anew" until_equal 120 "Paused Escalated 2.5.0" told release-production
  recipe_of_health
  check "the answer in Git answers an older question" test "$(question release-production)" != "$id"
  merge_decision release-production
  check "the new answer moves it on" until_equal 120 "Succeeded Succeeded 2.5.0" told release-production
  check "production is ready" is_ready production
  # Staging: two steps, the one that failed, two steps. Production: two and two.
  check "each version was executed once" equal "$(executed release-staging) $(executed release-production)" "5 4"
  check "rolled out once" equal "$(deployed 2.5.0)" "1 1"
  check "but for the one that failed its check" equal "$(deployed 0.9.0)" "0 0"
  check "and has its record" equal "$(records release-staging) $(records release-production)" "3 2"
}

# The recipe of docs/gitops.md, verbatim, for a Kustomization that waits for the question and not for its answer.
recipe_of_health() {
  mkdir -p "$fleet/beside"
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside, namespace: %s}\n' "$team" >"$fleet/beside/note.yaml"
  cat >"$fleet/cluster/beside.yaml" <<'END'
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: beside, namespace: flux-system}
spec:
  interval: 5s
  retryInterval: 5s
  timeout: 20s
  path: ./beside
  prune: true
  sourceRef: {kind: GitRepository, name: fleet}
END
  sed -n '/^  wait: false$/,/^```$/p' "$checkout/docs/gitops.md" | grep -v '^```$' >>"$fleet/cluster/beside.yaml"
  echo '- beside.yaml' >>"$fleet/cluster/kustomization.yaml"
  publish "something that goes on once the question is asked"
  pull
  check "with the recipe for health a question is good enough" is_ready beside
  check "production itself waits for its answer" until_true 30 is_unready production
}
