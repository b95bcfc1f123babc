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

use super::attempts::{BLOCKED, UNANSWERED};
use super::context::Context;
use super::mounts;
use super::pass::Pass;
use super::run_cache::{CreatedJob, Declined, PodState, RunCache, answered_at};

/// Why a Job has no Pod until somebody resumes it.
const SUSPENDED: &str = "its Job is suspended";
/// Why there is no Pod before one was asked for.
const NOT_TRIED: &str = "the process that created its Job stopped leading before it created the Pod";

/// Makes sure of what the attempt mounts, then creates its Job and its Pod. Never fails: what is refused, or not
/// answered, is noted for the next pass to judge.
pub(super) async fn launch(pass: &Pass<'_>, launch: &Launch) {
    let name = pass.name.beside(&launch.job);
    let asked_before = {
        let mut cache = pass.cache.lock();
        if cache.created_jobs.contains_key(&launch.job) || cache.found_jobs.contains_key(&launch.job) {
            return;
        }
        matches!(cache.declined.remove(&launch.job), Some(Declined::Unanswered { .. }))
    };
    if let Some(declined) = mounts::ensure(pass, launch).await {
        return decline(pass, &name, declined);
    }
    let wanted = job::build_job(launch, &pass.owner(), pass.ctx.job_controller);
    match request(pass.api::<Job>().create(&post_params(), &wanted)).await {
        Ok(stored) => adopt(pass, &name, launch, stored).await,
        Err(failure) => match failure.kind() {
            ErrorKind::AlreadyExists => find(pass, &name, launch, asked_before).await,
            ErrorKind::Unanswered => decline(pass, &name, unanswered(&failure, launch)),
            _ => decline(pass, &name, Declined::of(&failure, launch)),
        },
    }
}

fn unanswered(failure: &Failure, launch: &Launch) -> Declined {
    let message = format!("whether its Job was created is not known: {}", report(failure));
    Declined::Unanswered { message, since: answered_at(), launch: Arc::new(launch.clone()) }
}

/// Notes why there is no Job, for the next pass to judge.
fn decline(pass: &Pass<'_>, job: &Name, declined: Declined) {
    tracing::warn!(job = %job, error = declined.message(), "a Job cannot be created");
    pass.cache.lock().declined.insert(job.name.clone(), declined);
    pass.look_again();
}

/// The Job is this process's own: its Pod is created.
async fn adopt(pass: &Pass<'_>, name: &Name, launch: &Launch, stored: Job) {
    pass.ctx.metrics.jobs_created.inc();
    created(pass, name, launch, stored).await;
    if !is_under_way(pass, &launch.job) {
        // No watch tells of a Pod that is not there, or of a stranger's.
        pass.look_again();
    }
}

/// The Pod was created, or the cluster's own controller creates it: a watch will report it.
fn is_under_way(pass: &Pass<'_>, job: &str) -> bool {
    let cache = pass.cache.lock();
    cache.created_jobs.get(job).is_some_and(|c| c.answer.is_some() || c.pod == PodState::NotOurs)
}

/// A Job of that name was there before. It is this process's own if it asked for that very Job and got no answer;
/// else another process of ours, or a stranger, created it, and the next pass judges it.
async fn find(pass: &Pass<'_>, name: &Name, launch: &Launch, asked: bool) {
    let found = match request_opt(pass.api::<Job>().get(&name.name)).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let message = format!("Job {} exists and cannot be found", name.name);
            return decline(pass, name, Declined::blocked(message, launch));
        }
        Err(failure) if asked => return decline(pass, name, unanswered(&failure, launch)),
        Err(failure) => return decline(pass, name, Declined::of(&failure, launch)),
    };
    meet(pass, name, launch, asked, found).await;
}

async fn meet(pass: &Pass<'_>, name: &Name, launch: &Launch, asked: bool, mut found: Job) {
    let wanted = job::build_job(launch, &pass.owner(), pass.ctx.job_controller);
    if asked && job::is_same_launch(&found, &wanted, &pass.owner()) {
        tracing::info!(job = %name, "the Job exists: its create was carried out, though not answered");
        pass.cache.lock().declined.remove(&name.name);
        return adopt(pass, name, launch, found).await;
    }
    tracing::info!(job = %name, ours = job::is_ours(&found, &pass.owner()), "the Job exists already");
    job::trim_job(&mut found);
    {
        let mut cache = pass.cache.lock();
        cache.declined.remove(&name.name);
        cache.found_jobs.insert(name.name.clone(), Arc::new(found));
    }
    pass.look_again();
}

/// The Pod comes from the Job as stored: it includes the changes of admission webhooks, and a cluster that does not
/// know `managedBy` drops the field and creates the Pod itself.
async fn created(pass: &Pass<'_>, name: &Name, launch: &Launch, stored: Job) {
    let files = job::build_told(launch, &stored).map(Arc::new);
    let pod = pod_of(&stored);
    let mut trimmed = stored;
    job::trim_job(&mut trimmed);
    // Noted before the Pod is asked for: a pass that is cut off must not leave a Job that nobody owns up to.
    let created = CreatedJob {
        job: Arc::new(trimmed),
        pod: PodState::Missing(NOT_TRIED.into()),
        answer: None,
        files: files.clone(),
    };
    pass.cache.lock().created_jobs.insert(name.name.clone(), created);
    settle(pass, name, files, pod).await;
}

/// The Pod to create; else why there is none.
fn pod_of(stored: &Job) -> Result<Pod, PodState> {
    job::build_pod(stored).ok_or_else(|| {
        if !job::managed_by_operator(stored) {
            PodState::NotOurs
        } else if job::is_suspended(stored) {
            PodState::Blocked { message: SUSPENDED.into(), tried: answered_at() }
        } else {
            PodState::Missing("its Job was deleted before it had a Pod".into())
        }
    })
}

