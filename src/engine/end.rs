//! Ends of runs: requested, wound down, committed by the RunRecord; and what remains to be done afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::api::record::StepRecord;
use crate::api::work::works_of;
use crate::api::workflow::{Keep, Retention};
use crate::api::{Cause, Outcome, Phase, Reason, RunRecordSpec, Span, Stamp, StepStatus};

use super::definition::Definition;
use super::draft::{self, Draft};
use super::effect::{Before, Effect};
use super::ending::request_end;
use super::snapshot::{AttemptFact, RecordFact, Refusal, WorkflowFact};
use super::stop::stop_or_cancel;
use super::work::{self, End, sum_up};
use super::work_ref::{WorkRef, work_refs};
use super::{context, decide, finally, ids, output, status_size, step, summary};

/// Jobs are tombstones: a leader that wakes up after a long stop must still find the names in use.
const TOMBSTONE: Span = Span::mins(10);
/// The wait before a record that was refused is written again.
const TRY_AGAIN: Span = Span::secs(5);
/// The default for how long a run's children are kept after its end.
const CHILDREN: Span = Span::hours(24);

/// Every step is satisfied.
pub(super) fn succeed(draft: &mut Draft<'_>) {
    let n = draft.status.steps.iter().filter(|s| !s.finally).count();
    let message =
        if n == 1 { "its only step is finished".into() } else { format!("all {n} steps are finished") };
    request_end(draft, Phase::Succeeded, Reason::Succeeded, message);
}

/// When the run's own timeout is over; time spent waiting for people does not count.
pub(super) fn deadline(draft: &Draft<'_>, definition: &Definition) -> Option<Stamp> {
    let (timeout, since) = (definition.timeout?, draft.status.active_since?);
    let spent = Duration::from_secs(u64::try_from(draft.status.active_seconds.unwrap_or(0)).unwrap_or(0));
    Some(since.plus(timeout.as_duration().saturating_sub(spent)))
}

/// The run was active for too long.
pub(super) fn time_out(draft: &mut Draft<'_>, definition: &Definition) {
    let limit = definition.timeout.map(|t| t.to_string()).unwrap_or_default();
    let message = format!("the run was active for longer than its timeout of {limit}");
    request_end(draft, Phase::Failed, Reason::RunTimeout, message);
}

/// Stops running attempts; then runs `finally`; when nothing runs, commits the end. Without a definition nothing can
/// start, and `finally` is left out.
pub(super) fn wind_down(draft: &mut Draft<'_>, definition: Option<&Definition>) {
    draft.status.escalations.clear();
    for work_ref in work_refs(&draft.status) {
        if definition.is_none() || !draft.status.steps.get(work_ref.step).is_some_and(|s| s.finally) {
            stop_or_cancel(draft, work_ref);
        }
    }
    for i in 0..draft.status.steps.len() {
        loops_end(draft, i);
    }
    let main = |s: &StepStatus| definition.is_none() || !s.finally;
    let of_main = draft.status.steps.iter().filter(|s| main(s));
    let runs = of_main.flat_map(works_of).any(|w| w.current.is_some());
    if runs || definition.is_some_and(|definition| finally::drive(draft, definition)) {
        return summary::write_ending(draft);
    }
    if let Some(definition) = definition {
        draft.status.outputs = outputs_of_run(draft, definition);
        status_size::shrink(&mut draft.status, definition);
    }
    commit(draft);
}

/// The results of the whole run: `spec.outputs`. An output whose step was skipped or failed is left out.
fn outputs_of_run(draft: &Draft<'_>, definition: &Definition) -> BTreeMap<String, String> {
    if definition.outputs.is_empty() {
        return BTreeMap::new();
    }
    let main = (0..definition.steps.len()).filter(|i| definition.steps.get(*i).is_some_and(|s| !s.finally));
    let context = Value::Object(context::after_steps(draft, definition, &main.collect::<Vec<_>>()));
    let found = definition.outputs.iter().filter_map(|given| {
        let value = given.from.split('.').try_fold(&context, |at, part| at.get(part))?;
        let text = value.as_str().map_or_else(|| value.to_string(), String::from);
        let (tail, cut) = output::keep_tail(&text);
        Some((given.name.clone(), output::marked(tail, cut)))
    });
    found.collect()
}

/// A step ends when all of its items have ended.
fn loops_end(draft: &mut Draft<'_>, i: usize) {
    let now = draft.now();
    let Some(step) = draft.status.steps.get(i).filter(|s| !s.items.is_empty()) else { return };
    if step.work.phase.is_finished() {
        return;
    }
    let over = step.items.iter().all(|x| x.work.phase.is_finished());
    sum_up(&mut draft.status, i);
    if let Some(work) = draft.work_mut(WorkRef::step(i)).filter(|_| over) {
        work::end_with_items(work, now);
    }
}

