//! One value against its schema: its type, its enum, its limits.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use regex::Regex;
use serde_json::Value;

use super::similar::did_you_mean;

/// The maximum length of a value in a message.
const SHOWN: usize = 60;

/// The start of a message about a value that was read as a number or a boolean.
pub const QUOTES: &str = "put it in quotes: ";

/// Why the value has another type than the field.
pub(super) fn wrong_type(schema: &JSONSchemaProps, value: &Value) -> Option<String> {
    if value.is_null() {
        return Some("has no value; write one, or remove the field".into());
    }
    if schema.x_kubernetes_int_or_string == Some(true) {
        let fits = value.is_string() || is_whole(value);
        return (!fits).then(|| format!("is {}, not a whole number or a text", kind(value)));
    }
    let wanted = schema.type_.as_deref()?;
    let (fits, name) = match wanted {
        "string" => (value.is_string(), "a text"),
        "integer" => (is_whole(value), "a whole number"),
        "number" => (value.is_number(), "a number"),
        "boolean" => (value.is_boolean(), "true or false"),
        "array" => (value.is_array(), "a list"),
        "object" => (value.is_object(), "a mapping (NAME: VALUE)"),
        _ => return None,
    };
    let next = match (wanted, value) {
        ("string", Value::Number(_) | Value::Bool(_)) => format!("; {QUOTES}\"{value}\""),
        ("integer" | "number" | "boolean", Value::String(_)) => "; write it without quotes".into(),
        _ => String::new(),
    };
    (!fits).then(|| format!("is {}, not {name}{next}", kind(value)))
}

/// Checks the number of entries against its limits.
pub(super) fn sized(count: usize, min: Option<i64>, max: Option<i64>) -> Option<String> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if let Some(min) = min.filter(|min| count < *min) {
        return Some(format!("has {count} entries; at least {min} is needed"));
    }
    max.filter(|max| count > *max).map(|max| format!("has {count} entries; the limit is {max}"))
}

/// The problems of a value of the right type.
pub(super) fn problems(schema: &JSONSchemaProps, value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(words) = schema.enum_.as_ref().filter(|words| !words.iter().any(|w| w.0 == *value)) {
        let words: Vec<&str> = words.iter().filter_map(|w| w.0.as_str()).collect();
        all.push(format!(
            "{} is not one of its values{}",
            shown(value),
            did_you_mean(value.as_str().unwrap_or_default(), &words)
        ));
    }
    if let Some(text) = value.as_str() {
        all.extend(text_problems(schema, text));
    }
    if let Some(number) = value.as_f64() {
        let out =
            schema.minimum.is_some_and(|min| number < min) || schema.maximum.is_some_and(|max| number > max);
        if out {
            all.push(format!("{value} is out of range; write {}", range(schema)));
        }
    }
    all
}

fn text_problems(schema: &JSONSchemaProps, text: &str) -> Option<String> {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if schema.min_length.is_some_and(|min| length < min) {
        return Some("is empty; write a value".into());
    }
    if let Some(max) = schema.max_length.filter(|max| length > *max) {
        return Some(format!("{length} characters; the limit is {max}"));
    }
    let pattern = schema.pattern.as_deref()?;
    let fits = Regex::new(pattern).is_ok_and(|p| p.is_match(text));
    (!fits).then(|| format!("{} does not fit; {}", shown(&text.into()), hint(pattern)))
}

/// The meaning of the patterns in our API.
fn hint(pattern: &str) -> String {
    match pattern {
        "^([0-9]+(ms|s|m|h))+$" => "write a length of time such as 30s, 10m or 1h30m".into(),
        "^[a-z]([-a-z0-9]*[a-z0-9])?$" => "use lower-case letters, digits and '-', a letter first".into(),
        "^[A-Za-z][A-Za-z0-9_]*$" | "^[A-Za-z_][A-Za-z0-9_]*$" => {
            "use letters, digits and '_', a letter first".into()
        }
        other if other.starts_with("^[a-z0-9]([-a-z0-9") => "use lower-case letters, digits and '-'".into(),
        other => format!("it must match {other}"),
    }
}

fn range(schema: &JSONSchemaProps) -> String {
    match (schema.minimum, schema.maximum) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => "another number".into(),
    }
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(n) if n.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}
