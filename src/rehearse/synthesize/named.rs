//! A workflow -> the keys that its later texts name, by the step that prints them, and the params that it needs.
//!
//! A key without a step (`{{ branch }}`) may come from any step before. The steps whose input or program contains the
//! word print it; if none does, all of them print it.

use std::collections::BTreeMap;

use regex::Regex;

use crate::engine::answer::key_of;
use crate::engine::context::{camel_output, snake_output};
use crate::engine::definition::{Definition, Loop, StepDef};
use crate::engine::output::is_reserved;
use crate::engine::template::Template;

/// What a value is used for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ValueKind {
    Text,
    /// It is compared with this.
    DecisionInput(String),
    Number,
    /// A JSON array with this number of items; each item has these fields, as dotted paths (none: it is a text).
    List {
        item: String,
        count: usize,
        fields: Vec<String>,
    },
    Stories {
        count: usize,
        fields: Vec<String>,
    },
}

/// The number of items in a generated list.
const ITEMS: usize = 2;
/// A condition's reference to the output of a step.
const OF_STEP: &str = r#"steps(?:\.(\w+)|\[['"]([-\w]+)['"]\])\.outputs(?:\.(\w+)|\[['"]([-\w]+)['"]\])"#;

type Keys = Vec<BTreeMap<String, ValueKind>>;

/// By position of the step: the keys that it prints.
pub(super) fn keys(all: &Definition) -> Keys {
    let mut found: Keys = vec![BTreeMap::new(); all.steps.len()];
    for (i, def) in all.steps.iter().enumerate() {
        let before = all.ancestors(i);
        for (_, text) in def.templates() {
            for path in Template::parse(text).map(|t| t.mentioned()).unwrap_or_default() {
                mark(&mut found, all, i, &before, &path, ValueKind::Text);
            }
            in_loops(&mut found, all, text);
        }
        for (step, key, kind) in def.when.iter().flat_map(|text| of_condition(text)) {
            mark(&mut found, all, i, &before, &format!("steps.{step}.outputs.{key}"), kind);
        }
        if let Some(each) = &def.each {
            let path = if each.list == "stories" { "STORIES_JSON" } else { each.list.as_str() };
            mark(&mut found, all, i, &before, path, list(all, i, each));
        }
    }
    let main: Vec<usize> =
        (0..all.steps.len()).filter(|k| all.steps.get(*k).is_some_and(|s| !s.finally)).collect();
    for output in &all.outputs {
        mark(&mut found, all, all.steps.len(), &main, &output.from, ValueKind::Text);
    }
    found
}

/// Params that a text needs, and those that a loop reads its list from.
pub(super) fn params(all: &Definition) -> BTreeMap<String, ValueKind> {
    let mut found = BTreeMap::new();
    for (i, def) in all.steps.iter().enumerate() {
        for (_, text) in def.templates() {
            let needed = Template::parse(text).map(|t| t.variables()).unwrap_or_default();
            for name in needed.iter().filter_map(|path| path.strip_prefix("params.")) {
                found.entry(name.to_string()).or_insert(ValueKind::Text);
            }
        }
        for name in all.params.iter().map(|p| &p.name) {
            let has = |text: &String| {
                text.contains(&format!("params.{name}")) && !text.contains(&format!("has(params.{name}"))
            };
            if def.when.as_ref().is_some_and(has) {
                found.entry(name.clone()).or_insert(ValueKind::Text);
            }
        }
        if let Some((each, name)) = def.each.as_ref().and_then(|e| Some((e, e.list.strip_prefix("params.")?)))
        {
            found.insert(name.to_string(), list(all, i, each));
        }
    }
    found
}

/// Notes that the text of step `i` names a path; `before` are the steps that it sees.
fn mark(found: &mut Keys, all: &Definition, i: usize, before: &[usize], path: &str, kind: ValueKind) {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["steps", step, "outputs", key, ..] => {
            if let Some(k) = all.position(step).filter(|k| before.contains(k)) {
                insert(found, k, key, kind);
            }
        }
        [name, ..]
            if !is_reserved(name) && !is_of_loop(all, i, name) && !is_whole_output(all, before, name) =>
        {
            for k in printers(all, before, &name.to_uppercase()) {
                insert(found, k, name, kind.clone());
            }
        }
        _ => {}
    }
}

