//! Starts every step whose turn it is.

use crate::api::StepPhase;

use super::definition::Definition;
use super::draft::Draft;
use super::launch::{self, Wanted};
use super::ready::{Ready, held, needs_met, readiness};
use super::work_ref::WorkRef;
use super::{loops, work};

/// Starts every step whose turn it is; a step that is skipped or finished without an attempt makes room for the next.
pub fn start(draft: &mut Draft<'_>, definition: &Definition) {
    if held(draft) {
        return;
    }
    // Each round ends a step at least, so this comes to rest; the bound is for a reader's peace of mind.
    for _ in 0..=definition.steps.len() {
        let moved = (0..definition.steps.len()).filter(|&i| start_step(draft, definition, i)).count();
        if moved == 0 {
            return;
        }
    }
}

/// True: the step came to an end without an attempt.
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
