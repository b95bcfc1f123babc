-- Creates a WorkflowDecision Approve that answers the run's first question. Its name allows only one answer per question.
local question = obj.status.escalations[1]
local feedback = nil
if actionParams ~= nil and actionParams["feedback"] ~= "" then
  feedback = actionParams["feedback"]
end
return {{
  operation = "create",
  resource = {
    apiVersion = obj.apiVersion,
    kind = "WorkflowDecision",
    metadata = {
      name = obj.metadata.name .. "-" .. question.id,
      namespace = obj.metadata.namespace,
      ownerReferences = {{apiVersion = obj.apiVersion, kind = obj.kind, name = obj.metadata.name, uid = obj.metadata.uid}},
    },
    spec = {
      run = obj.metadata.name,
      escalation = question.id,
      action = "Approve",
      feedback = feedback,
      -- The API server sees Argo CD's server as the user. Argo CD's log shows who chose the action.
      by = "system:serviceaccount:argocd:argocd-server",
    },
  },
}}
