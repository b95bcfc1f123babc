//! What a failed or lost attempt costs, and what happens when a budget is used up.

use crate::api::step::OnExhausted;
use crate::api::{Cause, Phase, Reason, StepPhase};

use super::definition::Definition;
use super::draft::Draft;
use super::work::{back_off, count, count_loss, set_phase};
use super::work_ref::WorkRef;
use super::{ending, escalate};

/// A failed attempt spends a retry. Without one left, the work is exhausted.
pub(super) fn charge_failure(
    draft: &mut Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    cause: Cause,
    code: Option<i32>,
    message: &str,
) {
    count(draft, work_ref, |w| w.failures += 1);
    let (Some(def), Some(retries)) =
        (definition.steps.get(work_ref.step), draft.work(work_ref).map(|w| w.retries))
    else {
        return;
    };
    let hopeless = code.is_some_and(|c| def.retry.no_retry_exit_codes.contains(&c));
    if hopeless || retries >= def.retry.limit {
        return exhausted(draft, definition, work_ref, cause, message);
    }
    if ending::is_over(draft, def) {
        return set_phase(draft, work_ref, StepPhase::Cancelled);
    }
    if let Some(totals) = draft.status.totals.as_mut() {
        totals.retries += 1;
    }
    count(draft, work_ref, |w| w.total_retries += 1);
    back_off(draft, work_ref, def.retry.wait(retries), |w| w.retries += 1);
}

/// A lost attempt spends the other budget.
pub(super) fn charge_loss(
    draft: &mut Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    cause: Cause,
    message: &str,
) {
    count_loss(draft, work_ref);
    let (Some(def), Some(lost)) = (definition.steps.get(work_ref.step), draft.work(work_ref).map(|w| w.lost))
    else {
        return;
    };
    if lost >= def.retry.lost_limit {
        return exhausted(draft, definition, work_ref, cause, message);
    }
    if ending::is_over(draft, def) {
        return set_phase(draft, work_ref, StepPhase::Cancelled);
    }
    back_off(draft, work_ref, def.retry.wait(lost), |w| w.lost += 1);
}

/// The budget is used up: the run escalates, fails, or continues without the step.
pub(super) fn exhausted(
    draft: &mut Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    cause: Cause,
    message: &str,
) {
    let attempts = draft.work(work_ref).map_or(0, |w| w.attempts);
    let noun = if attempts == 1 { "attempt" } else { "attempts" };
    let words = work_ref.words(&draft.status);
    let message = format!("{words} failed after {attempts} {noun}: {cause}: {message}");
    let Some(def) = definition.steps.get(work_ref.step) else { return };
    if draft.status.ending.is_some() {
        return set_phase(draft, work_ref, StepPhase::Failed);
    }
    match def.on_exhausted {
        OnExhausted::Escalate => escalate::open(draft, work_ref, cause, message),
        OnExhausted::Continue => set_phase(draft, work_ref, StepPhase::Tolerated),
        OnExhausted::Fail => {
            set_phase(draft, work_ref, StepPhase::Failed);
            ending::request_end(draft, Phase::Failed, Reason::StepFailed, message);
        }
    }
}
