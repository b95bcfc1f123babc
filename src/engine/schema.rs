//! An object as written -> the problems that the API server would report, without asking one.
//!
//! It uses the schemas of the CRDs: unknown and missing fields, types, limits and CEL rules. It reports all problems,
//! not only the first. It never changes an object. It does not check what [`super::lint`] checks: how the steps of a
//! workflow depend on each other. Start reading at [`Schemas::problems`], then [`walk`].

mod metadata;
mod similar;
mod value;
mod walk;

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::Value;

use crate::api::crds;

use super::problem::Problem;

pub use similar::{did_you_mean, similar};
pub use value::QUOTES;

/// The schema of each of our kinds.
#[derive(Clone, Debug)]
pub struct Schemas {
    kinds: BTreeMap<String, JSONSchemaProps>,
}

impl Default for Schemas {
    fn default() -> Self {
        let schema = |crd: &crds::Crd| {
            let version = crd.spec.versions.first()?;
            version.schema.as_ref()?.open_api_v3_schema.clone()
        };
        let kinds = crds::all().into_iter().filter_map(|(_, crd)| {
            let schema = metadata::completed(schema(&crd)?);
            Some((crd.spec.names.kind, schema))
        });
        Self { kinds: kinds.collect() }
    }
}

impl Schemas {
    /// The kinds that have a schema.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Every problem that the API server would report when the object is created.
    pub fn problems(&self, kind: &str, object: &Value) -> Vec<Problem> {
        let Some(schema) = self.kinds.get(kind) else { return Vec::new() };
        let mut found = walk::problems(schema, object);
        found.extend(metadata::nameless(object));
        found
    }
}

#[cfg(test)]
mod tests;
