//! The lease of a test's namespace.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};

use crate::support::Fixture;

/// The lease as it is.
pub(super) async fn lease(f: &Fixture) -> LeaseSpec {
    f.api::<Lease>().get("mission-control").await.expect("no lease").spec.unwrap_or_default()
}

pub(super) async fn holder(f: &Fixture) -> String {
    lease(f).await.holder_identity.unwrap_or_default()
}

/// Waits until that operator holds the lease, and gives it as it was then.
pub(super) async fn until_held(f: &Fixture, operator: &str) -> LeaseSpec {
    let found = tokio::sync::OnceCell::new();
    f.until_true(&format!("lease of {operator}"), async || {
        let Ok(Some(there)) = f.api::<Lease>().get_opt("mission-control").await else { return false };
        let spec = there.spec.unwrap_or_default();
        spec.holder_identity.as_deref() == Some(operator) && found.set(spec).is_ok()
    })
    .await;
    found.into_inner().expect("it was found")
}

/// Seconds from the last renewal of one holder to the first of the next.
pub(super) fn gap(before: &LeaseSpec, after: &LeaseSpec) -> f64 {
    let renewed = before.renew_time.as_ref().expect("it was renewed").0;
    after.acquire_time.as_ref().expect("it was taken").0.duration_since(renewed).as_secs_f64()
}
