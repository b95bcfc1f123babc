# What is done under Argo CD, in order; each step leaves the cluster as the next one wants it.

argocd_steps() {
  step "Argo CD: its controllers" install_argocd
  step "the example's repository: an Application of Applications" bootstrap_argocd
  step "promotion: the second wave begins when the first has succeeded" promote_waves
  step "a sync leaves live runs alone" sync_beside_live
  step "approval: a decision is merged" approve_in_git
  step "drift: the operator changes nothing that Git owns" no_argocd_drift
  step "ten refreshes; children and runs are deleted" heal_itself
  step "a run that expires" expire_under_argocd
  step "controllers are stopped and started, Applications deleted and made again" restart_argocd
  step "a PreSync hook holds the sync until its run has ended" hold_sync
  step "a plain Job with a TTL, for comparison" plain_job_heals
  step "actions: pause, resume, approve, abort" press_buttons
}

bootstrap_argocd() {
  write_argocd_fleet
  publish "the example"
  kubectl apply -f "$fleet/root.yaml" >/dev/null
  check "the operator is Synced and Healthy" is_synced operator Healthy 300
  check "the Workflow is Synced and Healthy" is_synced workflows Healthy
  kubectl create rolebinding argocd-server -n "$team" --clusterrole mission-control-approver --serviceaccount argocd:argocd-server >/dev/null
}

promote_waves() {
  check "staging's run succeeds" is_phase release-staging Succeeded 180
  check "Argo CD calls it Healthy" until_equal 60 Healthy health_of runs release-staging
  check "production's run asks" is_phase release-production Paused
  check "and was made after staging's had ended" not_before "$(of_run release-staging .status.finishedAt)" "$(of_run release-production .metadata.creationTimestamp)"
  check "Argo CD calls it Suspended" until_equal 60 Suspended health_of runs release-production
  check "and the Application, too" until_equal 60 "Synced Suspended" state runs
}

# The option ApplyOutOfSyncOnly of the example: without it Replace=true would replace a live run with every sync.
sync_beside_live() {
  local staging production
  staging=$(run_uid release-staging) production=$(run_uid release-production)
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note, namespace: %s}\ndata: {text: beside}\n' "$team" >"$fleet/runs/note.yaml"
  publish "something beside the runs"
  refresh runs
  check "what is new is there" until_true 120 kubectl get configmap note -n "$team"
  check "the live run is the same" equal "$(run_uid release-production)" "$production"
  check "the other one, too" equal "$(run_uid release-staging)" "$staging"
}

approve_in_git() {
  check "answers can be merged" is_synced decisions Healthy
  # This controller is the administrator; an installed one is the account of which the example speaks.
  id=$(question release-production)
  decision release-production "$id" Approve admin >"$fleet/decisions/release-production-$id.yaml"
  publish "approve release-production"
  refresh decisions
  check "the decision was applied" until_equal 120 Applied decision_result release-production "$id"
  check "production's run has succeeded" is_phase release-production Succeeded
  check "the Application is Healthy" is_synced runs Healthy
  check "each run was executed once" executed_once
}

no_argocd_drift() {
  local run
  for run in release-staging release-production; do
    check "$run carries Argo CD's annotation" test -n "$(of_run "$run" '.metadata.annotations.argocd\.argoproj\.io/tracking-id')"
    check "its children do not" children_are_plain "$run"
    check "only its status is the operator's" only_status_is_the_operators "$run"
  done
  check "no child is listed as a resource of the Application" equal "$(of_app runs '[.status.resources[].kind] | unique | join(" ")')" "ConfigMap WorkflowRun"
}

heal_itself() {
  local before i
  before=$(of_run release-staging .metadata.resourceVersion)
  for ((i = 0; i < 10; i++)); do refresh runs; done
  check "the run was not touched" equal "$(of_run release-staging .metadata.resourceVersion)" "$before"
  kubectl delete jobs -n "$team" -l missioncontrol.dev/run >/dev/null
  check "no Pod of theirs is left" until_true 60 no_pods
  refresh runs
  check "the Application is Healthy" is_synced runs Healthy
  before=$(run_uid release-staging)
  kubectl delete workflowrun release-staging release-production -n "$team" >/dev/null
  check "Argo CD makes them again" until_true 120 other_uid release-staging "$before"
  check "staging's record answers" until_equal 120 AlreadyRan reason release-staging
  check "production's record answers" until_equal 120 AlreadyRan reason release-production
  check "the Application is Healthy" is_synced runs Healthy
  check "each run was executed once" executed_once
}

expire_under_argocd() {
  check "it expires, is made again, and its record answers" expires release-staging runs/staging.yaml refresh runs
  check "the Application is Healthy" is_synced runs Healthy
  check "each run was executed once" executed_once
}

