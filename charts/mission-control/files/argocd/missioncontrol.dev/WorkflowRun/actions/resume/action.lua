-- Creates a WorkflowDecision Resume. It is deleted with the run. The run's resource version makes its name unique.
return {{
  operation = "create",
  resource = {
    apiVersion = obj.apiVersion,
    kind = "WorkflowDecision",
    metadata = {
      name = obj.metadata.name .. "-resume-" .. obj.metadata.resourceVersion,
      namespace = obj.metadata.namespace,
      ownerReferences = {{apiVersion = obj.apiVersion, kind = obj.kind, name = obj.metadata.name, uid = obj.metadata.uid}},
    },
    spec = {
      run = obj.metadata.name,
      action = "Resume",
      -- The API server sees Argo CD's server as the user. Argo CD's log shows who chose the action.
      by = "system:serviceaccount:argocd:argocd-server",
    },
  },
}}
