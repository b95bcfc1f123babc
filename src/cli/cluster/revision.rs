//! The revision that a run executes: what its steps are granted stands there.

use k8s_openapi::api::apps::v1::ControllerRevision;

use crate::api::{WorkflowRun, WorkflowSpec};
use crate::engine::ids;

use super::session::Session;

/// As far as it can be had: who may not read revisions is shown less, and no error.
pub async fn of(session: &Session, run: &WorkflowRun) -> Option<WorkflowSpec> {
    let pinned = run.status.as_ref()?.workflow.as_ref()?;
    let revisions = session.beside::<ControllerRevision>(run);
    let found = revisions.get_opt(&ids::revision_name(&pinned.name, &pinned.revision)).await.ok()??;
    serde_json::from_value(found.data?.0).ok()
}
