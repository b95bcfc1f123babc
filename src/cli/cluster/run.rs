//! One run in the cluster: its state over time, and the spec of the revision that it executes.

use futures::{Stream, StreamExt};
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::ResourceExt;
use kube::runtime::{WatchStreamExt, watcher};

use crate::api::{WorkflowRun, WorkflowSpec};
use crate::cli::terminal::exit::Fault;
use crate::engine::ids;

use super::session::Session;

/// The spec of the run's revision. `None`: there is no revision yet, or the caller may not read it. That is not an
/// error: `mc` then shows less.
pub(crate) async fn pinned_spec(session: &Session, run: &WorkflowRun) -> Option<WorkflowSpec> {
    let pinned = run.status.as_ref()?.workflow.as_ref()?;
    let revisions = session.beside::<ControllerRevision>(run);
    let found = revisions.get_opt(&ids::revision_name(&pinned.name, &pinned.revision)).await.ok()??;
    serde_json::from_value(found.data?.0).ok()
}

/// Every state of the run from now on; `None`: it was deleted.
pub(crate) fn states(
    session: &Session,
    run: &WorkflowRun,
) -> impl Stream<Item = Result<Option<WorkflowRun>, Fault>> + use<> {
    let api = session.beside::<WorkflowRun>(run);
    let session = session.clone();
    watcher::watch_object(api, &run.name_any()).default_backoff().filter_map(move |state| {
        let answer = match state {
            Ok(state) => Some(Ok(state)),
            // The watcher retries transient errors; a refusal is final.
            Err(watcher::Error::InitialListFailed(e) | watcher::Error::WatchStartFailed(e))
                if is_refused(&e) =>
            {
                Some(Err(session.fault("watch workflowruns", &e)))
            }
            Err(_) => None,
        };
        futures::future::ready(answer)
    })
}

fn is_refused(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if matches!(status.code, 401 | 403 | 404))
}