/// Writes the record first; the terminal status follows from it.
pub(super) fn commit(draft: &mut Draft<'_>) {
    if let RecordFact::Found(record) = &draft.snapshot.record
        && record.run_uid != draft.run_uid()
        && !draft.before.iter().any(|b| matches!(b, Before::SupersedeRecord { .. }))
        && draft.status.started_at.is_some()
    {
        return already_ran(draft, record);
    }
    if let Some(refused) = draft.refused(Refusal::Record) {
        return hold_end(draft, refused);
    }
    let hash = draft::spec_hash(draft);
    let name = ids::record_name(draft.run_name(), &hash);
    if let RecordFact::Found(record) = &draft.snapshot.record
        && record.run_uid != draft.run_uid()
    {
        draft.before.push(supersede(name.clone(), record));
    }
    let Some(record) = run_record(draft, hash) else { return };
    draft.before.push(Before::WriteRecord { name, record: Box::new(record.clone()) });
    by_record(draft, &record);
}

/// The end is ordered, and its record cannot be written for now: the status says so and keeps what the steps said.
fn hold_end(draft: &mut Draft<'_>, refused: &str) {
    let Some(ending) = draft.status.ending.clone() else { return };
    draft.wake_at(draft.now().plus(TRY_AGAIN.as_duration()));
    if draft.status.started_at.is_some() {
        summary::write_ending(draft);
    } else {
        (draft.status.phase, draft.status.reason) = (Some(Phase::Pending), Some(Reason::Ending));
    }
    draft.status.message = Some(format!("{}; {refused}", ending.message));
    draft.status.waiting = Some(refused.into());
    summary::write_conditions(draft);
}

/// Moves the record of an earlier execution aside. It is kept, because figures count that execution, too.
pub(super) fn supersede(name: String, record: &RunRecordSpec) -> Before {
    let aside = ids::superseded_name(&name, &record.run_uid);
    Before::SupersedeRecord { name, aside, run_uid: record.run_uid.clone() }
}

fn run_record(draft: &Draft<'_>, spec_hash: String) -> Option<RunRecordSpec> {
    let status = &draft.status;
    let ending = status.ending.clone()?;
    let steps = status.steps.iter().map(|s| StepRecord {
        name: s.name.clone(),
        phase: s.work.phase,
        attempts: s.work.attempts,
        failures: s.work.failures,
        retries: s.work.total_retries,
        lost: s.work.total_lost,
        rounds: s.work.rounds,
        started_at: s.work.started_at,
        finished_at: s.work.finished_at,
        cause: s.work.last.as_ref().and_then(|l| l.cause),
    });
    Some(RunRecordSpec {
        run: draft.run_name().into(),
        run_uid: draft.run_uid().into(),
        run_id: draft.snapshot.run.spec.run_id.clone(),
        spec_hash,
        workflow: draft.snapshot.run.spec.workflow_ref.name.clone(),
        revision: status.workflow.as_ref().map(|w| w.revision.clone()),
        outcome: ending.phase,
        reason: ending.reason,
        message: Some(finally::message_with_failures(&ending.message, status)),
        started_at: status.started_at,
        finished_at: draft.now(),
        active_seconds: summary::active_seconds(status, draft.now()),
        totals: status.totals.clone().unwrap_or_default(),
        steps: steps.collect(),
        outputs: status.outputs.clone(),
        decisions: status.decisions.clone(),
    })
}

/// The run has a record, but its status is older: the process that wrote the record stopped before it wrote the status.
/// The outputs of the last attempts are in neither, and are read again; nothing is started.
pub(super) fn as_recorded(draft: &mut Draft<'_>, record: &RunRecordSpec) {
    let unread = |job: &String| draft.snapshot.attempts.get(job) == Some(&AttemptFact::Unread);
    if draft.status.works().filter_map(|w| w.current.as_ref()).any(|c| unread(&c.job)) {
        return draft.wake_at(draft.now().plus(Duration::from_secs(1)));
    }
    request_end(draft, record.outcome, record.reason, record.message.clone().unwrap_or_default());
    if let Some(spec) = draft::executed_spec(draft)
        && let Ok(definition) = Definition::read(spec)
    {
        step::judge(draft, &definition);
    }
    by_record(draft, record);
}

