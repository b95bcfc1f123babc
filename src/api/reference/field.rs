//! The schema of a field -> one row of a table: type, default and limits, meaning. It never changes the words of a doc
//! comment.

use std::sync::LazyLock;

use serde_json::Value;

use super::super::terms::{Cause, Outcome, Phase, Reason, StepPhase};
use super::shape::{Shape, shape};
use super::{limits, text};

/// The enums that have a table in docs/concepts.md: the name of one value, the heading of the table, and all values.
static TABLES: LazyLock<[(&str, &str, Vec<&str>); 5]> = LazyLock::new(|| {
    [
        ("run phase", "Run phases", Phase::ALL.iter().map(|(word, _)| word.as_str()).collect()),
        ("step phase", "Step phases", StepPhase::ALL.iter().map(|(word, _)| word.as_str()).collect()),
        ("outcome", "Outcomes", Outcome::ALL.iter().map(|(word, _)| word.as_str()).collect()),
        ("cause", "Causes", Cause::ALL.iter().map(|(word, _)| word.as_str()).collect()),
        ("reason", "Reasons", Reason::ALL.iter().map(|(word, _)| word.as_str()).collect()),
    ]
});

/// One field of an object.
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    pub(super) node: &'a Value,
    /// The schema in which `$ref` is looked up.
    pub(super) root: &'a Value,
    pub(super) required: bool,
    /// Whether users write it.
    pub(super) written: bool,
}

impl<'a> Row<'a> {
    /// The object of this API that it holds, and the end of its path.
    pub(super) fn object(&self) -> Option<(&'a Value, &'static str)> {
        let within = |node, suffix| match shape(node, self.root) {
            Shape::Object(object) => Some((object, suffix)),
            _ => None,
        };
        match shape(self.node, self.root) {
            Shape::Object(object) => Some((object, "")),
            Shape::List(items) => within(items, "[]"),
            Shape::Map(values) => within(values, "{}"),
            Shape::Foreign(_) | Shape::Words(_) | Shape::Plain(_) => None,
        }
    }

    /// The row. `place`: the section of its object, and whether that is elsewhere.
    pub(super) fn markdown(&self, place: Option<(&str, bool)>) -> String {
        let doc = self.node.get("description").and_then(Value::as_str).unwrap_or_default();
        let (said, default) = text::split_default(doc);
        let kind = kind(&shape(self.node, self.root), self.root, place);
        let limits = self.limits(default).join("; ");
        format!("| {} | {kind} | {limits} | {} |\n", text::code(self.name), self.meaning(&said))
    }

    fn meaning(&self, said: &str) -> String {
        let mut lines = vec![text::prose(said)];
        let inner = match shape(self.node, self.root) {
            Shape::List(inner) | Shape::Map(inner) => inner,
            Shape::Object(_) | Shape::Foreign(_) | Shape::Words(_) | Shape::Plain(_) => self.node,
        };
        if let Shape::Words(words) = shape(inner, self.root)
            && self.written
            && table(&words).is_none()
        {
            let explained = words.iter().filter(|(_, meaning)| !meaning.is_empty());
            lines.extend(
                explained.map(|(word, meaning)| format!("{}: {}", text::code(word), text::prose(meaning))),
            );
        }
        lines.join("<br>")
    }

