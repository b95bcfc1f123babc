//! Two statuses of a run, one committed after the other -> counters, Events and notifications.
//!
//! Only after the commit, so that nothing is told twice or too early. No agent's text goes into an Event.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::{Resource, ResourceExt};

use crate::api::status::LastAttempt;
use crate::api::{Outcome, Phase, StepStatus, WorkflowRun, WorkflowRunStatus};

use super::call::{ask, chain};
use super::{Context, FIELD_MANAGER, creating, notify};

/// What changed from one status to the next.
#[derive(Debug, PartialEq, Eq)]
pub struct Transitions {
    pub attempts: Vec<Outcome>,
    pub phase: Option<Phase>,
}

/// What changed.
pub fn transitions(old: &WorkflowRunStatus, new: &WorkflowRunStatus) -> Transitions {
    let ended = |step: &StepStatus| -> Vec<(String, LastAttempt)> {
        let of_items = step.items.iter().map(|i| (i.id.clone(), &i.work));
        let own = Some((String::new(), &step.work)).filter(|_| step.items.is_empty());
        own.into_iter().chain(of_items).filter_map(|(id, w)| Some((id, w.last.clone()?))).collect()
    };
    let known: Vec<(&str, String, u32)> = old
        .steps
        .iter()
        .flat_map(|s| ended(s).into_iter().map(|(id, l)| (s.name.as_str(), id, l.n)))
        .collect();
    let attempts = new
        .steps
        .iter()
        .flat_map(|s| ended(s).into_iter().map(|(id, l)| (s.name.as_str(), id, l)))
        .filter(|(step, id, l)| !known.contains(&(*step, id.clone(), l.n)))
        .map(|(_, _, last)| last.outcome)
        .collect();
    Transitions { attempts, phase: new.phase.filter(|p| old.phase != Some(*p)) }
}

/// Tells what changed.
pub fn publish(ctx: &Arc<Context>, run: &WorkflowRun, old: &WorkflowRunStatus, new: &WorkflowRunStatus) {
    let changed = transitions(old, new);
    for outcome in changed.attempts {
        ctx.metrics.attempt_ended(outcome);
    }
    notify::tell(ctx, run, old, new);
    let Some(phase) = changed.phase else { return };
    tracing::info!(
        namespace = run.namespace(),
        run = run.name_any(),
        phase = phase.as_str(),
        reason = new.reason.map(|r| r.as_str()),
        "phase"
    );
    // A run that was answered by its record is no execution.
    if phase.is_terminal() && new.reason != Some(crate::api::Reason::AlreadyRan) {
        ctx.metrics.run_finished(phase);
    }
    let event = event(&ctx.instance, run, old, new, phase, Timestamp::now());
    let ctx = Arc::clone(ctx);
    // An Event is a courtesy: no pass waits for it.
    tokio::spawn(async move {
        let events = ctx.api::<Event>(event.metadata.namespace.as_deref().unwrap_or_default());
        if let Err(failure) = ask(events.create(&creating(), &event)).await {
            tracing::warn!(error = chain(&failure), "cannot write an Event");
        }
    });
}

fn event(
    instance: &str,
    run: &WorkflowRun,
    old: &WorkflowRunStatus,
    new: &WorkflowRunStatus,
    phase: Phase,
    now: Timestamp,
) -> Event {
    let warns = matches!(phase, Phase::Failed | Phase::Paused);
    let reason = new.reason.map_or(phase.as_str(), |r| r.as_str());
    let before = old.phase.map_or("new", |p| p.as_str());
    Event {
        metadata: ObjectMeta {
            namespace: run.namespace(),
            name: Some(format!("{}.{:x}", run.name_any(), now.as_nanosecond())),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(now)),
        action: Some("Reconcile".into()),
        reason: Some(reason.into()),
        note: Some(format!("{before} -> {phase}")),
        regarding: Some(run.object_ref(&())),
        reporting_controller: Some(FIELD_MANAGER.into()),
        reporting_instance: Some(instance.into()),
        type_: Some(if warns { "Warning" } else { "Normal" }.into()),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: serde_json::Value) -> WorkflowRunStatus {
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn an_attempt_counts_once_and_a_phase_when_it_changes() {
        let old = status(serde_json::json!({
            "phase": "Running",
            "steps": [{"name": "a", "phase": "Backoff", "last": {"n": 1, "outcome": "Failed"}}],
        }));
        let new = status(serde_json::json!({
            "phase": "Succeeded",
            "steps": [{"name": "a", "phase": "Succeeded", "last": {"n": 2, "outcome": "Done"}}],
        }));
        assert_eq!(
            transitions(&old, &new),
            Transitions { attempts: vec![Outcome::Done], phase: Some(Phase::Succeeded) }
        );
        assert_eq!(transitions(&new, &new), Transitions { attempts: Vec::new(), phase: None });
    }

    #[test]
    fn an_event_says_where_the_run_came_from_and_nothing_of_what_an_agent_said() {
        let run = WorkflowRun::new("r", crate::api::WorkflowRunSpec::default());
        let new =
            status(serde_json::json!({"phase": "Failed", "reason": "StepFailed", "message": "agent text"}));
        let event =
            event("me", &run, &WorkflowRunStatus::default(), &new, Phase::Failed, Timestamp::UNIX_EPOCH);
        assert_eq!(event.note.as_deref(), Some("new -> Failed"));
        assert_eq!(event.reason.as_deref(), Some("StepFailed"));
        assert_eq!(event.type_.as_deref(), Some("Warning"));
    }
}
