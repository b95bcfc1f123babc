//! Data on stdout: objects in the API's own shape, or what a verb made of them.

use std::io::{IsTerminal, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::arguments::Format;
use super::exit::Fault;

/// Columns of the terminal; `None` where stdout is none, and nothing is cut.
pub(crate) fn width() -> Option<usize> {
    std::io::stdout()
        .is_terminal()
        .then(|| terminal_size::terminal_size().map_or(80, |(w, _)| usize::from(w.0)))
}

/// A line. That nobody reads it is no fault.
pub(crate) fn line(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// A line for people: what happened, what is next.
pub(crate) fn note(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// One value, as JSON or YAML.
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

/// An object, or `kind.group/name`.
pub(crate) fn object<K: Serialize>(object: &K, format: Format) -> Result<(), Fault> {
    let object = serde_json::to_value(object).map_err(|e| Fault::input(e.to_string()))?;
    if format == Format::Name {
        line(name(&object));
        return Ok(());
    }
    value(&object, format)
}

/// Objects as a List, or their names.
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

/// `kind.group/name`, which kubectl understands.
pub(crate) fn path(kind: &str, group: &str, name: &str) -> String {
    let dot = if group.is_empty() { "" } else { "." };
    format!("{}{dot}{group}/{name}", kind.to_lowercase())
}
