//! The course of an attempt -> the status of its Job, where the operator is the Job's controller, so that `kubectl get
//! jobs` and `kubectl wait` see an ordinary Job. A refusal is a counter and a log line, and blocks nothing.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::api::{Patch, PatchParams};
use serde_json::Value;

use crate::cluster::{ErrorKind, Failure, Name, report, request};
use crate::job;

use super::memory::Memory;
use super::observe::Observed;
use super::{Context, Error};

/// Writes that the Job runs. Only for people: a failure is not worth another pass.
pub async fn start(ctx: &Context, run: &Name, memory: &Memory, seen: &Observed, job: &str) {
    memory.notes().started.insert(job.into());
    let name = run.beside(job);
    let Some(object) = find(ctx, memory, seen, &name) else { return };
    if let Err(failure) = patch(ctx, &name, job::started_patch(&object)).await {
        refused(ctx, &name, &failure);
    }
}

/// Writes how the Job ended.
pub async fn finish(
    ctx: &Context,
    run: &Name,
    memory: &Memory,
    seen: &Observed,
    job: &str,
    success: bool,
    message: &str,
) -> Result<(), Error> {
    let name = run.beside(job);
    let Some(object) = find(ctx, memory, seen, &name).filter(|j| job::managed_by_operator(j)) else {
        return Ok(());
    };
    if let Some(end) = job::finish_patch(&object, success, message, seen.now)
        && let Err(failure) = patch(ctx, &name, end).await
    {
        if failure.kind() == ErrorKind::Unanswered {
            return Err(Error::WriteJobStatus(name, failure));
        }
        refused(ctx, &name, &failure);
    }
    // Also after a refusal: it would be the same again.
    memory.notes().finished.insert(job.into());
    Ok(())
}

fn find(ctx: &Context, memory: &Memory, seen: &Observed, name: &Name) -> Option<Arc<Job>> {
    ctx.stores
        .jobs
        .get(name)
        .or_else(|| seen.attempts.jobs.get(&name.name).cloned())
        .or_else(|| memory.notes().made.get(&name.name).map(|m| Arc::clone(&m.job)))
}

async fn patch(ctx: &Context, name: &Name, patch: Value) -> Result<(), Failure> {
    let jobs = ctx.api::<Job>(&name.namespace);
    request(jobs.patch_status(&name.name, &PatchParams::default(), &Patch::Merge(patch))).await.map(drop)
}

fn refused(ctx: &Context, name: &Name, failure: &Failure) {
    // A Job that is gone needs no status.
    if failure.kind() != ErrorKind::NotFound {
        ctx.metrics.job_status_refused.inc();
        tracing::warn!(job = %name, error = report(failure), "the status of a Job was not accepted");
    }
}
