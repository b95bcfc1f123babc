//! The state of the work of a run: its steps, their items, and the attempts at both.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::terms::{Cause, Outcome, StepPhase};
use super::time::Stamp;

/// The state of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepStatus {
    /// The name of the step.
    pub name: String,
    /// Whether the step is one of `finally`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub finally: bool,
    /// The step's own work. For a step with `forEach`, the sums over its items.
    #[serde(flatten)]
    pub work: Work,
    /// The state of each item. Only in a step with `forEach`, and in the step that verifies its items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemStatus>,
}

/// The state of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemStatus {
    /// The id of the item in the list.
    pub id: String,
    /// The title of the item in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The round of the step in which the item was added. An id can be in the lists of several rounds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub listed: u32,
    /// The work of the item.
    #[serde(flatten)]
    pub work: Work,
}

/// The state of a piece of work: that of a step, or of one item of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// The phase.
    pub phase: StepPhase,
    /// The number of attempts that were started.
    #[serde(default)]
    pub attempts: u32,
    /// The number of failed attempts that count against `retry.limit`. A new round and a decision `Retry` reset it.
    #[serde(default)]
    pub retries: u32,
    /// The number of lost attempts that count against `retry.lostLimit`. A new round and a decision `Retry` reset it.
    #[serde(default)]
    pub lost: u32,
    /// The number of attempts that failed or timed out. Never reset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// The number of failed attempts that were retried. Never reset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_retries: u32,
    /// The number of attempts that were lost. Never reset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_lost: u32,
    /// How often the work was sent back.
    #[serde(default)]
    pub rounds: u32,
    /// How often this step sent earlier work back. Counts against `onRetry.limit`; a decision `Retry` resets it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sent_back: u32,
    /// When the first attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Stamp>,
    /// When the work finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Stamp>,
    /// When the next attempt starts, at the end of the backoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Stamp>,
    /// The attempt in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentAttempt>,
    /// The last attempt that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastAttempt>,
    /// The feedback of a person, from a decision `Retry` or `Reject`. Templates read it as `human_feedback`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
    /// Why the work was sent back. Templates read it as `verify_feedback`. Absent after the work was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_feedback: Option<String>,
    /// The `outputs` of a decision `Retry`, with keys in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub supplied: BTreeMap<String, String>,
    /// The `KEY: value` lines that the agent printed, with keys in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// The text that the agent printed: the last 16 KiB.
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

/// The attempt in progress. It is recorded before its Job is created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentAttempt {
    /// The number of the attempt, from 1.
    pub n: u32,
    /// The name of the Job, and of its Pod.
    pub job: String,
    /// When the operator decided to start the attempt.
    pub intent_at: Stamp,
    /// When the operator began to stop the attempt, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopOrder>,
}

/// The stop of an attempt by the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopOrder {
    /// When the operator began to stop the attempt.
    pub at: Stamp,
    /// Why the attempt is stopped: Timeout, PendingTimeout or RunEnded.
    pub cause: Cause,
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastAttempt {
    /// The number of the attempt.
    pub n: u32,
    /// How the attempt ended.
    pub outcome: Outcome,
    /// Why the attempt ended as it did. Absent if the outcome is Done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The exit code of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Details for people, in at most 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The pieces of work of a step that may have an attempt: its own, or those of its items.
pub fn works_of(step: &StepStatus) -> impl Iterator<Item = &Work> {
    let own = step.items.is_empty().then_some(&step.work);
    own.into_iter().chain(step.items.iter().map(|i| &i.work))
}
