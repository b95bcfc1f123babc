//! A run's volume: [`super::mounts`] creates its claim before the first Pod that mounts it, and this deletes it when
//! the plan for the run's end says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::ResourceExt;
use kube::api::{DeleteParams, Preconditions};

use crate::api::Phase;
use crate::cluster::{Name, report, request_opt};
use crate::engine::effect::{Before, Plan};
use crate::job;

use super::context::Context;
use super::error::Error;
use super::observe::Observed;
use super::pass::Pass;
use super::stop;

/// Deletes the run's claim; the API server keeps it while a Pod names it (see [`release`]). A claim of another owner
/// with that name stays: it may contain anything.
pub(super) async fn drop(ctx: &Context, claim: &Name, run_uid: &str) -> Result<(), Error> {
    let claims = ctx.api::<PersistentVolumeClaim>(&claim.namespace);
    let failed = |f| Error::DeleteClaim(claim.clone(), f);
    let there = request_opt(claims.get_metadata(&claim.name)).await.map_err(failed)?;
    let Some(ours) = there.filter(|c| c.owner_references().iter().any(|o| o.uid == run_uid)) else {
        return Ok(());
    };
    let preconditions = Some(Preconditions { uid: ours.uid(), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::background() };
    request_opt(claims.delete(&claim.name, &params)).await.map(|_| ()).map_err(failed)
}

/// After a success, deletes the Pods that use the claim which the plan drops: the API server keeps a claim while any
/// Pod names it, even one that has ended, and the storage would be used for as long as the run's children are kept.
/// After a failure the Pods stay for their logs, and the volume is deleted with them. The Jobs stay in any case.
///
/// Not repeated after a refusal or a crash: the volume is then deleted with the run's other children.
pub(super) async fn release(pass: &Pass<'_>, observed: &Observed, plan: &Plan) {
    let ctx = pass.ctx;
    let Some(claim) = plan.before.iter().find_map(dropped) else { return };
    if plan.status.phase != Some(Phase::Succeeded) {
        return;
    }
    let jobs = ctx.stores.jobs_of(&pass.name.namespace, pass.uid());
    let cached = jobs.iter().filter_map(|job| {
        let pod = ctx.stores.pod_of(&Name::of(&**job), Some(job));
        pod.filter(|pod| job::owns(job, pod))
    });
    // The Job of the last attempt may not be in the cache yet.
    let all: BTreeMap<String, Arc<Pod>> =
        cached.chain(observed.attempts.pods.values().cloned()).map(|pod| (pod.name_any(), pod)).collect();
    for (name, pod) in all.iter().filter(|(_, pod)| job::holds_claim(pod, claim)) {
        let name = pass.name.beside(name);
        if let Err(error) = stop::delete(ctx, &name, pod).await {
            tracing::warn!(pod = %name, claim, error = report(&error), "cannot delete a Pod that holds a volume");
        }
    }
}

fn dropped(step: &Before) -> Option<&str> {
    match step {
        Before::DropWorkspace { claim } => Some(claim),
        Before::EnsureRevision { .. } | Before::SupersedeRecord { .. } | Before::WriteRecord { .. } => None,
    }
}
