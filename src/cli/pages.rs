//! A kind -> all of its objects, read in pages. One that cannot be read is named, and never hides the others.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use kube::api::ListParams;
use kube::core::DeserializeGuard;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::exit::Fault;
use super::out;
use super::session::Session;

/// Objects per request.
const PAGE: u32 = 500;

/// Of the session's namespace, or with `-A` of all.
pub async fn all<K>(session: &Session, params: ListParams) -> Result<Vec<K>, Fault>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let api = session.scope::<DeserializeGuard<K>>();
    let mut params = params.limit(PAGE);
    let mut found = Vec::new();
    loop {
        let page = api.list(&params).await;
        let page = page.map_err(|e| session.fault(&format!("list {}", K::plural(&())), &e))?;
        let more = page.metadata.continue_.filter(|token| !token.is_empty());
        for object in page.items {
            let name = object.name_any();
            match object.0 {
                Ok(object) => found.push(object),
                Err(e) => out::note(format!("{} {name} cannot be read and is left out: {e}", K::kind(&()))),
            }
        }
        match more {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(found),
        }
    }
}