/// Creates what is missing of an attempt whose Job this process made, and notes how that went.
async fn settle(pass: &Pass<'_>, name: &Name, files: Option<Arc<ConfigMap>>, pod: Result<Pod, PodState>) {
    let ctx = pass.ctx;
    let obstacle = match &files {
        Some(files) => create_files(ctx, name, files).await,
        None => None,
    };
    let done = obstacle.is_none();
    let (state, answer) = match (obstacle, pod) {
        (Some(obstacle), _) => (obstacle, None),
        (None, Ok(pod)) => create_pod(ctx, name, &pod).await,
        (None, Err(state)) => (state, None),
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
        return (PodState::Missing(NOT_TRIED.into()), None);
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
            (no_pod(&failure), None)
        }
    }
}

/// What an answer other than the Pod means. Only an answer that says nothing leaves it open whether there is one.
fn no_pod(failure: &Failure) -> PodState {
    match failure.kind() {
        // The next observation shows its owner.
        ErrorKind::AlreadyExists => PodState::Created(answered_at()),
        ErrorKind::NotNow(message) => PodState::Blocked { message, tried: answered_at() },
        ErrorKind::Refused(message) => PodState::Refused(message),
        // A conflict is the quota's: it counted for somebody else at the same moment.
        ErrorKind::Conflict | ErrorKind::NotFound => blocked(failure),
        ErrorKind::Unanswered => PodState::Unanswered { message: report(failure), since: answered_at() },
    }
}

/// What waits for a quota, for a webhook, or for an answer.
enum Blocked {
    Job(Arc<Launch>),
    /// Whether there is a Job is not known; it was first asked for then.
    Asked(Arc<Launch>, Stamp),
    Pod(Name, Option<Arc<ConfigMap>>),
}

/// Tries again what was not created for now, for attempts that are still to run.
pub(super) async fn retry_blocked(pass: &Pass<'_>, status: &WorkflowRunStatus) {
    let due: Vec<Blocked> = {
        let cache = pass.cache.lock();
        let wanted = status.works().filter_map(|w| w.current.as_ref()).filter(|c| c.stop.is_none());
        wanted.filter_map(|c| due(pass, &cache, &c.job)).collect()
    };
    join_all(due.into_iter().map(|blocked| retry(pass, blocked))).await;
}

fn due(pass: &Pass<'_>, cache: &RunCache, job: &str) -> Option<Blocked> {
    let waited = |tried: &Stamp| pass.now.since(*tried) >= BLOCKED;
    let name = pass.name.beside(job);
    match (cache.created_jobs.get(job), cache.declined.get(job)) {
        (Some(CreatedJob { pod: PodState::Blocked { tried, .. }, files, .. }), _)
            if waited(tried) && !still_suspended(pass, &name) =>
        {
            Some(Blocked::Pod(name, files.clone()))
        }
        (None, Some(Declined::Blocked { tried, launch, .. })) if waited(tried) => {
            Some(Blocked::Job(Arc::clone(launch)))
        }
        (None, Some(Declined::Unanswered { since, launch, .. })) => {
            Some(Blocked::Asked(Arc::clone(launch), *since))
        }
        (Some(_) | None, _) => None,
    }
}

/// As the watch last showed it: a request would say the same.
fn still_suspended(pass: &Pass<'_>, job: &Name) -> bool {
    pass.ctx.stores.jobs.get(job).is_some_and(|job| job::is_suspended(&job))
}

async fn retry(pass: &Pass<'_>, blocked: Blocked) {
    match blocked {
        Blocked::Job(wanted) => launch(pass, &wanted).await,
        Blocked::Asked(wanted, since) => look_for(pass, &wanted, since).await,
        Blocked::Pod(name, files) => again(pass, &name, files).await,
    }
}

/// Looks for a Job whose create was not answered; once nobody can be carrying it out any more, asks for it again.
async fn look_for(pass: &Pass<'_>, wanted: &Launch, since: Stamp) {
    let name = pass.name.beside(&wanted.job);
    match request_opt(pass.api::<Job>().get(&name.name)).await {
        Ok(Some(found)) => meet(pass, &name, wanted, true, found).await,
        Ok(None) if answered_at().since(since) >= UNANSWERED => launch(pass, wanted).await,
        // It is looked for again.
        Ok(None) | Err(_) => {}
    }
}

async fn again(pass: &Pass<'_>, name: &Name, files: Option<Arc<ConfigMap>>) {
    // The template is read from the API server: what is remembered of the Job was trimmed.
    match request_opt(pass.api::<Job>().get(&name.name)).await {
        Ok(Some(stored)) if is_the_created(pass, name, &stored) => {
            settle(pass, name, files, pod_of(&stored)).await;
        }
        Ok(_) => note(pass, name, PodState::Missing("its Job was deleted before it had a Pod".into())),
        Err(failure) => note(pass, name, blocked(&failure)),
    }
    pass.look_again();
}

/// Another Job of the name may have any template.
fn is_the_created(pass: &Pass<'_>, name: &Name, stored: &Job) -> bool {
    let cache = pass.cache.lock();
    cache.created_jobs.get(&name.name).is_some_and(|created| created.job.metadata.uid == stored.metadata.uid)
}

fn note(pass: &Pass<'_>, name: &Name, state: PodState) {
    if let Some(created) = pass.cache.lock().created_jobs.get_mut(&name.name) {
        created.pod = state;
    }
}
