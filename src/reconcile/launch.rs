//! A launch -> its Job, what only its own Pod mounts, and, where the operator is the Job's controller, its one Pod. What
//! outlives the Pod is made sure of before ([`super::mounts`]).
//!
//! `create` only, and only the process that created the Job creates the Pod, once: whoever else finds a Job without a
//! Pod counts the attempt as lost. Refusals are noted and are facts of the next pass.

use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::ResourceExt;

use crate::api::{Stamp, WorkflowRunStatus};
use crate::cluster::{ErrorKind, Failure, Name, post_params, report, request, request_opt};
use crate::engine::effect::Launch;
use crate::job::{self, Owner};

use super::attempts::BLOCKED;
use super::memory::{Declined, Made, Memory, PodNote};
use super::queue::Key;
use super::{Context, Error, mounts};

/// Makes sure of what the attempt mounts, then creates its Job and its Pod.
pub async fn launch(ctx: &Context, owner: &Owner<'_>, memory: &Memory, launch: &Launch) -> Result<(), Error> {
    let name = Name::new(owner.namespace, &launch.job);
    {
        let mut notes = memory.notes();
        if notes.made.contains_key(&launch.job) || notes.met.contains_key(&launch.job) {
            return Ok(());
        }
        notes.declined.remove(&launch.job);
    }
    if let Some(declined) = mounts::ensure(ctx, owner, memory, launch).await? {
        decline(ctx, owner, memory, name, declined);
        return Ok(());
    }
    let wanted = job::build_job(launch, owner, ctx.job_controller);
    let jobs = ctx.api::<Job>(owner.namespace);
    match request(jobs.create(&post_params(), &wanted)).await {
        Ok(stored) => {
            ctx.metrics.jobs_created.inc();
            made(ctx, memory, &name, launch, stored).await;
            if !is_under_way(memory, &launch.job) {
                // No watch tells of a Pod that is not there, or of a stranger's.
                look_again(ctx, owner);
            }
            Ok(())
        }
        Err(failure) if failure.kind() == ErrorKind::AlreadyExists => meet(ctx, owner, memory, &name).await,
        Err(failure) => match Declined::of(&failure, launch, now()) {
            Some(declined) => {
                decline(ctx, owner, memory, name, declined);
                Ok(())
            }
            None => Err(Error::CreateJob(name, failure)),
        },
    }
}

/// Notes why there is no Job, for the next pass to judge.
fn decline(ctx: &Context, owner: &Owner<'_>, memory: &Memory, job: Name, declined: Declined) {
    tracing::warn!(job = %job, error = declined.message(), "a Job cannot be created");
    memory.notes().declined.insert(job.name, declined);
    look_again(ctx, owner);
}

/// The Pod was created, or the cluster's own controller creates it: a watch will tell.
fn is_under_way(memory: &Memory, job: &str) -> bool {
    memory.notes().made.get(job).is_some_and(|made| made.answer.is_some() || made.pod == PodNote::NotOurs)
}

/// The pass under way is followed by another one.
fn look_again(ctx: &Context, owner: &Owner<'_>) {
    ctx.queue.add(Key::Run(Name::new(owner.namespace, owner.name)));
}

/// Somebody made a Job of that name before: another process of ours, or a stranger. The next pass judges it.
async fn meet(ctx: &Context, owner: &Owner<'_>, memory: &Memory, name: &Name) -> Result<(), Error> {
    let jobs = ctx.api::<Job>(&name.namespace);
    let there = request_opt(jobs.get(&name.name)).await.map_err(|f| Error::ReadJob(name.clone(), f))?;
    let Some(mut there) = there else { return Err(Error::UnsettledJob(name.clone())) };
    tracing::info!(job = %name, ours = job::is_ours(&there, owner), "the Job exists already");
    job::trim_job(&mut there);
    memory.notes().met.insert(name.name.clone(), Arc::new(there));
    look_again(ctx, owner);
    Ok(())
}

/// The Pod comes from the Job as it is stored: what admission made of it counts, and a cluster that does not know
/// `managedBy` drops the field and makes the Pod itself.
async fn made(ctx: &Context, memory: &Memory, name: &Name, launch: &Launch, stored: Job) {
    let files = job::build_told(launch, &stored).map(Arc::new);
    let pod = job::build_pod(&stored);
    let mut trimmed = stored;
    job::trim_job(&mut trimmed);
    // Noted before the Pod is asked for: a pass that is cut off must not leave a Job that nobody owns up to.
    let made = Made { job: Arc::new(trimmed), pod: PodNote::Missing, answer: None, files: files.clone() };
    memory.notes().made.insert(name.name.clone(), made);
    settle(ctx, memory, name, files, pod).await;
}

/// Creates what is missing of an attempt whose Job this process made, and notes how that went.
async fn settle(
    ctx: &Context,
    memory: &Memory,
    name: &Name,
    files: Option<Arc<ConfigMap>>,
    pod: Option<Pod>,
) {
    let obstacle = match &files {
        Some(files) => create_files(ctx, name, files).await,
        None => None,
    };
    let done = obstacle.is_none();
    let (note, answer) = match (obstacle, pod) {
        (Some(obstacle), _) => (obstacle, None),
        (None, Some(pod)) => create_pod(ctx, name, &pod).await,
        (None, None) => (PodNote::NotOurs, None),
    };
    if let Some(made) = memory.notes().made.get_mut(&name.name) {
        made.pod = note;
        made.answer = answer;
        if done {
            made.files = None;
        }
    }
}

