//! Stops attempts: the order is written to the status before it is carried out.

use std::time::Duration;

use crate::api::status::{CurrentAttempt, StopOrder};
use crate::api::{Cause, Outcome, StepPhase};

use super::draft::Draft;
use super::effect::Effect;
use super::snapshot::{AttemptFact, STOP_GRACE};
use super::work::{self, End, count_loss, record};
use super::work_ref::{WorkRef, work_refs};

/// Orders an attempt to stop.
pub(super) fn order_stop(draft: &mut Draft<'_>, work_ref: WorkRef, cause: Cause) {
    let now = draft.now();
    let Some(current) = draft.work_mut(work_ref).and_then(|w| w.current.as_mut()) else { return };
    current.stop = Some(StopOrder { at: now, cause });
    let job = current.job.clone();
    draft.after.push(Effect::Stop { job });
    draft.wake_at(now.plus(STOP_GRACE.as_duration()));
}

/// An attempt that did not stop after its order: after a while its log is read and its Pod is deleted.
pub(super) fn escalate_stop(draft: &mut Draft<'_>, current: &CurrentAttempt) {
    let Some(stop) = &current.stop else { return };
    let limit = stop.at.plus(STOP_GRACE.as_duration());
    if draft.now() >= limit {
        draft.after.push(Effect::Kill { job: current.job.clone() });
        draft.wake_at(draft.now().plus(Duration::from_secs(10)));
    } else {
        draft.wake_at(limit);
    }
}

/// The run ends and its definition is lost: attempts that have ended are recorded as stopped, without a verdict.
pub(super) fn abandon_unjudged(draft: &mut Draft<'_>) {
    for work_ref in work_refs(&draft.status) {
        let Some(current) = draft.work(work_ref).and_then(|w| w.current.clone()) else { continue };
        match draft.snapshot.attempts.get(&current.job).unwrap_or(&AttemptFact::Absent) {
            AttemptFact::Pending { .. } | AttemptFact::Running { .. } => escalate_stop(draft, &current),
            AttemptFact::Unread | AttemptFact::Unreachable { overdue: false, .. } => {
                draft.wake_at(draft.now().plus(Duration::from_secs(5)));
            }
            AttemptFact::Unreachable { overdue: true, message, .. } => {
                let end = End::of(Outcome::Lost, Some(Cause::NodeUnreachable));
                record(draft, work_ref, &current, end, &format!("its node does not answer: {message}"));
                count_loss(draft, work_ref);
                work::set_phase(draft, work_ref, StepPhase::Cancelled);
            }
            AttemptFact::Absent
            | AttemptFact::Blocked { .. }
            | AttemptFact::Refused { .. }
            | AttemptFact::Exited(_)
            | AttemptFact::Lost { .. }
            | AttemptFact::NameTaken { .. } => {
                record(
                    draft,
                    work_ref,
                    &current,
                    End::of(Outcome::Stopped, Some(Cause::RunEnded)),
                    "the run ended",
                );
                work::set_phase(draft, work_ref, StepPhase::Cancelled);
            }
        }
    }
}

/// Stops the attempt under way, or cancels work that is not finished.
pub(super) fn stop_or_cancel(draft: &mut Draft<'_>, work_ref: WorkRef) {
    let now = draft.now();
    let Some(work) = draft.work_mut(work_ref) else { return };
    match &work.current {
        Some(current) if current.stop.is_none() => order_stop(draft, work_ref, Cause::RunEnded),
        Some(_) => {}
        None if !work.phase.is_finished() => {
            work::cancel(work, now);
        }
        None => {}
    }
}
