//! What the tests share: one launch, one run, and Jobs as a cluster would store them.

mod build;

use k8s_openapi::api::batch::v1::Job;
use serde_json::json;

use super::*;
use crate::api::Span;
use crate::api::agent::Agent;
use crate::engine::effect::Launch;

const OWNER: Owner = Owner { name: "oauth-login", namespace: "team", uid: "run-uid" };
const NAME: &str = "oauth-login-plan-1-0123456789";

fn launch() -> Launch {
    Launch {
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
