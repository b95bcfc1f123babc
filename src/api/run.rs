//! The WorkflowRun: a request for one execution of a Workflow.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::WorkflowRunStatus;
use super::workflow::Retention;

/// One execution of a Workflow. Only `suspend` and `retention` can be changed.
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
    doc = "A WorkflowRun requests one execution of a Workflow, and shows its progress in the status.",
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
    validation = Rule::new("self.metadata.name.size() <= 200").message("the name of a run must have at most 200 characters"),
    validation = Rule::new("self.spec.workflowRef == oldSelf.spec.workflowRef && (has(self.spec.task) ? self.spec.task : '') == (has(oldSelf.spec.task) ? oldSelf.spec.task : '') && (has(self.spec.params) ? self.spec.params : {}) == (has(oldSelf.spec.params) ? oldSelf.spec.params : {}) && (has(self.spec.runID) ? self.spec.runID : '') == (has(oldSelf.spec.runID) ? oldSelf.spec.runID : '')").message("the spec of a run is immutable, except for suspend and retention; to change it, replace the run: kubectl replace --force -f FILE"),
    validation = Rule::new("!has(oldSelf.status) || !has(oldSelf.status.phase) || !(oldSelf.status.phase in ['Succeeded', 'Failed', 'Cancelled']) || (has(self.status) && has(self.status.phase) && self.status.phase == oldSelf.status.phase)").message("the phase of a finished run is immutable; create another run instead"),
    validation = Rule::new("!has(oldSelf.status) || !has(oldSelf.status.totals) || (has(self.status) && has(self.status.totals) && self.status.totals.attempts >= oldSelf.status.totals.attempts)").message("status.totals.attempts must not decrease")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowRunSpec {
    /// The Workflow to execute.
    pub workflow_ref: WorkflowRef,
    /// What the run should do, in free text. Templates read it as `task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 262144))]
    pub task: Option<String>,
    /// The values of the params of the Workflow.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 128), extend("additionalProperties" = {"type": "string", "maxLength": 1048576}))]
    pub params: BTreeMap<String, String>,
    /// Any text. Change it to execute a run with the same name and spec again.
    #[serde(default, rename = "runID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub run_id: Option<String>,
    /// Whether the run is suspended: while true, no new attempt starts. Attempts that are running end as usual.
    /// Defaults to false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// How long the run and its children are kept. A field that is set here overrides that of the Workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

/// A reference to a Workflow in the namespace of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowRef {
    /// The name of the Workflow.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
    /// An older revision of the Workflow that still exists. If absent, the current revision is executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^[0-9a-f]+$"))]
    pub revision: Option<String>,
}
