//! A launch -> the objects that its Pod mounts and that outlive it: the claim of the run's workspace, and the files of
//! its agent. They exist before the Job is created.
//!
//! `create` only: an existing object must be ours. Objects that exist are cached per run, so that further attempts cost
//! no request; if one is deleted by hand, the Pod reports what it waits for. Objects that only one attempt mounts are
//! created after its Job (see [`super::launch`]).

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::ResourceExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cluster::{ErrorKind, Failure, Name, post_params, request, request_opt};
use crate::engine::effect::Launch;
use crate::engine::ids;
use crate::job;

use super::context::Context;
use super::pass::Pass;
use super::run_cache::Declined;

/// Makes sure of all that the attempt's Pod mounts and that outlives it. `Some`: the attempt cannot start.
pub(super) async fn ensure(pass: &Pass<'_>, launch: &Launch) -> Option<Declined> {
    match claim(pass, launch).await {
        None => agent_files(pass, launch).await,
        declined => declined,
    }
}

async fn claim(pass: &Pass<'_>, launch: &Launch) -> Option<Declined> {
    let mount = launch.workspace.as_ref()?;
    let key = format!("PersistentVolumeClaim {}", mount.claim);
    if pass.cache.lock().ensured.contains(&key) {
        return None;
    }
    let wanted = job::build_claim(launch, &pass.owner())?;
    let declined = create(pass.ctx, &wanted, launch).await;
    if declined.is_none() {
        pass.cache.lock().ensured.insert(key);
    }
    declined
}

async fn agent_files(pass: &Pass<'_>, launch: &Launch) -> Option<Declined> {
    if launch.agent.files.is_empty() {
        return None;
    }
    let name = pass.name.beside(job::agent_files_name(launch));
    let key = format!("ConfigMap {}", name.name);
    if pass.cache.lock().ensured.contains(&key) {
        return None;
    }
    if !pass.ctx.agent_files.has(&name) {
        let revision = name.beside(ids::revision_name(&launch.workflow, &launch.revision));
        let uid = match revision_uid(pass.ctx, &revision).await {
            Ok(uid) => uid,
            Err(failure) => return Some(Declined::of(&failure, launch)),
        };
        let wanted = job::build_agent_files(launch, &pass.owner(), &uid)?;
        if let Some(declined) = create(pass.ctx, &wanted, launch).await {
            return Some(declined);
        }
        pass.ctx.agent_files.put(name);
    }
    pass.cache.lock().ensured.insert(key);
    None
}

/// Asked of the API server: the garbage collector takes what names the UID of an owner that is gone.
async fn revision_uid(ctx: &Context, name: &Name) -> Result<String, Failure> {
    let revisions = ctx.api::<ControllerRevision>(&name.namespace);
    let there = request(revisions.get_metadata(&name.name)).await?;
    Ok(there.uid().unwrap_or_default())
}

/// An answer that says nothing needs no care: the same create again finds what the first one left.
async fn create<K>(ctx: &Context, wanted: &K, launch: &Launch) -> Option<Declined>
where
    K: k8s_openapi::Resource
        + kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned,
{
    let name = Name::of(wanted);
    let api = ctx.api::<K>(&name.namespace);
    let failure = match request(api.create(&post_params(), wanted)).await {
        Ok(_) => return None,
        Err(failure) => failure,
    };
    if failure.kind() == ErrorKind::AlreadyExists {
        return meet(ctx, wanted, name, launch).await;
    }
    Some(Declined::of(&failure, launch))
}

/// It is from a create whose answer got lost, from another attempt, from another process; or a stranger's.
async fn meet<K>(ctx: &Context, wanted: &K, name: Name, launch: &Launch) -> Option<Declined>
where
    K: k8s_openapi::Resource
        + kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned,
{
    let api = ctx.api::<K>(&name.namespace);
    let there = match request_opt(api.get_metadata(&name.name)).await {
        Ok(there) => there,
        Err(failure) => return Some(Declined::of(&failure, launch)),
    };
    match there.map(|there| whose(&there.metadata, wanted.meta())) {
        Some(Whose::Ours) => None,
        None | Some(Whose::Leftover) => {
            let message = format!("{} {} of an earlier run is being deleted", K::KIND, name.name);
            Some(Declined::blocked(message, launch))
        }
        Some(Whose::Strangers) => Some(Declined::Refused(format!(
            "{} {} is somebody else's; delete it or give it another name, then retry",
            K::KIND,
            name.name
        ))),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Whose {
    Ours,
    /// It was created for a deleted owner of the same name: the garbage collector is about to delete it.
    Leftover,
    Strangers,
}

fn whose(there: &ObjectMeta, wanted: &ObjectMeta) -> Whose {
    let owners = |meta: &ObjectMeta| meta.owner_references.clone().unwrap_or_default();
    let (theirs, ours) = (owners(there), owners(wanted));
    let shared = |same: fn(&OwnerReference, &OwnerReference) -> bool| {
        theirs.iter().any(|a| ours.iter().any(|b| same(a, b)))
    };
    if shared(|a, b| a.uid == b.uid) {
        Whose::Ours
    } else if shared(|a, b| (&a.kind, &a.name) == (&b.kind, &b.name)) {
        Whose::Leftover
    } else {
        Whose::Strangers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned_by(kind: &str, name: &str, uid: &str) -> ObjectMeta {
        let (kind, name, uid) = (kind.into(), name.into(), uid.into());
        let owner = OwnerReference { kind, name, uid, ..OwnerReference::default() };
        ObjectMeta { owner_references: Some(vec![owner]), ..ObjectMeta::default() }
    }

    #[test]
    fn an_object_is_ours_by_its_owners_uid() {
        let wanted = owned_by("WorkflowRun", "demo", "1");
        let there = [
            wanted.clone(),
            owned_by("WorkflowRun", "demo", "2"),
            owned_by("WorkflowRun", "other", "3"),
            owned_by("Job", "demo", "4"),
            ObjectMeta::default(),
        ];
        assert_eq!(
            there.map(|t| whose(&t, &wanted)),
            [Whose::Ours, Whose::Leftover, Whose::Strangers, Whose::Strangers, Whose::Strangers]
        );
    }
}
