//! What happened to a run -> its Events, for `kubectl describe`.
//!
//! No agent's text goes into an Event, and a successful attempt has none: a run without failures has two Events, its
//! start and its end. Repeated Events (failed attempts of one step) are one Event with a count, until six minutes pass
//! without one: its note is that of the first. No pass waits for an Event. Start reading at [`EventNote::of`].

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Resource;
use kube::runtime::events as series;

use crate::api::{Cause, Outcome, Phase, WorkflowRun};
use crate::cluster::{FIELD_MANAGER, post_params, report, request};
use crate::engine::transition::{EndedAttempt, Transition};

use super::context::Context;

/// An Event that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventNote {
    warns: bool,
    reason: &'static str,
    /// Events with the same action are counted as one.
    action: String,
    note: String,
    may_repeat: bool,
}

impl EventNote {
    /// All Events of that transition, in the order in which it happened.
    pub(super) fn of(run: &str, change: &Transition<'_>) -> Vec<Self> {
        let decided = change.decisions().map(|d| {
            let applied = d.is_applied();
            let what = if applied { "applied" } else { "refused; its status says why" };
            Self::once(
                !applied,
                "Decided",
                format!("WorkflowDecision {}: {} {what}", d.name, d.action.as_str()),
            )
        });
        let ended = change.attempts().filter_map(|attempt| Self::of_attempt(&attempt));
        let opened = change.opened().map(|q| {
            let note = format!(
                "step {}: {}; question {} is open: answer with a WorkflowDecision named {run}-{}",
                q.step, q.cause, q.id, q.id
            );
            Self::once(q.cause != Cause::Approval, "NeedsDecision", note)
        });
        let phase = change.phase.map(|phase| Self::of_phase(change, phase));
        decided.chain(ended).chain(opened).chain(phase).collect()
    }

    fn once(warns: bool, reason: &'static str, note: String) -> Self {
        Self { warns, reason, action: "Reconcile".into(), note, may_repeat: false }
    }

    fn of_phase(change: &Transition<'_>, phase: Phase) -> Self {
        let warns = matches!(phase, Phase::Failed | Phase::Paused);
        let reason = change.after.reason.map_or(phase.as_str(), |r| r.as_str());
        let before = change.old_phase.map_or("new", |p| p.as_str());
        Self::once(warns, reason, format!("{before} -> {phase}"))
    }

    fn of_attempt(ended: &EndedAttempt<'_>) -> Option<Self> {
        let (warns, reason) = match ended.last.outcome {
            // The end of the run has an Event.
            Outcome::Done | Outcome::Stopped => return None,
            Outcome::SentBack => (false, "SentBack"),
            Outcome::Failed => (true, "AttemptFailed"),
            Outcome::TimedOut => (true, "AttemptTimedOut"),
            Outcome::Lost => (true, "AttemptLost"),
        };
        let item = ended.item.map(|k| format!(", item {k}")).unwrap_or_default();
        let cause = ended.last.cause.map(|c| format!(" ({c})")).unwrap_or_default();
        let then = match (ended.next, ended.last.outcome) {
            (Some(at), _) => format!("; the next one starts at {at}"),
            (None, Outcome::SentBack) => "; the work is done again, or the run escalates".into(),
            (None, _) => String::new(),
        };
        let (step, n, outcome) = (ended.step, ended.last.n, ended.last.outcome);
        Some(Self {
            warns,
            reason,
            action: format!("Step {step}{item}"),
            note: format!("step {step}{item}: attempt {n} {outcome}{cause}{then}"),
            may_repeat: true,
        })
    }
}

/// Writes the Events, one after the other.
pub(super) fn write(ctx: &Arc<Context>, run: &WorkflowRun, notes: Vec<EventNote>) {
    if notes.is_empty() {
        return;
    }
    let (ctx, run) = (Arc::clone(ctx), run.object_ref(&()));
    // An Event is best effort: no pass waits for it.
    tokio::spawn(async move {
        for note in notes {
            let done = if note.may_repeat {
                request(ctx.recorder.publish(&counted(note), &run)).await
            } else {
                let event = single(&ctx.instance, &run, note, Timestamp::now());
                let events = ctx.api::<Event>(run.namespace.as_deref().unwrap_or_default());
                request(events.create(&post_params(), &event)).await.map(drop)
            };
            if let Err(failure) = done {
                tracing::warn!(error = report(&failure), "cannot write an Event");
            }
        }
    });
}

fn counted(note: EventNote) -> series::Event {
    series::Event {
        type_: if note.warns { series::EventType::Warning } else { series::EventType::Normal },
        reason: note.reason.into(),
        note: Some(note.note),
        action: note.action,
        secondary: None,
    }
}

