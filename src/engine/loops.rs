//! Steps that run once per item of a list, with or without a verifier after each item.
//!
//! An item is settled when its work is done and verified. Items start in order, `parallelism` at once; each has its own
//! budgets. Start reading at [`drive`].

use crate::api::status::ItemStatus;
use crate::api::step::OnItemFailure;
use crate::api::{Cause, StepPhase, Work, WorkflowRunStatus};

use super::definition::{Definition, Loop};
use super::draft::Draft;
use super::launch;
use super::list::Item;
use super::ready::{self, Ready};
use super::scope::{is_settled, source};
use super::work::{again, finish, go_on, skip_loop, start_loop, sum_up};
use super::work_ref::WorkRef;
use super::{escalate, status_size};

/// The size of an item in the status, in bytes, without its output.
const ENTRY: usize = 768;

/// Lists the items when the loop may start, starts the items that may start, and ends the loop when all are settled.
/// True: something changed that others wait for.
pub(super) fn drive(draft: &mut Draft<'_>, definition: &Definition, i: usize) -> bool {
    let Some(each) = definition.steps.get(i).and_then(|d| d.each.clone()) else { return false };
    let Some(phase) = draft.work(WorkRef::step(i)).map(|w| w.phase) else { return false };
    if phase.is_finished() {
        return false;
    }
    if escalate::is_asked(draft, WorkRef::step(i)) {
        // About the list itself: items of an earlier round do not matter.
        return false;
    }
    if phase == StepPhase::Pending {
        if !ready::needs_met(draft, definition, i) {
            return false;
        }
        match launch::wanted(draft, definition, WorkRef::step(i)) {
            launch::Wanted::Yes => {}
            launch::Wanted::No => {
                skip_loop(draft, i, &each);
                return true;
            }
            launch::Wanted::Asked => return false,
        }
        if !enlist(draft, definition, i, &each) {
            return draft.work(WorkRef::step(i)).is_some_and(|w| w.phase.is_finished());
        }
    }
    // A step before the loop may be running again, because a parallel step sent it back.
    if ready::needs_met(draft, definition, i) {
        start_items(draft, definition, i, &each);
    }
    close(draft, i, &each)
}

/// Writes the items to the status. False: there are none, and the loop does not continue.
fn enlist(draft: &mut Draft<'_>, definition: &Definition, i: usize, each: &Loop) -> bool {
    let found = match source(draft, definition, i) {
        Ok(items) => items,
        Err((Cause::NoItems, _)) if each.allow_empty => {
            for step in [Some(i), each.verifier].into_iter().flatten() {
                finish(draft, WorkRef::step(step), StepPhase::Succeeded);
            }
            return false;
        }
        Err((cause, message)) => {
            escalate::open(draft, WorkRef::step(i), cause, message);
            return false;
        }
    };
    let own = [Some(i), each.verifier];
    let others = draft.status.steps.iter().enumerate().filter(|(k, _)| !own.contains(&Some(*k)));
    let entries =
        others.map(|(_, s)| s.items.len()).sum::<usize>() + found.len() * own.iter().flatten().count();
    if entries * ENTRY > status_size::LIMIT {
        let message = format!(
            "forEach.in: {}: {} items do not fit into the run's status (512 KiB in all)",
            each.list,
            found.len()
        );
        escalate::open(draft, WorkRef::step(i), Cause::StatusTooLarge, message);
        return false;
    }
    let now = draft.now();
    for step in own.into_iter().flatten() {
        let Some(status) = draft.status.steps.get_mut(step) else { continue };
        let old = std::mem::take(&mut status.items);
        status.items = found.iter().map(|item| entry(item, &old, status.work.rounds)).collect();
    }
    if let Some(work) = draft.work_mut(WorkRef::step(i)) {
        start_loop(work, now);
    }
    true
}

