//! A Workflow -> its status: every problem at once, its revision, its size. Nothing else; runs read the spec itself.

use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt;
use serde_json::json;

use crate::api::conditions::{self, Fact};
use crate::api::workflow::WorkflowStatus;
use crate::api::{GROUP, Stamp, VERSION, Workflow};
use crate::cluster::{ErrorKind, Name, post_params, report, request};
use crate::engine::{ids, lint};

use super::context::Context;
use super::error::Error;
use super::undecodable;

/// The delay after a failed pass.
const AGAIN: Duration = Duration::from_secs(5);
/// The maximum length of the problems in a condition; the status has all of them.
const SHOWN: usize = 1024;

/// One pass over one workflow.
pub(super) async fn pass(ctx: &Context, name: &Name) -> Option<Duration> {
    let cached = ctx.stores.workflows.get(name)?;
    let workflow = match &cached.0 {
        Ok(workflow) => workflow,
        Err(invalid) => return undecodable::mark_workflow(ctx, name, invalid).await,
    };
    if workflow.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let status = status(workflow, Stamp::of(Timestamp::now()));
    if workflow.status.as_ref() == Some(&status) {
        return None;
    }
    match write(ctx, name, workflow, &status).await {
        Ok(()) => None,
        Err(error) => {
            ctx.metrics.pass_errors.inc();
            tracing::warn!(workflow = %name, error = report(&error), "a pass failed");
            Some(AGAIN)
        }
    }
}

/// The operator's conditions of a workflow.
pub fn status(workflow: &Workflow, now: Stamp) -> WorkflowStatus {
    let generation = workflow.metadata.generation.unwrap_or_default();
    let problems: Vec<String> = lint::problems(&workflow.spec).iter().map(ToString::to_string).collect();
    let old = workflow.status.as_ref().map(|s| s.conditions.as_slice()).unwrap_or_default();
    WorkflowStatus {
        observed_generation: Some(generation),
        revision: Some(ids::revision_hash(&workflow.spec)),
        steps: i64::try_from(workflow.spec.steps.len()).ok(),
        agents: i64::try_from(workflow.spec.agents.len()).ok(),
        conditions: conditions::merge(old, facts(&problems), generation, now),
        problems,
    }
}

fn facts(problems: &[String]) -> Vec<Fact> {
    let fact =
        |kind, status, reason: &str, message: String| Fact { kind, status, reason: reason.into(), message };
    if problems.is_empty() {
        return vec![fact("Ready", "True", "Valid", "it can be executed".into())];
    }
    let message: String = problems.join("; ").chars().take(SHOWN).collect();
    vec![fact("Ready", "False", "Invalid", message.clone()), fact("Stalled", "True", "Invalid", message)]
}

async fn write(
    ctx: &Context,
    name: &Name,
    workflow: &Workflow,
    status: &WorkflowStatus,
) -> Result<(), Error> {
    let body = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": "Workflow",
        "metadata": {
            "name": name.name,
            "namespace": name.namespace,
            "uid": workflow.uid(),
            "resourceVersion": workflow.resource_version(),
        },
        "status": status,
    });
    let workflows = ctx.api::<Workflow>(&name.namespace);
    match request(workflows.replace_subresource("status", &name.name, &post_params(), &body)).await {
        Ok(_) => Ok(()),
        Err(failure) => match failure.kind() {
            // The watch reports the newer object.
            ErrorKind::Conflict | ErrorKind::NotFound => Ok(()),
            _ => Err(Error::WriteWorkflow(name.clone(), failure)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_with_problems_names_all_of_them_and_is_stalled() {
        let shown: Vec<(&str, &str, String)> =
            facts(&["one".into(), "two".into()]).into_iter().map(|f| (f.kind, f.status, f.message)).collect();
        assert_eq!(shown, [("Ready", "False", "one; two".into()), ("Stalled", "True", "one; two".into())]);
    }

    #[test]
    fn a_status_does_not_change_by_itself() {
        let mut workflow = Workflow::new("w", crate::api::WorkflowSpec::default());
        let first = status(&workflow, Stamp(Timestamp::from_second(1).unwrap()));
        workflow.status = Some(first.clone());
        assert_eq!(status(&workflow, Stamp(Timestamp::from_second(9).unwrap())), first);
    }
}
