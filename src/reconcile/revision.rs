//! Revisions: the immutable copies of workflows that runs execute, as ControllerRevisions.
//!
//! They are read by live requests and cached for half a minute: one request per revision serves all its runs, and one
//! that was deleted or changed is still noticed.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use kube::api::ObjectMeta;

use crate::api::{WorkflowSpec, labels};
use crate::cluster::{ErrorKind, Name, post_params, request, request_opt};
use crate::engine::ids;
use crate::engine::snapshot::RevisionFact;

use super::context::Context;
use super::error::Error;
use super::pass::Pass;

/// The revision that the run is bound to.
pub(super) async fn observe(pass: &Pass<'_>) -> Result<RevisionFact, Error> {
    let status = pass.run.status.as_ref();
    if status.and_then(|s| s.phase).is_some_and(|p| p.is_terminal()) {
        return Ok(RevisionFact::NotAsked);
    }
    let reference = &pass.run.spec.workflow_ref;
    let bound = match status.and_then(|s| s.workflow.as_ref()) {
        Some(pinned) => Some((pinned.name.as_str(), pinned.revision.as_str())),
        None => reference.revision.as_deref().map(|revision| (reference.name.as_str(), revision)),
    };
    match bound {
        Some((workflow, revision)) => {
            read(pass.ctx, &pass.name.beside(ids::revision_name(workflow, revision)), revision).await
        }
        None => Ok(RevisionFact::NotAsked),
    }
}

async fn read(ctx: &Context, name: &Name, hash: &str) -> Result<RevisionFact, Error> {
    if let Some(spec) = ctx.revisions.get(name) {
        return Ok(RevisionFact::Found(Box::new((*spec).clone())));
    }
    let revisions = ctx.api::<ControllerRevision>(&name.namespace);
    let stored =
        request_opt(revisions.get(&name.name)).await.map_err(|f| Error::ReadRevision(name.clone(), f))?;
    let Some(stored) = stored else { return Ok(RevisionFact::Missing) };
    Ok(match content(stored).filter(|spec| ids::revision_hash(spec) == hash) {
        Some(spec) => {
            ctx.revisions.put(name, Arc::new(spec.clone()));
            RevisionFact::Found(Box::new(spec))
        }
        None => RevisionFact::Tampered,
    })
}

fn content(revision: ControllerRevision) -> Option<WorkflowSpec> {
    serde_json::from_value(revision.data?.0).ok()
}

/// Creates the revision; an existing one of that name is read in the next pass, which compares it.
pub(super) async fn ensure(
    ctx: &Context,
    name: &Name,
    workflow: &str,
    spec: &WorkflowSpec,
) -> Result<(), Error> {
    if ctx.revisions.get(name).is_some() {
        return Ok(());
    }
    let data = serde_json::to_value(spec).map_err(|e| Error::EncodeRevision(name.clone(), e))?;
    let revision = ControllerRevision {
        metadata: ObjectMeta {
            name: Some(name.name.clone()),
            namespace: Some(name.namespace.clone()),
            labels: Some(
                [
                    (labels::MANAGED_BY.to_string(), labels::OPERATOR.to_string()),
                    (labels::WORKFLOW.to_string(), labels::label_value(workflow).to_string()),
                ]
                .into(),
            ),
            ..ObjectMeta::default()
        },
        data: Some(RawExtension(data)),
        revision: 1,
    };
    let revisions = ctx.api::<ControllerRevision>(&name.namespace);
    match request(revisions.create(&post_params(), &revision)).await {
        Ok(_) => {
            ctx.revisions.put(name, Arc::new(spec.clone()));
            Ok(())
        }
        Err(failure) if failure.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(failure) => Err(Error::CreateRevision(name.clone(), failure)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_holds_what_was_put_into_it() {
        let spec = WorkflowSpec { description: Some("d".into()), ..WorkflowSpec::default() };
        let data = Some(RawExtension(serde_json::to_value(&spec).unwrap()));
        let stored = ControllerRevision { data, ..ControllerRevision::default() };
        assert_eq!(content(stored), Some(spec));
        assert_eq!(content(ControllerRevision::default()), None);
    }
}
