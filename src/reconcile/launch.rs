//! A launch -> its Job, the objects that only its own Pod mounts, and, where the operator is the Job's controller, its
//! one Pod. [`super::mounts`] creates the objects that outlive the Pod, before the Job.
//!
//! `create` only, and only the process that created the Job creates the Pod, once: any other process that finds a Job
//! without a Pod counts the attempt as lost. Refusals are recorded, and are facts of the next pass.

use std::sync::Arc;

use futures::future::join_all;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::ResourceExt;

use crate::api::{Stamp, WorkflowRunStatus};
use crate::cluster::{ErrorKind, Failure, Name, post_params, report, request, request_opt};
use crate::engine::effect::Launch;
use crate::job;

use super::attempts::BLOCKED;
use super::context::Context;
use super::error::Error;
use super::mounts;
use super::pass::Pass;
use super::run_cache::{CreatedJob, Declined, PodState, RunCache, answered_at};

/// Ensures the objects that the attempt mounts, then creates its Job and its Pod.
pub(super) async fn launch(pass: &Pass<'_>, launch: &Launch) -> Result<(), Error> {
    let name = pass.name.beside(&launch.job);
    {
        let mut cache = pass.cache.lock();
        if cache.created_jobs.contains_key(&launch.job) || cache.found_jobs.contains_key(&launch.job) {
            return Ok(());
        }
        cache.declined.remove(&launch.job);
    }
    if let Some(declined) = mounts::ensure(pass, launch).await? {
        decline(pass, name, declined);
        return Ok(());
    }
    let wanted = job::build_job(launch, &pass.owner(), pass.ctx.job_controller);
    let failure = match request(pass.api::<Job>().create(&post_params(), &wanted)).await {
        Ok(stored) => {
            pass.ctx.metrics.jobs_created.inc();
            created(pass, &name, launch, stored).await;
            if !is_under_way(pass, &launch.job) {
                // No watch reports a Pod that does not exist, or a Pod of another owner.
                pass.look_again();
            }
            return Ok(());
        }
        Err(failure) if failure.kind() == ErrorKind::AlreadyExists => return find(pass, &name).await,
        Err(failure) => failure,
    };
    let declined = Declined::of(&failure, launch).ok_or_else(|| Error::CreateJob(name.clone(), failure))?;
    decline(pass, name, declined);
    Ok(())
}

/// Records why there is no Job, for the next pass to judge.
fn decline(pass: &Pass<'_>, job: Name, declined: Declined) {
    tracing::warn!(job = %job, error = declined.message(), "a Job cannot be created");
    pass.cache.lock().declined.insert(job.name, declined);
    pass.look_again();
}

/// The Pod was created, or the cluster's own controller creates it: a watch will report it.
fn is_under_way(pass: &Pass<'_>, job: &str) -> bool {
    let cache = pass.cache.lock();
    cache.created_jobs.get(job).is_some_and(|c| c.answer.is_some() || c.pod == PodState::NotOurs)
}

/// Another operator process, or another owner, created a Job of that name before. The next pass judges it.
async fn find(pass: &Pass<'_>, name: &Name) -> Result<(), Error> {
    let found = request_opt(pass.api::<Job>().get(&name.name)).await;
    let found = found.map_err(|f| Error::ReadJob(name.clone(), f))?;
    let Some(mut found) = found else { return Err(Error::UnsettledJob(name.clone())) };
    tracing::info!(job = %name, ours = job::is_ours(&found, &pass.owner()), "the Job exists already");
    job::trim_job(&mut found);
    pass.cache.lock().found_jobs.insert(name.name.clone(), Arc::new(found));
    pass.look_again();
    Ok(())
}

/// The Pod comes from the Job as stored: it includes the changes of admission webhooks, and a cluster that does not
/// know `managedBy` drops the field and creates the Pod itself.
async fn created(pass: &Pass<'_>, name: &Name, launch: &Launch, stored: Job) {
    let files = job::build_told(launch, &stored).map(Arc::new);
    let pod = job::build_pod(&stored);
    let mut trimmed = stored;
    job::trim_job(&mut trimmed);
    // Recorded before the Pod is requested: a pass that is interrupted must not leave a Job without a responsible
    // process.
    let created =
        CreatedJob { job: Arc::new(trimmed), pod: PodState::Missing, answer: None, files: files.clone() };
    pass.cache.lock().created_jobs.insert(name.name.clone(), created);
    settle(pass, name, files, pod).await;
}

/// Creates the missing parts of an attempt whose Job this process created, and records the result.
async fn settle(pass: &Pass<'_>, name: &Name, files: Option<Arc<ConfigMap>>, pod: Option<Pod>) {
    let ctx = pass.ctx;
    let obstacle = match &files {
        Some(files) => create_files(ctx, name, files).await,
        None => None,
    };
    let done = obstacle.is_none();
    let (state, answer) = match (obstacle, pod) {
        (Some(obstacle), _) => (obstacle, None),
        (None, Some(pod)) => create_pod(ctx, name, &pod).await,
        (None, None) => (PodState::NotOurs, None),
    };
    if let Some(created) = pass.cache.lock().created_jobs.get_mut(&name.name) {
        created.pod = state;
        created.answer = answer;
        if done {
            created.files = None;
        }
    }
}

