//! What the operator says about a run. One writer: the reconciler.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision::Action;
use super::terms::{Cause, Outcome, Phase, Reason, StepPhase};
use super::time::Stamp;

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
            outputs: BTreeMap::new(),
            totals: None,
            conditions: Vec::new(),
        }
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

/// Where a step is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepStatus {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub phase: StepPhase,
    /// Attempts started, all together.
    #[serde(default)]
    pub attempts: u32,
    /// Failed attempts charged to the current budget; a decision Retry grants a new one.
    #[serde(default)]
    pub retries: u32,
    /// Lost attempts charged to the current budget.
    #[serde(default)]
    pub lost: u32,
    /// How often its work was sent back.
    #[serde(default)]
    pub rounds: u32,
    /// When its first attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Stamp>,
    /// When it was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Stamp>,
    /// When the next attempt starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Stamp>,
    /// The attempt under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentAttempt>,
    /// The last attempt that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastAttempt>,
    /// What a person said with a Retry; `human_feedback` in the step's template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
    /// Its `KEY: value` lines, keys in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// What it said (the last 16 KiB).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// The attempt under way. It is written before its Job is created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentAttempt {
    /// Its number, from 1.
    pub n: u32,
    /// Its Job's (and Pod's) name.
    pub job: String,
    /// When the operator decided to start it.
    pub intent_at: Stamp,
    /// When the operator told it to stop, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopOrder>,
}

/// The operator told an attempt to stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopOrder {
    /// When.
    pub at: Stamp,
    /// Why: Timeout, PendingTimeout or RunEnded.
    pub cause: Cause,
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastAttempt {
    /// Its number.
    pub n: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it is Done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The agent's exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What is to be said about it, in at most 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// An open question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscalationStatus {
    /// Its id; a decision's name is `<run>-<id>`.
    pub id: String,
    /// The step that waits.
    pub step: String,
    /// Why.
    pub cause: Cause,
    /// What happened, and what can be done.
    pub message: String,
    /// Since when.
    pub since: Stamp,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Stamp>,
    /// The actions that are legal.
    pub actions: Vec<Action>,
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
}
