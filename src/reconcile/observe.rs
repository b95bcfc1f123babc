//! Stores, memory and a few live reads -> everything that the engine is told about one run.
//!
//! Live reads happen only where a cache must not be believed: the RunRecord, and a Pod whose absence would count as a
//! loss. It writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use kube::core::DeserializeGuard;

use crate::api::{Stamp, Workflow, WorkflowDecision, WorkflowRun, labels};
use crate::cluster::Name;
use crate::engine::snapshot::{AttemptFact, OpenJob, RecordFact, RevisionFact, Snapshot, WorkflowFact};
use crate::job;

use super::attempts::{self, Attempts};
use super::memory::{Memory, SeenRun};
use super::stores::is_ended;
use super::{Context, Error, record, revision, turns};

/// What was seen of one run.
#[derive(Debug)]
pub struct Observed {
    pub now: Stamp,
    pub record: RecordFact,
    pub attempts: Attempts,
    workflow: Option<Arc<DeserializeGuard<Workflow>>>,
    revision: RevisionFact,
    decisions: Vec<Arc<DeserializeGuard<WorkflowDecision>>>,
    peers: Vec<SeenRun>,
    namesake_pods: Vec<String>,
    has_children: bool,
    open_jobs: Vec<OpenJob>,
}

impl Observed {
    /// The same for the engine.
    pub fn snapshot<'a>(&'a self, run: &'a WorkflowRun) -> Snapshot<'a> {
        Snapshot {
            now: self.now,
            run,
            workflow: self.workflow(),
            revision: self.revision.clone(),
            decisions: self.decisions.iter().filter_map(|d| d.0.as_ref().ok()).collect(),
            attempts: self.facts(),
            record: self.record.clone(),
            peers: self.peers.iter().filter_map(|p| p.0.as_ref().ok()).collect(),
            namesake_pods: self.namesake_pods.clone(),
            has_children: self.has_children,
            open_jobs: self.open_jobs.clone(),
        }
    }

    /// When to look again at what no watch tells.
    pub fn wake(&self) -> Option<Stamp> {
        self.attempts.wake
    }

    fn facts(&self) -> BTreeMap<String, AttemptFact> {
        self.attempts.facts.clone()
    }

    fn workflow(&self) -> WorkflowFact<'_> {
        match self.workflow.as_ref().map(|w| &w.0) {
            None => WorkflowFact::Absent,
            Some(Err(_)) => WorkflowFact::Undecodable,
            Some(Ok(workflow)) => WorkflowFact::Present(workflow),
        }
    }
}

/// Looks at everything that concerns the run.
pub async fn observe(
    ctx: &Arc<Context>,
    name: &Name,
    run: &WorkflowRun,
    memory: &Arc<Memory>,
    now: Stamp,
) -> Result<Observed, Error> {
    let uid = run.uid().unwrap_or_default();
    let record = record::observe(ctx, name, run, memory).await?;
    let attempts = attempts::observe(ctx, name, run, memory, now).await?;
    Ok(Observed {
        now,
        record,
        attempts,
        workflow: ctx.stores.workflows.get(&name.beside(&run.spec.workflow_ref.name)),
        revision: revision::observe(ctx, name, run).await?,
        decisions: ctx.stores.decisions_for(name),
        peers: peers(ctx, name, run),
        namesake_pods: namesake_pods(ctx, name, &uid),
        has_children: ctx.stores.has_jobs(&uid),
        open_jobs: open_jobs(ctx, name, &uid, memory),
    })
}

/// Runs that a run which has not started may have to wait for, each as this process last saw or wrote it.
fn peers(ctx: &Context, name: &Name, run: &WorkflowRun) -> Vec<SeenRun> {
    let started = run.status.as_ref().is_some_and(|s| s.started_at.is_some());
    let workflow = name.beside(&run.spec.workflow_ref.name);
    if started || !turns::is_limited(ctx, name, run) {
        return Vec::new();
    }
    let others = ctx.stores.live_runs_of(&workflow).into_iter().filter(|r| Name::of(&**r) != *name);
    others.map(|r| ctx.newest(&Name::of(&*r), r)).collect()
}

fn namesake_pods(ctx: &Context, name: &Name, uid: &str) -> Vec<String> {
    let pods = ctx.stores.live_pods(name);
    let others = pods.iter().filter(|p| p.labels().get(labels::RUN_UID).is_none_or(|u| u != uid));
    others.map(|p| p.name_any()).collect()
}

/// Operator-managed Jobs without an end: those of the cache, and those made here that it does not have yet.
fn open_jobs(ctx: &Context, name: &Name, uid: &str, memory: &Memory) -> Vec<OpenJob> {
    let cached = ctx.stores.open_jobs(uid);
    let mut notes = memory.notes();
    let made: Vec<Arc<Job>> = notes
        .made
        .iter()
        .filter(|(job, _)| ctx.stores.jobs.get(&name.beside(*job)).is_none())
        .filter(|(job, _)| ctx.stores.jobs.grave(&name.beside(*job)).is_none())
        .map(|(_, made)| Arc::clone(&made.job))
        .collect();
    // The cache has caught up with what was finished.
    notes.finished.retain(|job| {
        ctx.stores
            .jobs
            .get(&name.beside(job))
            .map_or_else(|| made.iter().any(|m| m.name_any() == *job), |j| !is_ended(&j))
    });
    let mut open: Vec<OpenJob> = cached
        .iter()
        .chain(&made)
        .filter(|j| job::managed_by_operator(j) && !notes.finished.contains(&j.name_any()))
        .filter_map(|j| open_job(j))
        .collect();
    open.sort_by(|a, b| a.job.cmp(&b.job));
    open
}

fn open_job(job: &Job) -> Option<OpenJob> {
    let labels = job.labels();
    Some(OpenJob {
        job: job.name_any(),
        step: labels.get(labels::STEP)?.clone(),
        n: labels.get(labels::ATTEMPT)?.parse().ok()?,
    })
}
