//! What an attempt at one item of a loop sees beyond what every step sees.
//!
//! The same status gives the same answer at any time, whatever happens beside the attempt meanwhile.

use serde_json::{Map, Value, json};

use crate::api::status::ItemStatus;
use crate::api::{Cause, Stamp};

use super::super::context;
use super::super::definition::{Definition, Each};
use super::super::list::{self, Item};
use super::super::place::Place;
use super::super::plan::Draft;
use super::{REWORK, is_settled, source};

/// What a loop adds to the context of one of its items.
pub fn add_context(
    draft: &Draft<'_>,
    all: &Definition,
    at: Place,
    top: &mut Map<String, Value>,
) -> Result<(), (Cause, String)> {
    let (Some(k), Some(i)) = (at.item, all.loop_of(at.step)) else { return Ok(()) };
    let Some((def, each)) = all.steps.get(i).and_then(|d| Some((d, d.each.as_ref()?))) else { return Ok(()) };
    let Some(status) = draft.status.steps.get(i) else { return Ok(()) };
    let Some(entry) = status.items.get(k) else { return Ok(()) };
    let item = content(draft, all, i, entry)?;
    if at.step != i {
        context::of_item(top, &def.name, &entry.work);
    }
    let since = draft.work(at).and_then(|w| w.current.as_ref()).map_or(draft.now(), |c| c.intent_at);
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

/// Settled before the attempt began: the same for an attempt under way, whatever happens beside it.
fn settled_by(draft: &Draft<'_>, i: usize, each: &Each, k: usize, since: Stamp) -> bool {
    let by =
        |step| draft.work(Place::item(step, k)).and_then(|w| w.finished_at).is_some_and(|at| at <= since);
    by(i) && each.verifier.is_none_or(by)
}

/// What the list says about an item; an item that was added for rework says it itself.
fn content(
    draft: &Draft<'_>,
    all: &Definition,
    i: usize,
    entry: &ItemStatus,
) -> Result<Item, (Cause, String)> {
    let listed = source(draft, all, i);
    if let Some(item) = listed.iter().flatten().find(|x| x.id == entry.id) {
        return Ok(Item { id: item.id.clone(), title: item.title.clone(), value: item.value.clone() });
    }
    if entry.id.starts_with(REWORK) {
        let title = entry.title.clone().unwrap_or_default();
        let description = entry.work.supplied.get("rework").cloned().unwrap_or_default();
        let value = json!({
            "id": entry.id, "title": title, "description": description,
            "acceptanceCriteria": ["What is named in the description is mended", "What was accepted before still holds"],
        });
        return Ok(Item { id: entry.id.clone(), title, value });
    }
    listed?;
    Err((Cause::ListInvalid, format!("forEach.in: the list has no item {} any more", entry.id)))
}
