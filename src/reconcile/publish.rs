//! Two statuses of a run, one committed after the other -> counters, Events and notifications.
//!
//! Only after the commit, so that nothing is told twice or too early. A process that dies between the commit and this has
//! told nothing of it, and no other will: what must be exact is made from RunRecords.

use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;

use crate::api::{Reason, Stamp, WorkflowRun, WorkflowRunStatus};
use crate::metrics::Metrics;

use super::events::{self, Told};
use super::transitions::Transitions;
use super::{Context, notify};

/// Tells what changed; `now` is when the new status was made.
pub fn publish(
    ctx: &Arc<Context>,
    run: &WorkflowRun,
    old: &WorkflowRunStatus,
    new: &WorkflowRunStatus,
    now: Stamp,
) {
    let seen = Transitions::between(old, new, now);
    count(&ctx.metrics, new, &seen);
    notify::tell(ctx, run, old, new);
    if let Some(phase) = seen.phase {
        tracing::info!(
            namespace = run.namespace(),
            run = run.name_any(),
            phase = phase.as_str(),
            reason = new.reason.map(|r| r.as_str()),
            "phase"
        );
    }
    events::write(ctx, run, Told::of(&run.name_any(), old, new, &seen));
}

fn count(metrics: &Metrics, new: &WorkflowRunStatus, seen: &Transitions<'_>) {
    for attempt in &seen.attempts {
        metrics.attempt_ended(attempt.last.outcome, attempt.last.cause, attempt.took);
    }
    for (phase, took) in &seen.steps {
        metrics.step_finished(*phase, *took);
    }
    for question in &seen.questions {
        metrics.asked(question.cause);
    }
    metrics.retries.inc_by(seen.retries.into());
    metrics.rounds.inc_by(seen.rounds.into());
    metrics.runs_started.inc_by(seen.started.into());
    // A run that was answered by its record is no execution.
    let ended = seen.phase.filter(|p| p.is_terminal() && new.reason != Some(Reason::AlreadyRan));
    if let Some(phase) = ended {
        metrics.run_finished(phase, active(new));
    }
}

/// For how long a run that had started was active.
fn active(status: &WorkflowRunStatus) -> Option<Duration> {
    status.started_at?;
    let seconds = status.active_seconds.and_then(|s| u64::try_from(s).ok())?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{Outcome, Phase};

    fn counted(old: serde_json::Value, new: serde_json::Value) -> (Metrics, u64) {
        let metrics = Metrics::default();
        let (old, new): (WorkflowRunStatus, WorkflowRunStatus) =
            (serde_json::from_value(old).unwrap(), serde_json::from_value(new).unwrap());
        let now = Stamp("2026-01-01T00:00:00Z".parse().unwrap());
        count(&metrics, &new, &Transitions::between(&old, &new, now));
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
