//! Ends: ordered, wound down, committed by the RunRecord, and what remains to be done afterwards.

use std::time::Duration;

use crate::api::record::StepRecord;
use crate::api::status::Ending;
use crate::api::workflow::Retention;
use crate::api::{Cause, Phase, Reason, RunRecordSpec, Span, Stamp, StepPhase};

use super::definition::Definition;
use super::effect::{Before, Effect};
use super::plan::{self, Draft};
use super::snapshot::{RecordFact, WorkflowFact};
use super::{decide, ids, step, summary};

/// Jobs are tombstones: a leader that wakes up after a long stop must still find the names taken.
const TOMBSTONE: Span = Span::mins(10);
/// How long children outlive their run unless something else is said.
const CHILDREN: Span = Span::hours(24);

/// Decides how the run ends. The first word stands.
pub fn order(draft: &mut Draft<'_>, phase: Phase, reason: Reason, message: String) {
    let at = draft.now();
    draft.status.ending.get_or_insert(Ending { phase, reason, message, at });
}

/// Every step is satisfied.
pub fn succeed(draft: &mut Draft<'_>) {
    let n = draft.status.steps.len();
    order(draft, Phase::Succeeded, Reason::Succeeded, format!("all {n} steps are finished"));
}

/// The run's own timeout; time spent waiting for people does not count.
pub fn deadline(draft: &mut Draft<'_>, definition: &Definition) {
    let (Some(timeout), Some(since)) = (definition.timeout, draft.status.active_since) else {
        return;
    };
    let spent = Duration::from_secs(u64::try_from(draft.status.active_seconds.unwrap_or(0)).unwrap_or(0));
    let at = since.plus(timeout.as_duration().saturating_sub(spent));
    if draft.now() >= at {
        order(
            draft,
            Phase::Failed,
            Reason::RunTimeout,
            format!("the run was active for longer than its timeout of {timeout}"),
        );
    } else {
        draft.wake_at(at);
    }
}

/// Stops what runs; when nothing does, the end is committed.
pub fn wind_down(draft: &mut Draft<'_>) {
    let now = draft.now();
    draft.status.escalations.clear();
    for i in 0..draft.status.steps.len() {
        let Some(status) = draft.status.steps.get_mut(i) else { continue };
        match &status.current {
            Some(current) if current.stop.is_none() => step::order_stop(draft, i, Cause::RunEnded),
            Some(_) => {}
            None if !status.phase.is_finished() => {
                status.phase = StepPhase::Cancelled;
                status.next_attempt_at = None;
                status.finished_at = status.started_at.map(|_| now);
            }
            None => {}
        }
    }
    if draft.status.steps.iter().all(|s| s.current.is_none()) {
        commit(draft);
    } else {
        summary::ending(draft);
    }
}

/// Writes the record first; the terminal status follows from it.
pub fn commit(draft: &mut Draft<'_>) {
    if let RecordFact::Found(record) = &draft.seen.record
        && record.run_uid != draft.run_uid()
        && !draft.before.iter().any(|b| matches!(b, Before::DropRecord { .. }))
        && draft.status.started_at.is_some()
    {
        return already_ran(draft, record);
    }
    let hash = plan::spec_hash(draft);
    let name = ids::record_name(draft.run_name(), &hash);
    if let RecordFact::Found(record) = &draft.seen.record
        && record.run_uid != draft.run_uid()
    {
        draft.before.push(Before::DropRecord { name: name.clone(), run_uid: record.run_uid.clone() });
    }
    let Some(record) = record(draft, hash) else { return };
    by_record(draft, &record);
    draft.before.push(Before::WriteRecord { name, record: Box::new(record) });
}

