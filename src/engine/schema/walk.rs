//! A structural schema and a value, side by side; with the CEL rules about a new object. Rules about a change
//! (`oldSelf`) are left out.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool, ValidationRule,
};
use serde_json::{Map, Value, json};

use super::super::condition::Condition;
use super::super::path::Path;
use super::super::problem::{Kind, Problem};
use super::similar::similar;
use super::value;

/// The maximum number of fields in a message when none is similar to the given one.
const NAMED: usize = 12;

pub(super) fn problems(schema: &JSONSchemaProps, object: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    walk(schema, object, &Path::default(), &mut found);
    found
}

fn walk(schema: &JSONSchemaProps, value: &Value, path: &Path, found: &mut Vec<Problem>) {
    let mut say = |message: String| found.push(Problem::new(path.clone(), Kind::Value, message));
    if value.is_null() && schema.nullable == Some(true) {
        return;
    }
    if let Some(message) = value::wrong_type(schema, value) {
        return say(message);
    }
    match value {
        Value::Object(fields) => {
            value::sized(fields.len(), schema.min_properties, schema.max_properties)
                .into_iter()
                .for_each(say);
            object(schema, fields, path, found);
        }
        Value::Array(items) => {
            value::sized(items.len(), schema.min_items, schema.max_items).into_iter().for_each(say);
            list(schema, items, path, found);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            value::problems(schema, value).into_iter().for_each(say);
        }
    }
    found.extend(broken(schema, value, path));
}

fn object(schema: &JSONSchemaProps, fields: &Map<String, Value>, path: &Path, found: &mut Vec<Problem>) {
    let of_any = match &schema.additional_properties {
        Some(JSONSchemaPropsOrBool::Schema(any)) => Some(any.as_ref()),
        Some(JSONSchemaPropsOrBool::Bool(_)) | None => None,
    };
    let free = schema.x_kubernetes_preserve_unknown_fields == Some(true) || schema.properties.is_none();
    for (name, value) in fields {
        match schema.properties.as_ref().and_then(|p| p.get(name)).or(of_any) {
            Some(known) => walk(known, value, &path.field(name), found),
            None if free => {}
            None => found.push(unknown(schema, name, path)),
        }
    }
    for name in schema.required.iter().flatten().filter(|name| !fields.contains_key(*name)) {
        let what =
            schema.properties.as_ref().and_then(|p| p.get(name)).and_then(|p| p.description.as_deref());
        let what = what.and_then(|text| text.split(['.', ':']).next()).unwrap_or_default();
        let message = if what.is_empty() {
            "missing; it is required".into()
        } else {
            format!("missing; it is required: {}", lower(what))
        };
        found.push(Problem::new(path.field(name), Kind::Missing, message));
    }
}

fn unknown(schema: &JSONSchemaProps, name: &str, path: &Path) -> Problem {
    let known: Vec<&str> = schema.properties.iter().flat_map(|p| p.keys()).map(String::as_str).collect();
    let next = match similar(name, known.iter().copied()) {
        Some(meant) => format!("did you mean {meant}?"),
        None if known.len() <= NAMED => format!("there are {}", known.join(", ")),
        None => "remove it (kubectl explain lists the fields)".into(),
    };
    let message = format!("there is no such field; {next}");
    Problem::new(path.field(name), Kind::Unknown, message)
}

fn list(schema: &JSONSchemaProps, items: &[Value], path: &Path, found: &mut Vec<Problem>) {
    if let Some(JSONSchemaPropsOrArray::Schema(of_items)) = &schema.items {
        for (i, item) in items.iter().enumerate() {
            walk(of_items, item, &path.item(i, item), found);
        }
    }
    let Some([key]) = schema.x_kubernetes_list_map_keys.as_deref() else { return };
    for (i, item) in items.iter().enumerate() {
        let Some(name) = item.get(key).and_then(Value::as_str) else { continue };
        if items.iter().take(i).any(|earlier| earlier.get(key).and_then(Value::as_str) == Some(name)) {
            let message = format!("the name {name:?} is used twice; rename one");
            found.push(Problem::new(path.item(i, item).field(key), Kind::Value, message));
        }
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// The rules that the value breaks. A rule that cannot be evaluated reports nothing: a field in it is missing or of
/// another type, and that is a problem of its own.
fn broken(schema: &JSONSchemaProps, value: &Value, path: &Path) -> Vec<Problem> {
    let rules = schema.x_kubernetes_validations.iter().flatten().filter(|r| speaks_of_new(r));
    let seen = json!({"self": value});
    let fails = |r: &&ValidationRule| Condition::parse(&r.rule).is_ok_and(|c| c.holds(&seen) == Ok(false));
    let problem = |rule: &ValidationRule| {
        let message = rule.message.clone().unwrap_or_else(|| format!("it must hold: {}", rule.rule));
        Problem::new(place_of(rule, path), Kind::Value, message)
    };
    rules.filter(fails).map(problem).collect()
}

/// The field that a rule is about; rules about a whole object are about its name.
fn place_of(rule: &ValidationRule, path: &Path) -> Path {
    match rule.field_path.as_deref().and_then(|f| f.strip_prefix('.')) {
        Some(field) => path.field(field),
        None if path.0.is_empty() && rule.rule.contains("self.metadata.name") => {
            path.field("metadata").field("name")
        }
        None => path.clone(),
    }
}

pub(super) fn speaks_of_new(rule: &ValidationRule) -> bool {
    !rule.rule.contains("oldSelf")
}
