//! Whether a piece of work may start, as far as the status tells.

use crate::api::{Stamp, StepPhase};

use super::definition::Definition;
use super::draft::Draft;
use super::place::Place;

/// True while no new attempt may start.
pub fn held(draft: &Draft<'_>) -> bool {
    draft.status.hold.is_some() || draft.seen.run.spec.suspend == Some(true)
}

/// Whether a piece of work may start.
#[derive(Clone, Copy, Debug)]
pub enum Ready {
    Now,
    At(Stamp),
    No,
}

/// Is every step before it finished?
pub fn needs_met(draft: &Draft<'_>, all: &Definition, i: usize) -> bool {
    let satisfied = |n: &usize| draft.work(Place::step(*n)).is_some_and(|w| w.phase.is_satisfied());
    all.steps.get(i).is_some_and(|d| d.needs.iter().all(satisfied))
}

/// Is it the work's time, as far as its own state goes?
pub fn due(draft: &Draft<'_>, at: Place) -> Ready {
    let Some(work) = draft.work(at).filter(|w| w.current.is_none()) else { return Ready::No };
    match work.phase {
        StepPhase::Pending => Ready::Now,
        StepPhase::Backoff => match work.next_attempt_at {
            Some(at) if at > draft.now() => Ready::At(at),
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
