//! An object as it is written -> what the API server would refuse, without asking one.
//!
//! The schemas are those of the CRDs: unknown and missing fields, types, limits and CEL rules. All problems are said,
//! not only the first. It never changes an object, and does not look at what [`super::lint`] looks at: how a workflow hangs
//! together. Start reading at [`Schemas::problems`], then [`walk`].

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

/// The schema of every kind of ours.
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

    /// Everything that the API server would refuse when it is asked to create the object.
    pub fn problems(&self, kind: &str, object: &Value) -> Vec<Problem> {
        let Some(schema) = self.kinds.get(kind) else { return Vec::new() };
        let mut found = walk::problems(schema, object);
        found.extend(metadata::nameless(object));
        found
    }
}

#[cfg(test)]
mod tests;
