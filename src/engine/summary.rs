//! The summary in the status: phase, reason, progress, and the conditions for GitOps tools.

use crate::api::conditions::{Fact, merge};
use crate::api::status::EscalationStatus;
use crate::api::work::works_of;
use crate::api::{Phase, Reason, Stamp, StepPhase, StepStatus, WorkflowRunStatus};

use super::definition::Definition;
use super::draft::Draft;
use super::work_ref;
use super::{finally, ready};

/// Writes the summary of a run that is not ending.
pub(super) fn write_summary(draft: &mut Draft<'_>, definition: Option<&Definition>) {
    if draft.status.phase.is_some_and(Phase::is_terminal) {
        return;
    }
    if draft.status.started_at.is_some() {
        started(draft, definition);
    }
    write_conditions(draft);
}

/// Writes the summary of a run whose Pods are being stopped.
pub(super) fn write_ending(draft: &mut Draft<'_>) {
    let Some(ending) = draft.status.ending.clone() else { return };
    draft.status.phase = Some(Phase::Running);
    draft.status.reason = Some(Reason::Ending);
    let finally = finally::has_begun(draft);
    let (does, waits) = if finally {
        ("finally runs", "for the steps of finally")
    } else {
        ("its Pods are being stopped", "for running attempts to stop")
    };
    draft.status.message = Some(format!("{}; {does}", ending.message));
    let trouble = draft.trouble.take().filter(|(step, _)| is_in_trouble(draft, *step));
    draft.status.waiting = Some(trouble.map_or_else(|| waits.into(), |(_, words)| words));
    activity(draft);
    write_progress(draft);
    write_conditions(draft);
}

/// Writes the summary of a run that has just ended.
pub(super) fn write_finished(draft: &mut Draft<'_>) {
    write_progress(draft);
    draft.status.step = None;
    write_conditions(draft);
}

/// Conditions follow from the rest of the status.
pub(super) fn write_conditions(draft: &mut Draft<'_>) {
    let facts = conditions(&draft.status);
    let generation = draft.status.observed_generation;
    draft.status.conditions = merge(&draft.status.conditions, facts, generation, draft.now());
}

fn started(draft: &mut Draft<'_>, definition: Option<&Definition>) {
    let asked = !draft.status.escalations.is_empty();
    let held = ready::held(draft);
    // An attempt on an unresponsive node is a question to a person: the run's clock is paused meanwhile.
    let runs = draft.status.works().any(|w| w.current.is_some() && w.phase != StepPhase::Escalated);
    let moves = runs || (!held && definition.is_some_and(|definition| can_start(draft, definition)));
    let (phase, reason) = match (moves, asked, held) {
        (true, false, _) => (Phase::Running, Reason::Running),
        (true, true, _) => (Phase::Running, Reason::Escalated),
        (false, true, _) => (Phase::Paused, Reason::Escalated),
        (false, false, true) if draft.status.hold.is_some() => (Phase::Paused, Reason::Paused),
        (false, false, true) => (Phase::Paused, Reason::Suspended),
        (false, false, false) => (Phase::Running, Reason::Running),
    };
    draft.status.phase = Some(phase);
    draft.status.reason = Some(reason);
    draft.status.message = Some(message(draft, reason));
    let trouble = draft.trouble.take().filter(|(step, _)| is_in_trouble(draft, *step));
    draft.status.waiting = Some(trouble.map_or_else(|| waiting(draft), |(_, words)| words));
    activity(draft);
    write_progress(draft);
}

/// The note about a Pod that cannot start is shown only while an attempt is under way.
fn is_in_trouble(draft: &Draft<'_>, step: usize) -> bool {
    use super::snapshot::AttemptFact as F;
    draft.status.steps.get(step).into_iter().flat_map(works_of).any(|w| {
        let fact = w.current.as_ref().and_then(|c| draft.snapshot.attempts.get(&c.job));
        matches!(fact, Some(F::Pending { message: Some(_), .. } | F::Blocked { .. } | F::Unreachable { .. }))
    })
}

/// The backoff of work that is otherwise ready. (Work that is Pending at the end of a pass cannot start.)
fn can_start(draft: &Draft<'_>, definition: &Definition) -> bool {
    work_ref::work_refs(&draft.status).into_iter().any(|work_ref| {
        let backs_off = draft.work(work_ref).is_some_and(|w| w.phase == StepPhase::Backoff);
        backs_off
            && ready::needs_met(draft, definition, definition.loop_of(work_ref.step).unwrap_or(work_ref.step))
    })
}