/// Events that happen once do not go through the recorder: it would keep each of them for six minutes.
fn single(instance: &str, run: &ObjectReference, note: EventNote, now: Timestamp) -> Event {
    Event {
        metadata: ObjectMeta {
            namespace: run.namespace.clone(),
            name: Some(format!("{}.{:x}", run.name.as_deref().unwrap_or_default(), now.as_nanosecond())),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(now)),
        action: Some(note.action),
        reason: Some(note.reason.into()),
        note: Some(note.note),
        regarding: Some(run.clone()),
        reporting_controller: Some(FIELD_MANAGER.into()),
        reporting_instance: Some(instance.into()),
        type_: Some(if note.warns { "Warning" } else { "Normal" }.into()),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::Stamp;

    fn status(text: serde_json::Value) -> crate::api::WorkflowRunStatus {
        serde_json::from_value(text).unwrap()
    }

    fn events(old: &serde_json::Value, new: &serde_json::Value) -> Vec<(bool, &'static str, String)> {
        let (old, new) = (status(old.clone()), status(new.clone()));
        let change = Transition::between(&old, &new, Stamp(Timestamp::UNIX_EPOCH));
        EventNote::of("demo", &change).into_iter().map(|t| (t.warns, t.reason, t.note)).collect()
    }

    const SECRET: &str = "what an agent said";

    #[test]
    fn an_attempt_that_is_done_has_no_event() {
        let old = json!({"phase": "Running", "steps": [{"name": "a", "phase": "Running"}]});
        let new = json!({"phase": "Running", "steps": [{"name": "a", "phase": "Succeeded", "attempts": 1,
            "last": {"n": 1, "outcome": "Done"}, "output": SECRET}]});
        assert_eq!(events(&old, &new), []);
    }

    #[test]
    fn a_failed_attempt_tells_when_the_next_one_starts_and_nothing_of_what_was_said() {
        let new = json!({"phase": "Running", "steps": [{"name": "a", "phase": "Backoff", "items": [
            {"id": SECRET, "title": SECRET, "phase": "Backoff", "nextAttemptAt": "2026-01-01T00:00:02Z",
             "last": {"n": 1, "outcome": "Failed", "cause": "ExitCode", "message": SECRET}, "output": SECRET}]}]});
        let note =
            "step a, item 1: attempt 1 Failed (ExitCode); the next one starts at 2026-01-01T00:00:02.000Z";
        let expected =
            [(true, "AttemptFailed", note.to_string()), (false, "Running", "new -> Running".into())];
        assert_eq!(events(&json!({}), &new), expected);
    }

    #[test]
    fn a_question_names_its_answer_and_a_decision_its_effect() {
        let old = json!({"phase": "Running", "steps": []});
        let question = json!({"id": "e1-0a1b2c", "step": "a", "cause": "ExitCode", "message": SECRET,
            "since": "2026-01-01T00:00:00Z", "actions": ["Retry"]});
        let decision = |name: &str, result: &str| {
            json!({"uid": name, "name": name, "action": "Retry",
            "at": "2026-01-01T00:00:00Z", "result": result})
        };
        let new = json!({"phase": "Paused", "reason": "Escalated", "message": SECRET, "escalations": [question],
            "decisions": [decision("d1", "Applied"), decision("d2", &format!("Refused: {SECRET}"))]});
        let expected = [
            (false, "Decided", "WorkflowDecision d1: Retry applied".to_string()),
            (true, "Decided", "WorkflowDecision d2: Retry refused; its status says why".into()),
            (
                true,
                "NeedsDecision",
                "step a: ExitCode; question e1-0a1b2c is open: answer with a WorkflowDecision named demo-e1-0a1b2c".into(),
            ),
            (true, "Escalated", "Running -> Paused".into()),
        ];
        assert_eq!(events(&old, &new), expected);
    }

    #[test]
    fn the_same_trouble_of_a_step_is_one_event_with_a_count() {
        let of = |n: u32| {
            let last = crate::api::status::LastAttempt {
                n,
                outcome: Outcome::TimedOut,
                cause: Some(Cause::Timeout),
                exit_code: None,
                message: Some(SECRET.into()),
            };
            EventNote::of_attempt(&EndedAttempt {
                step: "a",
                item: None,
                last: &last,
                next: None,
                took: None,
            })
            .unwrap()
        };
        let (one, two) = (of(1), of(2));
        assert_eq!((&one.action, one.reason, one.may_repeat), (&two.action, two.reason, true));
        assert_ne!(one.note, two.note);
    }

    #[test]
    fn an_event_that_happens_once_is_about_the_run() {
        let run = WorkflowRun::new("r", crate::api::WorkflowRunSpec::default());
        let note = EventNote::once(true, "StepFailed", "Running -> Failed".into());
        let event = single("me", &run.object_ref(&()), note, Timestamp::UNIX_EPOCH);
        assert_eq!(event.note.as_deref(), Some("Running -> Failed"));
        assert_eq!(event.reason.as_deref(), Some("StepFailed"));
        assert_eq!(event.type_.as_deref(), Some("Warning"));
        assert_eq!(event.regarding.and_then(|r| r.name).as_deref(), Some("r"));
    }
}
