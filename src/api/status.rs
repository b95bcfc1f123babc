//! The status of a run. It has one writer: the reconciler.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision::{APPLIED, Action};
use super::terms::{Cause, Phase, Reason};
use super::time::Stamp;
use super::work::{is_false, is_zero, works_of};

pub use super::work::{CurrentAttempt, ItemStatus, LastAttempt, StepStatus, StopOrder, Work};

/// The observed state of a run. Only the operator writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRunStatus {
    /// The generation of the run that this status describes. -1 until the operator has observed the run.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The phase of the run: Pending, Running, Paused, Succeeded, Failed or Cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Why the run is in its phase, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why the run is in its phase and what to do next, in a sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The step that is running or waiting. If there are several, the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The number of finished steps and of all steps, such as 3/7. Steps of `finally` are not included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// A description of what the run waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// When the run started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Stamp>,
    /// When the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Stamp>,
    /// The time that the run was active before `activeSince`, in seconds. Time spent waiting for people is not
    /// included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_seconds: Option<i64>,
    /// Since when the run is active without interruption. Absent while it is Pending or Paused, and after it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_since: Option<Stamp>,
    /// The revision of the Workflow that the run executes. Later changes of the Workflow do not affect the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<PinnedWorkflow>,
    /// The state of each step, in the order of the Workflow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepStatus>,
    /// The open questions to people. At most 16 are open at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalations: Vec<EscalationStatus>,
    /// The last decisions on the run, and their results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionResult>,
    /// The pause of the run. Present while a Pause is in effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// How the run is about to end. Present until its Pods are stopped and `finally` is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// The name of the PersistentVolumeClaim of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The value of `concurrency.key` for this run. Empty if the Workflow has no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_key: Option<String>,
    /// The outputs of the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// Sums over all steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// The conditions of the run: Ready, Reconciling, Stalled, NeedsDecision, Complete, Failed and Finished.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

fn unseen() -> i64 {
    -1
}

impl Default for WorkflowRunStatus {
    fn default() -> Self {
        Self {
            observed_generation: -1,
            phase: None,
            reason: None,
            message: None,
            step: None,
            progress: None,
            waiting: None,
            started_at: None,
            finished_at: None,
            active_seconds: None,
            active_since: None,
            workflow: None,
            steps: Vec::new(),
            escalations: Vec::new(),
            decisions: Vec::new(),
            hold: None,
            ending: None,
            workspace: None,
            concurrency_key: None,
            outputs: BTreeMap::new(),
            totals: None,
            conditions: Vec::new(),
        }
    }
}

impl WorkflowRunStatus {
    /// Everything that may have an attempt: each step without items, and each item.
    pub fn works(&self) -> impl Iterator<Item = &Work> {
        self.steps.iter().flat_map(works_of)
    }
}

/// The revision of a Workflow that a run executes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedWorkflow {
    /// The name of the Workflow.
    pub name: String,
    /// The generation of the Workflow when the run started.
    #[serde(default)]
    pub generation: i64,
    /// The hash of the content. The name of the ControllerRevision ends with it.
    pub revision: String,
}

/// An open question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscalationStatus {
    /// The id of the escalation. The name of the decision that answers it is `<run>-<id>`.
    pub id: String,
    /// The step that waits for the answer.
    pub step: String,
    /// The item that waits for the answer, in a step with `forEach`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Why the question is asked.
    pub cause: Cause,
    /// What happened, or what an approval step asks.
    pub message: String,
    /// How to answer: the name of the WorkflowDecision and the allowed actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// When the question was asked.
    pub since: Stamp,
    /// When the question expires. Absent if it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Stamp>,
    /// The actions that are allowed as an answer.
    pub actions: Vec<Action>,
}

impl EscalationStatus {
    /// The question and how to answer it, in one text. Older operators wrote both into `message`.
    pub fn message_with_hint(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}. {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

/// A decision and its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionResult {
    /// The UID of the WorkflowDecision.
    pub uid: String,
    /// The name of the WorkflowDecision.
    pub name: String,
    /// The action of the decision.
    pub action: Action,
    /// The user in `spec.by` of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When the decision was applied or refused.
    pub at: Stamp,
    /// `Applied`, or why the decision was refused.
    pub result: String,
}

impl DecisionResult {
    /// Whether the decision was applied.
    pub fn is_applied(&self) -> bool {
        self.result == APPLIED
    }
}

/// A pause of a run by a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// The user who paused the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When the run was paused.
    pub since: Stamp,
}

/// The end of a run, from the decision until it is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// The phase that the run will have.
    pub phase: Phase,
    /// The reason that the run will have.
    pub reason: Reason,
    /// The message that the run will have.
    pub message: String,
    /// When the end was decided.
    pub at: Stamp,
    /// Whether a second Abort ended `finally`: its running steps are stopped, and the others are not started.
    #[serde(default, skip_serializing_if = "is_false")]
    pub abandoned: bool,
}

/// Sums over all steps of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// The number of attempts that were started. Never decreases.
    pub attempts: u32,
    /// The number of failed attempts that were retried.
    pub retries: u32,
    /// The number of attempts that were lost.
    pub lost: u32,
    /// The number of questions that were asked.
    pub escalations: u32,
    /// How often work was sent back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rounds: u32,
}
