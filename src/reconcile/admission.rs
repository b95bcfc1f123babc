//! Where a workflow limits its runs, they are admitted one at a time: two concurrent passes would both see the last
//! free slot.

use kube::ResourceExt;
use tokio::sync::OwnedMutexGuard;

use crate::api::{Reason, WorkflowRun};
use crate::cluster::Name;

use super::context::Context;
use super::pass::Pass;
use super::queue::Key;

/// Held from the read of other runs until this run's status is written; only runs that have not started wait here.
pub(super) async fn enter(pass: &Pass<'_>) -> Option<OwnedMutexGuard<()>> {
    if !is_waiting(pass) {
        return None;
    }
    Some(pass.ctx.admission_locks.acquire(workflow_of(pass.name, pass.run)).await)
}

/// Whether the run has not started and its workflow limits how many run at once.
pub(super) fn is_waiting(pass: &Pass<'_>) -> bool {
    let started = pass.run.status.as_ref().is_some_and(|s| s.started_at.is_some());
    !started && is_limited(pass.ctx, pass.name, pass.run)
}

/// A slot is free: the runs that have waited longest are queued.
pub(crate) fn wake_waiting(ctx: &Context, name: &Name, run: &WorkflowRun) {
    const LOOKED_AT: usize = 16;
    if !is_limited(ctx, name, run) {
        return;
    }
    let queued = |r: &&WorkflowRun| r.status.as_ref().is_some_and(|s| s.reason == Some(Reason::Queued));
    let live = ctx.stores.live_runs_of(&workflow_of(name, run));
    let mut waiting: Vec<&WorkflowRun> =
        live.iter().filter_map(|r| r.0.as_ref().ok()).filter(queued).collect();
    waiting.sort_by_key(|r| (r.creation_timestamp(), r.name_any()));
    let key = run.status.as_ref().and_then(|s| s.concurrency_key.as_ref());
    let same = |r: &&&WorkflowRun| r.status.as_ref().and_then(|s| s.concurrency_key.as_ref()) == key;
    for next in waiting.iter().filter(same).take(LOOKED_AT) {
        ctx.queue.add(Key::Run(Name::of(*next)));
    }
}

fn is_limited(ctx: &Context, name: &Name, run: &WorkflowRun) -> bool {
    let workflow = ctx.stores.workflows.get(&workflow_of(name, run));
    workflow.is_some_and(|w| w.0.as_ref().is_ok_and(|w| w.spec.concurrency.is_some()))
}

fn workflow_of(name: &Name, run: &WorkflowRun) -> Name {
    name.beside(&run.spec.workflow_ref.name)
}
