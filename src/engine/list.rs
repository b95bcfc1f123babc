//! The text of a list that an agent printed -> the [`Item`]s of a `forEach`, or every fault of it at once.
//!
//! It never repairs a list: it reports what is missing, with the index, and the agent is asked again. Start reading at
//! [`stories`], the list with a fixed shape, then [`items`], the list of any shape.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The maximum length of an id: it becomes part of labels, and of names that people type.
const ID_LIMIT: usize = 40;
/// The maximum length of the title that is made from a string.
const TITLE_LIMIT: usize = 80;

/// One item of a list, ready for templates.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub id: String,
    pub title: String,
    pub value: Value,
}

/// Why a list gives no items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    Empty,
    /// A message for each item that is wrong; it names the index.
    Invalid(Vec<String>),
}

/// `STORIES_JSON`, fenced (```` ```json … ``` ````) or not.
pub fn stories(text: &str, max: u32) -> Result<Vec<Item>, Problem> {
    read("STORIES_JSON", text, max, |_, value| story(value))
}

/// Any list: a JSON array of objects, or of strings (numbers and booleans count as their text), fenced or not.
pub fn items(text: &str, max: u32) -> Result<Vec<Item>, Problem> {
    read("list", text, max, any)
}

/// The value of `current_story` in a template: a story as prose for an agent; a string unchanged; anything else as
/// JSON.
pub fn current_story(value: &Value, item: &Item) -> String {
    let criteria = value.get("acceptanceCriteria").and_then(Value::as_array).filter(|list| !list.is_empty());
    let parts = (value.get("description").and_then(Value::as_str), criteria);
    match (value, parts) {
        (Value::String(text), _) => text.clone(),
        (_, (Some(description), Some(criteria))) => {
            let mut text =
                format!("Story {}: {}\n\n{description}\n\nAcceptance Criteria:", item.id, item.title);
            for (i, criterion) in criteria.iter().enumerate() {
                let criterion = criterion.as_str().map_or_else(|| criterion.to_string(), str::to_owned);
                text.push_str(&format!("\n  {}. {criterion}", i + 1));
            }
            text
        }
        (other, _) => other.to_string(),
    }
}

/// An item as far as it can be read, and all that is wrong with it. Without a usable id, that is empty.
struct Read {
    item: Item,
    faults: Vec<String>,
}

fn read(name: &str, text: &str, max: u32, item: fn(usize, Value) -> Read) -> Result<Vec<Item>, Problem> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let list = match serde_json::from_str(unfenced(text)) {
        Ok(Value::Array(list)) => list,
        Ok(other) => return Err(Problem::Invalid(vec![format!("{name} is {}, not a list", kind(&other))])),
        Err(error) => return Err(Problem::Invalid(vec![format!("{name} is not JSON: {error}")])),
    };
    if list.is_empty() {
        return Err(Problem::Empty);
    }
    let many = || format!("{name} has {} items, and at most {max} are allowed (maxItems)", list.len());
    let mut faults: Vec<String> = (list.len() > max).then(many).into_iter().collect();
    let mut items: Vec<Item> = Vec::new();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    // Beyond the allowed number, only the number is a fault.
    for (i, value) in list.into_iter().take(max).enumerate() {
        let Read { item, faults: mut of_item } = item(i, value);
        if let Some(first) = ids.get(&item.id) {
            of_item.push(format!("id {} is also that of {name}[{first}]", item.id));
        } else if !item.id.is_empty() {
            ids.insert(item.id.clone(), i);
        }
        match of_item.is_empty() {
            true => items.push(item),
            false => faults.push(format!("{name}[{i}]: {}", of_item.join("; "))),
        }
    }
    if faults.is_empty() { Ok(items) } else { Err(Problem::Invalid(faults)) }
}

/// The text inside of its leading fence. Text after the fence is not part of it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(inside) = text.strip_prefix("```") else { return text };
    let inside = inside.trim_start_matches('`').trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    // A JSON string cannot contain a line break, so no string is cut.
    let closing = inside.match_indices('\n').map(|(at, _)| at).find(|at| {
        let line = inside.get(at + 1..).unwrap_or_default();
        line.trim_start_matches([' ', '\t']).starts_with("```")
    });
    let inside = closing.and_then(|at| inside.get(..at)).unwrap_or(inside);
    inside.trim().trim_end_matches("```").trim()
}

