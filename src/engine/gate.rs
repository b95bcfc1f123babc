//! Approval steps: a question to a person, and what the answer does.

use crate::api::{Action, Cause, Outcome, Phase, Reason, Span, StepPhase, WorkflowDecision};

use super::definition::Definition;
use super::draft::Draft;
use super::place::Place;
use super::{budget, ending, escalate, rework, scope, work};

/// Asks the question.
pub fn ask(draft: &mut Draft<'_>, all: &Definition, at: Place, message: &str, expires_after: Option<Span>) {
    let asked = scope::context_of(draft, all, at)
        .and_then(|context| scope::render(message, &context, "approval.message"));
    let now = draft.now();
    match asked {
        Err((cause, message)) => escalate::open(draft, at, cause, message),
        Ok(question) => {
            if escalate::is_full(draft) {
                return;
            }
            if let Some(work) = draft.work_mut(at) {
                work::ask(work, now);
            }
            let actions = vec![Action::Approve, Action::Reject, Action::Abort];
            escalate::add(draft, at, Cause::Approval, &question, actions, expires_after);
        }
    }
}

/// The answer yes: what the person said and gave is the step's output.
pub fn approve(draft: &mut Draft<'_>, at: Place, decision: &WorkflowDecision) {
    work::finish(draft, at, StepPhase::Succeeded);
    if let Some(work) = draft.work_mut(at) {
        work.output = Some(decision.spec.feedback.clone().unwrap_or_default());
    }
}

/// The answer no: the work goes back with the person's feedback, or the run ends.
pub fn reject(draft: &mut Draft<'_>, all: &Definition, at: Place, decision: &WorkflowDecision) {
    let by = decision.spec.by.as_deref().unwrap_or("a decision");
    let feedback = decision.spec.feedback.clone().unwrap_or_default();
    let words = at.words(&draft.status);
    let Some(rule) = all.steps.get(at.step).and_then(|d| d.on_retry.clone()) else {
        if let Some(work) = draft.work_mut(at) {
            work::reject(work);
        }
        let tail = if feedback.is_empty() { String::new() } else { format!(": {feedback}") };
        let message = format!("{words} was rejected by {by}{tail}");
        return ending::order(draft, Phase::Failed, Reason::Rejected, message);
    };
    if rework::send_back(draft, all, at, &rule, &feedback) {
        // A person's word reaches the work under the name for such words, too.
        if let Some(work) = draft.work_mut(Place::step(rule.target)) {
            work.feedback = Some(feedback);
        }
    } else {
        let message = format!("rejected by {by}; its work was sent back {} time(s) already", rule.limit);
        budget::exhausted(draft, all, at, Cause::ReworkExhausted, &message);
    }
}

/// Whether an attempt's end is a success of its Job: the agent did what it was asked.
pub const fn is_success(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Done | Outcome::SentBack)
}