/// An item that was listed before keeps its history: the count of its attempts continues.
fn entry(item: &Item, old: &[ItemStatus], round: u32) -> ItemStatus {
    let title = Some(item.title.chars().take(120).collect()).filter(|t: &String| !t.is_empty());
    match old.iter().find(|o| o.id == item.id) {
        Some(known) => {
            let mut work = known.work.clone();
            again(&mut work, None);
            work.sent_back = 0;
            ItemStatus { id: item.id.clone(), title, listed: known.listed, work }
        }
        None => ItemStatus { id: item.id.clone(), title, listed: round, work: Work::default() },
    }
}

/// An item that holds a slot keeps it, whatever its place in the list; the others get a slot in order.
fn start_items(draft: &mut Draft<'_>, definition: &Definition, i: usize, each: &Loop) {
    let count = draft.status.steps.get(i).map_or(0, |s| s.items.len());
    let busy = (0..count).filter(|k| is_under_way(&draft.status, i, each, *k)).count();
    let mut slots = (each.parallelism as usize).saturating_sub(busy);
    let mut stopped = false;
    for k in 0..count {
        if is_settled(&draft.status, i, each, k) || (stopped && !has_begun(draft, i, k)) {
            continue;
        }
        let under_way = is_under_way(&draft.status, i, each, k);
        if !under_way && slots > 0 {
            advance(draft, definition, i, each, k);
        }
        if is_settled(&draft.status, i, each, k) {
            continue;
        }
        let asked =
            |step| draft.work(WorkRef::item(step, k)).is_some_and(|w| w.phase == StepPhase::Escalated);
        if asked(i) || each.verifier.is_some_and(asked) {
            stopped |= each.on_item_failure == OnItemFailure::Stop;
        } else if !under_way {
            slots = slots.saturating_sub(1);
        }
    }
}

/// Whether the item has an attempt under way, at its work or at its verification.
fn is_under_way(status: &WorkflowRunStatus, i: usize, each: &Loop, k: usize) -> bool {
    let of = |step| WorkRef::item(step, k).of(status).is_some_and(|w| w.current.is_some());
    of(i) || each.verifier.is_some_and(of)
}

fn has_begun(draft: &Draft<'_>, i: usize, k: usize) -> bool {
    draft.work(WorkRef::item(i, k)).is_some_and(|w| w.attempts > 0 || w.phase != StepPhase::Pending)
}

/// The next thing to do for one item: its work, or its verification.
fn advance(draft: &mut Draft<'_>, definition: &Definition, i: usize, each: &Loop, k: usize) {
    let Some(phase) = draft.work(WorkRef::item(i, k)).map(|w| w.phase) else { return };
    let work_ref = match each.verifier {
        _ if !phase.is_satisfied() => WorkRef::item(i, k),
        None => return,
        Some(v) if phase == StepPhase::Succeeded => WorkRef::item(v, k),
        Some(v) => {
            // There is no result to verify.
            return finish(draft, WorkRef::item(v, k), StepPhase::Skipped);
        }
    };
    match ready::readiness(draft, work_ref) {
        Ready::Now => launch::begin(draft, definition, work_ref),
        Ready::At(when) => draft.wake_at(when),
        Ready::No => {}
    }
}

/// Ends the loop and its verifier when every item is settled; otherwise both show the progress of their items.
pub(super) fn close(draft: &mut Draft<'_>, i: usize, each: &Loop) -> bool {
    let count = draft.status.steps.get(i).map_or(0, |s| s.items.len());
    let ended = count > 0 && (0..count).all(|k| is_settled(&draft.status, i, each, k));
    for step in [Some(i), each.verifier].into_iter().flatten() {
        sum_up(&mut draft.status, step);
        if ended {
            finish(draft, WorkRef::step(step), StepPhase::Succeeded);
        }
    }
    if !ended
        && let Some(work) = draft.work_mut(WorkRef::step(i))
        && work.phase == StepPhase::Pending
    {
        go_on(work);
    }
    ended
}
