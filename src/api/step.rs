//! Steps of a workflow and their budgets.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Span;

/// One step: `name`, `agent` and `input` are enough.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Name of the step: lower-case letters, digits and `-`.
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// The agent that does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub agent: Option<String>,
    /// What the agent is asked to do; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    pub input: Option<String>,
    /// Steps that must be finished first. Absent: the step above. Empty: starts at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64), inner(length(min = 1, max = 40)))]
    pub depends_on: Option<Vec<String>>,
    /// Condition in CEL; a step whose condition is false is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub when: Option<String>,
    /// What the output must say. Absent: `STATUS: done`. Empty: the exit code alone decides. Other text is sought in the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub expects: Option<String>,
    /// How long one attempt may run, counted from its container's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// How long an attempt may wait for its container to start (scheduling, image pull).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_timeout: Option<Span>,
    /// How failed and lost attempts are repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens when the retries are spent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exhausted: Option<OnExhausted>,
    /// Where rejected work (`STATUS: retry`) is sent back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_retry: Option<OnRetry>,
    /// Runs the step once per item of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// Makes the step a question to a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Values that the step must print, validated and shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 32))]
    pub outputs: Vec<StepOutput>,
}

/// What every step inherits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// How long one attempt may run. Built-in value: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// How long an attempt may wait for its container to start. Built-in value: 15m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_timeout: Option<Span>,
    /// How failed and lost attempts are repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens when the retries are spent. Built-in value: Escalate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exhausted: Option<OnExhausted>,
}

/// How failed and lost attempts are repeated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// Failed attempts that are repeated: a limit of 2 means at most 3 attempts. Built-in value: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub limit: Option<u32>,
    /// Waiting time before a repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// Attempts that the cluster took away (node lost, Pod deleted) and that are repeated, counted apart. Built-in value: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub lost_limit: Option<u32>,
    /// Exit codes that a repetition cannot mend: the step counts as exhausted at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 32), inner(range(min = 1, max = 255)))]
    pub no_retry_exit_codes: Vec<i32>,
}

/// Waiting time before repetition k (from 0): min(initial · factor^k, max).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backoff {
    /// The first wait. Built-in value: 1s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<Span>,
    /// What each wait is multiplied by for the next. Built-in value: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub factor: Option<u32>,
    /// The longest wait. Built-in value: 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Span>,
}

/// What happens when a step's retries are spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum OnExhausted {
    /// A person is asked.
    Escalate,
    /// The run fails.
    Fail,
    /// The run goes on; later steps need `default()` for its outputs.
    Continue,
}

/// Sends rejected work back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnRetry {
    /// The step that does the work again.
    #[schemars(length(min = 1, max = 40))]
    pub rerun: String,
    /// How often. Built-in value: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub limit: Option<u32>,
    /// The key whose value is the feedback; absent: the whole output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub feedback: Option<String>,
}

/// Runs a step once per item of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForEach {
    /// The list: `stories`, or a value that is a JSON array.
    #[serde(rename = "in")]
    #[schemars(length(min = 1, max = 256))]
    pub list: String,
    /// Name of the item in templates. Built-in value: `item`, for stories `story`.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub item: Option<String>,
    /// Items at once. Built-in value: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub parallelism: Option<u32>,
    /// The step that checks each item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub verify_with: Option<String>,
    /// Most items. Built-in value: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_items: Option<u32>,
    /// What a failed item does to the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_item_failure: Option<OnItemFailure>,
    /// Whether an empty list is fine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_empty: Option<bool>,
}

/// What a failed item does to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum OnItemFailure {
    /// Items after it wait for the decision.
    Stop,
    /// Other items go on.
    Continue,
}

/// A question to a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// The question; a template.
    #[schemars(length(min = 1, max = 4096))]
    pub message: String,
    /// How long the question stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Span>,
}

/// A value that a step must print.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepOutput {
    /// Its name in templates.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The key in the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub key: Option<String>,
    /// Regular expression that the value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub pattern: Option<String>,
}