fn record(draft: &Draft<'_>, spec_hash: String) -> Option<RunRecordSpec> {
    let status = &draft.status;
    let ending = status.ending.clone()?;
    let steps = status.steps.iter().map(|s| StepRecord {
        name: s.name.clone(),
        phase: s.phase,
        attempts: s.attempts,
        retries: s.retries,
        lost: s.lost,
        started_at: s.started_at,
        finished_at: s.finished_at,
        cause: s.last.as_ref().and_then(|l| l.cause),
    });
    Some(RunRecordSpec {
        run: draft.run_name().into(),
        run_uid: draft.run_uid().into(),
        run_id: draft.seen.run.spec.run_id.clone(),
        spec_hash,
        workflow: draft.seen.run.spec.workflow_ref.name.clone(),
        revision: status.workflow.as_ref().map(|w| w.revision.clone()),
        outcome: ending.phase,
        reason: ending.reason,
        message: Some(ending.message),
        started_at: status.started_at,
        finished_at: draft.now(),
        active_seconds: summary::active_seconds(status, draft.now()),
        totals: status.totals.clone().unwrap_or_default(),
        steps: steps.collect(),
        decisions: status.decisions.clone(),
    })
}

/// The run has a record: it ends as the record says, whatever happened since.
pub fn by_record(draft: &mut Draft<'_>, record: &RunRecordSpec) {
    decide::refuse_all(draft, record.outcome);
    for step in &mut draft.status.steps {
        step.current = None;
        step.next_attempt_at = None;
        if !step.phase.is_finished() {
            step.phase = StepPhase::Cancelled;
        }
    }
    terminal(draft, record, record.reason, record.message.clone().unwrap_or_default());
}

/// The same run was executed before: its record answers, nothing is executed.
pub fn already_ran(draft: &mut Draft<'_>, record: &RunRecordSpec) {
    let name = ids::record_name(draft.run_name(), &plan::spec_hash(draft));
    let message = format!(
        "executed before ({} at {}); nothing was executed now. For another execution set another spec.runID or delete RunRecord {name}",
        record.outcome, record.finished_at
    );
    for step in &mut draft.status.steps {
        step.current = None;
    }
    terminal(draft, record, Reason::AlreadyRan, message);
}

fn terminal(draft: &mut Draft<'_>, record: &RunRecordSpec, reason: Reason, message: String) {
    let status = &mut draft.status;
    status.phase = Some(record.outcome);
    status.reason = Some(reason);
    status.message = Some(message);
    status.started_at = status.started_at.or(record.started_at);
    status.finished_at = Some(record.finished_at);
    status.active_seconds = Some(record.active_seconds);
    status.active_since = None;
    status.ending = None;
    status.hold = None;
    status.waiting = None;
    status.escalations.clear();
    summary::finished(draft);
}

/// A finished run: late decisions are refused, retention removes what it made.
pub fn rest(draft: &mut Draft<'_>) {
    if let Some(phase) = draft.status.phase {
        decide::refuse_all(draft, phase);
    }
    summary::observed(draft);
    let Some(finished) = draft.status.finished_at else { return };
    let retention = retention(draft);
    let children = retention.children.unwrap_or(CHILDREN).max(TOMBSTONE);
    if draft.seen.has_children {
        due(draft, finished, children, Effect::DeleteChildren);
    }
    if let Some(keep) = retention.runs.as_deref().and_then(|r| r.parse::<Span>().ok()) {
        due(draft, finished, keep.max(TOMBSTONE), Effect::DeleteRun);
    }
}

fn due(draft: &mut Draft<'_>, finished: Stamp, after: Span, effect: Effect) {
    let at = finished.plus(after.as_duration());
    if draft.now() >= at { draft.after.push(effect) } else { draft.wake_at(at) }
}

/// The run's own words, else the workflow's as it is now.
fn retention(draft: &Draft<'_>) -> Retention {
    let own = draft.seen.run.spec.retention.clone().unwrap_or_default();
    let inherited = match draft.seen.workflow {
        WorkflowFact::Present(workflow) => workflow.spec.retention.clone().unwrap_or_default(),
        WorkflowFact::Absent | WorkflowFact::Undecodable => Retention::default(),
    };
    Retention { children: own.children.or(inherited.children), runs: own.runs.or(inherited.runs) }
}
