//! What passes do when the API server refuses a request, or does not answer it.

mod api_server;
mod creates;
mod refused;
mod strangers;
mod suspended;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::context::Context;
use super::leadership::Leadership;
use super::pass::Pass;
use super::run_cache::SharedRunCache;
use super::scope::Scope;
use super::{attempts, launch};
use crate::api::agent::Agent;
use crate::api::{Span, Stamp, WorkflowRun, WorkflowRunStatus};
use crate::cluster::Name;
use crate::engine::effect::Launch;
use crate::engine::snapshot::AttemptFact;
use crate::job::JobController;
use crate::metrics::Metrics;
use api_server::ApiServer;

const JOB: &str = "demo-a-1-0123456789";

/// A run whose step `a` is about to have its first attempt, and what a process knows of it.
struct Bench {
    server: ApiServer,
    ctx: Arc<Context>,
    name: Name,
    run: WorkflowRun,
    cache: Arc<SharedRunCache>,
    now: Stamp,
}

impl Bench {
    fn new() -> Self {
        let server = ApiServer::default();
        let leadership = Arc::new(Leadership::default());
        leadership.alone();
        let ctx = Arc::new(Context::new(
            server.client(),
            leadership,
            "test".into(),
            Scope::Cluster,
            JobController::Operator,
            Metrics::default(),
        ));
        let now = Stamp::of(jiff::Timestamp::now());
        let name = Name::new("ns", "demo");
        let mut run = WorkflowRun::new("demo", crate::api::WorkflowRunSpec::default());
        (run.metadata.namespace, run.metadata.uid) = (Some("ns".into()), Some("run-uid".into()));
        let current = json!({"n": 1, "job": JOB, "intentAt": now});
        let steps = json!([{"name": "a", "phase": "Running", "attempts": 1, "current": current}]);
        run.status = serde_json::from_value(json!({"phase": "Running", "steps": steps})).unwrap();
        let cache = ctx.run_caches.of(&name, "run-uid");
        Self { server, ctx, name, run, cache, now }
    }

    fn pass(&self) -> Pass<'_> {
        Pass { ctx: &self.ctx, name: &self.name, run: &self.run, cache: &self.cache, now: self.now }
    }

    fn status(&self) -> &WorkflowRunStatus {
        self.run.status.as_ref().unwrap()
    }

    async fn launch(&self) {
        launch::launch(&self.pass(), &attempt()).await;
    }

    /// What another pass does for attempts that were not created, so much later.
    async fn retry_after(&mut self, seconds: u64) {
        self.later(seconds);
        launch::retry_blocked(&self.pass(), self.status()).await;
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    async fn fact(&self) -> AttemptFact {
        let observed = attempts::observe(&self.pass()).await.unwrap();
        observed.facts.get(JOB).cloned().unwrap()
    }

    /// What the fact says where nothing can be done for now.
    async fn blocked(&self) -> String {
        match self.fact().await {
            AttemptFact::Blocked { message, .. } => message,
            other => panic!("not blocked: {other:?}"),
        }
    }
}

fn attempt() -> Launch {
    Launch {
        job: JOB.into(),
        workflow: "w".into(),
        revision: "0123456789abcdef".into(),
        step: "a".into(),
        item: None,
        n: 1,
        attempt_id: "abc".into(),
        agent: Agent { name: "sh".into(), image: "agent:1".into(), ..Agent::default() },
        input: "work".into(),
        context: None,
        workspace: None,
        env: BTreeMap::new(),
        timeout: Span::mins(10),
        pending_timeout: Span::mins(15),
    }
}
