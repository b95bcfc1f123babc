//! Approval steps: a question to a person, and what the answer does.

use crate::api::{Action, Cause, Outcome, Phase, Reason, Span, StepPhase, WorkflowDecision};

use super::definition::Definition;
use super::draft::Draft;
use super::work_ref::WorkRef;
use super::{budget, ending, escalate, rework, scope, work};

/// Asks the question.
pub(super) fn ask(
    draft: &mut Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    message: &str,
    expires_after: Option<Span>,
) {
    let asked = scope::context_of(draft, definition, work_ref)
        .and_then(|context| scope::render(message, &context, "approval.message"));
    let now = draft.now();
    match asked {
        Err((cause, message)) => escalate::open(draft, work_ref, cause, message),
        Ok(question) => {
            if escalate::is_full(draft) {
                return;
            }
            if let Some(work) = draft.work_mut(work_ref) {
                work::ask(work, now);
            }
            let actions = vec![Action::Approve, Action::Reject, Action::Abort];
            escalate::add(draft, work_ref, Cause::Approval, &question, actions, expires_after);
        }
    }
}

/// The person approved: what the person wrote and supplied is the step's output.
pub(super) fn approve(draft: &mut Draft<'_>, work_ref: WorkRef, decision: &WorkflowDecision) {
    work::finish(draft, work_ref, StepPhase::Succeeded);
    if let Some(work) = draft.work_mut(work_ref) {
        work.output = Some(decision.spec.feedback.clone().unwrap_or_default());
    }
}

/// The person rejected: the work goes back with the person's feedback, or the run ends.
pub(super) fn reject(
    draft: &mut Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    decision: &WorkflowDecision,
) {
    let by = decision.spec.by.as_deref().unwrap_or("a decision");
    let feedback = decision.spec.feedback.clone().unwrap_or_default();
    let words = work_ref.words(&draft.status);
    let Some(rule) = definition.steps.get(work_ref.step).and_then(|d| d.on_retry.clone()) else {
        if let Some(work) = draft.work_mut(work_ref) {
            work::reject(work);
        }
        let tail = if feedback.is_empty() { String::new() } else { format!(": {feedback}") };
        let message = format!("{words} was rejected by {by}{tail}");
        return ending::request_end(draft, Phase::Failed, Reason::Rejected, message);
    };
    if rework::send_back(draft, definition, work_ref, &rule, &feedback) {
        // The person's feedback is passed to the work in the variable for feedback, too.
        if let Some(work) = draft.work_mut(WorkRef::step(rule.target)) {
            work.feedback = Some(feedback);
        }
    } else {
        let message = format!(
            "rejected by {by} again, after its work was sent back as often as onRetry.limit ({}) allows",
            rule.limit
        );
        budget::exhausted(draft, definition, work_ref, Cause::ReworkExhausted, &message);
    }
}

/// Whether the Job of such an attempt is complete: the agent did what it was asked.
pub(super) const fn is_success(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Done | Outcome::SentBack)
}
