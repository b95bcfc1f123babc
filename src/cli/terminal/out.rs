//! Output: data on stdout (objects as in the API, or a verb's own result), notes on stderr.

use std::io::{IsTerminal, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::arguments::Format;
use super::exit::Fault;

/// Columns of the terminal. `None`: stdout is not a terminal, and nothing is cut.
pub(crate) fn width() -> Option<usize> {
    std::io::stdout()
        .is_terminal()
        .then(|| terminal_size::terminal_size().map_or(80, |(w, _)| usize::from(w.0)))
}

/// Prints a line on stdout. A closed pipe is not an error.
pub(crate) fn line(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// Prints a line on stderr: what happened, what to do next.
pub(crate) fn note(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// A number with its noun: `1 run`, `2 runs`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Prints one value as JSON or YAML.
pub(crate) fn value<T: Serialize>(value: &T, format: Format) -> Result<(), Fault> {
    let text = match format {
        Format::Yaml => serde_yaml::to_string(value).map_err(|e| Fault::input(e.to_string()))?,
        Format::Json | Format::Name | Format::Wide => {
            serde_json::to_string_pretty(value).map_err(|e| Fault::input(e.to_string()))?
        }
    };
    line(text.trim_end());
    Ok(())
}

/// Prints an object, or its `kind.group/name`.
pub(crate) fn object<K: Serialize>(object: &K, format: Format) -> Result<(), Fault> {
    let object = serde_json::to_value(object).map_err(|e| Fault::input(e.to_string()))?;
    if format == Format::Name {
        line(name(&object));
        return Ok(());
    }
    value(&object, format)
}

/// Prints objects as a List, or their names.
pub(crate) fn list<K: Serialize>(objects: &[K], format: Format) -> Result<(), Fault> {
    let items: Result<Vec<Value>, _> = objects.iter().map(serde_json::to_value).collect();
    let items = items.map_err(|e| Fault::input(e.to_string()))?;
    if format == Format::Name {
        items.iter().for_each(|item| line(name(item)));
        return Ok(());
    }
    value(&json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}), format)
}

fn name(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let group = text("/apiVersion").split_once('/').map_or("", |(group, _)| group);
    path(text("/kind"), group, text("/metadata/name"))
}

/// `kind.group/name`, as kubectl accepts it.
pub(crate) fn path(kind: &str, group: &str, name: &str) -> String {
    let dot = if group.is_empty() { "" } else { "." };
    format!("{}{dot}{group}/{name}", kind.to_lowercase())
}
