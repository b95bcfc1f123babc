//! Waiting: always for a level, always with a bound.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use kube::runtime::wait::await_condition;
use kube::{Api, Resource};
use mission_control::api::{Phase, WorkflowRun};
use serde::de::DeserializeOwned;

/// How long something may take that takes a second on an idle machine. Two cores carry a control plane, a kubelet and
/// four tests at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Watches one object until `level` holds, and gives it as it was then.
pub(crate) async fn until<K>(
    api: &Api<K>,
    name: &str,
    what: &str,
    patience: Duration,
    level: impl Fn(&K) -> bool,
) -> K
where
    K: Clone + Debug + Send + DeserializeOwned + Resource + 'static,
{
    let holds = |object: Option<&K>| object.is_some_and(&level);
    match tokio::time::timeout(patience, await_condition(api.clone(), name, holds)).await {
        Ok(Ok(object)) => object.expect("a level that holds has an object"),
        Ok(Err(e)) => panic!("waiting for {what} ({name}): {e}"),
        Err(_) => panic!("{name}: no {what} within {patience:?}"),
    }
}

/// Asks again and again until the answer is true.
pub(crate) async fn until_true(what: &str, patience: Duration, ask: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !ask().await {
        assert!(start.elapsed() < patience, "no {what} within {patience:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The run is in that phase.
pub(crate) fn is(phase: Phase) -> impl Fn(&WorkflowRun) -> bool {
    move |run| run.status.as_ref().and_then(|s| s.phase) == Some(phase)
}

/// The run has that condition with that status.
pub(crate) fn has_condition(run: &WorkflowRun, kind: &str, status: &str) -> bool {
    run.status.iter().flat_map(|s| &s.conditions).any(|c| c.type_ == kind && c.status == status)
}
