//! Changes of a piece of work, a step or an item: the end of an attempt, its phase, its counters.
//!
//! This file writes every phase, together with the times that belong to it (`startedAt`, `finishedAt`,
//! `nextAttemptAt`); the rest of the engine names the change. It never decides which change to make. Start reading at
//! [`set_phase`].

use std::time::Duration;

use crate::api::record::StepRecord;
use crate::api::status::{CurrentAttempt, LastAttempt};
use crate::api::{Cause, Outcome, Stamp, StepPhase, StepStatus, Work, WorkflowRunStatus};

use super::definition::{Definition, Loop};
use super::draft::Draft;
use super::work_ref::WorkRef;

/// How an attempt ended, without its message.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub outcome: Outcome,
    pub cause: Option<Cause>,
    pub exit_code: Option<i32>,
}

impl End {
    pub(super) const fn of(outcome: Outcome, cause: Option<Cause>) -> Self {
        Self { outcome, cause, exit_code: None }
    }
}

/// The attempt has ended: its outcome is written to the status, exactly once.
pub(super) fn record(
    draft: &mut Draft<'_>,
    work_ref: WorkRef,
    current: &CurrentAttempt,
    end: End,
    message: &str,
) {
    if let Some(work) = draft.work_mut(work_ref) {
        work.current = None;
        let message: String = message.chars().take(256).collect();
        let message = Some(message).filter(|m| !m.is_empty());
        let End { outcome, cause, exit_code } = end;
        work.last = Some(LastAttempt { n: current.n, outcome, cause, exit_code, message });
    }
}

/// Increments counters that never decrease, such as the number of attempts: of the work itself, and of the step that
/// the item belongs to. A step outlives its items, so its counters do not decrease when a new list lacks one of them.
pub(super) fn count(draft: &mut Draft<'_>, work_ref: WorkRef, add: impl Fn(&mut Work)) {
    if work_ref.item.is_some()
        && let Some(step) = draft.work_mut(WorkRef::step(work_ref.step))
    {
        add(step);
    }
    if let Some(work) = draft.work_mut(work_ref) {
        add(work);
    }
}

/// Counts a lost attempt; it charges no budget.
pub(super) fn count_loss(draft: &mut Draft<'_>, work_ref: WorkRef) {
    if let Some(totals) = draft.status.totals.as_mut() {
        totals.lost += 1;
    }
    count(draft, work_ref, |w| w.total_lost += 1);
}

/// The attempt `current` begins.
pub(super) fn start(work: &mut Work, current: CurrentAttempt) {
    work.phase = StepPhase::Running;
    work.attempts = current.n;
    work.started_at = work.started_at.or(Some(current.intent_at));
    work.next_attempt_at = None;
    work.current = Some(current);
}

/// The items of a loop are listed: the loop itself has no attempt.
pub(super) fn start_loop(work: &mut Work, now: Stamp) {
    work.phase = StepPhase::Running;
    work.started_at = work.started_at.or(Some(now));
}

/// The attempt under way, or the loop, continues.
pub(super) fn go_on(work: &mut Work) {
    work.phase = StepPhase::Running;
}

/// The work waits for a person, whatever it was about to do.
pub(super) fn wait_for_person(work: &mut Work) {
    work.phase = StepPhase::Escalated;
    work.next_attempt_at = None;
    work.finished_at = None;
}

/// A person is asked whether the run continues: the work of an approval step begins.
pub(super) fn ask(work: &mut Work, now: Stamp) {
    wait_for_person(work);
    work.started_at = work.started_at.or(Some(now));
}

/// A person rejected, and there is no earlier work to send back. The run ends; the step has no end of its own.
pub(super) fn reject(work: &mut Work) {
    work.phase = StepPhase::Failed;
}

/// A person answered Retry: fresh budgets, and the person's feedback for the next attempt.
pub(super) fn retry(work: &mut Work, feedback: Option<String>) {
    work.phase = StepPhase::Pending;
    work.retries = 0;
    work.lost = 0;
    work.sent_back = 0;
    work.feedback = feedback;
}

