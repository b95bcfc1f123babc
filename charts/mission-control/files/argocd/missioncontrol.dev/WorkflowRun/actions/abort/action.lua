-- Creates a WorkflowDecision Abort. It goes with the run; the version of the run makes its name another one each time.
return {{
  operation = "create",
  resource = {
    apiVersion = obj.apiVersion,
    kind = "WorkflowDecision",
    metadata = {
      name = obj.metadata.name .. "-abort-" .. obj.metadata.resourceVersion,
      namespace = obj.metadata.namespace,
      ownerReferences = {{apiVersion = obj.apiVersion, kind = obj.kind, name = obj.metadata.name, uid = obj.metadata.uid}},
    },
    spec = {
      run = obj.metadata.name,
      action = "Abort",
      -- Whoever the API server sees: Argo CD's server. Who pressed the button is in Argo CD's own log.
      by = "system:serviceaccount:argocd:argocd-server",
    },
  },
}}
