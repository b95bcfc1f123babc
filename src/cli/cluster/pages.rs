//! A kind -> all of its objects, read in pages. An object that cannot be read is reported and never hides the others.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use kube::api::{ListParams, ObjectList};
use kube::core::DeserializeGuard;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use crate::api::Phase;
use crate::cli::terminal::exit::Fault;
use crate::cli::terminal::out;
use crate::cluster::each_page;

use super::session::Session;

/// All objects of the session's namespace, or with `-A` of all.
pub(crate) async fn all<K>(session: &Session, params: ListParams) -> Result<Vec<K>, Fault>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let api = session.scope::<DeserializeGuard<K>>();
    let mut found = Vec::new();
    let take = |object: DeserializeGuard<K>| {
        let name = object.name_any();
        match object.0 {
            Ok(object) => found.push(object),
            Err(e) => {
                out::note(format!("note: {} {name} is left out, since it cannot be read: {e}", K::kind(&())))
            }
        }
    };
    each(session, &format!("list {}", K::plural(&())), params, async |page| api.list(page).await, take)
        .await?;
    Ok(found)
}

/// Requests page after page. `what`: the request, for errors.
pub(crate) async fn each<T: Clone>(
    session: &Session,
    what: &str,
    params: ListParams,
    list: impl AsyncFn(&ListParams) -> kube::Result<ObjectList<T>>,
    take: impl FnMut(T),
) -> Result<(), Fault> {
    let list = &list;
    let page = |params: ListParams| async move { list(&params).await };
    each_page(params, page, take).await.map_err(|e| session.fault(what, &e))
}

/// The runs that have not ended, of one workflow or of all.
pub(crate) fn live(workflow: Option<&str>) -> ListParams {
    let over = Phase::ALL.iter().filter(|(phase, _)| phase.is_terminal());
    let live = over.map(|(phase, _)| format!("status.phase!={phase}"));
    let of = workflow.map(|name| format!("spec.workflowRef.name={name}"));
    ListParams::default().fields(&live.chain(of).collect::<Vec<_>>().join(","))
}
