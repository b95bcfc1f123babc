//! Orders to stop -> requests about Pods. Never by force: a Pod leaves the API only when its kubelet reports that it
//! has ended. Otherwise a second attempt could run beside it.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use serde_json::json;

use crate::cluster::{Name, report, request_opt};
use crate::job;

use super::context::Context;
use super::error::Error;
use super::observe::Observed;
use super::pass::Pass;
use super::read_log;
use super::run_cache::LogState;

/// Has the kubelet stop the Pod by lowering its deadline: log and termination message are kept. A Pod that has not
/// started has neither, and is deleted.
pub(super) async fn stop(pass: &Pass<'_>, observed: &Observed, job: &str) -> Result<(), Error> {
    let name = pass.name.beside(job);
    let Some(pod) = pod(pass, observed, &name).await? else {
        return suspend(pass, observed, &name).await.map(drop);
    };
    match job::stop_patch(&pod, pass.now) {
        Some(patch) => {
            let pods = pass.api::<Pod>();
            let params = PatchParams::default();
            let answer = request_opt(pods.patch(&pod.name_any(), &params, &Patch::Merge(patch))).await;
            answer.map(drop).map_err(|f| Error::StopPod(name, f))
        }
        None => delete(pass.ctx, &pass.name.beside(pod.name_any()), &pod).await,
    }
}

/// The Pod as observed; the API server is asked if the cache has none of the operator's.
async fn pod(pass: &Pass<'_>, observed: &Observed, name: &Name) -> Result<Option<Arc<Pod>>, Error> {
    if let Some(pod) = observed.attempts.pods.get(&name.name) {
        return Ok(Some(Arc::clone(pod)));
    }
    let pods = pass.api::<Pod>();
    let live = request_opt(pods.get(&name.name)).await.map_err(|f| Error::ReadPod(name.clone(), f))?;
    // A stranger's of that name is left alone.
    let job = observed.attempts.jobs.get(&name.name);
    let is_ours = |pod: &Pod| match job {
        Some(job) => job::owns(job, pod),
        None => job::is_of_run(pod, pass.uid()),
    };
    Ok(live.filter(is_ours).map(Arc::new))
}

/// A Job of the cluster's own controller that has no Pod must not get one any longer. True: it will not.
async fn suspend(pass: &Pass<'_>, observed: &Observed, name: &Name) -> Result<bool, Error> {
    let theirs = observed.attempts.jobs.get(&name.name).is_some_and(|j| !job::managed_by_operator(j));
    if !theirs {
        return Ok(false);
    }
    let jobs = pass.api::<Job>();
    let patch = Patch::Merge(json!({"spec": {"suspend": true}}));
    let answer = request_opt(jobs.patch(&name.name, &PatchParams::default(), &patch)).await;
    answer.map_err(|f| Error::SuspendJob(name.clone(), f))?;
    Ok(true)
}

/// Reads the log of the Pod so far, then deletes it, beside the passes: a log may take its time. This log serves as the
/// attempt's log when the Pod has ended.
pub(super) async fn kill(pass: &Pass<'_>, observed: &Observed, job: &str) -> Result<(), Error> {
    let name = pass.name.beside(job);
    let Some(pod) = pod(pass, observed, &name).await? else {
        if suspend(pass, observed, &name).await? {
            pass.cache.lock().without_pod.insert(job.into());
            pass.look_again();
        }
        return Ok(());
    };
    if !pass.cache.lock().killing.insert(job.into()) {
        return Ok(());
    }
    let (ctx, cache, job) = (Arc::clone(pass.ctx), Arc::clone(pass.cache), job.to_string());
    tokio::spawn(async move {
        let name = name.beside(pod.name_any());
        let read = read_log::read_now(&ctx, &name).await;
        cache.lock().logs.insert(job.clone(), LogState::Read(Arc::new(read)));
        if let Err(error) = delete(&ctx, &name, &pod).await {
            tracing::warn!(pod = %name, error = report(&error), "cannot delete a Pod that did not stop");
            // The engine requests it again.
            cache.lock().killing.remove(&job);
        }
    });
    Ok(())
}

/// With the Pod's own grace period: zero would remove it from the API while it still runs.
pub(super) async fn delete(ctx: &Context, name: &Name, pod: &Pod) -> Result<(), Error> {
    let pods = ctx.api::<Pod>(&name.namespace);
    let preconditions = Some(Preconditions { uid: pod.uid(), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::background() };
    request_opt(pods.delete(&name.name, &params))
        .await
        .map(drop)
        .map_err(|f| Error::DeletePod(name.clone(), f))
}
