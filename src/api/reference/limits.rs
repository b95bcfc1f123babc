//! The limits in the schema of a field -> phrases such as "1 to 64 items".

use std::sync::LazyLock;

use serde_json::Value;

use super::super::time::Span;
use super::shape::{Shape, shape};
use super::text;

/// The pattern of a duration in a schema.
static SPAN: LazyLock<Option<Value>> = LazyLock::new(|| schemars::schema_for!(Span).get("pattern").cloned());

/// Whether `node` is a duration. The head of the page explains the notation, so its pattern is not shown.
pub(super) fn is_span(node: &Value) -> bool {
    SPAN.is_some() && node.get("pattern") == SPAN.as_ref()
}

/// The limits of the elements of a list or a map. Objects have theirs in their own section.
pub(super) fn each(who: &str, inner: &Value, root: &Value) -> Vec<String> {
    match shape(inner, root) {
        Shape::Object(_) | Shape::Foreign(_) => Vec::new(),
        Shape::List(_) | Shape::Map(_) | Shape::Words(_) | Shape::Plain(_) => {
            of_value(inner, root).iter().map(|limit| format!("{who} {limit}")).collect()
        }
    }
}

/// The limits of one value, without those of its elements.
pub(super) fn of_value(node: &Value, root: &Value) -> Vec<String> {
    let target = match shape(node, root) {
        Shape::Plain(plain) => plain,
        Shape::Object(_) | Shape::Foreign(_) | Shape::List(_) | Shape::Map(_) | Shape::Words(_) => node,
    };
    let get = |key: &str| node.get(key).or_else(|| target.get(key));
    let whole = |key: &str| get(key).and_then(|n| n.as_i64().or_else(|| n.as_f64().map(|f| f as i64)));
    let mut all = Vec::new();
    if !is_span(target) {
        all.extend(counted(whole("minLength"), whole("maxLength"), "character"));
        all.extend(get("pattern").and_then(Value::as_str).map(|p| format!("matches {}", text::code(p))));
    }
    all.extend(range(whole("minimum"), whole("maximum")));
    all.extend(counted(whole("minItems"), whole("maxItems"), "item"));
    all.extend(counted(whole("minProperties"), whole("maxProperties"), "entry"));
    let keys: Vec<String> = get("x-kubernetes-list-map-keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|key| key.as_str().map(text::code))
        .collect();
    if !keys.is_empty() {
        all.push(format!("unique by {}", keys.join(", ")));
    }
    all
}

fn counted(min: Option<i64>, max: Option<i64>, unit: &str) -> Option<String> {
    let units = |n: i64| match (n, unit.strip_suffix('y')) {
        (1, _) => format!("1 {unit}"),
        (n, Some(stem)) => format!("{} {stem}ies", text::number(n)),
        (n, None) => format!("{} {unit}s", text::number(n)),
    };
    match (min.filter(|n| *n > 0), max) {
        (Some(min), Some(max)) if min == max => Some(format!("exactly {}", units(max))),
        (Some(min), Some(max)) => Some(format!("{} to {}", text::number(min), units(max))),
        (Some(min), None) => Some(format!("at least {}", units(min))),
        (None, Some(max)) => Some(format!("at most {}", units(max))),
        (None, None) => None,
    }
}

/// A `minimum: 0` without a maximum only says that the number is a count.
fn range(min: Option<i64>, max: Option<i64>) -> Option<String> {
    match (min, max) {
        (Some(min), Some(max)) => Some(format!("{} to {}", text::number(min), text::number(max))),
        (Some(0), None) | (None, None) => None,
        (Some(min), None) => Some(format!("at least {}", text::number(min))),
        (None, Some(max)) => Some(format!("at most {}", text::number(max))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn limits(node: Value) -> String {
        of_value(&node, &Value::Null).join("; ")
    }

    #[test]
    fn limits_are_said_in_words() {
        assert_eq!(limits(json!({"type": "string", "maxLength": 1024})), "at most 1,024 characters");
        assert_eq!(
            limits(json!({"type": "string", "minLength": 1, "pattern": "^(a|b)$"})),
            "at least 1 character; matches `^(a\\|b)$`"
        );
        assert_eq!(
            limits(json!({"type": "array", "items": {}, "minItems": 2, "maxItems": 2})),
            "exactly 2 items"
        );
        assert_eq!(limits(json!({"type": "object", "maxProperties": 8})), "at most 8 entries");
        assert_eq!(limits(json!({"type": "integer", "minimum": 0, "maximum": 100})), "0 to 100");
    }

    #[test]
    fn a_count_and_a_length_of_time_need_no_limits() {
        assert_eq!(limits(json!({"type": "integer", "minimum": 0})), "");
        assert_eq!(limits(schemars::schema_for!(Span).into()), "");
    }

    #[test]
    fn limits_of_items_say_each() {
        let items = json!({"type": "integer", "minimum": 1, "maximum": 255});
        assert_eq!(each("each", &items, &Value::Null), ["each 1 to 255"]);
    }
}
