//! Revisions that nothing names any longer -> deleted.
//!
//! It reads live lists only. It keeps revisions younger than an hour, the current revision of a workflow, revisions
//! that an unfinished run names, and those that this process used recently (a run may be about to name one).

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Preconditions};
use kube::core::DeserializeGuard;
use kube::{Api, ResourceExt};
use serde_json::Value;

use crate::api::{Stamp, Workflow, WorkflowRun, labels};
use crate::cluster::{Name, list_all, report, request_opt};
use crate::engine::ids;

use super::context::Context;
use super::error::Error;
use super::scope::WatchScope;

/// The minimum age of a revision that is deleted.
const AGE: Duration = Duration::from_secs(3600);
/// A run names its revision in its status within this time after the revision was used.
const UNUSED: Duration = Duration::from_secs(600);

/// Deletes what is not needed; a failure is logged, and the next sweep retries. Each scope is swept by itself, because
/// nothing names a revision of another namespace, and because a scope without permissions must not block the others.
pub(crate) async fn sweep(ctx: &Context) {
    for scope in ctx.scope.watch_scopes() {
        match candidates(ctx, &scope).await {
            Ok(revisions) => {
                for revision in revisions {
                    delete(ctx, &revision).await;
                }
            }
            Err(error) => tracing::warn!(scope = %scope, error = report(&error), "cannot sweep revisions"),
        }
    }
}

async fn candidates(ctx: &Context, scope: &WatchScope) -> Result<Vec<ControllerRevision>, Error> {
    let ours = ListParams::default().labels(&format!("{}={}", labels::MANAGED_BY, labels::OPERATOR));
    // The revisions are listed first: one that is created afterwards is not in the list.
    let revisions = list(scope.api::<ControllerRevision>(&ctx.client), ours, "ControllerRevisions").await?;
    let now = Stamp::of(Timestamp::now());
    let old: Vec<ControllerRevision> = revisions.into_iter().filter(|r| is_old(r, now)).collect();
    if old.is_empty() {
        return Ok(old);
    }
    let kept = named(ctx, scope).await?;
    Ok(old.into_iter().filter(|r| !kept.contains(&Name::of(r))).collect())
}

fn is_old(revision: &ControllerRevision, now: Stamp) -> bool {
    revision.creation_timestamp().is_some_and(|t| now.since(Stamp::of(t.0)) > AGE)
}

/// The revisions that something names.
async fn named(ctx: &Context, scope: &WatchScope) -> Result<HashSet<Name>, Error> {
    let workflows = scope.api::<DeserializeGuard<Workflow>>(&ctx.client);
    let workflows = list(workflows, ListParams::default(), "Workflows").await?;
    // Raw, so that a run which cannot be decoded keeps its revision, too.
    let runs = scope.raw(&ctx.client, &ApiResource::erase::<WorkflowRun>(&()));
    let runs = list(runs, ListParams::default(), "WorkflowRuns").await?;
    let mut kept: HashSet<Name> = ctx.revisions.in_use(UNUSED).into_iter().collect();
    kept.extend(workflows.iter().filter_map(current));
    kept.extend(runs.iter().flat_map(names));
    Ok(kept)
}

fn current(workflow: &DeserializeGuard<Workflow>) -> Option<Name> {
    let workflow = workflow.0.as_ref().ok()?;
    let name = Name::of(workflow);
    Some(name.beside(ids::revision_name(&name.name, &ids::revision_hash(&workflow.spec))))
}

/// The revisions that a run names: the pinned one, and the requested one.
fn names(run: &DynamicObject) -> Vec<Name> {
    let text = |path: &str| run.data.pointer(path).and_then(Value::as_str);
    if matches!(text("/status/phase"), Some("Succeeded" | "Failed" | "Cancelled")) {
        return Vec::new();
    }
    let here = Name::new(run.namespace().unwrap_or_default(), run.name_any());
    [
        (text("/status/workflow/name"), text("/status/workflow/revision")),
        (text("/spec/workflowRef/name"), text("/spec/workflowRef/revision")),
    ]
    .into_iter()
    .filter_map(|(workflow, revision)| Some(here.beside(ids::revision_name(workflow?, revision?))))
    .collect()
}

async fn list<K>(api: Api<K>, params: ListParams, what: &'static str) -> Result<Vec<K>, Error>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let page = |params| {
        let api = api.clone();
        async move { api.list(&params).await }
    };
    list_all(params, page).await.map_err(|f| Error::Sweep(what, f))
}

async fn delete(ctx: &Context, revision: &ControllerRevision) {
    let name = Name::of(revision);
    let revisions = ctx.api::<ControllerRevision>(&name.namespace);
    let preconditions = Some(Preconditions { uid: revision.uid(), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::default() };
    match request_opt(revisions.delete(&name.name, &params)).await {
        Ok(_) => {
            ctx.metrics.revisions_swept.inc();
            tracing::info!(revision = %name, "deleted a revision that nothing names");
        }
        Err(failure) => {
            tracing::warn!(revision = %name, error = report(&failure), "cannot delete a revision")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: Value) -> DynamicObject {
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_run_that_is_not_over_keeps_the_revision_it_executes_and_the_one_it_asks_for() {
        let object = serde_json::json!({
            "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun",
            "metadata": {"name": "r", "namespace": "ns"},
            "spec": {"workflowRef": {"name": "w", "revision": "old"}},
            "status": {"phase": "Running", "workflow": {"name": "w", "revision": "pinned"}},
        });
        assert_eq!(names(&run(object.clone())), [Name::new("ns", "w-pinned"), Name::new("ns", "w-old")]);
        let mut over = object;
        over["status"]["phase"] = "Failed".into();
        assert_eq!(names(&run(over)), []);
    }
}