/// A list is more specific than a word, a word more specific than any text.
fn insert(found: &mut Keys, step: usize, key: &str, kind: ValueKind) {
    let key = key.to_uppercase();
    let can_be_printed = key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if let Some(keys) = found.get_mut(step).filter(|_| can_be_printed && !is_reserved(&key)) {
        let known = keys.entry(key).or_insert(ValueKind::Text);
        let is_list = |k: &ValueKind| matches!(k, ValueKind::List { .. } | ValueKind::Stories { .. });
        if *known == ValueKind::Text || (is_list(&kind) && !is_list(known)) {
            *known = kind;
        }
    }
}

fn is_of_loop(all: &Definition, i: usize, name: &str) -> bool {
    let each = all.loop_of(i).and_then(|l| all.steps.get(l)).and_then(|s| s.each.as_ref());
    each.is_some_and(|each| each.name == name)
}

fn is_whole_output(all: &Definition, before: &[usize], name: &str) -> bool {
    let steps = before.iter().filter_map(|k| all.steps.get(*k));
    steps.into_iter().any(|s| name == camel_output(&s.name) || name == snake_output(&s.name))
}

/// The steps before that print the key.
fn printers(all: &Definition, before: &[usize], key: &str) -> Vec<usize> {
    let agents = || before.iter().copied().filter(|k| all.steps.get(*k).is_some_and(|s| s.task().is_some()));
    let speaks = |k: &usize| all.steps.get(*k).is_some_and(|s| speaks_of(s, key));
    let named: Vec<usize> = agents().filter(speaks).collect();
    if named.is_empty() { agents().collect() } else { named }
}

fn speaks_of(step: &StepDef, key: &str) -> bool {
    let Some(task) = step.task() else { return false };
    let word = Regex::new(&format!(r"(?:^|[^A-Z0-9_]){}(?:[^A-Z0-9_]|$)", regex::escape(key)));
    let texts = [&task.input].into_iter().chain(&task.agent.command).chain(&task.agent.args);
    let declares = |o: &crate::api::step::StepOutput| o.name.eq_ignore_ascii_case(key) || key_of(o) == key;
    step.outputs.iter().any(declares) || word.is_ok_and(|w| texts.into_iter().any(|t| w.is_match(t)))
}

/// `{% for i in steps.x.items %}{{ i.outputs.key }}`: the loop variable hides the step of the key.
fn in_loops(found: &mut Keys, all: &Definition, text: &str) {
    let key = Regex::new(r"\b\w+\.outputs\.(\w+)");
    for (k, step) in all.steps.iter().enumerate() {
        if text.contains(&format!("steps.{}.items", step.name)) {
            let keys = key.iter().flat_map(|r| r.captures_iter(text)).filter_map(|c| c.get(1));
            keys.for_each(|key| insert(found, k, key.as_str(), ValueKind::Text));
        }
    }
}

/// The outputs that a condition names, and the values that it needs.
fn of_condition(text: &str) -> Vec<(String, String, ValueKind)> {
    let number = r"(?:(int|uint|double)\s*\(\s*)?";
    let literal = r#"(?:\s*==\s*(?:'([^']*)'|"([^"]*)"))?"#;
    let Ok(regex) = Regex::new(&format!("{number}{OF_STEP}{literal}")) else { return Vec::new() };
    let found = regex.captures_iter(text).filter_map(|c| {
        let part = |i: usize, j: usize| c.get(i).or_else(|| c.get(j)).map(|m| m.as_str().to_string());
        let kind = match (c.get(1), part(6, 7)) {
            (Some(_), _) => ValueKind::Number,
            (None, Some(word)) => ValueKind::DecisionInput(word),
            (None, None) => ValueKind::Text,
        };
        Some((part(2, 3)?, part(4, 5)?, kind))
    });
    found.collect()
}

/// The list of a loop, with the fields that its own texts name.
fn list(all: &Definition, i: usize, each: &Loop) -> ValueKind {
    let steps = [Some(i), each.verifier].into_iter().flatten().filter_map(|k| all.steps.get(k));
    let texts: Vec<&str> = steps.flat_map(StepDef::templates).map(|(_, text)| text).collect();
    let paths = texts.iter().flat_map(|t| Template::parse(t).map(|t| t.mentioned()).unwrap_or_default());
    let prefix = format!("{}.", each.name);
    let mut fields: Vec<String> = paths.filter_map(|p| p.strip_prefix(&prefix).map(String::from)).collect();
    fields.sort();
    fields.dedup();
    let count = ITEMS.min(each.max_items as usize);
    if each.list == "stories" {
        ValueKind::Stories { count, fields }
    } else {
        ValueKind::List { item: each.name.clone(), count, fields }
    }
}
