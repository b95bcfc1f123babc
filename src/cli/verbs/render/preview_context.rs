//! The given values -> a run whose step is about to start -> the variables of the step's templates.
//!
//! The run is made up; the context is the engine's own: [`Preview`]. Values that were not given are absent from it, so
//! that rendering reports them, even if a real run always has them (its name, the output of a finished step).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::api::status::ItemStatus;
use crate::api::{Stamp, StepPhase, StepStatus, Work, WorkflowRun};
use crate::cli::terminal::exit::Fault;
use crate::engine::definition::{Definition, Loop, StepDef};
use crate::engine::list::{self, Item};
use crate::engine::preview::Preview;
use crate::engine::problem::joined;
use crate::engine::work_ref::WorkRef;
use crate::engine::{context as names, params};

use super::given::{Given, unknown};

/// The time of the made-up run.
const PREVIEW_TIME: Stamp = Stamp(Timestamp::UNIX_EPOCH);

/// The context of the step at `step`.
pub(crate) fn context(
    definition: &Definition,
    step: usize,
    item: Option<&str>,
    given: &Given,
) -> Result<Value, Fault> {
    let all = without_required(definition);
    params::resolve(&all.params, &given.params).map_err(|problems| {
        Fault::input(joined(&problems)).next("a run with these params would not start")
    })?;
    let mut run = WorkflowRun::default();
    run.spec.task = given.task.clone();
    run.spec.params = given.params.clone();
    let mut preview = Preview::new(&run, &all, PREVIEW_TIME, steps(&all, step, given)?);
    let each = all.loop_of(step).and_then(|i| Some((i, all.steps.get(i)?.each.as_ref()?)));
    let mut context = match (each, item) {
        (None, None) => engine(&preview, WorkRef::step(step))?,
        (Some((i, each)), Some(id)) => of_item(&mut preview, &all, ItemPreview { i, each, step, id, given })?,
        (None, Some(_)) => return Err(Fault::input("the step has no forEach: remove --item")),
        (Some(_), None) => {
            return Err(Fault::input("the step has forEach and runs once per item")
                .next("select an item with --item ID"));
        }
    };
    apply_given(&mut context, definition, step, given)?;
    Ok(Value::Object(context))
}

/// A param that was not given is an error only of a text that uses it.
fn without_required(definition: &Definition) -> Definition {
    let mut all = definition.clone();
    all.params.iter_mut().for_each(|p| p.required = None);
    all
}

/// Every earlier step is finished, with the given values as its outputs.
fn steps(all: &Definition, step: usize, given: &Given) -> Result<Vec<StepStatus>, Fault> {
    let before = all.ancestors(step);
    let known = |name: &String| before.iter().any(|k| all.steps.get(*k).is_some_and(|s| s.name == *name));
    if let Some(name) = given.steps.keys().find(|name| !known(name)) {
        return Err(not_before(all, &before, name));
    }
    let status = |(k, def): (usize, &StepDef)| {
        let mut work = finished_work(&def.name, given);
        if before.contains(&k) {
            work.phase = StepPhase::Succeeded;
            work.finished_at = Some(PREVIEW_TIME);
        }
        if k == step {
            work.supplied = given.values.clone();
            work.feedback = given.human_feedback.clone();
            work.verify_feedback = given.verify_feedback.clone();
        }
        StepStatus { name: def.name.clone(), finally: def.finally, work, items: Vec::new() }
    };
    Ok(all.steps.iter().enumerate().map(status).collect())
}

/// The given values of one step, by its name or a short form (`planOutput`).
fn finished_work(step: &str, given: &Given) -> Work {
    let short = || {
        let both = [names::camel_output(step), names::snake_output(step)];
        both.into_iter().find_map(|name| given.values.get(&name.to_lowercase()).cloned())
    };
    let own = given.steps.get(step);
    let output = own.and_then(|s| s.output.clone()).or_else(short);
    Work { output, outputs: own.map(|s| s.outputs.clone()).unwrap_or_default(), ..Work::default() }
}

fn not_before(all: &Definition, before: &[usize], name: &str) -> Fault {
    let known: Vec<&str> = before.iter().filter_map(|k| all.steps.get(*k)).map(|s| s.name.as_str()).collect();
    let next = match known.is_empty() {
        true => "it is the first step: no other step is finished".to_string(),
        false => format!("finished steps: {}", known.join(", ")),
    };
    Fault::input(format!("--set steps.{name}: {name} is not finished before this step starts")).next(next)
}

fn engine(preview: &Preview<'_>, at: WorkRef) -> Result<Map<String, Value>, Fault> {
    match preview.context_of(at) {
        Ok(Value::Object(context)) => Ok(context),
        Ok(_) => Ok(Map::new()),
        Err((_, message)) => Err(Fault::failed(message)),
    }
}

/// An item of a loop, as work of the loop's step or of its verifying step.
struct ItemPreview<'a> {
    i: usize,
    each: &'a Loop,
    step: usize,
    id: &'a str,
    given: &'a Given,
}

fn of_item(
    preview: &mut Preview<'_>,
    all: &Definition,
    round: ItemPreview<'_>,
) -> Result<Map<String, Value>, Fault> {
    let ItemPreview { i, each, step, id, given } = round;
    if let Some(status) = preview.status.steps.get_mut(i) {
        status.work.supplied = given.values.clone();
    }
    let fault = |message: String| Fault::failed(message);
    if !has_list(preview, i, each) {
        return without_list(preview, all, &round);
    }
    let items = preview.items(i).map_err(|(_, message)| fault(message))?;
    let Some(k) = items.iter().position(|x| x.id == id) else {
        let ids: Vec<&str> = items.iter().map(|x| x.id.as_str()).collect();
        return Err(
            Fault::input(format!("the list has no item {id}")).next(format!("it has {}", ids.join(", ")))
        );
    };
    enlist(preview, &items, &[Some(i), each.verifier], k, step);
    engine(preview, WorkRef::item(step, k))
}

