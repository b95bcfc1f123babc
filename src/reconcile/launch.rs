//! A launch -> its Job, and, where the operator is the Job's controller, its one Pod.
//!
//! `create` only, and only the process that created the Job creates the Pod, once: whoever else finds a Job without a
//! Pod counts the attempt as lost. Refusals are noted and are facts of the next pass.

use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;

use crate::api::{Stamp, WorkflowRunStatus};
use crate::engine::effect::Launch;
use crate::job::{self, Owner};

use super::attempts::BLOCKED;
use super::call::{Meaning, ask, chain, found};
use super::memory::{Declined, Made, Memory, PodNote};
use super::queue::Key;
use super::store::Name;
use super::{Context, Error, creating};

/// Creates the Job of an attempt and its Pod.
pub async fn launch(ctx: &Context, owner: &Owner<'_>, memory: &Memory, launch: &Launch) -> Result<(), Error> {
    let name = Name::new(owner.namespace, &launch.job);
    {
        let mut notes = memory.notes();
        if notes.made.contains_key(&launch.job) || notes.met.contains_key(&launch.job) {
            return Ok(());
        }
        notes.declined.remove(&launch.job);
    }
    let wanted = job::build_job(launch, owner, ctx.job_controller);
    let jobs = ctx.api::<Job>(owner.namespace);
    match ask(jobs.create(&creating(), &wanted)).await {
        Ok(stored) => {
            ctx.metrics.jobs_created.inc();
            made(ctx, memory, &name, stored).await;
            Ok(())
        }
        Err(failure) => match failure.meaning() {
            Meaning::AlreadyExists => meet(ctx, owner, memory, &name).await,
            Meaning::Quota(message) => {
                decline(ctx, owner, memory, &name, Declined::Blocked(message));
                Ok(())
            }
            Meaning::Refused(message) => {
                decline(ctx, owner, memory, &name, Declined::Refused(message));
                Ok(())
            }
            Meaning::Conflict | Meaning::NotFound | Meaning::Unanswered => {
                Err(Error::CreateJob(name, failure))
            }
        },
    }
}

fn decline(ctx: &Context, owner: &Owner<'_>, memory: &Memory, name: &Name, why: Declined) {
    tracing::warn!(job = %name, ?why, "the API server did not create a Job");
    memory.notes().declined.insert(name.name.clone(), why);
    look_again(ctx, owner);
}

/// The pass under way is followed by another one.
fn look_again(ctx: &Context, owner: &Owner<'_>) {
    ctx.queue.add(Key::Run(Name::new(owner.namespace, owner.name)));
}

/// Somebody made a Job of that name before: another process of ours, or a stranger. The next pass judges it.
async fn meet(ctx: &Context, owner: &Owner<'_>, memory: &Memory, name: &Name) -> Result<(), Error> {
    let jobs = ctx.api::<Job>(&name.namespace);
    let there = found(ask(jobs.get(&name.name)).await).map_err(|f| Error::ReadJob(name.clone(), f))?;
    let Some(mut there) = there else { return Err(Error::UnsettledJob(name.clone())) };
    tracing::info!(job = %name, ours = job::is_ours(&there, owner), "the Job exists already");
    job::trim_job(&mut there);
    memory.notes().met.insert(name.name.clone(), Arc::new(there));
    look_again(ctx, owner);
    Ok(())
}

/// The Pod comes from the Job as it is stored: what admission made of it counts, and a cluster that does not know
/// `managedBy` drops the field and makes the Pod itself.
async fn made(ctx: &Context, memory: &Memory, name: &Name, mut stored: Job) {
    let pod = job::build_pod(&stored);
    job::trim_job(&mut stored);
    let job = Arc::new(stored);
    // Noted before the Pod is asked for: a pass that is cut off must not leave a Job that nobody owns up to.
    let first = if pod.is_some() { PodNote::Missing } else { PodNote::NotOurs };
    memory.notes().made.insert(name.name.clone(), Made { job, pod: first });
    if let Some(pod) = pod {
        let note = create_pod(ctx, name, &pod).await;
        set(memory, name, note);
    }
}

fn set(memory: &Memory, name: &Name, note: PodNote) {
    if let Some(made) = memory.notes().made.get_mut(&name.name) {
        made.pod = note;
    }
}

async fn create_pod(ctx: &Context, name: &Name, pod: &Pod) -> PodNote {
    // The Job's create may have taken long enough for another process to take over and count the attempt as lost.
    if !ctx.leadership.holds() {
        return PodNote::Missing;
    }
    let pods = ctx.api::<Pod>(&name.namespace);
    let failure = match ask(pods.create(&creating(), pod)).await {
        Ok(_) => {
            ctx.metrics.pods_created.inc();
            return PodNote::Created(now());
        }
        Err(failure) => failure,
    };
    tracing::warn!(pod = %name, error = chain(&failure), "cannot create a Pod");
    match failure.meaning() {
        // Whose it is will be seen when it is looked at.
        Meaning::AlreadyExists => PodNote::Created(now()),
        Meaning::Quota(message) => PodNote::Blocked { message, tried: now() },
        Meaning::Refused(message) => PodNote::Refused(message),
        // A conflict is the quota's: it counted for somebody else at the same moment.
        Meaning::Conflict => PodNote::Blocked { message: "the quota was being counted".into(), tried: now() },
        Meaning::NotFound | Meaning::Unanswered => match found(ask(pods.get(&name.name)).await) {
            Ok(None) => PodNote::Missing,
            // It exists, or nobody can tell: its absence is noticed later.
            Ok(Some(_)) | Err(_) => PodNote::Created(now()),
        },
    }
}

fn now() -> Stamp {
    Stamp::of(Timestamp::now())
}

/// Tries again to create the Pods that a quota refused, for attempts that are still to run.
pub async fn retry_blocked(
    ctx: &Context,
    memory: &Memory,
    run: &Name,
    status: &WorkflowRunStatus,
    now: Stamp,
) {
    let wanted = status.steps.iter().filter_map(|s| s.current.as_ref()).filter(|c| c.stop.is_none());
    let due: Vec<Name> = {
        let notes = memory.notes();
        wanted
            .filter_map(|c| notes.made.get(&c.job).map(|made| (c, made)))
            .filter(|(_, m)| matches!(&m.pod, PodNote::Blocked { tried, .. } if now.since(*tried) >= BLOCKED))
            .map(|(c, _)| run.beside(&c.job))
            .collect()
    };
    join_all(due.into_iter().map(|name| again(ctx, memory, name))).await;
}

/// The template is read from the API server: what is remembered of the Job was trimmed.
async fn again(ctx: &Context, memory: &Memory, name: Name) {
    let jobs = ctx.api::<Job>(&name.namespace);
    let note = match found(ask(jobs.get(&name.name)).await) {
        Ok(Some(stored)) => match job::build_pod(&stored) {
            Some(pod) => create_pod(ctx, &name, &pod).await,
            None => PodNote::NotOurs,
        },
        Ok(None) => PodNote::Missing,
        Err(failure) => {
            tracing::warn!(job = %name, error = chain(&failure), "cannot read a Job whose Pod is blocked");
            return;
        }
    };
    set(memory, &name, note);
}
