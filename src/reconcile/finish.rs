//! The course of an attempt -> the status of its Job, where the operator is the Job's controller, so that `kubectl get
//! jobs` and `kubectl wait` see an ordinary Job. A refusal is counted and logged, and blocks nothing.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::api::{Patch, PatchParams};
use serde_json::Value;

use crate::cluster::{ErrorKind, Failure, report, request};
use crate::job;

use super::error::Error;
use super::observe::Observed;
use super::pass::Pass;

/// Writes that the Job runs. It is for people only: a failure is not worth another pass.
pub(super) async fn start(pass: &Pass<'_>, observed: &Observed, job: &str) {
    pass.cache.lock().started.insert(job.into());
    let Some(object) = find(pass, observed, job) else { return };
    if let Err(failure) = patch(pass, job, job::started_patch(&object)).await {
        refused(pass, job, &failure);
    }
}

/// Writes how the Job ended.
pub(super) async fn finish(
    pass: &Pass<'_>,
    observed: &Observed,
    job: &str,
    success: bool,
    message: &str,
) -> Result<(), Error> {
    let Some(object) = find(pass, observed, job).filter(|j| job::managed_by_operator(j)) else {
        return Ok(());
    };
    if let Some(end) = job::finish_patch(&object, success, message, pass.now)
        && let Err(failure) = patch(pass, job, end).await
    {
        if matches!(failure.kind(), ErrorKind::Unanswered | ErrorKind::NotNow(_)) {
            return Err(Error::WriteJobStatus(pass.name.beside(job), failure));
        }
        refused(pass, job, &failure);
    }
    // Also after a refusal: it would be refused again.
    pass.cache.lock().finished.insert(job.into());
    Ok(())
}

fn find(pass: &Pass<'_>, observed: &Observed, job: &str) -> Option<Arc<Job>> {
    let watched = pass.ctx.stores.jobs.get(&pass.name.beside(job));
    watched
        .or_else(|| observed.attempts.jobs.get(job).cloned())
        .or_else(|| pass.cache.lock().created_jobs.get(job).map(|c| Arc::clone(&c.job)))
}

async fn patch(pass: &Pass<'_>, job: &str, patch: Value) -> Result<(), Failure> {
    let jobs = pass.api::<Job>();
    request(jobs.patch_status(job, &PatchParams::default(), &Patch::Merge(patch))).await.map(drop)
}

fn refused(pass: &Pass<'_>, job: &str, failure: &Failure) {
    // A Job that is gone needs no status.
    if failure.kind() != ErrorKind::NotFound {
        pass.ctx.metrics.job_status_refused.inc();
        let name = pass.name.beside(job);
        tracing::warn!(job = %name, error = report(failure), "the status of a Job was not accepted");
    }
}