/// The run ends before the work does. Work that never started has no end time.
pub(super) fn cancel(work: &mut Work, now: Stamp) {
    work.phase = StepPhase::Cancelled;
    work.next_attempt_at = None;
    work.finished_at = work.started_at.map(|_| now);
}

/// The attempt ended with this phase; the end time is set if the work is finished.
pub(super) fn set_phase(draft: &mut Draft<'_>, work_ref: WorkRef, phase: StepPhase) {
    let now = draft.now();
    if let Some(work) = draft.work_mut(work_ref) {
        work.phase = phase;
        work.next_attempt_at = None;
        work.finished_at = phase.is_finished().then_some(now);
    }
}

/// The next attempt starts after a backoff, charged to a budget.
pub(super) fn back_off(draft: &mut Draft<'_>, work_ref: WorkRef, wait: Duration, charge: impl Fn(&mut Work)) {
    let when = draft.now().plus(wait);
    if let Some(work) = draft.work_mut(work_ref) {
        charge(work);
        work.phase = StepPhase::Backoff;
        work.next_attempt_at = Some(when);
    }
}

/// The work is done again: a new round with fresh budgets; its history is kept.
pub(super) fn again(work: &mut Work, feedback: Option<&str>) {
    work.phase = StepPhase::Pending;
    work.retries = 0;
    work.lost = 0;
    work.next_attempt_at = None;
    work.finished_at = None;
    work.rounds += 1;
    work.verify_feedback = feedback.map(String::from);
}

/// A finished loop gets one more item: its work, or its verification, continues.
pub(super) fn reopen(step: &mut StepStatus, phase: StepPhase) {
    step.work.rounds += 1;
    step.work.phase = phase;
    step.work.finished_at = None;
}

/// The work is finished without an attempt of its own: skipped, approved, or the sum of its items.
pub(super) fn finish(draft: &mut Draft<'_>, work_ref: WorkRef, phase: StepPhase) {
    let now = draft.now();
    if let Some(work) = draft.work_mut(work_ref) {
        work.phase = phase;
        work.finished_at = Some(now);
    }
}

/// The run continues without it.
pub(super) fn skip(draft: &mut Draft<'_>, definition: &Definition, work_ref: WorkRef) {
    if work_ref.item.is_none()
        && let Some(each) = definition.steps.get(work_ref.step).and_then(|d| d.each.as_ref())
    {
        return skip_loop(draft, work_ref.step, each);
    }
    finish(draft, work_ref, StepPhase::Skipped);
}

/// A loop that is skipped skips its verifier, too.
pub(super) fn skip_loop(draft: &mut Draft<'_>, i: usize, each: &Loop) {
    for step in [Some(i), each.verifier].into_iter().flatten() {
        finish(draft, WorkRef::step(step), StepPhase::Skipped);
    }
}

/// A step with items shows the most active phase of them, and the sums of their counters.
pub(super) fn sum_up(status: &mut WorkflowRunStatus, step: usize) {
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

/// Every item of the step has ended while the run ends: so has the step.
pub(super) fn end_with_items(work: &mut Work, now: Stamp) {
    if !work.phase.is_finished() {
        work.phase = StepPhase::Cancelled;
    }
    work.finished_at = Some(now);
}

/// The run's record is the truth about a step. The difference to the status is charged to the last budget.
pub(super) fn follow_record(work: &mut Work, record: &StepRecord) {
    (work.phase, work.rounds, work.finished_at) = (record.phase, record.rounds, record.finished_at);
    let earlier =
        (work.total_retries.saturating_sub(work.retries), work.total_lost.saturating_sub(work.lost));
    work.retries = record.retries.saturating_sub(earlier.0);
    work.lost = record.lost.saturating_sub(earlier.1);
    (work.failures, work.total_retries, work.total_lost) = (record.failures, record.retries, record.lost);
}
