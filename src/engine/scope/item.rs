//! The variables of an attempt at one item of a loop, besides those of every step.
//!
//! The same status always gives the same answer, whatever happens in parallel to the attempt.

use serde_json::{Map, Value, json};

use crate::api::status::ItemStatus;
use crate::api::{Cause, Stamp, WorkflowRunStatus};

use super::super::context;
use super::super::definition::{Definition, Loop};
use super::super::draft::Draft;
use super::super::list::{self, Item, Problem};
use super::super::work_ref::WorkRef;

/// The prefix of items that are added when work is sent back into a finished loop.
pub(crate) const REWORK: &str = "rework-";

/// The variables that a loop adds to the context of one of its items.
pub(super) fn add_context(
    draft: &Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    top: &mut Map<String, Value>,
) -> Result<(), (Cause, String)> {
    let (Some(k), Some(i)) = (work_ref.item, definition.loop_of(work_ref.step)) else { return Ok(()) };
    let Some((def, each)) = definition.steps.get(i).and_then(|d| Some((d, d.each.as_ref()?))) else {
        return Ok(());
    };
    let Some(status) = draft.status.steps.get(i) else { return Ok(()) };
    let Some(entry) = status.items.get(k) else { return Ok(()) };
    let item = content(draft, definition, i, entry)?;
    if work_ref.step != i {
        context::of_item(top, &def.name, &entry.work);
    }
    let since = draft.work(work_ref).and_then(|w| w.current.as_ref()).map_or(draft.now(), |c| c.intent_at);
    let settled = |n: &usize| is_settled(&draft.status, i, each, *n) && settled_by(draft, i, each, *n, since);
    let done: Vec<usize> = (0..status.items.len()).filter(settled).collect();
    let lines = done
        .iter()
        .filter_map(|n| status.items.get(*n))
        .map(|x| format!("- {}: {}", x.id, x.title.as_deref().unwrap_or_default()));
    let lines = lines.collect::<Vec<_>>().join("\n");
    top.insert(each.name.clone(), item.value.clone());
    top.insert("current_story".into(), json!(list::current_story(&item.value, &item)));
    top.insert("current_story_id".into(), json!(item.id));
    top.insert("current_story_title".into(), json!(item.title));
    top.insert("completed_stories".into(), json!(if lines.is_empty() { "(none yet)".into() } else { lines }));
    top.insert("stories_remaining".into(), json!(status.items.len() - done.len()));
    Ok(())
}

/// Settled before the attempt began: the same for a running attempt, whatever happens in parallel.
fn settled_by(draft: &Draft<'_>, i: usize, each: &Loop, k: usize, since: Stamp) -> bool {
    let by =
        |step| draft.work(WorkRef::item(step, k)).and_then(|w| w.finished_at).is_some_and(|at| at <= since);
    by(i) && each.verifier.is_none_or(by)
}

/// The list's entry for an item; an item that was added for rework has its own.
fn content(
    draft: &Draft<'_>,
    definition: &Definition,
    i: usize,
    entry: &ItemStatus,
) -> Result<Item, (Cause, String)> {
    let listed = source(draft, definition, i);
    if let Some(item) = listed.iter().flatten().find(|x| x.id == entry.id) {
        return Ok(Item { id: item.id.clone(), title: item.title.clone(), value: item.value.clone() });
    }
    if entry.id.starts_with(REWORK) {
        let title = entry.title.clone().unwrap_or_default();
        let description = entry.work.supplied.get("rework").cloned().unwrap_or_default();
        let value = json!({
            "id": entry.id, "title": title, "description": description,
            "acceptanceCriteria": ["What the description names is fixed", "What was accepted before still holds"],
        });
        return Ok(Item { id: entry.id.clone(), title, value });
    }
    listed?;
    Err((Cause::ListInvalid, format!("forEach.in: the list no longer has item {}", entry.id)))
}

/// The items as the steps before the loop printed them.
pub(crate) fn source(
    draft: &Draft<'_>,
    definition: &Definition,
    i: usize,
) -> Result<Vec<Item>, (Cause, String)> {
    let each = definition.steps.get(i).and_then(|d| d.each.as_ref());
    let each = each.ok_or((Cause::ListInvalid, "not a loop".to_string()))?;
    let context = Value::Object(context::plain_context(draft, definition, WorkRef::step(i)));
    let stories = each.list == "stories";
    let path = if stories { "STORIES_JSON" } else { each.list.as_str() };
    // A list that a person supplied is stored under the list's own name, whichever step should have printed it.
    let key = path.rsplit('.').next().unwrap_or_default().to_lowercase();
    let given = draft.work(WorkRef::step(i)).and_then(|w| w.supplied.get(&key)).map(|v| json!(v));
    let found = path.split('.').try_fold(&context, |at, part| at.get(part));
    let Some(value) = given.as_ref().or(found) else {
        let what = if stories { "no step before it printed STORIES_JSON" } else { "it does not exist" };
        let message = format!("forEach.in: {}: {what}; a Retry with outputs can supply it", each.list);
        return Err((Cause::ListInvalid, message));
    };
    let text = value.as_str().map_or_else(|| value.to_string(), String::from);
    let parsed =
        if stories { list::stories(&text, each.max_items) } else { list::items(&text, each.max_items) };
    parsed.map_err(|problem| match problem {
        Problem::Empty => (Cause::NoItems, format!("forEach.in: {} is an empty list", each.list)),
        Problem::Invalid(why) => {
            (Cause::ListInvalid, format!("forEach.in: {}: {}", each.list, why.join("; ")))
        }
    })
}

/// Whether the item's work is done, and verified if the loop has a verifier.
pub(crate) fn is_settled(status: &WorkflowRunStatus, i: usize, each: &Loop, k: usize) -> bool {
    let of = |step| WorkRef::item(step, k).of(status).is_some_and(|w| w.phase.is_satisfied());
    of(i) && each.verifier.is_none_or(of)
}
