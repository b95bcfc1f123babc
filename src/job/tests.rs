//! What the tests share: one launch, one run, and Jobs and Pods as a cluster would show them.

mod build;
mod fact;
mod mounts;
mod patch;
mod result;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::*;
use crate::api::agent::Agent;
use crate::api::{Span, Stamp};
use crate::engine::effect::Launch;

const OWNER: Owner = Owner { name: "oauth-login", namespace: "team", uid: "run-uid" };
const NAME: &str = "oauth-login-plan-1-0123456789";

fn at(text: &str) -> Stamp {
    Stamp(text.parse().unwrap())
}

fn launch() -> Launch {
    Launch {
        revision: "0123456789abcdef".into(),
        context: None,
        workspace: None,
        job: NAME.into(),
        workflow: "feature-dev".into(),
        step: "plan".into(),
        item: None,
        n: 1,
        attempt_id: "abc".into(),
        agent: Agent { name: "planner".into(), image: "agent:1".into(), ..Agent::default() },
        input: "Say $(API_KEY)".into(),
        env: [].into(),
        timeout: Span::mins(10),
        pending_timeout: Span::mins(15),
    }
}

/// As the API server answers its create.
fn stored(controller: JobController) -> Job {
    let mut job = build_job(&launch(), &OWNER, controller);
    job.metadata.uid = Some("job-uid".into());
    job.metadata.creation_timestamp =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time("2026-01-01T00:00:00Z".parse().unwrap()));
    job
}

fn job() -> Job {
    stored(JobController::Operator)
}

fn with_conditions(mut job: Job, kinds: &[&str]) -> Job {
    let conditions: Vec<Value> = kinds.iter().map(|k| json!({"type": k, "status": "True"})).collect();
    job.status = Some(serde_json::from_value(json!({ "conditions": conditions })).unwrap());
    job
}

/// The attempt's Pod with this status.
fn pod(status: Value) -> Pod {
    let mut pod = build_pod(&job()).unwrap();
    pod.metadata.creation_timestamp =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time("2026-01-01T00:00:01Z".parse().unwrap()));
    pod.status = Some(serde_json::from_value(status).unwrap());
    pod
}

/// A Pod in this phase whose agent has this state.
fn agent_is(phase: &str, state: Value) -> Pod {
    pod(json!({"phase": phase, "containerStatuses": [container("agent", state)]}))
}

fn container(name: &str, state: Value) -> Value {
    json!({"name": name, "image": "agent:1", "imageID": "", "ready": false, "restartCount": 0, "state": state})
}

fn running() -> Value {
    json!({"running": {"startedAt": "2026-01-01T00:00:05Z"}})
}

fn ended(code: i32, message: &str) -> Value {
    json!({"terminated": {
        "exitCode": code, "message": message,
        "startedAt": "2026-01-01T00:00:05Z", "finishedAt": "2026-01-01T00:00:09Z",
    }})
}

fn unknown() -> Value {
    json!({"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": "could not be located"}})
}