    fn limits(&self, documented: Option<String>) -> Vec<String> {
        let mut all = Vec::new();
        if self.required {
            all.push(if self.written { "**required**" } else { "always set" }.to_string());
        }
        let default = self.node.get("default").filter(|d| !d.is_null()).map(|d| text::code(&plain(d)));
        all.extend(documented.or(default).map(|value| format!("default {value}")));
        all.extend(limits::of_value(self.node, self.root));
        match shape(self.node, self.root) {
            Shape::List(inner) => all.extend(limits::each("each", inner, self.root)),
            Shape::Map(inner) => all.extend(limits::each("each value", inner, self.root)),
            Shape::Object(_) | Shape::Foreign(_) | Shape::Words(_) | Shape::Plain(_) => {}
        }
        all
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// The cell of the type.
fn kind(shape: &Shape<'_>, root: &Value, place: Option<(&str, bool)>) -> String {
    match (shape, place) {
        (Shape::Object(_), Some((place, true))) => format!("as [`{place}`](#{})", text::slug(place)),
        (Shape::Object(_), Some((place, false))) => format!("[object](#{})", text::slug(place)),
        (Shape::Object(_), None) => "object".into(),
        (Shape::Foreign(name), _) => foreign(name),
        (Shape::List(inner), _) => several("list", inner, root, place),
        (Shape::Map(inner), _) => several("map", inner, root, place),
        (Shape::Words(words), _) => match table(words) {
            Some((name, heading)) => format!("[{name}](concepts.md#{})", text::slug(heading)),
            None => one_of(words),
        },
        (Shape::Plain(node), _) => scalar(node).into(),
    }
}

fn several(what: &str, inner: &Value, root: &Value, place: Option<(&str, bool)>) -> String {
    let inner = kind(&self::shape(inner, root), root, place);
    match inner.as_str() {
        "string" | "integer" | "number" | "boolean" | "duration" | "time" => format!("{what} of {inner}s"),
        _ if inner.starts_with("as ") => format!("{what}, {inner}"),
        _ => format!("{what} of {}", inner.replacen("[object]", "[objects]", 1)),
    }
}

fn one_of(words: &[(&str, &str)]) -> String {
    let words: Vec<String> = words.iter().map(|(word, _)| text::code(word)).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn table(words: &[(&str, &str)]) -> Option<(&'static str, &'static str)> {
    let known = |listed: &[&str]| listed.iter().eq(words.iter().map(|(word, _)| word));
    TABLES.iter().find(|(_, _, listed)| known(listed)).map(|(name, heading, _)| (*name, *heading))
}

fn scalar(node: &Value) -> &'static str {
    let types = node.get("type");
    let is = |word: &str| {
        types.is_some_and(|t| {
            t == word || t.as_array().is_some_and(|several| several.iter().any(|one| one == word))
        })
    };
    let time = node.get("format").is_some_and(|f| f == "date-time");
    match () {
        () if node.get("x-kubernetes-int-or-string").is_some() => "integer or string",
        () if is("string") && time => "time",
        () if is("string") && limits::is_span(node) => "duration",
        () if is("string") => "string",
        () if is("integer") => "integer",
        () if is("number") => "number",
        () if is("boolean") => "boolean",
        () if is("object") => "object",
        () => "any value",
    }
}

/// `io.k8s.api.core.v1.Toleration` as the Kubernetes documentation writes it.
fn foreign(schema: &str) -> String {
    let mut parts = schema.rsplit('.');
    let (name, version, group) = (parts.next(), parts.next(), parts.next());
    match (name, version, group) {
        (Some(name), Some(version), Some(group)) if version.starts_with('v') => {
            format!("{} of {group}/{version}", text::code(name))
        }
        (Some(name), ..) => format!("{} of Kubernetes", text::code(name)),
        _ => text::code(schema),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(node: &Value, written: bool) -> String {
        Row { name: "it", node, root: node, required: false, written }.markdown(None)
    }

    #[test]
    fn every_word_is_explained_where_people_write_it() {
        let words = json!({"description": "Which. Defaults to A.", "anyOf": [
            {"description": "Not this.", "oneOf": [
                {"const": "A", "description": "One."}, {"enum": ["B"], "description": "Two."},
            ]},
            {"type": "null"},
        ]});
        assert_eq!(
            row(&words, true),
            "| `it` | `A` or `B` | default `A` | Which.<br>`A`: One.<br>`B`: Two. |\n"
        );
        assert_eq!(row(&words, false), "| `it` | `A` or `B` | default `A` | Which. |\n");
    }

    #[test]
    fn words_that_concepts_explain_are_linked() {
        let phases = schemars::schema_for!(Phase);
        assert!(row(&phases.into(), true).contains("| [run phase](concepts.md#run-phases) |"));
    }

    #[test]
    fn a_type_of_kubernetes_is_named_and_not_expanded() {
        let list = json!({"description": "Taints.", "type": "array", "maxItems": 32,
            "items": {"$ref": "#/$defs/io.k8s.api.core.v1.Toleration"}});
        assert_eq!(
            row(&list, true),
            "| `it` | list of `Toleration` of core/v1 | at most 32 items | Taints. |\n"
        );
    }
}
