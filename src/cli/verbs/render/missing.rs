//! Variables that have no value -> how each can be given.

use crate::engine::context::{camel_output, snake_output};
use crate::engine::definition::Definition;
use crate::engine::lint::OF_LOOPS;

/// All of them, a line each.
pub fn told(definition: &Definition, step: usize, names: &[String]) -> String {
    let name = definition.steps.get(step).map_or("", |s| s.name.as_str());
    let (count, s) = (names.len(), if names.len() == 1 { "" } else { "s" });
    let widest = names.iter().map(String::len).max().unwrap_or_default();
    let mut text = format!("step {name}: {count} variable{s} without a value; give it with");
    for name in names {
        text.push_str(&format!("\n  {name:widest$}  {}", option(definition, name)));
    }
    if let Some(list) = list_of(definition, step, names) {
        text.push_str(&format!("\nor give the loop's whole list: --set-file {list}=FILE"));
    }
    text
}

/// The list's name, where something is missing that follows from the list.
fn list_of<'d>(definition: &'d Definition, step: usize, names: &[String]) -> Option<&'d str> {
    let each = definition.loop_of(step).and_then(|i| definition.steps.get(i)?.each.as_ref())?;
    let own = |name: &String| OF_LOOPS.contains(&name.as_str()) || name.split('.').next() == Some(&each.name);
    let list = if each.list == "stories" { "STORIES_JSON" } else { each.list.as_str() };
    names.iter().any(own).then_some(list)
}

/// The option that gives the variable its value.
fn option(definition: &Definition, name: &str) -> String {
    if name == "task" {
        return "--task TEXT".into();
    }
    let said =
        definition.steps.iter().find(|s| name == camel_output(&s.name) || name == snake_output(&s.name));
    match said {
        Some(step) => format!("--set steps.{}.output=TEXT", step.name),
        None => format!("--set {name}=TEXT"),
    }
}