fn story(value: Value) -> Read {
    let Value::Object(mut story) = value else { return wrong(value, "an object") };
    let mut faults = Vec::new();
    let mut noted =
        |read: Result<String, String>| read.map_err(|fault| faults.push(fault)).unwrap_or_default();
    let id = noted(story.get("id").map_or(Err("id is missing".into()), id_of));
    let title = noted(said(&story, "title"));
    noted(said(&story, "description"));
    criteria(&mut story, &mut faults);
    story.insert("id".into(), Value::String(id.clone()));
    Read { item: Item { id, title, value: Value::Object(story) }, faults }
}

fn wrong(value: Value, wanted: &str) -> Read {
    let faults = vec![format!("it is {}, not {wanted}", kind(&value))];
    Read { item: Item { id: String::new(), title: String::new(), value }, faults }
}

/// A string that is not blank.
fn said(of: &Map<String, Value>, field: &str) -> Result<String, String> {
    match of.get(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(format!("{field} is empty")),
        Some(Value::Null) | None => Err(format!("{field} is missing")),
        Some(other) => Err(format!("{field} is {}, not a string", kind(other))),
    }
}

/// Both spellings are read; templates see `acceptanceCriteria`.
fn criteria(story: &mut Map<String, Value>, faults: &mut Vec<String>) {
    let other = story.remove("acceptance_criteria");
    let found = story.remove("acceptanceCriteria").filter(|v| !v.is_null()).or(other).unwrap_or_default();
    match &found {
        Value::Array(list) if list.is_empty() => faults.push("acceptanceCriteria is empty".into()),
        Value::Array(list) => faults.extend(list.iter().enumerate().filter_map(|(i, v)| match v {
            Value::String(text) if text.trim().is_empty() => {
                Some(format!("acceptanceCriteria[{i}] is empty"))
            }
            Value::String(_) => None,
            other => Some(format!("acceptanceCriteria[{i}] is {}, not a string", kind(other))),
        })),
        Value::Null => faults.push("acceptanceCriteria is missing".into()),
        other => faults.push(format!("acceptanceCriteria is {}, not a list", kind(other))),
    }
    story.insert("acceptanceCriteria".into(), found);
}

fn id_of(value: &Value) -> Result<String, String> {
    let id = match value {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        Value::Null => return Err("id is missing".into()),
        other => return Err(format!("id is {}, not a string", kind(other))),
    };
    match id.as_str() {
        "" => Err("id is empty".into()),
        usable if is_id(usable) => Ok(id),
        _ => {
            let shown: String = id.chars().take(ID_LIMIT).collect();
            Err(format!(
                "id {shown:?} is not usable: at most {ID_LIMIT} characters of A-Z, a-z, 0-9, '.', '_', '-', \
                 the first a letter or a digit"
            ))
        }
    }
}

fn is_id(id: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    // The id becomes the value of a label, which begins with a letter or a digit.
    id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.len() <= ID_LIMIT && id.chars().all(usable)
}

fn any(index: usize, value: Value) -> Read {
    let numbered = format!("item-{}", index + 1);
    let value = match value {
        Value::Number(n) => Value::String(n.to_string()),
        Value::Bool(b) => Value::String(b.to_string()),
        other => other,
    };
    let (id, title) = match &value {
        Value::String(text) => (numbered, text.chars().take(TITLE_LIMIT).collect()),
        Value::Object(object) => {
            let id = object.get("id").and_then(Value::as_str).filter(|id| is_id(id));
            let id = id.map_or(numbered, str::to_owned);
            let title =
                said(object, "title").or_else(|_| said(object, "name")).unwrap_or_else(|_| id.clone());
            (id, title)
        }
        _ => return wrong(value, "an object or a string"),
    };
    Read { item: Item { id, title, value }, faults: Vec::new() }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
