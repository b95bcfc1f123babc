//! The API reference: the four kinds -> `docs/workflow-reference.md`.
//!
//! Turns each kind into sections, and each object into a table. It reads the schemas before a CRD flattens them,
//! because a CRD no longer has the names of Kubernetes' own types and the descriptions of enum values. It never names a
//! field, so a new field needs no change here. Start reading at [`page`]; `field` makes one row, `limits` its limits,
//! `text` escapes Markdown.

mod field;
mod limits;
mod shape;
mod text;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use schemars::JsonSchema;
use serde_json::Value;

use super::{RunRecord, Workflow, WorkflowDecision, WorkflowRun};
use field::Row;
use shape::{Shape, shape};

const HEAD: &str = "\
<!-- Generated from src/api by `make crds`; do not edit. -->

# Workflow reference

This page lists every field of the four kinds in the API group `missioncontrol.dev/v1alpha1`. [Concepts](concepts.md)
explains how the kinds work together, and the [quickstart](quickstart.md) shows them in use. On a cluster,
`kubectl explain mcw.spec.steps` shows the same fields.

- Each object has its own section, named by its path: `Workflow.spec.steps[]` is one step of a Workflow. In the tables,
  a type such as [object](#workflowspecsteps) links to that section.
- **Required** fields come first. A default is the value if the field is absent. *Always set* marks fields that the
  operator writes in every object.
- A *duration* is written as `90s`, `10m`, `1h30m` or `250ms`. A *time* is written as `2026-01-31T12:00:00Z`.
- A *template* is text with variables, such as `Fix {{ task }}`. Concepts lists
  [all variables](concepts.md#what-goes-in-what-comes-out).
- Types of Kubernetes, such as `Toleration` of core/v1, are described in its
  [API reference](https://kubernetes.io/docs/reference/kubernetes-api/).
- The API server checks limits and rules when an object is written. `mc workflow lint` and the operator check whether
  the parts of a Workflow fit together, for example whether a step names an agent that exists. The operator lists every
  problem in `status.problems` of the Workflow.
- A field that this release does not support is rejected with a message, and never ignored.

On this page:

";

/// One kind: its CRD, and its schema before types are flattened.
struct Kind {
    crd: CustomResourceDefinition,
    schema: Value,
}

impl Kind {
    fn of<K: CustomResourceExt + JsonSchema>() -> Self {
        Self {
            crd: K::crd(),
            schema: schemars::SchemaGenerator::default().into_root_schema_for::<K>().into(),
        }
    }
    fn name(&self) -> &str {
        &self.crd.spec.names.kind
    }
}

/// The whole page.
pub fn page() -> String {
    let kinds = [
        Kind::of::<Workflow>(),
        Kind::of::<WorkflowRun>(),
        Kind::of::<WorkflowDecision>(),
        Kind::of::<RunRecord>(),
    ];
    let mut sections = Sections::default();
    for kind in &kinds {
        sections.kind(kind);
    }
    format!("{HEAD}{}{}", sections.contents, sections.body)
}

/// The text so far, and the section of each object.
#[derive(Default)]
struct Sections<'a> {
    contents: String,
    body: String,
    explained: Vec<(&'a Value, String)>,
}

impl<'a> Sections<'a> {
    fn kind(&mut self, kind: &'a Kind) {
        self.contents += &format!("- {}", text::link(kind.name()));
        self.body += &format!("\n## {}\n\n", kind.name());
        self.body += &paragraph(&kind.schema);
        self.body += &handles(&kind.crd);
        self.body += &rules(&kind.schema);
        for (name, part) in properties(&kind.schema) {
            if let Shape::Object(object) = shape(part, &kind.schema) {
                self.section(&format!("{}.{name}", kind.name()), object, kind);
            }
        }
        self.contents += "\n";
    }

    fn section(&mut self, path: &str, object: &'a Value, kind: &'a Kind) {
        let short = path.split_once('.').map_or(path, |(_, within)| within);
        self.contents += &format!(" · [`{short}`](#{})", text::slug(path));
        self.body += &format!("\n### `{path}`\n\n{}", paragraph(object));
        self.body += "| Field | Type | Default and limits | Meaning |\n| --- | --- | --- | --- |\n";
        // Objects that users write refuse unknown fields. Only for these is every value of an enum explained.
        let written = object.get("additionalProperties") == Some(&Value::Bool(false));
        let mut below = Vec::new();
        for row in rows(object, &kind.schema, written) {
            let place = row
                .object()
                .map(|(child, suffix)| self.place(child, format!("{path}.{}{suffix}", row.name), &mut below));
            self.body += &row.markdown(place.as_ref().map(|(place, again)| (place.as_str(), *again)));
        }
        self.body += &rules(object);
        for (path, child) in below {
            self.section(&path, child, kind);
        }
    }

    /// The section of `object`, and whether that is another one than `path`.
    fn place(
        &mut self,
        object: &'a Value,
        path: String,
        below: &mut Vec<(String, &'a Value)>,
    ) -> (String, bool) {
        if let Some((_, place)) = self.explained.iter().find(|(known, _)| same(known, object)) {
            return (place.clone(), true);
        }
        self.explained.push((object, path.clone()));
        below.push((path.clone(), object));
        (path, false)
    }
}

/// Whether two objects have the same fields and rules. Their descriptions may differ: each field has its own.
fn same(one: &Value, other: &Value) -> bool {
    ["properties", "required", "x-kubernetes-validations"].iter().all(|key| one.get(key) == other.get(key))
}

fn properties(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// The fields of an object: the required ones in the order of the types, then the others by name.
fn rows<'a>(object: &'a Value, root: &'a Value, written: bool) -> Vec<Row<'a>> {
    let required: Vec<&str> = object
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut rows: Vec<(usize, Row<'a>)> = properties(object)
        .map(|(name, node)| {
            let rank = required.iter().position(|r| r == name);
            let row = Row { name, node, root, required: rank.is_some(), written };
            (rank.unwrap_or(usize::MAX), row)
        })
        .collect();
    rows.sort_by_key(|(rank, row)| (*rank, row.name));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn paragraph(node: &Value) -> String {
    match node.get("description").and_then(Value::as_str) {
        Some(description) => format!("{}\n\n", text::prose(description)),
        None => String::new(),
    }
}

/// The short names and field selectors of the kind.
fn handles(crd: &CustomResourceDefinition) -> String {
    let short = crd.spec.names.short_names.iter().flatten().map(|name| text::code(name));
    let mut line = format!("Short name: {}.", short.collect::<Vec<_>>().join(", "));
    let selectable: Vec<String> = crd
        .spec
        .versions
        .iter()
        .flat_map(|v| v.selectable_fields.iter().flatten())
        .map(|field| text::code(field.json_path.trim_start_matches('.')))
        .collect();
    if !selectable.is_empty() {
        line += &format!(" Field selectors: {}.", selectable.join(", "));
    }
    line + "\n"
}

/// The CEL rules of an object, in the words of the API server's errors.
fn rules(object: &Value) -> String {
    let rules: Vec<String> = object
        .get("x-kubernetes-validations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|rule| {
            let message = rule.get("message").and_then(Value::as_str).map(text::prose);
            message.or_else(|| rule.get("rule").and_then(Value::as_str).map(text::code))
        })
        .map(|rule| format!("- {rule}\n"))
        .collect();
    if rules.is_empty() { String::new() } else { format!("\nRules:\n\n{}", rules.concat()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(schema: Value) -> String {
        let kind = Kind { schema, ..Kind::of::<Workflow>() };
        let mut sections = Sections::default();
        sections.kind(&kind);
        sections.body
    }

    #[test]
    fn an_object_that_was_explained_is_linked_and_not_repeated() {
        let body = sections(serde_json::json!({
            "properties": {"spec": {"properties": {
                "first": {"description": "One.", "$ref": "#/$defs/Leg"},
                "second": {"description": "Two.", "type": "array", "items": {"$ref": "#/$defs/Leg"}},
            }}},
            "$defs": {"Leg": {"description": "A leg.", "properties": {"toes": {"description": "How many.", "type": "integer"}}}},
        }));
        assert!(body.contains("| `first` | [object](#workflowspecfirst) |"), "{body}");
        assert!(
            body.contains("| `second` | list, as [`Workflow.spec.first`](#workflowspecfirst) |"),
            "{body}"
        );
        assert_eq!(body.matches("| `toes` |").count(), 1, "{body}");
    }

    #[test]
    fn an_object_within_itself_is_written_once() {
        let body = sections(serde_json::json!({
            "properties": {"spec": {"properties": {"tree": {"$ref": "#/$defs/Tree"}}}},
            "$defs": {"Tree": {"properties": {"branches": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}},
        }));
        assert_eq!(body.matches("### `Workflow.spec.tree`").count(), 1, "{body}");
        assert!(body.contains("list, as [`Workflow.spec.tree`]"), "{body}");
    }

    #[test]
    fn required_fields_come_first_in_the_order_of_the_types() {
        let object = serde_json::json!({
            "properties": {"a": {}, "b": {}, "image": {}, "name": {}}, "required": ["name", "image"],
        });
        let names: Vec<&str> = rows(&object, &object, false).iter().map(|row| row.name).collect();
        assert_eq!(names, ["name", "image", "a", "b"]);
    }
}
