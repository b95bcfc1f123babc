//! Starts every step that may start.

use crate::api::StepPhase;

use super::definition::Definition;
use super::draft::Draft;
use super::launch::{self, Wanted};
use super::ready::{Ready, held, needs_met, readiness};
use super::work_ref::WorkRef;
use super::{loops, work};

/// Starts every step that may start. A step that is skipped or finished without an attempt allows the next one to
/// start.
pub(super) fn start(draft: &mut Draft<'_>, definition: &Definition) {
    if held(draft) {
        return;
    }
    // Each round ends at least one step, so the loop terminates; the bound makes that obvious.
    for _ in 0..=definition.steps.len() {
        let moved = (0..definition.steps.len()).filter(|&i| start_step(draft, definition, i)).count();
        if moved == 0 {
            return;
        }
    }
}

/// True: the step ended without an attempt.
fn start_step(draft: &mut Draft<'_>, definition: &Definition, i: usize) -> bool {
    let Some(def) = definition.steps.get(i).filter(|d| !d.finally && d.verifies.is_none()) else {
        return false;
    };
    if def.each.is_some() {
        return loops::drive(draft, definition, i);
    }
    let work_ref = WorkRef::step(i);
    match readiness(draft, work_ref) {
        Ready::No => false,
        Ready::At(when) => {
            draft.wake_at(when);
            false
        }
        Ready::Now if !needs_met(draft, definition, i) => false,
        Ready::Now => match launch::wanted(draft, definition, work_ref) {
            Wanted::Asked => false,
            Wanted::No => {
                work::finish(draft, work_ref, StepPhase::Skipped);
                true
            }
            Wanted::Yes => {
                launch::begin(draft, definition, work_ref);
                false
            }
        },
    }
}
