//! A name and the constraints of a value -> a value that is clearly generated, or at least fits.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value, json};

use super::named::ValueKind;

/// The longest text generated from a pattern.
const LONGEST: usize = 16 * 1024;

/// The first of some plausible values that fits, otherwise a text generated from the pattern.
pub(super) fn of(name: &str, kind: &ValueKind, pattern: Option<&str>, fits: &dyn Fn(&str) -> bool) -> String {
    let shown = format!("<{name}>");
    let first = match kind {
        ValueKind::Text => shown.clone(),
        ValueKind::DecisionInput(word) => word.clone(),
        ValueKind::Number => "1".into(),
        ValueKind::List { item, count, fields } => {
            Value::from_iter((1..=*count).map(|n| entry(item, n, fields))).to_string()
        }
        ValueKind::Stories { count, fields } => {
            Value::from_iter((1..=*count).map(|n| story(n, fields))).to_string()
        }
    };
    let plain = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let others = [
        shown.clone(),
        plain.clone(),
        format!("https://example.com/{plain}"),
        format!("{plain}@example.com"),
        "1".into(),
        "1.0.0".into(),
        "2026-01-01".into(),
        "true".into(),
    ];
    let fitting = std::iter::once(first).chain(others).find(|text| fits(text));
    let described = || pattern.and_then(from_pattern).filter(|text| fits(text));
    // If nothing fits, the rehearsal shows the engine's error.
    fitting.or_else(described).unwrap_or(shown)
}

fn entry(item: &str, n: usize, fields: &[String]) -> Value {
    if fields.is_empty() {
        return json!(format!("<{item} {n}>"));
    }
    with_fields(json!({"id": format!("{item}-{n}")}), n, fields)
}

fn story(n: usize, fields: &[String]) -> Value {
    let story = json!({
        "id": format!("story-{n}"), "title": format!("<story {n}>"),
        "description": format!("<description {n}>"), "acceptanceCriteria": [format!("<criterion {n}>")],
    });
    with_fields(story, n, fields)
}

fn with_fields(mut value: Value, n: usize, fields: &[String]) -> Value {
    for field in fields {
        let parts: Vec<&str> = field.split('.').collect();
        put(&mut value, &parts, n);
    }
    value
}

/// Adds missing fields; existing fields stay.
fn put(value: &mut Value, path: &[&str], n: usize) {
    let (Some((name, rest)), Value::Object(fields)) = (path.split_first(), value) else { return };
    if rest.is_empty() {
        fields.entry((*name).to_string()).or_insert_with(|| json!(format!("<{name} {n}>")));
    } else {
        let inner = fields.entry((*name).to_string()).or_insert_with(|| Value::Object(Map::new()));
        put(inner, rest, n);
    }
}

/// The simplest text that matches the pattern.
fn from_pattern(pattern: &str) -> Option<String> {
    let mut text = String::new();
    write(&regex_syntax::parse(pattern).ok()?, &mut text);
    Some(text)
}

fn write(hir: &Hir, text: &mut String) {
    if text.len() > LONGEST {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(letter(class)),
        // Optional parts are left out.
        HirKind::Repetition(repeated) if repeated.sub.properties().minimum_len() == Some(0) => {}
        HirKind::Repetition(repeated) => {
            for _ in 0..repeated.min {
                if text.len() > LONGEST {
                    return;
                }
                write(&repeated.sub, text);
            }
        }
        HirKind::Capture(group) => write(&group.sub, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, text)),
        HirKind::Alternation(parts) => parts.iter().take(1).for_each(|part| write(part, text)),
    }
}

/// A common character of the class, otherwise its first.
fn letter(class: &Class) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|r| (r.start(), r.end())).collect(),
        Class::Bytes(class) => class.ranges().iter().map(|r| (r.start().into(), r.end().into())).collect(),
    };
    let has = |c: &char| ranges.iter().any(|(from, to)| from <= c && c <= to);
    ['a', 'A', '1', '0', '-', '.', '/'].into_iter().find(has).or_else(|| ranges.first().map(|r| r.0))
}
