//! An object that cannot be decoded as its kind -> conditions that say so, and a counter. It never blocks another
//! object.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::error_boundary::InvalidObject;
use kube::{Api, Resource};
use serde_json::{Value, json};

use crate::api::conditions::{self, Fact};
use crate::api::{Stamp, Workflow, WorkflowRun};
use crate::cluster::{Name, report, request_opt};

use super::context::Context;
use super::error::Error;

/// How long until a failed marking is tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// The maximum length of an error in a condition.
const SHOWN: usize = 512;

pub(crate) async fn mark_run(ctx: &Context, name: &Name, invalid: &InvalidObject) -> Option<Duration> {
    ctx.metrics.undecodable.count("WorkflowRun");
    mark::<WorkflowRun>(ctx, name, invalid).await
}

pub(crate) async fn mark_workflow(ctx: &Context, name: &Name, invalid: &InvalidObject) -> Option<Duration> {
    ctx.metrics.undecodable.count("Workflow");
    mark::<Workflow>(ctx, name, invalid).await
}

async fn mark<K: Resource<DynamicType = ()>>(
    ctx: &Context,
    name: &Name,
    invalid: &InvalidObject,
) -> Option<Duration> {
    let uid = invalid.metadata.uid.clone().unwrap_or_default();
    let error: String = invalid.error.chars().take(SHOWN).collect();
    let what = (invalid.metadata.generation.unwrap_or_default(), error);
    if ctx.marked.has(&uid, &what) {
        return None;
    }
    tracing::warn!(kind = %K::kind(&()), object = %name, error = what.1, "an object cannot be read");
    match write::<K>(ctx, name, &what).await {
        Ok(()) => {
            ctx.marked.put(&uid, what);
            None
        }
        Err(error) => {
            tracing::warn!(error = report(&error), "a pass failed");
            Some(AGAIN)
        }
    }
}

async fn write<K: Resource<DynamicType = ()>>(
    ctx: &Context,
    name: &Name,
    what: &(i64, String),
) -> Result<(), Error> {
    let kind = ApiResource::erase::<K>(&());
    let objects: Api<DynamicObject> = Api::namespaced_with(ctx.client.clone(), &name.namespace, &kind);
    let failed = |f| Error::MarkUndecodable(name.clone(), f);
    let Some(stored) = request_opt(objects.get(&name.name)).await.map_err(failed)? else { return Ok(()) };
    let now = Stamp::of(Timestamp::now());
    let Some(patch) = marking(stored.data.get("status").unwrap_or(&Value::Null), &kind.kind, what, now)
    else {
        return Ok(());
    };
    let patch = Patch::Merge(patch);
    request_opt(objects.patch_status(&name.name, &PatchParams::default(), &patch))
        .await
        .map(drop)
        .map_err(failed)
}

/// The change to a status; none for a finished run, or if the status has it already.
fn marking(status: &Value, kind: &str, (generation, error): &(i64, String), now: Stamp) -> Option<Value> {
    let phase = status.get("phase").and_then(Value::as_str).unwrap_or_default();
    if matches!(phase, "Succeeded" | "Failed" | "Cancelled") {
        return None;
    }
    let old: Vec<Condition> =
        status.get("conditions").and_then(|c| serde_json::from_value(c.clone()).ok()).unwrap_or_default();
    let message = format!("it cannot be read as a {kind}: {error}; fix it and apply it again");
    let fact = |kind, status| Fact { kind, status, reason: "Undecodable".into(), message: message.clone() };
    let facts = vec![fact("Ready", "False"), fact("Stalled", "True")];
    let new = conditions::merge(&old, facts, *generation, now);
    if new == old {
        return None;
    }
    let mut change = json!({"observedGeneration": generation, "conditions": new});
    if kind == "WorkflowRun"
        && let Some(fields) = change.as_object_mut()
    {
        fields.insert("reason".into(), json!("Undecodable"));
        fields.insert("message".into(), json!(message));
    }
    Some(json!({"status": change}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Stamp {
        Stamp(Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn an_object_is_marked_once() {
        let what = (2, "missing field `workflowRef`".to_string());
        let first = marking(&Value::Null, "WorkflowRun", &what, at(1)).unwrap();
        assert_eq!(first["status"]["reason"], "Undecodable");
        assert_eq!(first["status"]["conditions"][1]["type"], "Stalled");
        assert_eq!(marking(&first["status"], "WorkflowRun", &what, at(2)), None);
    }

    #[test]
    fn a_finished_run_keeps_its_word() {
        let what = (2, "x".to_string());
        assert_eq!(marking(&json!({"phase": "Succeeded"}), "WorkflowRun", &what, at(1)), None);
    }
}
