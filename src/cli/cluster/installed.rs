//! The installed operator: found by its label, in the namespaces that the caller may read.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::session::Session;

/// Label of the operator's Deployment and Pods.
pub(crate) const SELECTOR: &str = "app.kubernetes.io/name=mission-control";
/// The default namespace of an installation.
pub(crate) const NAMESPACE: &str = "mission-control";

/// Its Deployments in all namespaces. For a caller who may not list those: in the default and the current namespace.
/// `Err`: the API server's answer to the first request.
pub(crate) async fn deployments(session: &Session) -> Result<Vec<Deployment>, kube::Error> {
    labelled(session).await
}

/// Its Pods, found in the same way.
pub(crate) async fn pods(session: &Session) -> Result<Vec<Pod>, kube::Error> {
    labelled(session).await
}

async fn labelled<K>(session: &Session) -> Result<Vec<K>, kube::Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let labelled = ListParams::default().labels(SELECTOR);
    let refused = match Api::<K>::all(session.client.clone()).list(&labelled).await {
        Ok(found) => return Ok(found.items),
        Err(error) => error,
    };
    for namespace in [NAMESPACE, &session.namespace] {
        let there: Api<K> = Api::namespaced(session.client.clone(), namespace);
        match there.list(&labelled).await {
            Ok(found) if !found.items.is_empty() => return Ok(found.items),
            _ => {}
        }
    }
    Err(refused)
}

/// The image of the operator's container.
pub(crate) fn image(deployment: &Deployment) -> Option<String> {
    let spec = deployment.spec.as_ref()?.template.spec.as_ref()?;
    let named = spec.containers.iter().find(|c| c.name == "mission-control");
    named.or(spec.containers.first())?.image.clone()
}

/// `namespace/name`.
pub(crate) fn path(deployment: &Deployment) -> String {
    format!("{}/{}", deployment.namespace().unwrap_or_default(), deployment.name_any())
}
