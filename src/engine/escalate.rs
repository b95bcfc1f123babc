//! Questions to people: opened once per attempt, closed by a decision, by expiry, or because the run ends.

use crate::api::status::EscalationStatus;
use crate::api::workflow::{Escalation, OnExpiry};
use crate::api::{Action, Cause, Phase, Reason, StepPhase};

use super::plan::Draft;
use super::snapshot::{RevisionFact, WorkflowFact};
use super::{end, ids};

/// The step waits for a person.
pub fn open(draft: &mut Draft<'_>, i: usize, cause: Cause, message: String) {
    if let Some(step) = draft.status.steps.get_mut(i) {
        step.phase = StepPhase::Escalated;
        step.next_attempt_at = None;
    }
    add(draft, i, cause, &message, vec![Action::Retry, Action::Skip, Action::Abort]);
}

/// A question about an attempt that is still under way: there is never a second attempt beside it.
pub fn open_beside(draft: &mut Draft<'_>, i: usize, cause: Cause, message: String) {
    let Some(name) = draft.status.steps.get(i).map(|s| s.name.clone()) else {
        return;
    };
    if !draft.status.escalations.iter().any(|e| e.step == name && e.cause == cause) {
        if let Some(step) = draft.status.steps.get_mut(i) {
            step.phase = StepPhase::Escalated;
        }
        add(draft, i, cause, &message, vec![Action::Abort]);
    }
}

fn add(draft: &mut Draft<'_>, i: usize, cause: Cause, message: &str, actions: Vec<Action>) {
    let Some((step, attempt)) = draft.status.steps.get(i).map(|s| (s.name.clone(), s.attempts)) else {
        return;
    };
    let totals = draft.status.totals.get_or_insert_default();
    totals.escalations += 1;
    let k = totals.escalations;
    let id = ids::escalation_id(k, draft.run_uid(), &step, None, attempt);
    let words: Vec<&str> = actions.iter().map(|a| a.as_str()).collect();
    let outputs = if cause.needs_outputs() { " (Retry only with outputs that mend it)" } else { "" };
    let message: String = message.chars().take(1024).collect();
    let message = format!(
        "{message}. Answer with a WorkflowDecision named {}-{id}: {}{outputs}",
        draft.run_name(),
        words.join(", ")
    );
    let since = draft.now();
    let expires_at = rules(draft).expires_after.map(|after| since.plus(after.as_duration()));
    draft.status.escalations.push(EscalationStatus { id, step, cause, message, since, expires_at, actions });
}

fn rules(draft: &Draft<'_>) -> Escalation {
    let spec = match (&draft.seen.revision, draft.seen.workflow) {
        (RevisionFact::Found(spec), _) => Some(&**spec),
        (_, WorkflowFact::Present(workflow)) => Some(&workflow.spec),
        _ => None,
    };
    spec.and_then(|s| s.escalation.clone()).unwrap_or_default()
}

/// Closes the question and gives the step's position.
pub fn close(draft: &mut Draft<'_>, id: &str) -> Option<usize> {
    let at = draft.status.escalations.iter().position(|e| e.id == id)?;
    let step = draft.status.escalations.remove(at).step;
    draft.status.steps.iter().position(|s| s.name == step)
}

/// Does what the workflow says about questions that nobody answered in time.
pub fn expire(draft: &mut Draft<'_>) {
    let now = draft.now();
    let due: Vec<EscalationStatus> = draft
        .status
        .escalations
        .iter()
        .filter(|e| e.expires_at.is_some_and(|at| at <= now))
        .cloned()
        .collect();
    for question in due {
        let words =
            format!("nobody answered the escalation {} of step {} in time", question.id, question.step);
        match rules(draft).on_expiry.unwrap_or(OnExpiry::Abort) {
            OnExpiry::Abort => end::order(draft, Phase::Cancelled, Reason::EscalationExpired, words),
            OnExpiry::Fail => end::order(draft, Phase::Failed, Reason::EscalationExpired, words),
            OnExpiry::Skip => {
                if let Some(step) = close(draft, &question.id).and_then(|i| draft.status.steps.get_mut(i)) {
                    step.phase = StepPhase::Skipped;
                    step.finished_at = Some(now);
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

/// The revision cannot be used: a person is asked, once.
pub fn revision_lost(draft: &mut Draft<'_>, problem: &str) {
    if draft.status.escalations.iter().any(|e| e.cause == Cause::RevisionLost) {
        return;
    }
    let Some(i) = draft.status.steps.iter().position(|s| !s.phase.is_finished()) else {
        return;
    };
    let revision =
        draft.status.workflow.as_ref().map(|w| ids::revision_name(&w.name, &w.revision)).unwrap_or_default();
    let message = format!("the ControllerRevision {revision} {problem}; restore it, or abort the run");
    add(draft, i, Cause::RevisionLost, &message, vec![Action::Abort]);
}

/// It is there again: the question is answered.
pub fn revision_found(draft: &mut Draft<'_>) {
    draft.status.escalations.retain(|e| e.cause != Cause::RevisionLost);
}