/// Whether the loop's list was given.
fn has_list(preview: &Preview<'_>, i: usize, each: &Loop) -> bool {
    let path = if each.list == "stories" { "STORIES_JSON" } else { each.list.as_str() };
    let key = path.rsplit('.').next().unwrap_or_default().to_lowercase();
    let context = Value::Object(preview.plain_context(WorkRef::step(i)));
    let supplied = WorkRef::step(i).of(&preview.status).is_some_and(|w| w.supplied.contains_key(&key));
    supplied || path.split('.').try_fold(&context, |at, part| at.get(part)).is_some()
}

/// Marks the items before the one at `k` as done, as in a sequential loop.
fn enlist(preview: &mut Preview<'_>, items: &[Item], of: &[Option<usize>], k: usize, step: usize) {
    for own in of.iter().flatten() {
        let Some(status) = preview.status.steps.get_mut(*own) else { continue };
        let mut given = std::mem::take(&mut status.work);
        status.work.phase = StepPhase::Running;
        let entry = |(n, item): (usize, &Item)| {
            let mut work = if n == k { std::mem::take(&mut given) } else { Work::default() };
            let done = n < k || (n == k && *own != step);
            work.phase = if done { StepPhase::Succeeded } else { StepPhase::Pending };
            work.finished_at = done.then_some(PREVIEW_TIME);
            ItemStatus { id: item.id.clone(), title: Some(item.title.clone()), listed: 0, work }
        };
        status.items = items.iter().enumerate().map(entry).collect();
        // The list may be given by the loop's own name.
        status.work.supplied = status.items.get(k).map(|x| x.work.supplied.clone()).unwrap_or_default();
    }
}

/// Without the list, the item has only its given fields; its position is unknown.
fn without_list(
    preview: &mut Preview<'_>,
    all: &Definition,
    round: &ItemPreview<'_>,
) -> Result<Map<String, Value>, Fault> {
    let ItemPreview { i, each, step, id, given } = round;
    let own = preview.status.steps.get(*i).map(|s| s.work.clone()).filter(|_| step != i);
    let mut context = preview.plain_context(WorkRef::step(*step));
    if let (Some(mut work), Some(def)) = (own, all.steps.get(*i)) {
        work.phase = StepPhase::Succeeded;
        names::of_item(&mut context, &def.name, &work);
    }
    let value = item_value(&each.name, id, given);
    let title = value.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !title.is_empty() {
        context.insert("current_story_title".into(), json!(title));
    }
    context.insert("current_story_id".into(), json!(id));
    let whole = ["title", "description", "acceptanceCriteria"].iter().all(|f| value.get(f).is_some());
    if whole || !value.is_object() {
        let item = Item { id: (*id).into(), title, value: value.clone() };
        context.insert("current_story".into(), json!(list::current_story(&value, &item)));
    }
    context.insert(each.name.clone(), value);
    Ok(context)
}

fn item_value(name: &str, id: &str, given: &Given) -> Value {
    if let Some((_, whole)) = given.rest.iter().find(|(n, _)| n == name) {
        return parsed(whole);
    }
    given.values.get(&name.to_lowercase()).map_or_else(|| json!({"id": id}), |whole| parsed(whole))
}

/// The text as JSON list or object, else as text.
fn parsed(text: &str) -> Value {
    let is_json = text.trim_start().starts_with(['[', '{']);
    is_json.then(|| serde_json::from_str(text).ok()).flatten().unwrap_or_else(|| json!(text))
}

/// Adds the values given by name, and removes those that a run has but that were not given.
fn apply_given(
    context: &mut Map<String, Value>,
    definition: &Definition,
    step: usize,
    given: &Given,
) -> Result<(), Fault> {
    if given.task.is_none() {
        context.remove("task");
    }
    let finally = definition.steps.get(step).is_some_and(|s| s.finally);
    let known = |field: &str| {
        ["name", "namespace", "uid"].contains(&field)
            || (finally && ["phase", "reason", "message"].contains(&field))
    };
    if let Some(field) = given.run.keys().find(|f| !known(f)) {
        return Err(unknown(&format!("run.{field}")));
    }
    context.insert("run".into(), json!(given.run));
    let own = definition.loop_of(step).and_then(|i| definition.steps.get(i)).and_then(|s| s.each.as_ref());
    let own = own.map(|each| each.name.as_str());
    for (name, text) in &given.rest {
        let parts: Vec<&str> = name.split('.').collect();
        let value = match parts.as_slice() {
            ["stories_remaining"] => text.trim().parse::<u64>().map_or_else(|_| json!(text), |n| json!(n)),
            ["current_story" | "current_story_id" | "current_story_title" | "completed_stories"]
            | ["last_failure" | "last_failure_output"] => json!(text),
            ["steps", ..] => parsed(text),
            [first, ..] if Some(*first) == own => parsed(text),
            _ => return Err(unknown(name)),
        };
        put(context, &parts, value);
    }
    Ok(())
}

fn put(map: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => drop(map.insert((*last).into(), value)),
        [first, rest @ ..] => {
            let inner = map.entry((*first).to_string()).or_insert_with(|| json!({}));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}
