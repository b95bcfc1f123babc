//! The Workflow: agents and steps.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agent::Agent;
use super::step::{Defaults, Step};
use super::time::Span;

/// The definition of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "missioncontrol.dev",
    version = "v1alpha1",
    kind = "Workflow",
    plural = "workflows",
    namespaced,
    status = "WorkflowStatus",
    shortname = "mcw",
    category = "mission-control",
    doc = "A Workflow defines agents, which are containers, and the steps that they do.",
    derive = "Default",
    derive = "PartialEq",
    printcolumn(name = "STEPS", type_ = "integer", json_path = ".status.steps"),
    printcolumn(name = "AGENTS", type_ = "integer", json_path = ".status.agents"),
    printcolumn(name = "SUSPENDED", type_ = "boolean", json_path = ".spec.suspend"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "DESCRIPTION", type_ = "string", json_path = ".spec.description", priority = 1),
    validation = Rule::new("self.metadata.name.size() <= 63").message("the name of a Workflow must have at most 63 characters")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowSpec {
    /// A description of the workflow, for people. It has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// Whether the workflow is suspended: while true, no new run starts. Runs that have started continue. Defaults to
    /// false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// The parameters of a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub params: Vec<Param>,
    /// A volume that the steps of a run share. If absent, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Workspace>,
    /// How many runs can be active at the same time. If absent, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// How long a run may be active. Time spent waiting for people is not included. If absent, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// Defaults for all steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,
    /// When questions to people expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// The agents that do the steps.
    #[schemars(extend("minItems" = 1, "maxItems" = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub agents: Vec<Agent>,
    /// The steps. They run one after the other, unless `dependsOn` says otherwise.
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub steps: Vec<Step>,
    /// Steps that run at the end of a run, whatever its outcome. They do not change the outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 8))]
    pub finally: Vec<Step>,
    /// The outputs of a run. They are in the status of the run and in its RunRecord.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 32))]
    pub outputs: Vec<RunOutput>,
    /// Notifications about runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 16))]
    pub notify: Vec<Notify>,
    /// How long runs and their children are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

/// A parameter of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Param {
    /// The name of the parameter. Templates read its value as `params.<name>`.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z][A-Za-z0-9_]*$"))]
    pub name: String,
    /// Whether a run must set the parameter. Defaults to false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The value if the run does not set the parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    pub default: Option<String>,
    /// The allowed values. If absent, any value is allowed.
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 64), inner(length(max = 1024)))]
    pub one_of: Vec<String>,
    /// A regular expression that the whole value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub pattern: Option<String>,
    /// The maximum number of characters of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1048576))]
    pub max_length: Option<u32>,
    /// A description of the parameter, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
}

/// A volume that the steps of a run share: a PersistentVolumeClaim for each run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workspace {
    /// The size of the volume, such as 5Gi.
    #[schemars(length(max = 32))]
    pub size: String,
    /// The StorageClass of the volume. If absent, the default StorageClass of the cluster is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub storage_class_name: Option<String>,
    /// The access mode of the volume. Defaults to ReadWriteOnce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_mode: Option<AccessMode>,
    /// The path at which the volume is mounted. Defaults to /workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub mount_path: Option<String>,
    /// When the volume is kept after the end of the run. It is deleted with the run in any case. Defaults to Never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
}

/// The access mode of a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum AccessMode {
    /// Mounted on one node at a time. Steps that use the workspace must not run in parallel.
    #[default]
    ReadWriteOnce,
    /// Mounted by one Pod at a time.
    ReadWriteOncePod,
    /// Mounted on any number of nodes.
    ReadWriteMany,
}

impl AccessMode {
    /// The value as in the spec of a PersistentVolumeClaim.
    pub const fn as_str(self) -> &'static str {
        match self {
            AccessMode::ReadWriteOnce => "ReadWriteOnce",
            AccessMode::ReadWriteOncePod => "ReadWriteOncePod",
            AccessMode::ReadWriteMany => "ReadWriteMany",
        }
    }
}

/// When a workspace is kept after the end of its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Keep {
    /// Deleted when the run ends. After a success, the Pods that mounted it are deleted as well. After a failure,
    /// Kubernetes keeps the volume until these Pods are deleted (`retention.children`).
    #[default]
    Never,
    /// Kept, unless the run succeeded.
    OnFailure,
    /// Kept.
    Always,
}

/// How many runs of a workflow can be active at the same time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Concurrency {
    /// The maximum number of active runs for each value of `key`.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: u32,
    /// A CEL expression, such as `params.repo`. Runs with the same value share one limit. If absent, all runs of the
    /// Workflow share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub key: Option<String>,
    /// What happens to a run above the limit. Defaults to Queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ConcurrencyPolicy>,
}

/// What happens to a run above the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ConcurrencyPolicy {
    /// The run waits for its turn. The oldest run is first.
    #[default]
    Queue,
    /// The run fails immediately.
    Reject,
}

/// When questions to people expire.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Escalation {
    /// How long a question waits for an answer. If absent, it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Span>,
    /// What happens when a question expires. Defaults to Abort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_expiry: Option<OnExpiry>,
}

/// What happens when a question expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum OnExpiry {
    /// The run is cancelled.
    Abort,
    /// The run fails.
    Fail,
    /// The step is skipped, and the run continues. An approval is not skipped: the run fails.
    Skip,
}

/// An output of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunOutput {
    /// The name of the output.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The variable whose value is the output, such as `steps.pr.outputs.url`.
    #[schemars(length(min = 1, max = 256))]
    pub from: String,
}

/// A notification about some events of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notify {
    /// The events that are sent.
    #[schemars(extend("minItems" = 1, "maxItems" = 8))]
    pub events: Vec<NotifyEvent>,
    /// The name of the target that receives the events. Targets are configured when the operator is installed.
    #[schemars(length(min = 1, max = 63))]
    pub target: String,
}

/// An event of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum NotifyEvent {
    /// A step waits for a person.
    Escalated,
    /// The run failed.
    Failed,
    /// The run succeeded.
    Succeeded,
    /// The run was cancelled.
    Cancelled,
}

impl NotifyEvent {
    /// The value as in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            NotifyEvent::Escalated => "Escalated",
            NotifyEvent::Failed => "Failed",
            NotifyEvent::Succeeded => "Succeeded",
            NotifyEvent::Cancelled => "Cancelled",
        }
    }
}

/// How long runs and their children are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retention {
    /// How long Jobs and Pods are kept after the end of their run. At least 10m. Defaults to 24h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Span>,
    /// How long runs are kept after their end: a duration of at least 10m, or `Keep` to keep them forever. Defaults to
    /// Keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub runs: Option<String>,
}

/// The observed state of a Workflow. Only the operator writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowStatus {
    /// The generation of the Workflow that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The revision that new runs execute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The number of steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<i64>,
    /// The number of agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<i64>,
    /// All problems of the Workflow, as `field: what is wrong; what to do`. Empty if the Workflow is valid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// The conditions of the Workflow: Ready and Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
