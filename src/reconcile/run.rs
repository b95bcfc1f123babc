//! One pass over one run, in its order: observe, plan, before, commit, publish, after.
//!
//! [`stages`] is that order. [`pass`] is the frame: the version of the run, and the time of the next pass. It decides
//! nothing.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt;

use crate::api::{Phase, Stamp};
use crate::cluster::{Name, report};
use crate::engine::effect::Plan;
use crate::engine::plan::plan;

use super::apply::{self, Commit};
use super::context::Context;
use super::error::Error;
use super::observe::{self, Observed};
use super::pass::Pass;
use super::{admission, publish, undecodable};

/// The minimum delay of the next pass: an engine that is wrong about the time must not spin.
const SOONEST: Duration = Duration::from_millis(50);
/// The delay of the next pass after a conflict with a newer object.
const AFTER_CONFLICT: Duration = Duration::from_millis(100);

/// How a pass ended.
enum End {
    /// Everything is done; look again at that time.
    Wake(Duration),
    /// The object is newer than the observed one.
    Conflict,
    /// The run is gone.
    Gone,
}

/// One pass; it never fails: failures are logged, counted and retried.
pub(super) async fn pass(ctx: &Arc<Context>, name: &Name) -> Option<Duration> {
    let cached = ctx.stores.runs.get(name)?;
    let run = match &cached.0 {
        Ok(run) => run,
        Err(invalid) => return undecodable::mark_run(ctx, name, invalid).await,
    };
    // The garbage collector deletes the run; nothing new starts.
    if run.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let cache = ctx.run_caches.of(name, &run.uid().unwrap_or_default());
    let newest = cache.lock().newest(Arc::clone(&cached));
    let Ok(run) = &newest.0 else { return None };
    let ended = if ctx.leadership.holds() {
        let now = Stamp::of(Timestamp::now());
        stages(&Pass { ctx, name, run, cache: &cache, now }).await
    } else {
        Err(Error::NotLeading)
    };
    let mut cache = cache.lock();
    match ended {
        Ok(End::Wake(after)) => {
            cache.failures = 0;
            Some(after)
        }
        Ok(End::Conflict) => {
            ctx.metrics.conflicts.inc();
            cache.written = None;
            Some(AFTER_CONFLICT)
        }
        Ok(End::Gone) => None,
        Err(error) => {
            ctx.metrics.pass_errors.inc();
            cache.failures = cache.failures.saturating_add(1);
            let again = backoff(cache.failures);
            tracing::warn!(run = %name, error = report(&error), again_s = again.as_secs(), "a pass failed");
            Some(again)
        }
    }
}

/// The stages of a pass.
async fn stages(pass: &Pass<'_>) -> Result<End, Error> {
    let admission = admission::enter(pass).await;
    let mut observed = observe::observe(pass).await?;
    let mut planned = plan(&observed.snapshot(pass.run));
    // A record that turns up on the way is a fact: the engine plans again with it, once.
    if let Some(found) = apply::before(pass, &planned).await? {
        observed.record = found.fact;
        planned = plan(&observed.snapshot(pass.run));
        if let Some(found) = apply::before(pass, &planned).await? {
            return Err(Error::UnsettledRecord(found.name));
        }
    }
    match apply::commit(pass, &planned).await? {
        Commit::Conflict => return Ok(End::Conflict),
        Commit::Gone => return Ok(End::Gone),
        Commit::Unchanged => {}
        Commit::Written(written) => {
            pass.cache.lock().written = Some(written);
            publish::publish(pass, &planned.status);
        }
    }
    drop(admission);
    apply::after(pass, &observed, &planned).await?;
    Ok(End::Wake(wake(&planned, &observed, pass.name)))
}

fn wake(plan: &Plan, observed: &Observed, name: &Name) -> Duration {
    let terminal = plan.status.phase.is_some_and(Phase::is_terminal);
    let asked = plan.wake.into_iter().chain(observed.wake()).min();
    let asked = asked.map(|at| at.since(observed.now).max(SOONEST));
    asked.map_or_else(|| resync(name, terminal), |a| a.min(resync(name, terminal)))
}

/// A slow second look in case that a watch missed something, spread so that runs do not come all at once. Nothing
/// happens to a finished run except its retention, and the plan requests that.
fn resync(name: &Name, terminal: bool) -> Duration {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let base = if terminal { 3 * 3600 } else { 300 };
    Duration::from_secs(base + hasher.finish() % base)
}

/// The backoff after each failure in a row: 1 s, 2 s, 4 s ... 64 s.
fn backoff(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slow_second_look_is_spread_over_five_minutes() {
        for i in 0..50 {
            let after = resync(&Name::new("ns", format!("r{i}")), false).as_secs();
            assert!((300..600).contains(&after), "{after}");
        }
    }
}
