//! The CEL rules of a schema, as far as they speak of a new object: rules about a change (`oldSelf`) are left out.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSONSchemaProps, ValidationRule};
use serde_json::{Value, json};

use super::super::condition::Condition;
use super::super::path::Path;
use super::super::problem::{Kind, Problem};

/// The rules that the value breaks. One that cannot be evaluated says nothing: what it names is missing or of another type,
/// and that is a problem of its own.
pub(super) fn broken(schema: &JSONSchemaProps, value: &Value, path: &Path) -> Vec<Problem> {
    let rules = schema.x_kubernetes_validations.iter().flatten().filter(|r| speaks_of_new(r));
    let seen = json!({"self": value});
    let fails = |r: &&ValidationRule| Condition::parse(&r.rule).is_ok_and(|c| c.holds(&seen) == Ok(false));
    let problem = |rule: &ValidationRule| {
        let message = rule.message.clone().unwrap_or_else(|| format!("it must hold: {}", rule.rule));
        Problem::new(place(rule, path), Kind::Value, message)
    };
    rules.filter(fails).map(problem).collect()
}

/// Where a rule says that it speaks of; those of a whole object speak of its name.
fn place(rule: &ValidationRule, path: &Path) -> Path {
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
