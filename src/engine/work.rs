//! What becomes of a piece of work, a step or an item: the end of an attempt, its phase, its counters.

use std::time::Duration;

use crate::api::status::{CurrentAttempt, LastAttempt};
use crate::api::{Cause, Outcome, StepPhase, Work, WorkflowRunStatus};

use super::definition::{Definition, Each};
use super::draft::Draft;
use super::place::Place;

/// How an attempt ended, without its words.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub outcome: Outcome,
    pub cause: Option<Cause>,
    pub exit_code: Option<i32>,
}

impl End {
    pub const fn of(outcome: Outcome, cause: Option<Cause>) -> Self {
        Self { outcome, cause, exit_code: None }
    }
}

/// The attempt is over: its outcome enters the status, exactly once.
pub fn record(draft: &mut Draft<'_>, at: Place, current: &CurrentAttempt, end: End, message: &str) {
    if let Some(work) = draft.work_mut(at) {
        work.current = None;
        let message: String = message.chars().take(256).collect();
        let message = Some(message).filter(|m| !m.is_empty());
        let End { outcome, cause, exit_code } = end;
        work.last = Some(LastAttempt { n: current.n, outcome, cause, exit_code, message });
    }
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

pub fn set_phase(draft: &mut Draft<'_>, at: Place, phase: StepPhase) {
    let now = draft.now();
    if let Some(work) = draft.work_mut(at) {
        work.phase = phase;
        work.next_attempt_at = None;
        work.finished_at = phase.is_finished().then_some(now);
    }
}

pub fn back_off(draft: &mut Draft<'_>, at: Place, wait: Duration, charge: impl Fn(&mut Work)) {
    let when = draft.now().plus(wait);
    if let Some(work) = draft.work_mut(at) {
        charge(work);
        work.phase = StepPhase::Backoff;
        work.next_attempt_at = Some(when);
    }
}

/// The work is to be done again: a new round with fresh budgets; its history stays.
pub fn again(work: &mut Work, feedback: Option<&str>) {
    work.phase = StepPhase::Pending;
    work.retries = 0;
    work.lost = 0;
    work.next_attempt_at = None;
    work.finished_at = None;
    work.rounds += 1;
    work.verify_feedback = feedback.map(String::from);
}

pub fn finish(draft: &mut Draft<'_>, step: usize, phase: StepPhase) {
    let now = draft.now();
    if let Some(work) = draft.work_mut(Place::step(step)) {
        work.phase = phase;
        work.finished_at = Some(now);
    }
}

/// The run goes on without it.
pub fn skip(draft: &mut Draft<'_>, all: &Definition, at: Place) {
    let now = draft.now();
    if at.item.is_none()
        && let Some(each) = all.steps.get(at.step).and_then(|d| d.each.as_ref())
    {
        return skip_loop(draft, at.step, each);
    }
    if let Some(work) = draft.work_mut(at) {
        work.phase = StepPhase::Skipped;
        work.finished_at = Some(now);
    }
}

/// A loop that is skipped takes its verifier with it.
pub fn skip_loop(draft: &mut Draft<'_>, i: usize, each: &Each) {
    for step in [Some(i), each.verifier].into_iter().flatten() {
        finish(draft, step, StepPhase::Skipped);
    }
}

/// A step with items shows the most lively of them, and the sums of what they spent.
pub fn sum_up(status: &mut WorkflowRunStatus, step: usize) {
    let Some(step) = status.steps.get_mut(step).filter(|s| !s.items.is_empty()) else { return };
    let any = |phase| step.items.iter().any(|i| i.work.phase == phase);
    let lively = [
        StepPhase::Running,
        StepPhase::Backoff,
        StepPhase::Escalated,
        StepPhase::Failed,
        StepPhase::Cancelled,
        StepPhase::Pending,
    ];
    step.work.phase = lively.into_iter().find(|p| any(*p)).unwrap_or(StepPhase::Pending);
    step.work.retries = step.items.iter().map(|i| i.work.retries).sum();
    step.work.lost = step.items.iter().map(|i| i.work.lost).sum();
    step.work.next_attempt_at = step.items.iter().filter_map(|i| i.work.next_attempt_at).min();
    step.work.started_at = step.items.iter().filter_map(|i| i.work.started_at).min().or(step.work.started_at);
}
