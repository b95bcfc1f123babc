//! The queue's items -> passes, each in its own task, so that no run waits for another.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::reconcile::queue::WorkItem;
use crate::reconcile::{self, Context};

use super::health::Heartbeat;

/// Concurrent passes. More of them would only queue at the API server and delay other clients.
const PASSES: usize = 64;
/// How long running passes may take when the process stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Runs passes until the process is to stop, and then waits for the running ones, for a bounded time.
pub(crate) async fn dispatch(ctx: &Arc<Context>, heartbeat: &Heartbeat, mut stopped: watch::Receiver<bool>) {
    seed(ctx);
    let slots = Arc::new(Semaphore::new(PASSES));
    let mut passes = JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            _ = tick.tick() => heartbeat.tick(),
            Some(_) = passes.join_next() => {}
            item = next(ctx, &slots) => match item {
                Some((item, slot)) => {
                    passes.spawn(one(Arc::clone(ctx), item, slot));
                }
                None => break,
            },
        }
    }
    ctx.queue.close();
    let rest = async { while passes.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUTDOWN_GRACE, rest).await.is_err() {
        tracing::warn!("some passes did not end in time");
    }
}

type Slot = tokio::sync::OwnedSemaphorePermit;

/// The slot first: an item that was taken must not be dropped while it waits for a slot.
async fn next(ctx: &Arc<Context>, slots: &Arc<Semaphore>) -> Option<(WorkItem, Slot)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    ctx.queue.next().await.map(|item| (item, slot))
}

async fn one(ctx: Arc<Context>, mut item: WorkItem, slot: Slot) {
    ctx.metrics.queue_wait.observe(item.waited.as_secs_f64());
    item.again = reconcile::pass(&ctx, &item.key).await;
    drop(item);
    drop(slot);
}

/// Queues everything once: changes before this process led were queued by no process. Objects that are not listed yet
/// are queued when they are.
fn seed(ctx: &Context) {
    ctx.queue.open();
    for scope in ctx.scope.watch_scopes() {
        ctx.look_at(&scope);
    }
}
