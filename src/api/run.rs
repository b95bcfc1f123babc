//! The WorkflowRun: one execution, asked for.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::WorkflowRunStatus;
use super::workflow::Retention;

/// One execution of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "missioncontrol.dev",
    version = "v1alpha1",
    kind = "WorkflowRun",
    plural = "workflowruns",
    namespaced,
    status = "WorkflowRunStatus",
    shortname = "mcr",
    category = "mission-control",
    doc = "A WorkflowRun asks for one execution of a Workflow.",
    derive = "Default",
    derive = "PartialEq",
    selectable = ".status.phase",
    selectable = ".spec.workflowRef.name",
    printcolumn(name = "WORKFLOW", type_ = "string", json_path = ".spec.workflowRef.name"),
    printcolumn(name = "STEP", type_ = "string", json_path = ".status.step"),
    printcolumn(name = "PROGRESS", type_ = "string", json_path = ".status.progress"),
    printcolumn(name = "PHASE", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.reason"),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "RETRIES", type_ = "integer", json_path = ".status.totals.retries", priority = 1),
    printcolumn(name = "MESSAGE", type_ = "string", json_path = ".status.message", priority = 1),
    validation = Rule::new("self.metadata.name.size() <= 200").message("a run's name has at most 200 characters"),
    validation = Rule::new("self.spec.workflowRef == oldSelf.spec.workflowRef && (has(self.spec.task) ? self.spec.task : '') == (has(oldSelf.spec.task) ? oldSelf.spec.task : '') && (has(self.spec.params) ? self.spec.params : {}) == (has(oldSelf.spec.params) ? oldSelf.spec.params : {}) && (has(self.spec.runID) ? self.spec.runID : '') == (has(oldSelf.spec.runID) ? oldSelf.spec.runID : '')").message("a run's spec is immutable but for suspend and retention: changing a run is replacing it (kubectl replace --force -f FILE)"),
    validation = Rule::new("!has(oldSelf.status) || !has(oldSelf.status.phase) || !(oldSelf.status.phase in ['Succeeded', 'Failed', 'Cancelled']) || (has(self.status) && has(self.status.phase) && self.status.phase == oldSelf.status.phase)").message("a finished run keeps its phase"),
    validation = Rule::new("!has(oldSelf.status) || !has(oldSelf.status.totals) || (has(self.status) && has(self.status.totals) && self.status.totals.attempts >= oldSelf.status.totals.attempts)").message("the number of attempts never falls")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowRunSpec {
    /// The workflow to execute.
    pub workflow_ref: WorkflowRef,
    /// What is asked for, in free text; `task` in templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 262144))]
    pub task: Option<String>,
    /// Values for the workflow's params.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 128), extend("additionalProperties" = {"type": "string", "maxLength": 1048576}))]
    pub params: BTreeMap<String, String>,
    /// Tells a deliberate second execution of the same spec from the first.
    #[serde(default, rename = "runID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub run_id: Option<String>,
    /// While true no new attempt starts. May be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// Overrides the workflow's retention. May be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

/// Names a workflow of the run's namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowRef {
    /// Name of the Workflow.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
    /// An older revision of it that still exists; absent: the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub revision: Option<String>,
}
