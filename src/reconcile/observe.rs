//! Stores, the run's cache and a few live reads -> the engine's snapshot of one run.
//!
//! Live reads happen only where a cache must not be trusted: the RunRecord, and a Pod whose absence would count as a
//! loss. It writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use kube::core::DeserializeGuard;

use crate::api::{Stamp, Workflow, WorkflowDecision, WorkflowRun, labels};
use crate::cluster::Name;
use crate::engine::snapshot::{
    AttemptFact, OpenJob, RecordFact, Refused, RevisionFact, Snapshot, WorkflowFact,
};
use crate::job;

use super::attempts::{self, Attempts};
use super::error::Error;
use super::pass::Pass;
use super::run_cache::CachedRun;
use super::stores::is_ended;
use super::{admission, record, revision};

/// What was observed of one run.
#[derive(Debug)]
pub(super) struct Observed {
    pub(crate) now: Stamp,
    pub(crate) record: RecordFact,
    /// What this pass could not do before its status.
    pub(crate) refused: Option<Refused>,
    pub(crate) attempts: Attempts,
    workflow: Option<Arc<DeserializeGuard<Workflow>>>,
    revision: RevisionFact,
    decisions: Vec<Arc<DeserializeGuard<WorkflowDecision>>>,
    peers: Vec<CachedRun>,
    namesake_pods: Vec<String>,
    has_children: bool,
    open_jobs: Vec<OpenJob>,
}

impl Observed {
    /// The same for the engine.
    pub(crate) fn snapshot<'a>(&'a self, run: &'a WorkflowRun) -> Snapshot<'a> {
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
            refused: self.refused.clone(),
        }
    }

    /// When to look again at what no watch reports.
    pub(crate) fn wake(&self) -> Option<Stamp> {
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

/// Observes everything that concerns the run.
pub(super) async fn observe(pass: &Pass<'_>) -> Result<Observed, Error> {
    let stores = &pass.ctx.stores;
    let record = record::observe(pass).await?;
    let attempts = attempts::observe(pass).await?;
    Ok(Observed {
        now: pass.now,
        record,
        refused: None,
        attempts,
        workflow: stores.workflows.get(&pass.name.beside(&pass.run.spec.workflow_ref.name)),
        revision: revision::observe(pass).await?,
        decisions: stores.decisions_for(pass.name),
        peers: peers(pass),
        namesake_pods: same_name_pods(pass),
        has_children: stores.has_jobs(&pass.name.namespace, pass.uid()),
        open_jobs: open_jobs(pass),
    })
}

/// Runs that a run which has not started may have to wait for, each in the last version that this process saw or wrote.
fn peers(pass: &Pass<'_>) -> Vec<CachedRun> {
    if !admission::is_waiting(pass) {
        return Vec::new();
    }
    let ctx = pass.ctx;
    let live = ctx.stores.live_runs_of(&pass.name.beside(&pass.run.spec.workflow_ref.name));
    let others = live.into_iter().filter(|r| Name::of(&**r) != *pass.name);
    others.map(|r| ctx.newest(&Name::of(&*r), r)).collect()
}

/// Live Pods of an earlier run of the same name. The label that finds them holds 63 characters of a name: Pods of a run
/// that exists are of another name, and of one that is gone its Jobs name the run in full.
pub(super) fn same_name_pods(pass: &Pass<'_>) -> Vec<String> {
    let stores = &pass.ctx.stores;
    let pods = stores.live_pods(pass.name);
    let others = pods.iter().filter(|p| p.labels().get(labels::RUN_UID).is_none_or(|u| u != pass.uid()));
    let of_its_name = others.filter(|pod| match (stores.run_of(&***pod), stores.run_name_of(pod)) {
        (Some(_), _) => false,
        (None, Some(run)) => run == pass.name.name,
        (None, None) => true,
    });
    of_its_name.map(|p| p.name_any()).collect()
}

/// Operator-managed Jobs without an end: those of the watch, and those created here that the watch does not have yet.
fn open_jobs(pass: &Pass<'_>) -> Vec<OpenJob> {
    let jobs = &pass.ctx.stores.jobs;
    let watched = pass.ctx.stores.open_jobs(&pass.name.namespace, pass.uid());
    let mut cache = pass.cache.lock();
    let created: Vec<Arc<Job>> = cache
        .created_jobs
        .iter()
        .filter(|(job, _)| jobs.get(&pass.name.beside(*job)).is_none())
        .filter(|(job, _)| jobs.tombstone(&pass.name.beside(*job)).is_none())
        .map(|(_, created)| Arc::clone(&created.job))
        .collect();
    // The watch has caught up with the finished Jobs.
    cache.finished.retain(|job| {
        jobs.get(&pass.name.beside(job))
            .map_or_else(|| created.iter().any(|c| c.name_any() == *job), |j| !is_ended(&j))
    });
    let mut open: Vec<OpenJob> = watched
        .iter()
        .chain(&created)
        .filter(|j| job::managed_by_operator(j) && !cache.finished.contains(&j.name_any()))
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
