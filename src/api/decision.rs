//! The WorkflowDecision: a person's answer to an escalation, or an order to a run.

use std::collections::BTreeMap;

use kube::api::ObjectMeta;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Stamp;

/// The decision of a person: an answer to an escalation, or an order to a run.
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
    doc = "A WorkflowDecision answers an escalation of a run, or aborts, pauses or resumes the run.",
    derive = "PartialEq",
    selectable = ".spec.run",
    printcolumn(name = "RUN", type_ = "string", json_path = ".spec.run"),
    printcolumn(name = "ACTION", type_ = "string", json_path = ".spec.action"),
    printcolumn(name = "BY", type_ = "string", json_path = ".spec.by"),
    printcolumn(name = "RESULT", type_ = "string", json_path = ".status.result"),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("!has(self.spec.escalation) || self.metadata.name == self.spec.run + '-' + self.spec.escalation").message("a decision that answers an escalation must be named <run>-<escalation>, so that only the first answer counts"),
    validation = Rule::new("self.spec == oldSelf.spec").message("a decision is immutable; delete it and create another")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.escalation) || self.action in ['Abort', 'Pause', 'Resume']").message("Retry, Skip, Approve and Reject must name the escalation that they answer; set escalation to an id in status.escalations of the run"))]
pub struct WorkflowDecisionSpec {
    /// The name of the run.
    #[schemars(length(min = 1, max = 200), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub run: String,
    /// The escalation that this decision answers: `status.escalations[].id` of the run. Required for Retry, Skip,
    /// Approve and Reject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub escalation: Option<String>,
    /// What the operator does with the run.
    pub action: Action,
    /// A message to the agent. Templates of the step read it as `human_feedback`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16384))]
    pub feedback: Option<String>,
    /// Values by key; a key is written as the agent prints it. With Retry, templates of the step can use the values.
    /// With other actions, the values become outputs of the step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64), extend("additionalProperties" = {"type": "string", "maxLength": 65536}))]
    pub outputs: BTreeMap<String, String>,
    /// The user who decides. If the admission policy of the chart is installed, this must be the user who creates the
    /// decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub by: Option<String>,
}

impl WorkflowDecision {
    /// The object for a decision. An answer is named after its escalation, so that the API server accepts only the
    /// first one. An order to a run gets a generated name.
    pub fn said(spec: WorkflowDecisionSpec) -> Self {
        let (run, action) = (&spec.run, spec.action.as_str().to_lowercase());
        let metadata = match &spec.escalation {
            Some(id) => ObjectMeta { name: Some(format!("{run}-{id}")), ..ObjectMeta::default() },
            None => ObjectMeta { generate_name: Some(format!("{run}-{action}-")), ..ObjectMeta::default() },
        };
        Self { metadata, spec, status: None }
    }
}

/// The action of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Action {
    /// Start the step again, with a new budget of retries.
    Retry,
    /// Continue without the step.
    Skip,
    /// Accept an approval: the run continues.
    Approve,
    /// Reject an approval: the work is sent back if the step has an `onRetry`, otherwise the run fails.
    Reject,
    /// Stop the running Pods and cancel the run.
    Abort,
    /// Start no new attempts. Attempts that are running end as usual.
    Pause,
    /// Take back a Pause.
    Resume,
}

impl Action {
    /// The value as in the API.
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

/// The result of a decision that was applied.
pub const APPLIED: &str = "Applied";

/// The status of a decision, copied from `status.decisions` of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowDecisionStatus {
    /// `Applied`, or why the decision was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// When the decision was applied or refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Stamp>,
}

impl WorkflowDecisionStatus {
    /// Whether the decision had its effect; false while the operator has not answered.
    pub fn is_applied(&self) -> bool {
        self.result.as_deref() == Some(APPLIED)
    }
}