fn message(draft: &Draft<'_>, reason: Reason) -> String {
    let status = &draft.status;
    match reason {
        Reason::Escalated => {
            status.escalations.first().map(EscalationStatus::message_with_hint).unwrap_or_default()
        }
        Reason::Paused => "paused by a decision; a WorkflowDecision with action Resume moves it on".into(),
        Reason::Suspended => "spec.suspend is true; set it to false to move it on".into(),
        _ => status
            .steps
            .iter()
            .find(|s| at_work(s))
            .map_or_else(|| "about to start the next step".to_string(), at_attempt),
    }
}

/// The current attempt of a step; for a step with items, how many of them are settled.
fn at_attempt(step: &StepStatus) -> String {
    if step.items.is_empty() {
        return format!("step {} is at attempt {}", step.name, step.work.attempts);
    }
    let done = step.items.iter().filter(|i| i.work.phase.is_satisfied()).count();
    format!("step {}: {done} of {} items are done", step.name, step.items.len())
}

fn waiting(draft: &Draft<'_>) -> String {
    let status = &draft.status;
    let of = |wanted: fn(&StepStatus) -> bool| -> Vec<&str> {
        status.steps.iter().filter(|s| wanted(s)).map(|s| s.name.as_str()).collect()
    };
    let (running, backoff) = (of(is_running), of(|s| s.work.phase == StepPhase::Backoff));
    if !running.is_empty() {
        format!("for step {} to end", running.join(", "))
    } else if ready::held(draft) {
        "for the run to be resumed".into()
    } else if !backoff.is_empty() {
        format!("for the backoff of step {}", backoff.join(", "))
    } else if !status.escalations.is_empty() {
        "for a person's decision".into()
    } else {
        "for nothing".into()
    }
}

fn is_running(step: &StepStatus) -> bool {
    step.work.current.is_some() || step.items.iter().any(|i| i.work.current.is_some())
}

fn at_work(step: &StepStatus) -> bool {
    matches!(step.work.phase, StepPhase::Running | StepPhase::Backoff | StepPhase::Escalated)
}

/// The clock of the run: it is paused while the run is Paused.
fn activity(draft: &mut Draft<'_>) {
    let now = draft.now();
    let status = &mut draft.status;
    if status.phase == Some(Phase::Paused) {
        status.active_seconds = Some(active_seconds(status, now));
        status.active_since = None;
    } else {
        status.active_since = status.active_since.or(Some(now));
    }
}

/// Seconds for which the run was active until `now`.
pub(super) fn active_seconds(status: &WorkflowRunStatus, now: Stamp) -> i64 {
    let running =
        status.active_since.map_or(0, |since| i64::try_from(now.since(since).as_secs()).unwrap_or(i64::MAX));
    status.active_seconds.unwrap_or(0).saturating_add(running)
}

fn write_progress(draft: &mut Draft<'_>) {
    let status = &mut draft.status;
    let main = || status.steps.iter().filter(|s| !s.finally);
    let done = main().filter(|s| s.work.phase.is_satisfied()).count();
    if !status.steps.is_empty() {
        status.progress = Some(format!("{done}/{}", main().count()));
    }
    let lively =
        status.steps.iter().find(|s| is_running(s)).or_else(|| status.steps.iter().find(|s| at_work(s)));
    status.step = lively.map(|s| s.name.clone());
}

fn conditions(status: &WorkflowRunStatus) -> Vec<Fact> {
    let reason = status.reason.map_or("Pending", Reason::as_str);
    let message = status.message.clone().unwrap_or_default();
    let fact = |kind, value| Fact { kind, status: value, reason: reason.into(), message: message.clone() };
    let mut facts = match status.phase {
        None | Some(Phase::Pending | Phase::Running) => {
            vec![fact("Ready", "Unknown"), fact("Reconciling", "True")]
        }
        Some(Phase::Paused) => vec![fact("Ready", "False"), fact("Reconciling", "True")],
        Some(Phase::Succeeded) => {
            vec![fact("Ready", "True"), fact("Complete", "True"), fact("Finished", "True")]
        }
        Some(Phase::Failed | Phase::Cancelled) => {
            vec![
                fact("Ready", "False"),
                fact("Stalled", "True"),
                fact("Failed", "True"),
                fact("Finished", "True"),
            ]
        }
    };
    if let Some(question) = status.escalations.first() {
        facts.push(Fact {
            kind: "NeedsDecision",
            status: "True",
            reason: question.cause.as_str().into(),
            message: question.message_with_hint(),
        });
    }
    facts
}
