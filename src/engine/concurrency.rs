//! Which run may start where a workflow limits its concurrent runs: first come, first served.

use crate::api::workflow::{Concurrency, ConcurrencyPolicy};
use crate::api::{Phase, Reason, WorkflowRun};

use super::condition::Condition;
use super::context;
use super::draft::Draft;
use super::params;
use super::problem::joined;

/// The answer of the limit for a run that could start otherwise.
#[derive(Clone, Debug)]
pub(super) enum Admission {
    Now,
    Wait(String),
    Rejected(String),
    /// Its key cannot be evaluated.
    Invalid(String),
}

/// Checks the limit. The run's key is written to its status, so that other runs need not evaluate it.
pub(super) fn admission(
    draft: &mut Draft<'_>,
    rule: &Concurrency,
    declared: &[crate::api::workflow::Param],
) -> Admission {
    let key = match key_of(draft.snapshot.run, rule, declared) {
        Ok(key) => key,
        Err(problem) => return Admission::Invalid(format!("concurrency.key: {problem}")),
    };
    let me = rank(draft.snapshot.run);
    let queues = rule.policy.unwrap_or_default() == ConcurrencyPolicy::Queue;
    let before = draft.snapshot.peers.iter().filter(|peer| {
        let same = match peer.status.as_ref().and_then(|s| s.concurrency_key.as_ref()) {
            Some(theirs) => *theirs == key,
            None => key_of(peer, rule, declared).is_ok_and(|theirs| theirs == key),
        };
        // With `Reject` nothing waits, so that only what is under way is in the way.
        same && (holds(peer) || (queues && may_start(peer) && rank(peer) < me))
    });
    let ahead = before.count();
    draft.status.concurrency_key = Some(key.clone());
    if ahead < rule.limit as usize {
        return Admission::Now;
    }
    let name = &draft.snapshot.run.spec.workflow_ref.name;
    let of_key = if key.is_empty() { String::new() } else { format!(" with the key {key:?}") };
    let words = format!("spec.concurrency of Workflow {name} allows {} at once{of_key}", rule.limit);
    match rule.policy.unwrap_or_default() {
        ConcurrencyPolicy::Queue => Admission::Wait(format!("waits for its turn: {words}")),
        ConcurrencyPolicy::Reject => Admission::Rejected(format!("{words}, and no slot is free")),
    }
}

fn key_of(
    run: &WorkflowRun,
    rule: &Concurrency,
    declared: &[crate::api::workflow::Param],
) -> Result<String, String> {
    let Some(text) = &rule.key else { return Ok(String::new()) };
    let values = params::resolve(declared, &run.spec.params).map_err(|p| joined(&p))?;
    Condition::parse(text)?.text(&context::asked_for(run, &values))
}

/// A run that has started and not ended; a paused run counts.
fn holds(run: &WorkflowRun) -> bool {
    let status = run.status.as_ref();
    status.is_some_and(|s| s.started_at.is_some() && !s.phase.is_some_and(Phase::is_terminal))
}

/// A run that waits for nothing else. A suspended run lets others go first.
fn may_start(run: &WorkflowRun) -> bool {
    let status = run.status.as_ref();
    let reason = status.and_then(|s| s.reason);
    let over = status.and_then(|s| s.phase).is_some_and(Phase::is_terminal);
    !over
        && run.spec.suspend != Some(true)
        && run.metadata.deletion_timestamp.is_none()
        && matches!(reason, None | Some(Reason::Queued | Reason::Running))
}

fn rank(run: &WorkflowRun) -> impl Ord + use<> {
    (run.metadata.creation_timestamp.as_ref().map(|t| t.0), run.metadata.name.clone())
}
