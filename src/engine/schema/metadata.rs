//! The rules that no CRD contains, since the API server has them: `apiVersion`, `kind` and `metadata`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::{Value, json};

use super::super::path::Path;
use super::super::problem::{Kind, Problem};

/// The schema of a whole object. Its `status` is the operator's: the API server drops a status that a client sends.
pub(super) fn completed(mut schema: JSONSchemaProps) -> JSONSchemaProps {
    let properties = schema.properties.get_or_insert_default();
    for (name, known) in [
        ("apiVersion", json!({"type": "string"})),
        ("kind", json!({"type": "string"})),
        ("metadata", metadata()),
        ("status", json!({"type": "object", "nullable": true, "x-kubernetes-preserve-unknown-fields": true})),
    ] {
        properties.insert(name.into(), serde_json::from_value(known).unwrap_or_default());
    }
    let required = schema.required.get_or_insert_default();
    required.extend(["apiVersion", "kind", "metadata"].map(String::from));
    schema
}

fn metadata() -> Value {
    let dns = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    let text = json!({"type": "string"});
    let any = json!({"x-kubernetes-preserve-unknown-fields": true});
    json!({
        "type": "object",
        "description": "its name",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 253, "pattern": dns},
            "namespace": {"type": "string", "maxLength": 63, "pattern": dns},
            "generateName": {"type": "string"},
            "labels": {"type": "object", "nullable": true, "additionalProperties": {
                "type": "string", "maxLength": 63, "pattern": "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"}},
            "annotations": {"type": "object", "nullable": true, "additionalProperties": text},
            "finalizers": {"type": "array", "items": text},
            "ownerReferences": {"type": "array", "items": any},
            "creationTimestamp": any, "deletionTimestamp": any, "deletionGracePeriodSeconds": any, "generation": any,
            "managedFields": any, "resourceVersion": any, "selfLink": any, "uid": any,
        },
    })
}

/// An object needs a name or a `generateName`.
pub(super) fn nameless(object: &Value) -> Option<Problem> {
    let metadata = object.get("metadata")?.as_object()?;
    let named = ["name", "generateName"].iter().any(|field| metadata.contains_key(*field));
    let path = Path::default().field("metadata").field("name");
    let message = "missing; name it in lower-case letters, digits and '-'";
    (!named).then_some(Problem::new(path, Kind::Missing, message))
}
