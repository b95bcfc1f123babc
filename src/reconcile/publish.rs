//! A committed status -> counters, Events and notifications, from the difference to the one before.
//!
//! Only after the commit, so that nothing is reported twice or too early. A process that dies between the commit and
//! this reports nothing of it, and no other process will: exact figures come from RunRecords.

use std::time::Duration;

use kube::ResourceExt;

use crate::api::{Phase, WorkflowRunStatus};
use crate::engine::transition::Transition;
use crate::metrics::Metrics;

use super::events::{self, EventNote};
use super::pass::Pass;
use super::{admission, notify};

/// Reports what changed, and queues the runs that wait for this one to end.
pub(super) fn publish(pass: &Pass<'_>, new: &WorkflowRunStatus) {
    let (ctx, run) = (pass.ctx, pass.run);
    let old = run.status.clone().unwrap_or_default();
    let change = Transition::between(&old, new, pass.now);
    count(&ctx.metrics, &change);
    notify::send(&ctx.stores, &ctx.outbox, run, &change);
    if let Some(phase) = change.phase {
        tracing::info!(
            namespace = run.namespace(),
            run = run.name_any(),
            phase = phase.as_str(),
            reason = new.reason.map(|r| r.as_str()),
            "phase"
        );
    }
    events::write(ctx, run, EventNote::of(&run.name_any(), &change));
    if new.phase.is_some_and(Phase::is_terminal) {
        admission::wake_waiting(ctx, pass.name, run);
    }
}

fn count(metrics: &Metrics, change: &Transition<'_>) {
    for attempt in change.attempts() {
        metrics.attempt_ended(attempt.last.outcome, attempt.last.cause, attempt.took);
    }
    for (phase, took) in change.finished_steps() {
        metrics.step_finished(phase, took);
    }
    for escalation in change.opened() {
        metrics.escalated(escalation.cause);
    }
    metrics.retries.inc_by(change.retries().into());
    metrics.rounds.inc_by(change.rounds().into());
    metrics.runs_started.inc_by(change.is_start().into());
    if let Some(phase) = change.end() {
        metrics.run_finished(phase, active(change.after));
    }
}

/// How long a run that had started was active.
fn active(status: &WorkflowRunStatus) -> Option<Duration> {
    status.started_at?;
    let seconds = status.active_seconds.and_then(|s| u64::try_from(s).ok())?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{Outcome, Stamp};

    fn counted(old: serde_json::Value, new: serde_json::Value) -> (Metrics, u64) {
        let metrics = Metrics::default();
        let (old, new): (WorkflowRunStatus, WorkflowRunStatus) =
            (serde_json::from_value(old).unwrap(), serde_json::from_value(new).unwrap());
        let now = Stamp("2026-01-01T00:00:00Z".parse().unwrap());
        count(&metrics, &Transition::between(&old, &new, now));
        let ended =
            Phase::ALL.iter().filter(|(p, _)| p.is_terminal()).map(|(p, _)| metrics.runs_finished(*p));
        let ended = ended.sum();
        (metrics, ended)
    }

    #[test]
    fn a_run_is_counted_when_it_ends_and_not_when_its_record_answers_for_it() {
        let ended = json!({"phase": "Failed", "reason": "StepFailed", "startedAt": "2026-01-01T00:00:00Z", "activeSeconds": 7});
        assert_eq!(counted(json!({"phase": "Running"}), ended.clone()).1, 1);
        assert_eq!(counted(ended.clone(), ended).1, 0);
        let answered =
            json!({"phase": "Failed", "reason": "AlreadyRan", "startedAt": "2026-01-01T00:00:00Z"});
        assert_eq!(counted(json!({"phase": "Pending"}), answered).1, 0);
    }

    #[test]
    fn what_happened_to_attempts_is_counted_from_the_difference() {
        let old = json!({"phase": "Running", "totals": {"attempts": 1, "retries": 0, "lost": 0, "escalations": 0},
            "steps": [{"name": "a", "phase": "Running", "attempts": 1}]});
        let new = json!({"phase": "Running", "totals": {"attempts": 1, "retries": 1, "lost": 0, "escalations": 0},
            "steps": [{"name": "a", "phase": "Backoff", "attempts": 1, "last": {"n": 1, "outcome": "Failed", "cause": "ExitCode"}}]});
        let (metrics, ended) = counted(old, new);
        assert_eq!((metrics.attempts_ended(Outcome::Failed), metrics.retries.get(), ended), (1, 1, 0));
    }
}
