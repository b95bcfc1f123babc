//! The Workflow: agents and steps, kept in Git.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agent::Agent;
use super::step::{Defaults, Step};
use super::time::Span;

/// A workflow: agents (containers) and the steps they do.
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
    doc = "A Workflow names agents (containers) and the steps that they do.",
    derive = "Default",
    derive = "PartialEq",
    printcolumn(name = "STEPS", type_ = "integer", json_path = ".status.steps"),
    printcolumn(name = "AGENTS", type_ = "integer", json_path = ".status.agents"),
    printcolumn(name = "SUSPENDED", type_ = "boolean", json_path = ".spec.suspend"),
    printcolumn(name = "READY", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "DESCRIPTION", type_ = "string", json_path = ".spec.description", priority = 1),
    validation = Rule::new("self.metadata.name.size() <= 63").message("a workflow's name has at most 63 characters")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowSpec {
    /// What it is for, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// While true no new run starts; live runs go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// What a run may be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub params: Vec<Param>,
    /// A volume that the steps of a run share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Workspace>,
    /// How many runs go at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// How long a whole run may be active; time spent waiting for people does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// What every step inherits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,
    /// How questions to people expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// The containers that do the steps.
    #[schemars(extend("minItems" = 1, "maxItems" = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub agents: Vec<Agent>,
    /// The steps, in order.
    #[schemars(extend("minItems" = 1, "maxItems" = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub steps: Vec<Step>,
    /// Steps that run at the end, whatever the outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 8))]
    pub finally: Vec<Step>,
    /// What the run as a whole gives back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 32))]
    pub outputs: Vec<RunOutput>,
    /// Who is told about what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 16))]
    pub notify: Vec<Notify>,
    /// How long what a run made is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

/// A value that a run may be given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Param {
    /// Its name; `params.<name>` in templates.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z][A-Za-z0-9_]*$"))]
    pub name: String,
    /// Whether a run must give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// Its value where a run gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    pub default: Option<String>,
    /// The values it may have.
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 64), inner(length(max = 1024)))]
    pub one_of: Vec<String>,
    /// Regular expression that its whole value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub pattern: Option<String>,
    /// Its most characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1048576))]
    pub max_length: Option<u32>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
}

/// A volume that the steps of a run share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workspace {
    /// Its size, such as 5Gi.
    #[schemars(length(max = 32))]
    pub size: String,
    /// Its storage class; absent: the cluster's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub storage_class_name: Option<String>,
    /// Its access mode. Built-in value: ReadWriteOnce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_mode: Option<AccessMode>,
    /// Where it is mounted. Built-in value: /workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub mount_path: Option<String>,
    /// When it outlives the run's end; it goes with the run at the latest. Built-in value: Never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
}

/// How a workspace may be mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum AccessMode {
    /// By Pods of one node: steps that share it must not run in parallel.
    #[default]
    ReadWriteOnce,
    /// By one Pod at a time.
    ReadWriteOncePod,
    /// By Pods of any node.
    ReadWriteMany,
}

impl AccessMode {
    /// The word that a claim carries.
    pub const fn as_str(self) -> &'static str {
        match self {
            AccessMode::ReadWriteOnce => "ReadWriteOnce",
            AccessMode::ReadWriteOncePod => "ReadWriteOncePod",
            AccessMode::ReadWriteMany => "ReadWriteMany",
        }
    }
}

/// When a workspace outlives its run's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Keep {
    /// Deleted when the run ends: after a success with the finished Pods that mounted it, else when these go.
    #[default]
    Never,
    /// Kept unless the run succeeded.
    OnFailure,
    /// Kept.
    Always,
}

/// How many runs go at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Concurrency {
    /// Most runs at once per key.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: u32,
    /// CEL expression whose value groups the runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub key: Option<String>,
    /// What happens to a run above the limit. Built-in value: Queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ConcurrencyPolicy>,
}

/// What happens to a run above the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ConcurrencyPolicy {
    /// It waits for its turn, first come first served.
    #[default]
    Queue,
    /// It fails at once.
    Reject,
}

/// How questions to people expire.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Escalation {
    /// How long a question stands; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Span>,
    /// What happens then. Built-in value: Abort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_expiry: Option<OnExpiry>,
}

/// What happens when nobody answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum OnExpiry {
    /// The run is cancelled.
    Abort,
    /// The run fails.
    Fail,
    /// The step is skipped.
    Skip,
}

/// A value that the run as a whole gives back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunOutput {
    /// Its name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Where it comes from, such as `steps.pr.outputs.url`.
    #[schemars(length(min = 1, max = 256))]
    pub from: String,
}

/// Who is told about what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notify {
    /// What is told.
    #[schemars(extend("minItems" = 1, "maxItems" = 8))]
    pub events: Vec<NotifyEvent>,
    /// A target that is defined when the operator is installed.
    #[schemars(length(min = 1, max = 63))]
    pub target: String,
}

/// What people are told about.
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
    /// The word as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            NotifyEvent::Escalated => "Escalated",
            NotifyEvent::Failed => "Failed",
            NotifyEvent::Succeeded => "Succeeded",
            NotifyEvent::Cancelled => "Cancelled",
        }
    }
}

/// How long what a run made is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retention {
    /// How long Jobs and Pods outlive their run, at least ten minutes. Built-in value: 24h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Span>,
    /// How long runs are kept after their end: `Keep` or a length of time, at least ten minutes. Built-in value: Keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub runs: Option<String>,
}

/// What the operator found in a Workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowStatus {
    /// The generation that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The revision that new runs execute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Number of steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<i64>,
    /// Number of agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<i64>,
    /// Every problem, as `field: what is wrong; what to do`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Ready, Stalled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
