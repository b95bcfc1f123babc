//! One pass over one run: its order, and what happens when it can't be finished.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt;

use crate::api::{Phase, Reason, Stamp, WorkflowRun, WorkflowRunStatus};
use crate::cluster::{Name, report};
use crate::engine::effect::Plan;

use super::apply::{self, Commit};
use super::memory::Memory;
use super::observe::{self, Observed};
use super::queue::Key;
use super::{Context, Error, backoff, publish, turns, undecodable};

/// The soonest that a pass asks to come back: an engine that is wrong about the time must not spin.
const SOONEST: Duration = Duration::from_millis(50);
/// How soon a pass comes back after it met a newer object.
const AFTER_CONFLICT: Duration = Duration::from_millis(100);

/// How a pass ended.
enum End {
    /// All is done; look again then.
    Wake(Duration),
    /// The object is newer than what was seen.
    Conflict,
    /// The run is gone.
    Gone,
}

/// One pass; never fails: what failed is logged, counted and tried again.
pub async fn pass(ctx: &Arc<Context>, name: &Name) -> Option<Duration> {
    let cached = ctx.stores.runs.get(name)?;
    let run = match &cached.0 {
        Ok(run) => run,
        Err(invalid) => return undecodable::mark_run(ctx, name, invalid).await,
    };
    // The garbage collector is at it; nothing new begins.
    if run.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let memory = ctx.memories.of(name, &run.uid().unwrap_or_default());
    let newest = memory.notes().newest(Arc::clone(&cached));
    let Ok(run) = &newest.0 else { return None };
    let ended = drive(ctx, name, run, &memory).await;
    let mut notes = memory.notes();
    match ended {
        Ok(End::Wake(after)) => {
            notes.failures = 0;
            Some(after)
        }
        Ok(End::Conflict) => {
            ctx.metrics.conflicts.inc();
            notes.written = None;
            Some(AFTER_CONFLICT)
        }
        Ok(End::Gone) => None,
        Err(error) => {
            ctx.metrics.pass_errors.inc();
            notes.failures = notes.failures.saturating_add(1);
            let again = backoff(notes.failures);
            tracing::warn!(run = %name, error = report(&error), again_s = again.as_secs(), "a pass failed");
            Some(again)
        }
    }
}

async fn drive(
    ctx: &Arc<Context>,
    name: &Name,
    run: &WorkflowRun,
    memory: &Arc<Memory>,
) -> Result<End, Error> {
    if !ctx.leadership.holds() {
        return Err(Error::NotLeading);
    }
    // The one reading of the clock in this pass.
    let now = Stamp::of(Timestamp::now());
    let turn = turns::enter(ctx, name, run).await;
    let mut seen = observe::observe(ctx, name, run, memory, now).await?;
    let plan = apply::before(ctx, name, run, &mut seen, memory).await?;
    let stored = run.status.clone().unwrap_or_default();
    match apply::commit(ctx, name, run, &plan).await? {
        Commit::Conflict => return Ok(End::Conflict),
        Commit::Gone => return Ok(End::Gone),
        Commit::Unchanged => {
            if apply::needs_live_read(&plan.after) && !apply::is_live(ctx, name, run, memory).await? {
                return Ok(End::Conflict);
            }
        }
        Commit::Written(written) => {
            memory.notes().written = Some(written);
            publish::publish(ctx, run, &stored, &plan.status, now);
            if plan.status.phase.is_some_and(Phase::is_terminal) {
                next_turn(ctx, name, run);
            }
        }
    }
    drop(turn);
    after(ctx, name, run, memory, &seen, &plan).await?;
    Ok(End::Wake(wake(&plan, &seen, name)))
}

/// A place is free: those that have waited longest are looked at.
pub fn next_turn(ctx: &Context, name: &Name, run: &WorkflowRun) {
    const LOOKED_AT: usize = 16;
    if !turns::is_limited(ctx, name, run) {
        return;
    }
    let queued = |r: &&WorkflowRun| r.status.as_ref().is_some_and(|s| s.reason == Some(Reason::Queued));
    let live = ctx.stores.live_runs_of(&name.beside(&run.spec.workflow_ref.name));
    let mut waiting: Vec<&WorkflowRun> =
        live.iter().filter_map(|r| r.0.as_ref().ok()).filter(queued).collect();
    waiting.sort_by_key(|r| (r.creation_timestamp(), r.name_any()));
    let key = run.status.as_ref().and_then(|s| s.concurrency_key.as_ref());
    let same = |r: &&&WorkflowRun| r.status.as_ref().and_then(|s| s.concurrency_key.as_ref()) == key;
    for next in waiting.iter().filter(same).take(LOOKED_AT) {
        ctx.queue.add(Key::Run(Name::of(*next)));
    }
}

/// What follows the commit: effects, then what is no longer needed is forgotten.
async fn after(
    ctx: &Arc<Context>,
    name: &Name,
    run: &WorkflowRun,
    memory: &Arc<Memory>,
    seen: &Observed,
    plan: &Plan,
) -> Result<(), Error> {
    let done = apply::after(ctx, name, run, memory, seen, plan).await;
    let current: HashSet<&str> = jobs_under_way(&plan.status).collect();
    memory.notes().keep(&current, |job| ctx.stores.jobs.get(&name.beside(job)).is_some());
    done
}

/// The Jobs of the attempts under way.
pub fn jobs_under_way(status: &WorkflowRunStatus) -> impl Iterator<Item = &str> {
    status.works().filter_map(|w| w.current.as_ref()).map(|c| c.job.as_str())
}

fn wake(plan: &Plan, seen: &Observed, name: &Name) -> Duration {
    let terminal = plan.status.phase.is_some_and(|p| p.is_terminal());
    let asked = plan.wake.into_iter().chain(seen.wake()).min();
    let asked = asked.map(|at| at.since(seen.now).max(SOONEST));
    asked.map_or_else(|| resync(name, terminal), |a| a.min(resync(name, terminal)))
}

/// A slow second look in case that a watch missed something, spread so that runs don't come all at once. Nothing
/// happens to a finished run but its retention, which the plan asks for.
fn resync(name: &Name, terminal: bool) -> Duration {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let base = if terminal { 3 * 3600 } else { 300 };
    Duration::from_secs(base + hasher.finish() % base)
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
