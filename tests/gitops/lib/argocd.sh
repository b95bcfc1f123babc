# Argo CD: application-controller and repo-server as processes, redis beside them, and what its objects say.

install_argocd() {
  local upstream
  upstream=$(cd "$checkout/tests/cluster/go/argocd" && go mod download -json github.com/argoproj/argo-cd/v3 | jq -r .Dir)
  kubectl create namespace argocd >/dev/null
  kubectl apply --server-side -k "$upstream/manifests/crds" >/dev/null
  argocd_config >"$work/argocd-config.yaml"
  # Its kinds are known a moment after their definitions are there.
  until_true 60 kubectl apply -f "$work/argocd-config.yaml"
  kubectl apply --server-side --field-manager mission-control -f "$checkout/examples/gitops/argocd/argocd-cm.yaml" >/dev/null
  argocd_links
  daemon redis redis-server --bind 127.0.0.1 --port 3040 --save '' --appendonly no --dir "$work"
  start_repo_server
  start_application_controller
}

# Told apart by the name under which they are started.
argocd_links() {
  local program name_of
  program=$("$cluster" program argocd)
  mkdir -p "$work/bin" "$work/argocd"/{tls,ssh,gpg,plugins}
  for name_of in argocd-repo-server argocd-application-controller argocd-git-ask-pass; do ln -sf "$program" "$work/bin/$name_of"; done
  ln -sf "$("$cluster" program kustomize)" "$work/bin/kustomize"
}

argocd_config() {
  cat <<'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
data:
  # Longer than a test: what is seen comes from watches, self-healing and refreshes.
  timeout.reconciliation: 1h
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
stringData: {server.secretkey: for-this-test-only}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: default, namespace: argocd}
spec:
  sourceRepos: ["*"]
  destinations: [{namespace: "*", server: "*"}]
  clusterResourceWhitelist: [{group: "*", kind: "*"}]
END
}

# argocd_program NAME OPTION...
argocd_program() {
  local program=$1
  shift
  mkdir -p "$work/tmp/$program"
  daemon "$program" env PATH="$work/bin:$PATH" TMPDIR="$work/tmp/$program" HOME="$work/tmp/$program" \
    ARGOCD_FAKE_IN_CLUSTER=true ARGOCD_GPG_ENABLED=false ARGOCD_TLS_DATA_PATH="$work/argocd/tls" ARGOCD_SSH_DATA_PATH="$work/argocd/ssh" \
    ARGOCD_GNUPGHOME="$work/argocd/gpg" ARGOCD_PLUGINSOCKFILEPATH="$work/argocd/plugins" "$work/bin/$program" --redis 127.0.0.1:3040 "$@"
}
start_repo_server() {
  argocd_program argocd-repo-server --address 127.0.0.1 --port 3041 --metrics-address 127.0.0.1 --metrics-port 3042 --disable-tls \
    --revision-cache-expiration 1s
}
start_application_controller() {
  argocd_program argocd-application-controller --kubeconfig "$KUBECONFIG" --namespace argocd --repo-server 127.0.0.1:3041 --repo-server-plaintext \
    --metrics-port 3043 --app-resync 10 --app-resync-jitter 0 --self-heal-timeout-seconds 1 --persist-resource-health
}

# The example with a local URL, and the operator from charts/kustomize. Decisions are made by the controller's account
# here.
write_argocd_fleet() {
  cp -r "$checkout/examples/gitops/argocd/." "$fleet/"
  note_deploys
  rm "$fleet/argocd-cm.yaml"
  mkdir -p "$fleet/operator"
  cp "$checkout/charts/kustomize/"* "$fleet/operator/"
  sed -i -e "s|repoURL: https://git.example/fleet|repoURL: $git_url|" -e 's|duration: 10s|duration: 2s|' -e 's|maxDuration: 3m|maxDuration: 5s|' \
    -e 's|limit: 10,|limit: 30,|' "$fleet/root.yaml" "$fleet/apps/"*.yaml
  # The chart's own Application needs Helm.
  awk -v url="$git_url" '/^  source:/ {print "  source: {repoURL: " url ", targetRevision: main, path: operator}"; skip = 1; next}
    /^  destination:/ {skip = 0} !skip' "$fleet/apps/operator.yaml" >"$work/operator.yaml"
  mv "$work/operator.yaml" "$fleet/apps/operator.yaml"
}

of_app() { kubectl get application "$1" -n argocd -o json 2>/dev/null | jq -r "$2"; }
# state APP: such as "Synced Healthy".
state() { of_app "$1" '"\(.status.sync.status) \(.status.health.status)"'; }
is_synced() { until_equal "${3:-180}" "Synced $2" state "$1"; }
# at_newest APP: Synced and Healthy, with the newest commit.
at_newest() { [ "$(of_app "$1" '"\(.status.sync.revision) \(.status.sync.status) \(.status.health.status)"')" = "$revision Synced Healthy" ]; }
operation() { of_app "$1" .status.operationState.phase; }
# health_of APP RUN
health_of() { of_app "$1" ".status.resources[]? | select(.kind == \"WorkflowRun\" and .name == \"$2\") | .health.status"; }

# refresh APP...: the newest commit is fetched at once.
refresh() {
  local app
  for app in "$@"; do
    kubectl annotate application "$app" -n argocd --overwrite argocd.argoproj.io/refresh=normal >/dev/null
    until_equal 60 null of_app "$app" '.metadata.annotations["argocd.argoproj.io/refresh"]'
  done
}

# lua VERB ARG... <OBJECT: in Argo CD's engine, with its own ConfigMap as it is in the cluster.
lua() {
  kubectl get configmap argocd-cm -n argocd -o yaml >"$work/argocd-cm.yaml"
  "$("$cluster" program argocd-lua)" "$work/argocd-cm.yaml" "$@"
}
live() { kubectl get workflowrun "$1" -n "$team" -o json; }

# act RUN ACTION: what Argo CD's server does with it, as the account that this has. The rights of that account are this
# test's own.
act() {
  live "$1" | lua action "$2" | jq -e 'select(.operation == "create") | .resource' >"$work/made.json" &&
    kubectl create --as system:serviceaccount:argocd:argocd-server -f "$work/made.json" >/dev/null
}