/// Creates the ConfigMap of this one attempt; `Some`: there will be no Pod, or not yet.
async fn create_files(ctx: &Context, name: &Name, files: &ConfigMap) -> Option<PodState> {
    let maps = ctx.api::<ConfigMap>(&name.namespace);
    let failure = match request(maps.create(&post_params(), files)).await {
        Ok(_) => return None,
        Err(failure) => failure,
    };
    if failure.kind() == ErrorKind::AlreadyExists {
        return match request_opt(maps.get(&name.name)).await {
            // It comes from a create whose answer got lost.
            Ok(Some(there)) if there.owner_references() == files.owner_references() => None,
            Ok(Some(_)) => Some(PodState::Refused(format!("ConfigMap {} is somebody else's", name.name))),
            Ok(None) | Err(_) => Some(blocked(&failure)),
        };
    }
    tracing::warn!(config_map = %name, error = report(&failure), "cannot create a ConfigMap");
    Some(match failure.kind() {
        ErrorKind::Refused(message) => PodState::Refused(message),
        _ => blocked(&failure),
    })
}

fn blocked(failure: &Failure) -> PodState {
    PodState::Blocked { message: report(failure), tried: answered_at() }
}

async fn create_pod(ctx: &Context, name: &Name, pod: &Pod) -> (PodState, Option<Arc<Pod>>) {
    // Creating the Job may have taken long enough for another process to take over and count the attempt as lost.
    if !ctx.leadership.holds() {
        return (PodState::Missing, None);
    }
    let pods = ctx.api::<Pod>(&name.namespace);
    match request(pods.create(&post_params(), pod)).await {
        Ok(mut answer) => {
            ctx.metrics.pods_created.inc();
            job::trim_pod(&mut answer);
            (PodState::Created(answered_at()), Some(Arc::new(answer)))
        }
        Err(failure) => {
            tracing::warn!(pod = %name, error = report(&failure), "cannot create a Pod");
            (no_pod(ctx, name, &failure).await, None)
        }
    }
}

async fn no_pod(ctx: &Context, name: &Name, failure: &Failure) -> PodState {
    let pods = ctx.api::<Pod>(&name.namespace);
    match failure.kind() {
        // The next observation shows its owner.
        ErrorKind::AlreadyExists => PodState::Created(answered_at()),
        ErrorKind::Quota(message) => PodState::Blocked { message, tried: answered_at() },
        ErrorKind::Refused(message) => PodState::Refused(message),
        // A conflict comes from the quota: another request updated it at the same moment.
        ErrorKind::Conflict => blocked(failure),
        ErrorKind::NotFound | ErrorKind::Unanswered => match request_opt(pods.get(&name.name)).await {
            Ok(None) => PodState::Missing,
            // It exists, or the outcome is unknown: its absence is noticed later.
            Ok(Some(_)) | Err(_) => PodState::Created(answered_at()),
        },
    }
}

/// What waits for a quota, or for an answer.
enum Blocked {
    Job(Arc<Launch>),
    Pod(Name, Option<Arc<ConfigMap>>),
}

/// Retries what could not be created yet, for attempts that are still to run.
pub(super) async fn retry_blocked(pass: &Pass<'_>, status: &WorkflowRunStatus) -> Result<(), Error> {
    let due: Vec<Blocked> = {
        let cache = pass.cache.lock();
        let wanted = status.works().filter_map(|w| w.current.as_ref()).filter(|c| c.stop.is_none());
        wanted.filter_map(|c| due(pass, &cache, &c.job)).collect()
    };
    let tried = join_all(due.into_iter().map(|blocked| retry(pass, blocked))).await;
    tried.into_iter().collect()
}

fn due(pass: &Pass<'_>, cache: &RunCache, job: &str) -> Option<Blocked> {
    let waited = |tried: &Stamp| pass.now.since(*tried) >= BLOCKED;
    match (cache.created_jobs.get(job), cache.declined.get(job)) {
        (Some(CreatedJob { pod: PodState::Blocked { tried, .. }, files, .. }), _) if waited(tried) => {
            Some(Blocked::Pod(pass.name.beside(job), files.clone()))
        }
        (None, Some(Declined::Blocked { tried, launch, .. })) if waited(tried) => {
            Some(Blocked::Job(Arc::clone(launch)))
        }
        (Some(_) | None, _) => None,
    }
}

async fn retry(pass: &Pass<'_>, blocked: Blocked) -> Result<(), Error> {
    let (name, files) = match blocked {
        Blocked::Job(wanted) => return launch(pass, &wanted).await,
        Blocked::Pod(name, files) => (name, files),
    };
    // The template is read from the API server: the cached Job was trimmed.
    let stored = request_opt(pass.api::<Job>().get(&name.name)).await;
    match stored.map_err(|f| Error::ReadJob(name.clone(), f))? {
        Some(stored) => settle(pass, &name, files, job::build_pod(&stored)).await,
        None => {
            if let Some(created) = pass.cache.lock().created_jobs.get_mut(&name.name) {
                created.pod = PodState::Missing;
            }
        }
    }
    pass.look_again();
    Ok(())
}
