//! A run's volume: its claim is made before the first Pod that mounts it, and deleted when the run's end says so.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::api::DeleteParams;

use super::call::{ask, found};
use super::store::Name;
use super::{Context, Error};

/// Deletes the claim; the volume follows when no Pod uses it any more.
pub async fn drop(ctx: &Context, claim: &Name) -> Result<(), Error> {
    let claims = ctx.api::<PersistentVolumeClaim>(&claim.namespace);
    let answer = ask(claims.delete(&claim.name, &DeleteParams::background())).await;
    found(answer).map(|_| ()).map_err(|f| Error::DeleteClaim(claim.clone(), f))
}
