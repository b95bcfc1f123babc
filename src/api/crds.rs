//! The CRDs as they are installed: generated from the types, plus what a derive cannot express.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use super::{RunRecord, Workflow, WorkflowDecision, WorkflowRun};

/// Short for [`CustomResourceDefinition`].
pub type Crd = CustomResourceDefinition;

/// Every CRD with the name of its file in `crds/`.
pub fn all() -> Vec<(&'static str, CustomResourceDefinition)> {
    let mut crds = vec![
        ("workflows.yaml", unseen(Workflow::crd())),
        ("workflowruns.yaml", unseen(WorkflowRun::crd())),
        ("workflowdecisions.yaml", WorkflowDecision::crd()),
        ("runrecords.yaml", RunRecord::crd()),
    ];
    for (_, crd) in &mut crds {
        for version in &mut crd.spec.versions {
            if let Some(schema) = version.schema.as_mut().and_then(|s| s.open_api_v3_schema.as_mut()) {
                tidy(schema);
            }
        }
    }
    crds
}

/// Makes Workflows and runs `InProgress` for GitOps tools until the operator has observed them.
fn unseen(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let status = version
            .schema
            .as_mut()
            .and_then(|s| s.open_api_v3_schema.as_mut())
            .and_then(|s| s.properties.as_mut())
            .and_then(|p| p.get_mut("status"));
        if let Some(status) = status {
            status.default = Some(k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSON(
                serde_json::json!({"observedGeneration": -1}),
            ));
        }
    }
    crd
}

/// An optional enum must not contain null: `kubectl explain` would show `<no value>`. A description of several lines
/// becomes one, because `kubectl explain` wraps lines itself; paragraphs and lists of Kubernetes' own types stay.
fn tidy(schema: &mut JSONSchemaProps) {
    if let Some(text) = schema.description.as_mut().filter(|d| !d.contains("\n\n") && !d.contains("\n-")) {
        *text = text.replace('\n', " ");
    }
    if let Some(words) = schema.enum_.as_mut() {
        words.retain(|w| !w.0.is_null());
        schema.nullable = None;
    }
    for child in schema.properties.iter_mut().flat_map(|p| p.values_mut()) {
        tidy(child);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = schema.items.as_mut() {
        tidy(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = schema.additional_properties.as_mut() {
        tidy(values);
    }
}

/// The YAML file of one CRD.
pub fn to_yaml(crd: &CustomResourceDefinition) -> String {
    let body = serde_yaml::to_string(crd).unwrap_or_default();
    format!("# Generated from src/api by `make crds`; do not edit.\n{body}")
}
