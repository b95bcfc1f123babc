//! What an attempt that was not done costs, and what happens when nothing is left.

use std::time::Duration;

use crate::api::step::OnExhausted;
use crate::api::{Cause, Phase, Reason, StepPhase, Work};

use super::definition::Definition;
use super::place::Place;
use super::plan::Draft;
use super::{end, escalate};

/// A failed attempt spends a retry, or the work is exhausted.
pub fn charge_failure(
    draft: &mut Draft<'_>,
    all: &Definition,
    at: Place,
    cause: Cause,
    code: Option<i32>,
    message: &str,
) {
    count(draft, at, |w| w.failures += 1);
    let (Some(def), Some(retries)) = (all.steps.get(at.step), draft.work(at).map(|w| w.retries)) else {
        return;
    };
    let hopeless = code.is_some_and(|c| def.retry.no_retry_exit_codes.contains(&c));
    if hopeless || retries >= def.retry.limit {
        return exhausted(draft, all, at, cause, message);
    }
    if end::is_over(draft, def) {
        return set_phase(draft, at, StepPhase::Cancelled);
    }
    if let Some(totals) = draft.status.totals.as_mut() {
        totals.retries += 1;
    }
    count(draft, at, |w| w.total_retries += 1);
    back_off(draft, at, def.retry.wait(retries), |w| w.retries += 1);
}

/// A lost attempt spends the other budget.
pub fn charge_loss(draft: &mut Draft<'_>, all: &Definition, at: Place, cause: Cause, message: &str) {
    if let Some(totals) = draft.status.totals.as_mut() {
        totals.lost += 1;
    }
    count(draft, at, |w| w.total_lost += 1);
    let (Some(def), Some(lost)) = (all.steps.get(at.step), draft.work(at).map(|w| w.lost)) else {
        return;
    };
    if lost >= def.retry.lost_limit {
        return exhausted(draft, all, at, cause, message);
    }
    if end::is_over(draft, def) {
        return set_phase(draft, at, StepPhase::Cancelled);
    }
    back_off(draft, at, def.retry.wait(lost), |w| w.lost += 1);
}

/// Counts what never falls, as the number of attempts does: at the work itself, and at the step whose item it is. A step
/// outlives its items, so that what it shows is not less when a list is made anew without one of them.
pub fn count(draft: &mut Draft<'_>, at: Place, add: impl Fn(&mut Work)) {
    if at.item.is_some()
        && let Some(step) = draft.work_mut(Place::step(at.step))
    {
        add(step);
    }
    if let Some(work) = draft.work_mut(at) {
        add(work);
    }
}

fn back_off(draft: &mut Draft<'_>, at: Place, wait: Duration, charge: impl Fn(&mut Work)) {
    let when = draft.now().plus(wait);
    if let Some(work) = draft.work_mut(at) {
        charge(work);
        work.phase = StepPhase::Backoff;
        work.next_attempt_at = Some(when);
    }
}

/// Nothing is left: a person is asked, or the run fails, or it goes on without.
pub fn exhausted(draft: &mut Draft<'_>, all: &Definition, at: Place, cause: Cause, message: &str) {
    let attempts = draft.work(at).map_or(0, |w| w.attempts);
    let message =
        format!("{} failed after {attempts} attempt(s): {cause}: {message}", at.words(&draft.status));
    let Some(def) = all.steps.get(at.step) else { return };
    if draft.status.ending.is_some() {
        return set_phase(draft, at, StepPhase::Failed);
    }
    match def.on_exhausted {
        OnExhausted::Escalate => escalate::open(draft, at, cause, message),
        OnExhausted::Continue => set_phase(draft, at, StepPhase::Tolerated),
        OnExhausted::Fail => {
            set_phase(draft, at, StepPhase::Failed);
            end::order(draft, Phase::Failed, Reason::StepFailed, message);
        }
    }
}

pub fn set_phase(draft: &mut Draft<'_>, at: Place, phase: StepPhase) {
    let now = draft.now();
    if let Some(work) = draft.work_mut(at) {
        work.phase = phase;
        work.next_attempt_at = None;
        work.finished_at = phase.is_finished().then_some(now);
    }
}
