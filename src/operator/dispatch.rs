//! The queue's turns -> passes, each a task of its own, so that no run waits for another.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::reconcile::queue::Turn;
use crate::reconcile::{self, Context};

use super::health::Beat;

/// Passes at once. More of them only queue at the API server, where others wait, too.
const PASSES: usize = 64;
/// How long passes under way may take when the process is told to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// Runs passes until told to stop; those under way are waited for, but not for ever.
pub async fn dispatch(ctx: &Arc<Context>, beat: &Beat, mut stopped: watch::Receiver<bool>) {
    seed(ctx);
    let slots = Arc::new(Semaphore::new(PASSES));
    let mut passes = JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            _ = tick.tick() => beat.tick(),
            Some(_) = passes.join_next() => {}
            turn = next(ctx, &slots) => match turn {
                Some((turn, slot)) => {
                    passes.spawn(one(Arc::clone(ctx), turn, slot));
                }
                None => break,
            },
        }
    }
    ctx.queue.close();
    let rest = async { while passes.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, rest).await.is_err() {
        tracing::warn!("some passes did not end in time");
    }
}

type Slot = tokio::sync::OwnedSemaphorePermit;

/// A slot first: a turn that was taken must not be dropped while it waits for one.
async fn next(ctx: &Arc<Context>, slots: &Arc<Semaphore>) -> Option<(Turn, Slot)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    ctx.queue.next().await.map(|turn| (turn, slot))
}

async fn one(ctx: Arc<Context>, mut turn: Turn, slot: Slot) {
    ctx.metrics.queue_wait.observe(turn.waited.as_secs_f64());
    turn.again = reconcile::pass(&ctx, &turn.key).await;
    drop(turn);
    drop(slot);
}

/// Everything is looked at once: what happened before this process led was told to nobody. What is not listed yet is
/// looked at when it is.
fn seed(ctx: &Context) {
    ctx.queue.open();
    for part in ctx.scope.parts() {
        ctx.look_at(&part);
    }
}