/// Creates the ConfigMap of this one attempt; `Some`: there will be no Pod, or not yet.
async fn create_files(ctx: &Context, name: &Name, files: &ConfigMap) -> Option<PodNote> {
    let maps = ctx.api::<ConfigMap>(&name.namespace);
    let failure = match request(maps.create(&post_params(), files)).await {
        Ok(_) => return None,
        Err(failure) => failure,
    };
    if failure.kind() == ErrorKind::AlreadyExists {
        return match request_opt(maps.get(&name.name)).await {
            // From a create whose answer got lost.
            Ok(Some(there)) if there.owner_references() == files.owner_references() => None,
            Ok(Some(_)) => Some(PodNote::Refused(format!("ConfigMap {} is somebody else's", name.name))),
            Ok(None) | Err(_) => Some(blocked(&failure)),
        };
    }
    tracing::warn!(config_map = %name, error = report(&failure), "cannot create a ConfigMap");
    Some(match failure.kind() {
        ErrorKind::Refused(message) => PodNote::Refused(message),
        _ => blocked(&failure),
    })
}

fn blocked(failure: &Failure) -> PodNote {
    PodNote::Blocked { message: report(failure), tried: now() }
}

async fn create_pod(ctx: &Context, name: &Name, pod: &Pod) -> (PodNote, Option<Arc<Pod>>) {
    // The Job's create may have taken long enough for another process to take over and count the attempt as lost.
    if !ctx.leadership.holds() {
        return (PodNote::Missing, None);
    }
    let pods = ctx.api::<Pod>(&name.namespace);
    match request(pods.create(&post_params(), pod)).await {
        Ok(mut answer) => {
            ctx.metrics.pods_created.inc();
            job::trim_pod(&mut answer);
            (PodNote::Created(now()), Some(Arc::new(answer)))
        }
        Err(failure) => {
            tracing::warn!(pod = %name, error = report(&failure), "cannot create a Pod");
            (no_pod(ctx, name, &failure).await, None)
        }
    }
}

async fn no_pod(ctx: &Context, name: &Name, failure: &Failure) -> PodNote {
    let pods = ctx.api::<Pod>(&name.namespace);
    match failure.kind() {
        // Whose it is will be seen when it is looked at.
        ErrorKind::AlreadyExists => PodNote::Created(now()),
        ErrorKind::Quota(message) => PodNote::Blocked { message, tried: now() },
        ErrorKind::Refused(message) => PodNote::Refused(message),
        // A conflict is the quota's: it counted for somebody else at the same moment.
        ErrorKind::Conflict => blocked(failure),
        ErrorKind::NotFound | ErrorKind::Unanswered => match request_opt(pods.get(&name.name)).await {
            Ok(None) => PodNote::Missing,
            // It exists, or nobody can tell: its absence is noticed later.
            Ok(Some(_)) | Err(_) => PodNote::Created(now()),
        },
    }
}

fn now() -> Stamp {
    Stamp::of(Timestamp::now())
}

/// What waits for a quota, or for an answer.
enum Blocked {
    Job(Arc<Launch>),
    Pod(Name, Option<Arc<ConfigMap>>),
}

/// Tries again what was not created for now, for attempts that are still to run.
pub async fn retry_blocked(
    ctx: &Context,
    owner: &Owner<'_>,
    memory: &Memory,
    status: &WorkflowRunStatus,
    now: Stamp,
) -> Result<(), Error> {
    let due: Vec<Blocked> = {
        let notes = memory.notes();
        let wanted = status.works().filter_map(|w| w.current.as_ref()).filter(|c| c.stop.is_none());
        wanted
            .filter_map(|c| due(&c.job, owner, notes.made.get(&c.job), notes.declined.get(&c.job), now))
            .collect()
    };
    let tried = join_all(due.into_iter().map(|blocked| again(ctx, owner, memory, blocked))).await;
    tried.into_iter().collect()
}

fn due(
    job: &str,
    owner: &Owner<'_>,
    made: Option<&Made>,
    declined: Option<&Declined>,
    now: Stamp,
) -> Option<Blocked> {
    let waited = |tried: &Stamp| now.since(*tried) >= BLOCKED;
    match (made, declined) {
        (Some(Made { pod: PodNote::Blocked { tried, .. }, files, .. }), _) if waited(tried) => {
            Some(Blocked::Pod(Name::new(owner.namespace, job), files.clone()))
        }
        (None, Some(Declined::Blocked { tried, launch, .. })) if waited(tried) => {
            Some(Blocked::Job(Arc::clone(launch)))
        }
        (Some(_) | None, _) => None,
    }
}

async fn again(ctx: &Context, owner: &Owner<'_>, memory: &Memory, blocked: Blocked) -> Result<(), Error> {
    let (name, files) = match blocked {
        Blocked::Job(wanted) => return launch(ctx, owner, memory, &wanted).await,
        Blocked::Pod(name, files) => (name, files),
    };
    // The template is read from the API server: what is remembered of the Job was trimmed.
    let jobs = ctx.api::<Job>(&name.namespace);
    match request_opt(jobs.get(&name.name)).await.map_err(|f| Error::ReadJob(name.clone(), f))? {
        Some(stored) => settle(ctx, memory, &name, files, job::build_pod(&stored)).await,
        None => {
            if let Some(made) = memory.notes().made.get_mut(&name.name) {
                made.pod = PodNote::Missing;
            }
        }
    }
    look_again(ctx, owner);
    Ok(())
}
