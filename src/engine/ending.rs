//! How a run is going to end, once that is decided.

use crate::api::status::Ending;
use crate::api::{Phase, Reason};

use super::definition::StepDef;
use super::draft::Draft;

/// Decides how the run ends. The first decision counts.
pub(super) fn request_end(draft: &mut Draft<'_>, phase: Phase, reason: Reason, message: String) {
    let at = draft.now();
    draft.status.ending.get_or_insert(Ending { phase, reason, message, at, abandoned: false });
}

/// Whether the run's end has progressed so far that no further attempt of the step may start.
pub(super) fn is_over(draft: &Draft<'_>, def: &StepDef) -> bool {
    draft.status.ending.as_ref().is_some_and(|ending| !def.finally || ending.abandoned)
}
