//! The WorkflowDecision: a person's word.

use std::collections::BTreeMap;

use kube::api::ObjectMeta;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Stamp;

/// A person's answer to an escalation, or an order to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "missioncontrol.dev",
    version = "v1alpha1",
    kind = "WorkflowDecision",
    plural = "workflowdecisions",
    namespaced,
    status = "WorkflowDecisionStatus",
    shortname = "mcd",
    category = "mission-control",
    doc = "A WorkflowDecision is a person's word about a run.",
    derive = "PartialEq",
    selectable = ".spec.run",
    printcolumn(name = "RUN", type_ = "string", json_path = ".spec.run"),
    printcolumn(name = "ACTION", type_ = "string", json_path = ".spec.action"),
    printcolumn(name = "BY", type_ = "string", json_path = ".spec.by"),
    printcolumn(name = "RESULT", type_ = "string", json_path = ".status.result"),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("!has(self.spec.escalation) || self.metadata.name == self.spec.run + '-' + self.spec.escalation").message("a decision that names an escalation is named <run>-<escalation>, so that the first answer is the only one"),
    validation = Rule::new("self.spec == oldSelf.spec").message("a decision is immutable: delete it and create another")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.escalation) || self.action in ['Abort', 'Pause', 'Resume']").message("Retry, Skip, Approve and Reject name the escalation that they answer"))]
pub struct WorkflowDecisionSpec {
    /// The run it is about.
    #[schemars(length(min = 1, max = 200))]
    pub run: String,
    /// The escalation that it answers (`status.escalations[].id`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub escalation: Option<String>,
    /// What to do.
    pub action: Action,
    /// A word to the agent; `human_feedback` in the step's template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16384))]
    pub feedback: Option<String>,
    /// Values that the step did not give; keys as the agent would have written them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64), extend("additionalProperties" = {"type": "string", "maxLength": 65536}))]
    pub outputs: BTreeMap<String, String>,
    /// Who decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub by: Option<String>,
}

impl WorkflowDecision {
    /// The object for what somebody says. Its name makes the first answer to a question the only one; an order to a run gets
    /// one from the API server.
    pub fn said(spec: WorkflowDecisionSpec) -> Self {
        let (run, action) = (&spec.run, spec.action.as_str().to_lowercase());
        let metadata = match &spec.escalation {
            Some(id) => ObjectMeta { name: Some(format!("{run}-{id}")), ..ObjectMeta::default() },
            None => ObjectMeta { generate_name: Some(format!("{run}-{action}-")), ..ObjectMeta::default() },
        };
        Self { metadata, spec, status: None }
    }
}

/// What a decision asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Action {
    /// Do the step again with a fresh budget.
    Retry,
    /// Go on without the step.
    Skip,
    /// Say yes to an approval.
    Approve,
    /// Say no to an approval.
    Reject,
    /// End the run.
    Abort,
    /// Start no new attempt.
    Pause,
    /// Go on after a Pause.
    Resume,
}

impl Action {
    /// The word as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Retry => "Retry",
            Action::Skip => "Skip",
            Action::Approve => "Approve",
            Action::Reject => "Reject",
            Action::Abort => "Abort",
            Action::Pause => "Pause",
            Action::Resume => "Resume",
        }
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a decision's result says when it had its effect.
pub const APPLIED: &str = "Applied";

/// A copy of what the run's status says about the decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowDecisionStatus {
    /// `Applied`, or why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Stamp>,
}

impl WorkflowDecisionStatus {
    /// Whether the decision had its effect; false while the operator has not answered.
    pub fn is_applied(&self) -> bool {
        self.result.as_deref() == Some(APPLIED)
    }
}
