//! Where the work of a run is: its steps, their items, and the attempts at both.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::terms::{Cause, Outcome, StepPhase};
use super::time::Stamp;

/// Where a step is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepStatus {
    /// Its name.
    pub name: String,
    /// It is one of `finally`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub finally: bool,
    /// The step's own work; of a step with `forEach` the sums over its items.
    #[serde(flatten)]
    pub work: Work,
    /// The items of a step with `forEach`, and of the step that verifies them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemStatus>,
}

/// Where an item of a step is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemStatus {
    /// Its id in the list.
    pub id: String,
    /// Its title in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The round of the step in which the item came up: a list that is made anew may name it again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub listed: u32,
    /// Its own work.
    #[serde(flatten)]
    pub work: Work,
}

/// Where a piece of work is: that of a step, or of one item of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Where it is.
    pub phase: StepPhase,
    /// Attempts started, all together.
    #[serde(default)]
    pub attempts: u32,
    /// Failed attempts charged to the current budget; a new round and a decision Retry grant a new one.
    #[serde(default)]
    pub retries: u32,
    /// Lost attempts charged to the current budget.
    #[serde(default)]
    pub lost: u32,
    /// Attempts that failed or took too long, all together.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// Failed attempts that were repeated, all together: what every budget so far was charged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_retries: u32,
    /// Attempts that the cluster took away, all together.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_lost: u32,
    /// How often it was sent back to be done again.
    #[serde(default)]
    pub rounds: u32,
    /// How often it sent earlier work back, charged to `onRetry.limit`; a decision Retry grants a new budget.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sent_back: u32,
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
    /// What a person said with a Retry or a Reject; `human_feedback` in templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
    /// Why the work was sent back; `verify_feedback` in templates. Absent once it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_feedback: Option<String>,
    /// Values that a person gave with a Retry, keys in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub supplied: BTreeMap<String, String>,
    /// Its `KEY: value` lines, keys in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// What it said (the last 16 KiB).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            phase: StepPhase::Pending,
            attempts: 0,
            retries: 0,
            lost: 0,
            failures: 0,
            total_retries: 0,
            total_lost: 0,
            rounds: 0,
            sent_back: 0,
            started_at: None,
            finished_at: None,
            next_attempt_at: None,
            current: None,
            last: None,
            feedback: None,
            verify_feedback: None,
            supplied: BTreeMap::new(),
            outputs: BTreeMap::new(),
            output: None,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_zero(value: &u32) -> bool {
    *value == 0
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

/// The pieces of work of a step that may have an attempt: its own, or those of its items.
pub fn works_of(step: &StepStatus) -> impl Iterator<Item = &Work> {
    let own = step.items.is_empty().then_some(&step.work);
    own.into_iter().chain(step.items.iter().map(|i| &i.work))
}
