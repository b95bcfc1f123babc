//! Records -> the bottlenecks.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use crate::api::record::StepRecord;
use crate::api::{Cause, RunRecordSpec, StepPhase};

use super::measure::{Key, ratio};

/// The number of bottlenecks listed.
const MOST: usize = 5;
/// A step fails often above this rate,
const FAILURE_RATE: f64 = 0.1;
/// and is retried often above this average.
const RETRIES: f64 = 0.5;

/// A step that often fails or is retried.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bottleneck {
    pub namespace: String,
    pub workflow: String,
    pub step: String,
    /// Its executions: the runs in which it had at least one attempt.
    pub executions: usize,
    /// The share of its executions in which it failed, from 0 to 1: see [`has_failed`].
    pub failure_rate: f64,
    /// The `retries` of its records, on average over its executions: over all rounds, items and decisions.
    pub average_retries: f64,
}

/// `implement: 35% failure, 2.3 avg retries`
impl fmt::Display for Bottleneck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.failure_rate * 100.0;
        write!(f, "{}: {percent:.0}% failure, {:.1} avg retries", self.step, self.average_retries)
    }
}

#[derive(Default)]
struct Tally {
    executions: usize,
    failed: usize,
    retries: usize,
}

/// Steps that fail in more than a tenth of their executions, or have more than half a retry on average. Sorted by
/// failure rate, then by retries; at most five. `records` come with the namespace and name of their workflows.
pub fn bottlenecks<'a>(records: impl Iterator<Item = (Key<'a>, &'a RunRecordSpec)>) -> Vec<Bottleneck> {
    let mut steps: HashMap<(Key<'_>, &str), Tally> = HashMap::new();
    let all = records.flat_map(|(workflow, record)| record.steps.iter().map(move |s| (workflow, s)));
    // An approval has no attempts, nor has a step that was never reached.
    for (workflow, step) in all.filter(|(_, s)| s.attempts > 0) {
        let tally = steps.entry((workflow, step.name.as_str())).or_default();
        tally.executions += 1;
        tally.failed += usize::from(has_failed(step));
        tally.retries += step.retries as usize;
    }
    let mut steps: Vec<_> = steps.into_iter().collect();
    steps.sort_unstable_by_key(|(place, _)| *place);
    let mut found: Vec<Bottleneck> = steps
        .into_iter()
        .map(|((workflow, step), t)| Bottleneck {
            namespace: workflow.0.into(),
            workflow: workflow.1.into(),
            step: step.into(),
            executions: t.executions,
            failure_rate: ratio(t.failed, t.executions).unwrap_or(0.0),
            average_retries: ratio(t.retries, t.executions).unwrap_or(0.0),
        })
        .filter(|b| b.failure_rate > FAILURE_RATE || b.average_retries > RETRIES)
        .collect();
    // A stable sort: ties stay in the order of their names.
    found.sort_by(|a, b| {
        b.failure_rate.total_cmp(&a.failure_rate).then(b.average_retries.total_cmp(&a.average_retries))
    });
    found.truncate(MOST);
    found
}

/// Whether the step failed in that run: it ended `Failed` or `Tolerated`, or one of its attempts failed (`failures`),
/// whatever followed. For records that are older than that field, `retries` and the `cause` of the last attempt
/// decide.
///
/// A step that fails first and passes later counts as failed: only so does a step show up that passes on its third
/// attempt each time. Lost attempts do not count unless the step ends by them, nor does work that was sent back.
pub(super) fn has_failed(step: &StepRecord) -> bool {
    let for_good = match step.phase {
        StepPhase::Failed | StepPhase::Tolerated => true,
        StepPhase::Pending
        | StepPhase::Running
        | StepPhase::Backoff
        | StepPhase::Escalated
        | StepPhase::Succeeded
        | StepPhase::Skipped
        | StepPhase::Cancelled => false,
    };
    for_good || step.failures > 0 || step.retries > 0 || step.cause.is_some_and(is_of_the_agent)
}

/// An attempt ran and failed; otherwise it was lost, or could not be created.
fn is_of_the_agent(cause: Cause) -> bool {
    match cause {
        Cause::ExitCode
        | Cause::OutOfMemory
        | Cause::StatusFailed
        | Cause::NoRetryTarget
        | Cause::NoStatus
        | Cause::StatusUnclear
        | Cause::ExpectationNotMet
        | Cause::ValueTooLong
        | Cause::OutputMissing
        | Cause::OutputInvalid
        | Cause::StoriesInvalid
        | Cause::Timeout
        | Cause::PendingTimeout
        | Cause::ResultUnreadable => true,
        Cause::PodDeleted
        | Cause::Disrupted
        | Cause::PodRejected
        | Cause::NeverStarted
        | Cause::RunEnded
        | Cause::MissingVariable
        | Cause::TemplateError
        | Cause::InputTooLarge
        | Cause::ConditionError
        | Cause::NoItems
        | Cause::ListInvalid
        | Cause::ReworkExhausted
        | Cause::Approval
        | Cause::PodRefused
        | Cause::NameTaken
        | Cause::NodeUnreachable
        | Cause::StatusTooLarge
        | Cause::RevisionLost => false,
    }
}
