-- Creates a WorkflowDecision Reject that answers the run's first question. Only the first answer to a question counts: it has that name.
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
      action = "Reject",
      feedback = feedback,
      -- Whoever the API server sees: Argo CD's server. Who pressed the button is in Argo CD's own log.
      by = "system:serviceaccount:argocd:argocd-server",
    },
  },
}}