/// The run ends as its record says, regardless of what happened since.
fn by_record(draft: &mut Draft<'_>, record: &RunRecordSpec) {
    decide::remember(draft, &record.decisions);
    decide::refuse_all(draft, record.outcome);
    for work_ref in work_refs(&draft.status) {
        if let Some(current) = draft.work(work_ref).and_then(|w| w.current.clone()) {
            let end = End::of(Outcome::Stopped, Some(Cause::RunEnded));
            work::record(draft, work_ref, &current, end, "the run ended");
        }
        stop_or_cancel(draft, work_ref);
    }
    for i in 0..draft.status.steps.len() {
        loops_end(draft, i);
    }
    for (step, recorded) in draft.status.steps.iter_mut().zip(&record.steps) {
        work::follow_record(&mut step.work, recorded);
    }
    draft.status.totals = Some(record.totals.clone()).filter(|_| record.started_at.is_some());
    draft.status.outputs = record.outputs.clone();
    let left = workspace(draft, record.outcome);
    let message = record.message.iter().map(String::as_str).chain(left).collect::<Vec<_>>().join("; ");
    terminal(draft, record, record.reason, message);
}

/// The same run was executed before: its record answers, nothing is executed.
pub(super) fn already_ran(draft: &mut Draft<'_>, record: &RunRecordSpec) {
    let name = ids::record_name(draft.run_name(), &draft::spec_hash(draft));
    // A run that did not succeed may run again once its Workflow has changed.
    let way_out = if record.outcome == Phase::Succeeded {
        format!("delete RunRecord {name} and this run, and apply it again")
    } else {
        format!("change the Workflow or delete RunRecord {name}, then delete this run and apply it again")
    };
    let message = format!(
        "executed before ({} at {}); nothing was executed now. For another execution apply it with another spec.runID; or {way_out}",
        record.outcome, record.finished_at
    );
    for work_ref in work_refs(&draft.status) {
        if let Some(work) = draft.work_mut(work_ref) {
            work.current = None;
        }
    }
    draft.status.outputs = record.outputs.clone();
    terminal(draft, record, Reason::AlreadyRan, message);
}

/// The volume is deleted when the run ends, unless it is to be kept: the record already has the run's outcome. A volume
/// that cannot be deleted is left to the deletion of the run; the result says why.
fn workspace<'a>(draft: &mut Draft<'a>, outcome: Phase) -> Option<&'a str> {
    let claim = draft.status.workspace.clone()?;
    let keep = match draft::executed_spec(draft) {
        Some(spec) => spec.workspace.as_ref().and_then(|w| w.keep).unwrap_or_default(),
        // The definition is lost, so nothing says whether the volume is to be kept: it is not deleted.
        None => Keep::Always,
    };
    let dropped = match keep {
        Keep::Never => true,
        Keep::OnFailure => outcome == Phase::Succeeded,
        Keep::Always => false,
    };
    if let Some(refused) = draft.refused(Refusal::Claim).filter(|_| dropped) {
        return Some(refused);
    }
    if dropped {
        draft.status.workspace = None;
        draft.before.push(Before::DropWorkspace { claim });
    }
    None
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
    summary::write_finished(draft);
}

/// A finished run: late decisions are refused, and retention deletes its children.
pub(super) fn rest(draft: &mut Draft<'_>) {
    if let Some(phase) = draft.status.phase {
        decide::refuse_all(draft, phase);
    }
    summary::write_conditions(draft);
    let Some(finished) = draft.status.finished_at else { return };
    let retention = retention(draft);
    let children = retention.children.unwrap_or(CHILDREN).max(TOMBSTONE);
    if draft.snapshot.has_children {
        when_due(draft, finished, children, Effect::DeleteChildren);
    }
    if let Some(keep) = retention.runs.as_deref().and_then(|r| r.parse::<Span>().ok()) {
        let since = kept_since(draft, finished);
        when_due(draft, since, keep.max(TOMBSTONE), Effect::DeleteRun);
    }
}

/// The TTL of a run that was executed before counts from its creation here. Otherwise it would be deleted as soon as
/// Git had applied it again, and so on.
fn kept_since(draft: &Draft<'_>, finished: Stamp) -> Stamp {
    let made = draft.snapshot.run.metadata.creation_timestamp.as_ref().map(|t| Stamp::of(t.0));
    let answered = draft.status.reason == Some(Reason::AlreadyRan);
    made.filter(|_| answered).map_or(finished, |made| finished.max(made))
}

fn when_due(draft: &mut Draft<'_>, finished: Stamp, after: Span, effect: Effect) {
    let at = finished.plus(after.as_duration());
    if draft.now() >= at { draft.after.push(effect) } else { draft.wake_at(at) }
}

/// The run's own setting, else the current one of the workflow.
fn retention(draft: &Draft<'_>) -> Retention {
    let own = draft.snapshot.run.spec.retention.clone().unwrap_or_default();
    let inherited = match draft.snapshot.workflow {
        WorkflowFact::Present(workflow) => workflow.spec.retention.clone().unwrap_or_default(),
        WorkflowFact::Absent | WorkflowFact::Undecodable => Retention::default(),
    };
    Retention { children: own.children.or(inherited.children), runs: own.runs.or(inherited.runs) }
}
