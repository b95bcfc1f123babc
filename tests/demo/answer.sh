# A person's part: the question that a run asks is shown, and answered with what stands in runs/WORKFLOW.answer. Once: a run that asks
# again is left for the viewer.

ANSWERED=''

# can_answer ID: there is an answer, and it was not given to another question.
can_answer() { [ -r "$ROOM/runs/$WORKFLOW.answer" ] && { [ -z "$ANSWERED" ] || [ "$ANSWERED" = "$1" ]; }; }

# answer ID: as a viewer would do it, with the command shown.
answer() {
  local name=$RUN-$1 file=$WORK/decision.yaml result
  if [ "$ANSWERED" = "$1" ]; then
    result=$(kubectl get workflowdecision "$name" -n "$NAMESPACE" -o jsonpath='{.status.result}')
    case $result in '' | Applied) return ;; esac
    die "the answer was not taken: $result" "kubectl get workflowdecision $name -n $NAMESPACE -o yaml"
  fi
  ANSWERED=$1
  cat >"$file" <<YAML
apiVersion: missioncontrol.dev/v1alpha1
kind: WorkflowDecision
metadata:
  name: $name
spec:
  run: $RUN
  escalation: $1
  action: Retry
  feedback: $(jq -Rs 'rtrimstr("\n")' "$ROOM/runs/$WORKFLOW.answer")
  by: $(kubectl auth whoami -o 'jsonpath={.status.userInfo.username}')
YAML
  printf '\nThe run asks a person. The answer is an object, too:\n\n  $ kubectl create -n %s -f - <<YAML\n' "$NAMESPACE"
  sed 's/^/    /' "$file"
  printf '    YAML\n  '
  kubectl create -n "$NAMESPACE" -f "$file"
  echo
}
