//! A field's schema -> what it holds: an object, a list, a map, words or a plain value. It follows `$ref` and never
//! looks at limits.

use serde_json::Value;

/// What a field holds.
pub(super) enum Shape<'a> {
    /// One of ours, with fields.
    Object(&'a Value),
    /// One of Kubernetes, by the name of its schema.
    Foreign(&'a str),
    /// A list of such nodes.
    List(&'a Value),
    /// A map to such nodes.
    Map(&'a Value),
    /// One of these words, with their meanings.
    Words(Vec<(&'a str, &'a str)>),
    /// Neither: a plain value.
    Plain(&'a Value),
}

/// What `node` holds, without the null that an optional field brings.
pub(super) fn shape<'a>(node: &'a Value, root: &'a Value) -> Shape<'a> {
    if let Some(name) = node.get("$ref").and_then(Value::as_str) {
        if let Some(foreign) = name.rsplit('/').next().filter(|n| n.starts_with("io.k8s.")) {
            return Shape::Foreign(foreign);
        }
        return match root.pointer(name.trim_start_matches('#')) {
            Some(known) => shape(known, root),
            None => Shape::Plain(node),
        };
    }
    let choices = node.get("anyOf").and_then(Value::as_array);
    if let Some(only) = choices.and_then(|c| c.iter().find(|choice| !is_null(choice))) {
        return shape(only, root);
    }
    let found = words(node);
    if !found.is_empty() {
        Shape::Words(found)
    } else if node.get("properties").is_some() {
        Shape::Object(node)
    } else if let Some(items) = node.get("items") {
        Shape::List(items)
    } else {
        match node.get("additionalProperties").filter(|values| values.is_object()) {
            Some(values) => Shape::Map(values),
            None => Shape::Plain(node),
        }
    }
}

fn is_null(choice: &Value) -> bool {
    choice.get("type").is_some_and(|t| t == "null")
        || choice.get("enum").and_then(Value::as_array).is_some_and(|e| e.iter().all(Value::is_null))
}

/// The words of an enum: each a choice with its own description, or a bare list.
fn words(node: &Value) -> Vec<(&str, &str)> {
    let bare = node.get("enum").and_then(Value::as_array).into_iter().flatten();
    let bare = bare.chain(node.get("const")).filter_map(Value::as_str);
    let meaning = node.get("description").and_then(Value::as_str).unwrap_or_default();
    let choices = node.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let several = choices.flat_map(words).collect::<Vec<_>>();
    if several.is_empty() { bare.map(|word| (word, meaning)).collect() } else { several }
}
