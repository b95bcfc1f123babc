//! Orders to stop -> requests about Pods. Never by force: a Pod leaves the API only when its kubelet says that it is
//! over, or a second attempt could run beside it.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use serde_json::json;

use crate::cluster::{Name, report, request_opt};
use crate::job;

use super::memory::{LogNote, Memory};
use super::observe::Observed;
use super::queue::Key;
use super::{Context, Error, read_log};

/// Has the kubelet stop the Pod by lowering its deadline: log and termination message stay. One that has not started
/// has neither, and is deleted.
pub async fn stop(ctx: &Context, run: &Name, seen: &Observed, job: &str) -> Result<(), Error> {
    let name = run.beside(job);
    let Some(pod) = pod(ctx, seen, &name).await? else {
        return suspend(ctx, seen, &name).await.map(drop);
    };
    match job::stop_patch(&pod, seen.now) {
        Some(patch) => {
            let pods = ctx.api::<Pod>(&name.namespace);
            let params = PatchParams::default();
            let answer = request_opt(pods.patch(&pod.name_any(), &params, &Patch::Merge(patch))).await;
            answer.map(drop).map_err(|f| Error::StopPod(name, f))
        }
        None => delete(ctx, &run.beside(pod.name_any()), &pod).await,
    }
}

/// The Pod as it was seen; the API server is asked where the cache has none of the operator's.
async fn pod(ctx: &Context, seen: &Observed, name: &Name) -> Result<Option<Arc<Pod>>, Error> {
    if let Some(pod) = seen.attempts.pods.get(&name.name) {
        return Ok(Some(Arc::clone(pod)));
    }
    let pods = ctx.api::<Pod>(&name.namespace);
    let live = request_opt(pods.get(&name.name)).await.map_err(|f| Error::ReadPod(name.clone(), f))?;
    Ok(live.map(Arc::new))
}

/// A Job of the cluster's own controller that has no Pod must not get one any more. True: it will not.
async fn suspend(ctx: &Context, seen: &Observed, name: &Name) -> Result<bool, Error> {
    let theirs = seen.attempts.jobs.get(&name.name).is_some_and(|j| !job::managed_by_operator(j));
    if !theirs {
        return Ok(false);
    }
    let jobs = ctx.api::<Job>(&name.namespace);
    let patch = Patch::Merge(json!({"spec": {"suspend": true}}));
    let answer = request_opt(jobs.patch(&name.name, &PatchParams::default(), &patch)).await;
    answer.map_err(|f| Error::SuspendJob(name.clone(), f))?;
    Ok(true)
}

/// Reads what the Pod has said so far, then deletes it, beside the passes: a log may take its time. What was read
/// serves as the attempt's log when the Pod is over.
pub async fn kill(
    ctx: &Arc<Context>,
    run: &Name,
    memory: &Arc<Memory>,
    seen: &Observed,
    job: &str,
) -> Result<(), Error> {
    let name = run.beside(job);
    let Some(pod) = pod(ctx, seen, &name).await? else {
        if suspend(ctx, seen, &name).await? {
            memory.notes().podless.insert(job.into());
            ctx.queue.add(Key::Run(run.clone()));
        }
        return Ok(());
    };
    if !memory.notes().killing.insert(job.into()) {
        return Ok(());
    }
    let (ctx, memory, job) = (Arc::clone(ctx), Arc::clone(memory), job.to_string());
    tokio::spawn(async move {
        let name = name.beside(pod.name_any());
        let read = read_log::last_words(&ctx, &name).await;
        memory.notes().logs.insert(job.clone(), LogNote::Read(Arc::new(read)));
        if let Err(error) = delete(&ctx, &name, &pod).await {
            tracing::warn!(pod = %name, error = report(&error), "cannot delete a Pod that did not stop");
            // The engine asks again.
            memory.notes().killing.remove(&job);
        }
    });
    Ok(())
}

/// With the Pod's own grace period: zero would take it out of sight while it still runs.
pub async fn delete(ctx: &Context, name: &Name, pod: &Pod) -> Result<(), Error> {
    let pods = ctx.api::<Pod>(&name.namespace);
    let preconditions = Some(Preconditions { uid: pod.uid(), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::background() };
    request_opt(pods.delete(&name.name, &params))
        .await
        .map(drop)
        .map_err(|f| Error::DeletePod(name.clone(), f))
}
