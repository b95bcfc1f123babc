//! Work that is sent back: the only backward edge of a workflow.
//!
//! The target and every step between it and the rejecting step run again, with the feedback and fresh budgets; their
//! history is kept. Rounds are counted apart from retries. Start reading at [`send_back`].

use crate::api::status::ItemStatus;
use crate::api::{StepPhase, Work};

use super::definition::{Definition, Rework};
use super::draft::Draft;
use super::scope::REWORK;
use super::work;
use super::work_ref::WorkRef;

/// The maximum size of a feedback, in bytes: the same as of an output.
const FEEDBACK_LIMIT: usize = super::output::TAIL_LIMIT;

/// Sends the work back. False: `onRetry.limit` is reached.
pub(super) fn send_back(
    draft: &mut Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    rule: &Rework,
    feedback: &str,
) -> bool {
    if work_ref.item.is_none() && is_outdated(draft, definition, work_ref.step, rule.target) {
        restart(draft, work_ref, None);
        return true;
    }
    let Some(work) = draft.work_mut(work_ref) else { return false };
    if work.sent_back >= rule.limit {
        return false;
    }
    work.sent_back += 1;
    draft.status.totals.get_or_insert_default().rounds += 1;
    let feedback = clipped(feedback);
    match (work_ref.item, definition.steps.get(work_ref.step).and_then(|d| d.verifies)) {
        (Some(k), Some(of)) => {
            restart(draft, WorkRef::item(of, k), Some(feedback));
            restart(draft, work_ref, None);
        }
        _ => whole(draft, definition, work_ref.step, rule.target, feedback),
    }
    true
}

fn clipped(text: &str) -> &str {
    let mut end = text.len().min(FEEDBACK_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn restart(draft: &mut Draft<'_>, work_ref: WorkRef, feedback: Option<&str>) {
    if let Some(work) = draft.work_mut(work_ref) {
        work::again(work, feedback);
    }
}

/// The work that the step verified is running again already, because another step rejected it as well: this verdict is
/// about outdated work. It costs nothing; the step verifies the new work.
fn is_outdated(draft: &Draft<'_>, definition: &Definition, verifier: usize, target: usize) -> bool {
    let satisfied = |step: usize| draft.work(WorkRef::step(step)).is_some_and(|w| w.phase.is_satisfied());
    definition.between(target, verifier).into_iter().any(|step| step != verifier && !satisfied(step))
}

/// All of the work was finished: it starts again, in a new round. A loop gets one more item instead.
fn whole(draft: &mut Draft<'_>, definition: &Definition, verifier: usize, target: usize, feedback: &str) {
    let target_loops = definition.loop_of(target) == Some(target);
    for step in definition.between(target, verifier) {
        let of_target = definition.steps.get(step).is_some_and(|d| d.verifies == Some(target));
        if target_loops && (step == target || of_target) {
            reopen(draft, step, step == target, feedback);
        } else if let Some(work) = draft.work_mut(WorkRef::step(step)) {
            let judges = step == verifier;
            work::again(work, Some(feedback).filter(|_| !judges));
            work.sent_back = if judges { work.sent_back } else { 0 };
        }
    }
}

/// A finished loop gets one more item.
fn reopen(draft: &mut Draft<'_>, step: usize, does_the_work: bool, feedback: &str) {
    let Some(status) = draft.status.steps.get_mut(step) else { return };
    let taken = |n: &usize| status.items.iter().any(|i| i.id == format!("{REWORK}{n}"));
    let n = (1..).find(|n| !taken(n)).unwrap_or(1);
    let mut work = Work::default();
    if does_the_work {
        work.supplied.insert("rework".into(), feedback.into());
        work.verify_feedback = Some(feedback.into());
    }
    status.items.push(ItemStatus {
        id: format!("{REWORK}{n}"),
        title: Some(format!("Rework {n}")),
        listed: status.work.rounds,
        work,
    });
    work::reopen(status, if does_the_work { StepPhase::Running } else { StepPhase::Pending });
}

/// The work was accepted: its feedback is cleared.
pub(super) fn accepted(draft: &mut Draft<'_>, definition: &Definition, work_ref: WorkRef) {
    let Some(def) = definition.steps.get(work_ref.step) else { return };
    let work_refs: Vec<WorkRef> = match (work_ref.item, def.verifies, &def.on_retry) {
        (Some(k), Some(of), _) => vec![WorkRef::item(of, k)],
        (None, _, Some(rule)) => {
            definition.between(rule.target, work_ref.step).into_iter().map(WorkRef::step).collect()
        }
        _ => return,
    };
    for place in work_refs {
        if let Some(work) = draft.work_mut(place).filter(|w| w.phase.is_satisfied()) {
            work.verify_feedback = None;
        }
    }
}

/// The value of the named key, else the whole output.
pub(super) fn feedback_of(
    rule: &Rework,
    values: &std::collections::BTreeMap<String, String>,
    text: &str,
) -> String {
    let named = rule.feedback.as_ref().and_then(|key| {
        values.iter().find(|(k, v)| k.eq_ignore_ascii_case(key) && !v.is_empty()).map(|(_, v)| v.clone())
    });
    named.unwrap_or_else(|| text.to_string())
}
