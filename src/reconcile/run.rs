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

use super::apply::{self, Commit, Surprise};
use super::context::Context;
use super::error::Error;
use super::observe::{self, Observed};
use super::pass::Pass;
use super::run_cache::RunCache;
use super::{admission, publish, undecodable};

/// The minimum delay of the next pass: an engine that is wrong about the time must not spin.
const SOONEST: Duration = Duration::from_millis(50);
/// The delay of the next pass after a conflict with a newer object.
const AFTER_CONFLICT: Duration = Duration::from_millis(100);

/// Plans of one pass: the first; with a record that turned up; with a claim that cannot be deleted after that; and with
/// the record that this pass wrote before.
const SURPRISES: usize = 4;

/// How a pass ended.
enum End {
    /// Everything is done; look again at that time.
    Wake(Duration),
    /// The status is written; something that follows from it failed. Look again then, or sooner.
    Unfinished(Duration, Error),
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
            (cache.failures, cache.conflicts) = (0, 0);
            Some(after)
        }
        // What the plan asks for counts as well: a courtesy that fails delays no timeout.
        Ok(End::Unfinished(after, error)) => {
            cache.conflicts = 0;
            Some(after.min(failed(ctx, name, &mut cache, &error)))
        }
        Ok(End::Conflict) => {
            ctx.metrics.conflicts.inc();
            cache.written = None;
            cache.conflicts = cache.conflicts.saturating_add(1);
            Some(after_conflict(cache.conflicts))
        }
        Ok(End::Gone) => None,
        Err(error) => Some(failed(ctx, name, &mut cache, &error)),
    }
}

/// Notes a failure; when to try again.
fn failed(ctx: &Context, name: &Name, cache: &mut RunCache, error: &Error) -> Duration {
    ctx.metrics.pass_errors.inc();
    cache.failures = cache.failures.saturating_add(1);
    let again = backoff(cache.failures);
    tracing::warn!(run = %name, error = report(error), again_s = again.as_secs(), "a pass failed");
    again
}

/// The stages of a pass.
async fn stages(pass: &Pass<'_>) -> Result<End, Error> {
    let admission = admission::enter(pass).await;
    let mut observed = observe::observe(pass).await?;
    let planned = settle(pass, &mut observed).await?;
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
    let done = apply::after(pass, &observed, &planned).await;
    let wake = wake(&planned, &observed, pass.name);
    Ok(done.map_or_else(|error| End::Unfinished(wake, error), |()| End::Wake(wake)))
}

/// The plan of which all that must exist before the status exists. A record that turns up on the way, or a refusal, is
/// a fact: the plan is made anew with it.
async fn settle(pass: &Pass<'_>, observed: &mut Observed) -> Result<Plan, Error> {
    for _ in 0..SURPRISES {
        let planned = plan(&observed.snapshot(pass.run));
        match apply::before(pass, &planned).await? {
            None => return Ok(planned),
            Some(Surprise::Record(found)) => observed.record = found,
            Some(Surprise::Refused(refused)) => observed.refused = Some(refused),
        }
    }
    Err(Error::Unsettled(pass.name.clone()))
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

/// Waits longer after each conflict in a row, because the watch may be broken that brings the newer object: 100 ms,
/// 200 ms ... 6.4 s.
fn after_conflict(conflicts: u32) -> Duration {
    AFTER_CONFLICT * (1 << conflicts.saturating_sub(1).min(6))
}

/// The backoff after each failure in a row: 1 s, 2 s, 4 s ... 64 s.
fn backoff(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_in_a_row_are_repeated_ever_more_slowly() {
        let waits = [1, 2, 3, 7, 50].map(|n| after_conflict(n).as_millis());
        assert_eq!(waits, [100, 200, 400, 6400, 6400]);
    }

    #[test]
    fn the_slow_second_look_is_spread_over_five_minutes() {
        for i in 0..50 {
            let after = resync(&Name::new("ns", format!("r{i}")), false).as_secs();
            assert!((300..600).contains(&after), "{after}");
        }
    }
}
