//! The steps of a workflow, and how often they are retried.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Span;

/// One step of a workflow. `name`, `agent` and `input` are enough.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// The name of the step: lower-case letters, digits and `-`.
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// The name of the agent that does the step. Required, unless the step is an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub agent: Option<String>,
    /// The input of the agent, a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    pub input: Option<String>,
    /// The steps that must finish before this one starts. If absent, the step above. If empty, the step starts
    /// immediately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64), inner(length(min = 1, max = 40)))]
    pub depends_on: Option<Vec<String>>,
    /// A condition in CEL. If it is false, the step is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub when: Option<String>,
    /// What the output must say: a status, such as `STATUS: done`, or any other text. Text is compared without case and
    /// white space. If empty, only the exit code decides. Defaults to `STATUS: done`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub expects: Option<String>,
    /// How long one attempt may run, from the start of its container. If absent, `spec.defaults.timeout` applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// How long one attempt may wait for its container to start, including scheduling and image pull. If absent,
    /// `spec.defaults.pendingTimeout` applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_timeout: Option<Span>,
    /// How failed and lost attempts are retried. A field that is absent here is taken from `spec.defaults.retry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens when no retries are left. If absent, `spec.defaults.onExhausted` applies. For an approval,
    /// `Continue` has the effect of `Escalate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exhausted: Option<OnExhausted>,
    /// Sends work back to an earlier step if the agent prints `STATUS: retry`, or if a person rejects the approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_retry: Option<OnRetry>,
    /// Runs the step once for each item of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// Makes the step an approval: the run waits until a person approves or rejects. The step has no agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The values that the agent must print. The attempt fails if one is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 32))]
    pub outputs: Vec<StepOutput>,
}

/// Defaults for the steps of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// How long one attempt may run, from the start of its container. Defaults to 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// How long one attempt may wait for its container to start, including scheduling and image pull. Defaults to 15m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_timeout: Option<Span>,
    /// How failed and lost attempts are retried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens when no retries are left. Defaults to Escalate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exhausted: Option<OnExhausted>,
}

/// How failed and lost attempts are retried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// The maximum number of retries after failed attempts: 2 means at most 3 attempts. Defaults to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub limit: Option<u32>,
    /// How long to wait before a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// The maximum number of retries after lost attempts, for example because the Pod was deleted or the node was lost.
    /// These retries do not count against `limit`. Defaults to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub lost_limit: Option<u32>,
    /// Exit codes that are not retried. `onExhausted` applies immediately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 32), inner(range(min = 1, max = 255)))]
    pub no_retry_exit_codes: Vec<i32>,
}

/// How long to wait before retry k (from 0): min(initial · factor^k, max).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backoff {
    /// The wait before the first retry. Defaults to 1s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<Span>,
    /// The factor by which the wait grows with each retry. Defaults to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub factor: Option<u32>,
    /// The longest wait. Defaults to 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Span>,
}

/// What happens when a step has no retries left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum OnExhausted {
    /// The step waits for the decision of a person.
    Escalate,
    /// The run fails.
    Fail,
    /// The run continues. Later steps that use the outputs of this step need `default()`.
    Continue,
}

/// Where and how often a step sends work back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnRetry {
    /// The step to which the work is sent back. It runs again, with all steps up to this one.
    #[schemars(length(min = 1, max = 40))]
    pub rerun: String,
    /// How often the work can be sent back. After that, `onExhausted` applies. Defaults to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub limit: Option<u32>,
    /// The key in the output whose value is the feedback, such as ISSUES. If absent, the whole output is the feedback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub feedback: Option<String>,
}

/// Runs a step once for each item of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForEach {
    /// The list: `stories` for the `STORIES_JSON` of an earlier step, or a variable whose value is a JSON array, such
    /// as `params.hosts` or `steps.scan.outputs.files`.
    #[serde(rename = "in")]
    #[schemars(length(min = 1, max = 256))]
    pub list: String,
    /// The name of the item in templates. Defaults to `item`, or `story` for stories.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub item: Option<String>,
    /// How many items are done in parallel. Defaults to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub parallelism: Option<u32>,
    /// The name of the step that runs after each item to verify it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub verify_with: Option<String>,
    /// The maximum number of items. A longer list is invalid. Defaults to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_items: Option<u32>,
    /// What happens to other items while one waits for a person. Defaults to Stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_item_failure: Option<OnItemFailure>,
    /// Whether the list may be empty. If false, the step escalates when the list is empty. Defaults to false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_empty: Option<bool>,
}

/// What happens to other items while one waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum OnItemFailure {
    /// No further item starts until the decision.
    Stop,
    /// The other items continue.
    Continue,
}

/// A question to a person, who approves or rejects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// The text of the question, a template.
    #[schemars(length(min = 1, max = 4096))]
    pub message: String,
    /// How long the question waits for an answer. If absent, `spec.escalation.expiresAfter` applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Span>,
}

/// A value that the agent of a step must print.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepOutput {
    /// The name of the value in templates.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The key in the output of the agent. If absent, the key is `name` in upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub key: Option<String>,
    /// A regular expression that the value must match. It may match a part of the value; anchor it with ^ and $ to
    /// match the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub pattern: Option<String>,
}
