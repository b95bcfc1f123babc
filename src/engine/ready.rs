//! Whether a piece of work may start, according to the status.

use crate::api::{Stamp, StepPhase};

use super::definition::Definition;
use super::draft::Draft;
use super::work_ref::WorkRef;

/// True while no new attempt may start.
pub(super) fn held(draft: &Draft<'_>) -> bool {
    draft.status.hold.is_some() || draft.snapshot.run.spec.suspend == Some(true)
}

/// Whether a piece of work may start.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ready {
    Now,
    At(Stamp),
    No,
}

/// Is every step before it finished?
pub(super) fn needs_met(draft: &Draft<'_>, definition: &Definition, i: usize) -> bool {
    let satisfied = |n: &usize| draft.work(WorkRef::step(*n)).is_some_and(|w| w.phase.is_satisfied());
    definition.steps.get(i).is_some_and(|d| d.needs.iter().all(satisfied))
}

/// Whether the work's own state allows a start: its phase and its backoff.
pub(super) fn readiness(draft: &Draft<'_>, work_ref: WorkRef) -> Ready {
    let Some(work) = draft.work(work_ref).filter(|w| w.current.is_none()) else { return Ready::No };
    match work.phase {
        StepPhase::Pending => Ready::Now,
        StepPhase::Backoff => match work.next_attempt_at {
            Some(when) if when > draft.now() => Ready::At(when),
            Some(_) | None => Ready::Now,
        },
        StepPhase::Running
        | StepPhase::Escalated
        | StepPhase::Succeeded
        | StepPhase::Failed
        | StepPhase::Tolerated
        | StepPhase::Skipped
        | StepPhase::Cancelled => Ready::No,
    }
}
