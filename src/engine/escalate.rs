//! Questions to people: opened once per attempt; closed by a decision, by expiry, or because the run ends.

use crate::api::status::EscalationStatus;
use crate::api::workflow::{Escalation, OnExpiry};
use crate::api::{Action, Cause, Outcome, Phase, Reason, Span, StepPhase};

use super::definition::Definition;
use super::draft::Draft;
use super::snapshot::{RevisionFact, WorkflowFact};
use super::work_ref::{WorkRef, work_refs};
use super::{ending, ids, work};

/// The maximum number of open questions: more than a person looks through, and the status stays small.
const OPEN_LIMIT: usize = 16;

/// The work waits for a person. Steps of `finally` never escalate: they fail.
pub(super) fn open(draft: &mut Draft<'_>, work_ref: WorkRef, cause: Cause, message: String) {
    let finally = draft.status.steps.get(work_ref.step).is_some_and(|s| s.finally);
    if finally {
        return work::set_phase(draft, work_ref, StepPhase::Failed);
    }
    let full = is_full(draft);
    let Some(work) = draft.work_mut(work_ref) else { return };
    if full && matches!(work.phase, StepPhase::Pending | StepPhase::Backoff) {
        // Work that could not even start is found again when another question is answered.
        work.next_attempt_at = None;
        return;
    }
    work::wait_for_person(work);
    if full {
        return;
    }
    add(draft, work_ref, cause, &message, vec![Action::Retry, Action::Skip, Action::Abort], None);
}

/// Whether the limit of open questions is reached.
pub(super) fn is_full(draft: &Draft<'_>) -> bool {
    draft.status.escalations.len() >= OPEN_LIMIT
}

/// Opens the questions that waited for an answer to another one.
pub(super) fn ask_waiting(draft: &mut Draft<'_>) {
    for work_ref in work_refs(&draft.status) {
        if is_full(draft) {
            return;
        }
        let Some(work) = draft.work(work_ref).filter(|w| w.phase == StepPhase::Escalated) else { continue };
        if is_asked(draft, work_ref) {
            continue;
        }
        let Some(last) = work.last.clone() else { continue };
        let message = last.message.unwrap_or_default();
        let without_cause = match last.outcome {
            Outcome::Done => Cause::StatusTooLarge,
            Outcome::SentBack => Cause::ReworkExhausted,
            Outcome::Failed | Outcome::TimedOut | Outcome::Lost | Outcome::Stopped => Cause::ExitCode,
        };
        open(draft, work_ref, last.cause.unwrap_or(without_cause), message);
    }
}

pub(super) fn is_asked(draft: &Draft<'_>, work_ref: WorkRef) -> bool {
    let Some((step, item)) = names(draft, work_ref) else { return true };
    draft.status.escalations.iter().any(|e| e.step == step && e.item == item)
}

fn names(draft: &Draft<'_>, work_ref: WorkRef) -> Option<(String, Option<String>)> {
    let step = draft.status.steps.get(work_ref.step)?;
    let item = work_ref.item.and_then(|k| step.items.get(k)).map(|i| i.id.clone());
    Some((step.name.clone(), item))
}

/// A question about an attempt that still runs: a second attempt never runs beside it.
pub(super) fn open_beside(draft: &mut Draft<'_>, work_ref: WorkRef, cause: Cause, message: String) {
    let Some((step, item)) = names(draft, work_ref) else { return };
    let asked = draft.status.escalations.iter().any(|e| e.step == step && e.item == item && e.cause == cause);
    let finally = draft.status.steps.get(work_ref.step).is_some_and(|s| s.finally);
    // If too many questions are open, this one is opened after another is answered.
    if asked || finally || draft.status.ending.is_some() || is_full(draft) {
        return;
    }
    if let Some(work) = draft.work_mut(work_ref) {
        work::wait_for_person(work);
    }
    add(draft, work_ref, cause, &message, vec![Action::Abort], None);
}

/// The node responds again: the question about it is closed.
pub(super) fn close_beside(draft: &mut Draft<'_>, work_ref: WorkRef) {
    let Some((step, item)) = names(draft, work_ref) else { return };
    let before = draft.status.escalations.len();
    draft
        .status
        .escalations
        .retain(|e| !(e.step == step && e.item == item && e.cause == Cause::NodeUnreachable));
    if draft.status.escalations.len() < before
        && let Some(work) = draft.work_mut(work_ref)
    {
        work::go_on(work);
    }
}

/// Opens a question. The step or the workflow says how long it stays open.
pub(super) fn add(
    draft: &mut Draft<'_>,
    work_ref: WorkRef,
    cause: Cause,
    message: &str,
    actions: Vec<Action>,
    expires_after: Option<Span>,
) {
    let Some((step, item)) = names(draft, work_ref) else { return };
    let id = next_id(draft, work_ref, &step);
    let message: String = message.chars().take(1024).collect();
    let hint = Some(hint(draft, &id, cause, &actions));
    let since = draft.now();
    let expires_at =
        expires_after.or(rules(draft).expires_after).map(|after| since.plus(after.as_duration()));
    draft.status.escalations.push(EscalationStatus {
        id,
        step,
        item,
        cause,
        message,
        hint,
        since,
        expires_at,
        actions,
    });
}

