//! What the operator says about a run. One writer: the reconciler.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision::{APPLIED, Action};
use super::terms::{Cause, Phase, Reason};
use super::time::Stamp;
use super::work::{is_false, is_zero, works_of};

pub use super::work::{CurrentAttempt, ItemStatus, LastAttempt, StepStatus, StopOrder, Work};

/// What the operator says about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRunStatus {
    /// The generation that this status speaks of; -1: the operator has not seen the run.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// Pending, Running, Paused, Succeeded, Failed or Cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Why it is in its phase, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The same for people, with the next thing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The step that runs or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Finished steps of all steps, such as 3/7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// What the run waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Stamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Stamp>,
    /// Seconds that it was active before `activeSince`; waiting for people does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_seconds: Option<i64>,
    /// Since when it is active without a break; absent while it is Pending, Paused or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_since: Option<Stamp>,
    /// The workflow as it was when the run started: later edits do not touch the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<PinnedWorkflow>,
    /// The steps, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepStatus>,
    /// Open questions to people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalations: Vec<EscalationStatus>,
    /// The last decisions, with their effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionResult>,
    /// What a Pause said; present while it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// How the run is about to end; present while its Pods are being stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// The PersistentVolumeClaim that the steps share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The value of `concurrency.key` for this run; empty where the workflow has no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency_key: Option<String>,
    /// What the run gives back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// Sums over all steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// Ready, Reconciling, Stalled, NeedsDecision, Complete, Failed, Finished.
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
    /// Every piece of work that may have an attempt: each step without items, and each item.
    pub fn works(&self) -> impl Iterator<Item = &Work> {
        self.steps.iter().flat_map(works_of)
    }
}

/// The workflow that a run executes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedWorkflow {
    /// Its name.
    pub name: String,
    /// Its generation when the run started.
    #[serde(default)]
    pub generation: i64,
    /// Hash of its content; the ControllerRevision's name ends in it.
    pub revision: String,
}

/// An open question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscalationStatus {
    /// Its id; a decision's name is `<run>-<id>`.
    pub id: String,
    /// The step that waits.
    pub step: String,
    /// The item of the step that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Why.
    pub cause: Cause,
    /// What happened, or what an approval step asks.
    pub message: String,
    /// How to answer: the name of the WorkflowDecision and the legal actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Since when.
    pub since: Stamp,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Stamp>,
    /// The actions that are legal.
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

/// A decision and what it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionResult {
    /// UID of the WorkflowDecision.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// What it asked for.
    pub action: Action,
    /// Who it says it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it was applied or refused.
    pub at: Stamp,
    /// `Applied`, or why it was refused.
    pub result: String,
}

impl DecisionResult {
    /// Whether the decision had its effect.
    pub fn is_applied(&self) -> bool {
        self.result == APPLIED
    }
}

/// A person paused the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Since when.
    pub since: Stamp,
}

/// How a run is about to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// The phase it will have.
    pub phase: Phase,
    /// The reason it will have.
    pub reason: Reason,
    /// The message it will have.
    pub message: String,
    /// When that was decided.
    pub at: Stamp,
    /// A second Abort: what runs of `finally` is stopped, the rest is not started.
    #[serde(default, skip_serializing_if = "is_false")]
    pub abandoned: bool,
}

/// Sums over all steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Attempts started. Never falls.
    pub attempts: u32,
    /// Failed attempts that were repeated.
    pub retries: u32,
    /// Attempts that the cluster took away.
    pub lost: u32,
    /// Questions asked.
    pub escalations: u32,
    /// How often work was sent back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rounds: u32,
}
