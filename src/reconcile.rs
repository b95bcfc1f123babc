//! THE SHELL. One pass: observe -> plan -> before -> commit -> publish -> after, for one run.
//!
//! It is the only writer of status and Jobs, and it decides nothing: facts go into [`crate::engine`], its plan comes
//! back, and what happens on the way is a fact of the next pass. Nothing sleeps inside a pass, and a pass never acts on
//! a cache older than its own last write. Start reading at [`run`], then [`observe`], [`apply`].

pub(crate) mod admission;
mod apply;
mod attempts;
mod caches;
mod context;
mod error;
mod events;
mod finish;
mod launch;
pub(crate) mod leadership;
mod mounts;
pub(crate) mod notify;
mod observe;
mod pass;
mod publish;
pub(crate) mod queue;
mod read_log;
mod record;
pub mod retention;
mod revision;
mod run;
mod run_cache;
pub mod scope;
mod stop;
pub(crate) mod store;
mod stores;
pub(crate) mod sweep;
#[cfg(test)]
mod tests;
mod undecodable;
pub mod workflow;
mod workspace;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use context::Context;
use queue::Key;

/// One pass. The answer is when to look again though nothing happens.
pub(crate) async fn pass(ctx: &Arc<Context>, key: &Key) -> Option<Duration> {
    let (Key::Run(name) | Key::Workflow(name)) = key;
    // Not from half a cache. When the lists are complete, all of the scope is looked at.
    if !ctx.stores.are_complete(&ctx.scope.watch_scope_of(&name.namespace)) {
        return None;
    }
    let begun = Instant::now();
    let again = match key {
        Key::Run(name) => run::pass(ctx, name).await,
        Key::Workflow(name) => workflow::pass(ctx, name).await,
    };
    ctx.metrics.passed(matches!(key, Key::Run(_)), begun.elapsed());
    again
}