fn next_id(draft: &mut Draft<'_>, work_ref: WorkRef, step: &str) -> String {
    let key = work_ref.item_key(&draft.status);
    let attempt = draft.work(work_ref).map_or(0, |w| w.attempts);
    let totals = draft.status.totals.get_or_insert_default();
    totals.escalations += 1;
    ids::escalation_id(totals.escalations, draft.run_uid(), step, key.as_deref(), attempt)
}

fn hint(draft: &Draft<'_>, id: &str, cause: Cause, actions: &[Action]) -> String {
    let words: Vec<&str> = actions.iter().map(|a| a.as_str()).collect();
    let outputs =
        if cause.needs_outputs() { " (Retry requires the missing values in spec.outputs)" } else { "" };
    let run = draft.run_name();
    format!("Answer with a WorkflowDecision named {run}-{id}: {}{outputs}", words.join(", "))
}

/// An answer was refused: the question is closed, and the same question is open under the next id until it expires.
pub(super) fn ask_again(draft: &mut Draft<'_>, id: &str) -> Option<String> {
    let at = draft.status.escalations.iter().position(|e| e.id == id)?;
    let question = draft.status.escalations.get(at)?.clone();
    let work_ref = WorkRef::find(&draft.status, &question.step, question.item.as_deref())?;
    let next = next_id(draft, work_ref, &question.step);
    let hint = Some(hint(draft, &next, question.cause, &question.actions));
    *draft.status.escalations.get_mut(at)? = EscalationStatus { id: next.clone(), hint, ..question };
    Some(next)
}

fn rules(draft: &Draft<'_>) -> Escalation {
    let spec = match (&draft.snapshot.revision, draft.snapshot.workflow) {
        (RevisionFact::Found(spec), _) => Some(&**spec),
        (_, WorkflowFact::Present(workflow)) => Some(&workflow.spec),
        _ => None,
    };
    spec.and_then(|s| s.escalation.clone()).unwrap_or_default()
}

/// Closes the question and returns the work that waited for it.
pub(super) fn close(draft: &mut Draft<'_>, id: &str) -> Option<WorkRef> {
    let at = draft.status.escalations.iter().position(|e| e.id == id)?;
    let question = draft.status.escalations.remove(at);
    WorkRef::find(&draft.status, &question.step, question.item.as_deref())
}

/// Applies the workflow's rule for questions that nobody answered in time. Without a definition nothing is skipped.
pub(super) fn expire(draft: &mut Draft<'_>, definition: Option<&Definition>) {
    let now = draft.now();
    let due: Vec<EscalationStatus> = draft
        .status
        .escalations
        .iter()
        .filter(|e| e.expires_at.is_some_and(|at| at <= now))
        .cloned()
        .collect();
    for question in due {
        let words = format!("escalation {} of step {} was not answered in time", question.id, question.step);
        match rules(draft).on_expiry.unwrap_or(OnExpiry::Abort) {
            OnExpiry::Abort => ending::request_end(draft, Phase::Cancelled, Reason::EscalationExpired, words),
            OnExpiry::Fail => ending::request_end(draft, Phase::Failed, Reason::EscalationExpired, words),
            // An attempt that still runs on an unresponsive node cannot be skipped.
            OnExpiry::Skip if matches!(question.cause, Cause::NodeUnreachable | Cause::RevisionLost) => {
                ending::request_end(draft, Phase::Cancelled, Reason::EscalationExpired, words);
            }
            // Only a person lets a gate pass.
            OnExpiry::Skip if is_gate(definition, &question.step) => {
                let words = format!("{words}; an approval is not skipped (escalation.onExpiry: Skip)");
                ending::request_end(draft, Phase::Failed, Reason::ApprovalExpired, words);
            }
            OnExpiry::Skip => {
                if let Some(definition) = definition
                    && let Some(work_ref) = close(draft, &question.id)
                {
                    work::skip(draft, definition, work_ref);
                }
            }
        }
    }
    if let Some(next) =
        draft.status.escalations.iter().filter_map(|e| e.expires_at).filter(|at| *at > now).min()
    {
        draft.wake_at(next);
    }
}

fn is_gate(definition: Option<&Definition>, step: &str) -> bool {
    let def = definition.and_then(|d| d.steps.get(d.position(step)?));
    def.is_some_and(|def| def.task().is_none())
}

/// The revision cannot be used: the run escalates, once.
pub(super) fn revision_lost(draft: &mut Draft<'_>, problem: &str) {
    if draft.status.escalations.iter().any(|e| e.cause == Cause::RevisionLost) {
        return;
    }
    let Some(i) = draft.status.steps.iter().position(|s| !s.work.phase.is_finished()) else {
        return;
    };
    let revision =
        draft.status.workflow.as_ref().map(|w| ids::revision_name(&w.name, &w.revision)).unwrap_or_default();
    let message = format!("the ControllerRevision {revision} {problem}; restore it, or abort the run");
    add(draft, WorkRef::step(i), Cause::RevisionLost, &message, vec![Action::Abort], None);
}

/// The revision is available again: the question is closed.
pub(super) fn revision_found(draft: &mut Draft<'_>) {
    draft.status.escalations.retain(|e| e.cause != Cause::RevisionLost);
}
