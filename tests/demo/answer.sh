# The person's part: shows the question of a run, and answers it once, with the text of runs/WORKFLOW.answer. A second
# question is left for the viewer.

ANSWERED=''

# can_answer ID: there is an answer, and it was not used for another question.
can_answer() { [ -r "$ROOM/runs/$WORKFLOW.answer" ] && { [ -z "$ANSWERED" ] || [ "$ANSWERED" = "$1" ]; }; }

# answer ID: answers as a viewer would, and shows the command.
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
