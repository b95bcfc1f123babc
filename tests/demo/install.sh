# Builds the operator and mc, builds the two images, and installs the operator as users without Helm do
# (charts/kustomize), and a workflow. Every step can be repeated.

# PROFILE=release builds what would be shipped; the demo does not need it.
build_operator() {
  local profile=() made
  [ "${PROFILE:-dev}" = dev ] || profile=(--profile "$PROFILE")
  say "building the operator and mc (cargo, ${PROFILE:-dev} profile; the first time takes some minutes)"
  made=$(cargo build --locked --bins "${profile[@]}" --message-format=json-render-diagnostics)
  PROGRAMS=()
  local name file
  for name in mission-control mc; do
    file=$(jq -r --arg name "$name" \
      'select(.reason == "compiler-artifact" and .target.name == $name) | .executable // empty' <<<"$made")
    [ -x "$file" ] || die "cargo did not name the program $name"
    # Without debug information the image is a tenth of the size.
    # Renamed into place: a shell of an earlier demo may be running the existing file.
    cp "$file" "$WORK/bin/$name.new"
    strip "$WORK/bin/$name.new" 2>/dev/null || true
    mv "$WORK/bin/$name.new" "$WORK/bin/$name"
    PROGRAMS+=("$WORK/bin/$name")
  done
}

load_images() {
  local hash
  # The tag is a hash of the content, so that a new build is rolled out and an old one is not loaded again.
  hash=$(cat "${PROGRAMS[@]}" "$CHECKOUT/tests/image/root" | sha256sum | cut -c1-12)
  OPERATOR_IMAGE=missioncontrol.dev/operator:$hash
  if [ "${CLUSTER:-}" = existing ]; then
    OPERATOR_IMAGE=${OPERATOR_IMAGE_NAME:-missioncontrol.dev/operator:latest}
    say "the existing cluster must be able to pull $OPERATOR_IMAGE (or set OPERATOR_IMAGE_NAME) and missioncontrol.dev/agents/scripted:v1"
    return
  fi
  if ! "$CLUSTER_SH" has-image "$CLUSTER_NAME" "$OPERATOR_IMAGE"; then
    "$CLUSTER_SH" image-of-programs "$CLUSTER_NAME" "$OPERATOR_IMAGE" "${PROGRAMS[@]}"
  fi
  "$ROOM/agents-image" "$CLUSTER_NAME"
}

install_operator() {
  # With the decision policy: a decision's spec.by must be the user who creates it, as `kubectl auth whoami` shows.
  kubectl kustomize "$ROOM/operator" | sed "s|missioncontrol.dev/operator:demo$|$OPERATOR_IMAGE|" |
    kubectl apply --server-side --force-conflicts -f - >/dev/null
  kubectl wait --for=condition=Established --timeout=30s -f crds/ >/dev/null
  if ! kubectl rollout status --timeout=90s -n mission-control deployment/mission-control >/dev/null; then
    kubectl get pods -n mission-control >&2
    kubectl logs -n mission-control deployment/mission-control --tail 20 >&2 || true
    die "the operator did not become ready" "kubectl describe pods -n mission-control"
  fi
  say "operator is ready: $OPERATOR_IMAGE"
}

install_workflow() {
  kubectl create namespace "$NAMESPACE" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
  # The account whose token signs in to the dashboard: an administrator of the namespace.
  kubectl create serviceaccount reader -n "$NAMESPACE" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
  kubectl create rolebinding reader -n "$NAMESPACE" --clusterrole=admin --serviceaccount="$NAMESPACE:reader" --dry-run=client -o yaml |
    kubectl apply -f - >/dev/null
  kubectl apply -n "$NAMESPACE" -f "workflows/$WORKFLOW.yaml"
  if ! kubectl wait workflow "$WORKFLOW" -n "$NAMESPACE" --for=condition=Ready --timeout=30s >/dev/null; then
    kubectl get workflow "$WORKFLOW" -n "$NAMESPACE" -o jsonpath='{range .status.problems[*]}{@}{"\n"}{end}' >&2
    die "the workflow $WORKFLOW is not ready" "kubectl describe workflow $WORKFLOW -n $NAMESPACE"
  fi
}
