//! The steps of `finally`: one after the other, after success, failure or abort. They never escalate. Whatever their
//! outcome, the run ends as decided before; a second Abort ends them, too.

use crate::api::{StepPhase, WorkflowRunStatus};

use super::definition::Definition;
use super::draft::Draft;
use super::launch;
use super::ready::{self, Ready};
use super::stop;
use super::work_ref::WorkRef;

/// Whether a step of `finally` has ended.
pub(super) fn has_begun(draft: &Draft<'_>) -> bool {
    let begun = |p| p != StepPhase::Pending;
    draft.status.steps.iter().any(|s| s.finally && begun(s.work.phase))
}

/// Starts the next one. True: some have not ended.
pub(super) fn drive(draft: &mut Draft<'_>, definition: &Definition) -> bool {
    let abandoned = draft.status.ending.as_ref().is_some_and(|e| e.abandoned);
    for (i, _) in definition.steps.iter().enumerate().filter(|(_, d)| d.finally) {
        let work_ref = WorkRef::step(i);
        if abandoned {
            stop::stop_or_cancel(draft, work_ref);
        } else {
            match ready::readiness(draft, work_ref) {
                Ready::Now => launch::begin(draft, definition, work_ref),
                Ready::At(when) => draft.wake_at(when),
                Ready::No => {}
            }
        }
        if !draft.work(work_ref).is_none_or(|w| w.phase.is_finished()) {
            return true;
        }
    }
    false
}

/// The run's final message, with the steps of `finally` that failed.
pub(super) fn message_with_failures(message: &str, status: &WorkflowRunStatus) -> String {
    let failed = status.steps.iter().filter(|s| s.finally && s.work.phase == StepPhase::Failed);
    let names: Vec<&str> = failed.map(|s| s.name.as_str()).collect();
    if names.is_empty() {
        return message.to_string();
    }
    format!("{message}; in finally failed: {}", names.join(", "))
}