restart_argocd() {
  local before
  stop_daemon argocd-application-controller
  stop_daemon argocd-repo-server
  kubectl rollout restart deployment/mission-control -n "$home" >/dev/null
  start_repo_server
  start_application_controller
  kubectl rollout status -n "$home" deployment/mission-control --timeout 120s >/dev/null
  refresh runs
  check "the Application is Healthy" is_synced runs Healthy
  before=$(run_uid release-staging)
  # Without a finalizer an Application goes alone, and what it made stays. Its namesake finds everything in place.
  kubectl delete application root runs -n argocd >/dev/null
  check "the runs stay" equal "$(run_uid release-staging)" "$before"
  kubectl delete workflowrun release-staging -n "$team" >/dev/null
  kubectl apply -f "$fleet/root.yaml" >/dev/null
  check "everything is there again" until_true 180 other_uid release-staging "$before"
  check "the record answers" until_equal 120 AlreadyRan reason release-staging
  check "the Application is Healthy" is_synced runs Healthy
  check "each run was executed once" executed_once
}

hold_sync() {
  local before
  check "the hook's run has succeeded" is_phase shop-check Succeeded
  check "the Application is Healthy" is_synced shop Healthy
  check "what it syncs was made after that" not_before "$(of_run shop-check .status.finishedAt)" \
    "$(kubectl get configmap shop -n "$team" -o 'jsonpath={.metadata.creationTimestamp}')"
  before=$(run_uid shop-check)
  sed -i 's/version: 2.4.0/version: 2.4.0-eu/' "$fleet/shop/shop.yaml"
  publish "another name for it"
  refresh shop
  check "the next sync makes the hook anew" until_true 120 other_uid shop-check "$before"
  check "which is answered by its record" until_equal 60 AlreadyRan reason shop-check
  check "and goes on" until_equal 120 2.4.0-eu shop_version
  check "the check was executed once" equal "$(executed shop-check)" 2
  sed -i 's/version: 2.4.0/version: 0.9.0/' "$fleet/shop/"*.yaml
  publish "a version that fails its check"
  refresh shop
  check "a run that fails" until_equal 120 "Failed StepFailed 0.9.0" told shop-check
  check "fails the sync" until_equal 120 Failed sync_failed shop
  check "and nothing was synced" equal "$(shop_version)" 2.4.0-eu
  sed -i 's/version: 0.9.0/version: 2.4.0/' "$fleet/shop/"*.yaml
  publish "the version of before"
  refresh shop
}
shop_version() { kubectl get configmap shop -n "$team" -o 'jsonpath={.data.version}'; }
# The last sync failed, or is being tried again after it did.
sync_failed() { of_app "$1" 'if (.status.operationState | .phase == "Failed" or (.retryCount // 0) > 0) then "Failed" else "not yet" end'; }

plain_job_heals() {
  mkdir -p "$fleet/plain"
  plain_job >"$fleet/plain/job.yaml"
  sed -e 's/name: decisions/name: plain/' -e 's/path: decisions/path: plain/' "$fleet/apps/decisions.yaml" >"$fleet/apps/plain.yaml"
  publish "a plain Job"
  refresh root
  check "the Job was executed three times" until_true 180 at_least 3 pods_ever job-name plain
  check "the runs beside it once" executed_once
  kubectl delete application plain -n argocd >/dev/null
  rm -r "$fleet/plain" "$fleet/apps/plain.yaml"
  publish "no plain Job"
}

# asks VERSION: both runs are replaced, and production's asks.
asks() {
  sed -i "s/version: [0-9.]*,/version: $1,/" "$fleet"/runs/{staging,production}.yaml
  publish "release $1"
  refresh runs
  until_equal 180 "Paused Escalated $1" told release-production
}
can() { live "$1" | lua actions | paste -sd' '; }

press_buttons() {
  check "another version is executed, and asks" asks 2.5.0
  check "a person may" until_equal 30 "abort approve pause reject" can release-production
  check "pause it" act release-production pause
  check "which holds it" until_true 60 is_held release-production
  check "a person may then" equal "$(can release-production)" "abort approve reject resume"
  check "resume it" act release-production resume
  check "which lets it go" until_equal 60 '' of_run release-production .status.hold
  check "approve it" act release-production approve
  check "which moves it on" until_equal 120 "Succeeded Succeeded 2.5.0" told release-production
  check "the Application is Healthy" is_synced runs Healthy
  check "nobody may run an action" equal "$(can release-production)" ""
  check "a third version asks" asks 2.6.0
  check "abort it" act release-production abort
  check "which ends it" until_equal 120 "Cancelled Aborted 2.6.0" told release-production
  check "Argo CD calls it Degraded" until_equal 60 Degraded health_of runs release-production
  check "rolled out once" equal "$(deployed 2.5.0)" "1 1"
  check "but for the one that was aborted" equal "$(deployed 2.6.0)" "1 0"
  check "each version was executed once, as far as it came" equal "$(executed release-staging) $(executed release-production)" "6 5"
}
is_held() { [ -n "$(of_run "$1" .status.hold)" ]; }
