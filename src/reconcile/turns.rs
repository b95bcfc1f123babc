//! Admission, one run at a time, where a workflow limits its runs: two passes at once would both see the last free place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::Context;
use crate::api::WorkflowRun;
use crate::cluster::Name;

/// A lock per workflow that limits its runs.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<Name, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    async fn enter(&self, workflow: Name) -> OwnedMutexGuard<()> {
        let lock = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(all.entry(workflow).or_default())
        };
        lock.lock_owned().await
    }
}

/// Held from the look at other runs until this run's status is written; only runs that have not started wait here.
pub async fn enter(ctx: &Context, name: &Name, run: &WorkflowRun) -> Option<OwnedMutexGuard<()>> {
    let started = run.status.as_ref().is_some_and(|s| s.started_at.is_some());
    if started || !is_limited(ctx, name, run) {
        return None;
    }
    Some(ctx.turns.enter(name.beside(&run.spec.workflow_ref.name)).await)
}

/// Does the run's workflow limit how many go at once?
pub fn is_limited(ctx: &Context, name: &Name, run: &WorkflowRun) -> bool {
    let workflow = ctx.stores.workflows.get(&name.beside(&run.spec.workflow_ref.name));
    workflow.is_some_and(|w| w.0.as_ref().is_ok_and(|w| w.spec.concurrency.is_some()))
}
