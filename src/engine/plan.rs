//! One pass over one run: facts -> the new status and the effects.
//!
//! The order matters: a record ends everything; then people's decisions, the attempts' facts, expiries and the
//! deadline; only then may something start. `plan` is total and idempotent: without new facts it changes nothing.

use std::time::Duration;

use crate::api::status::LastAttempt;
use crate::api::{Stamp, StepStatus, WorkflowSpec};

use super::definition::Definition;
use super::draft::{self, Draft};
use super::effect::{Before, Effect, Plan};
use super::problem::joined;
use super::snapshot::{OpenJob, RecordFact, Refusal, RevisionFact, Snapshot};
use super::work_ref::work_refs_of;
use super::{admit, approval, decide, end, escalate, ids, start, status_size, step, stop, summary};

/// The interval between two looks for a missing revision.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The plan for a snapshot.
pub fn plan(snapshot: &Snapshot<'_>) -> Plan {
    let mut draft = Draft::new(snapshot);
    if draft.status.phase.is_some_and(crate::api::Phase::is_terminal) {
        end::rest(&mut draft);
    } else if let RecordFact::Found(record) = &snapshot.record
        && record.run_uid == draft.run_uid()
    {
        end::as_recorded(&mut draft, record);
    } else {
        live(&mut draft);
    }
    finish_jobs(&mut draft);
    Plan { before: draft.before, status: draft.status, after: draft.after, wake: draft.wake }
}

fn live(draft: &mut Draft<'_>) {
    let definition = if draft.status.started_at.is_none() {
        // Before people's decisions: an Abort of a run that was executed before must not replace the result in its
        // record.
        if admit::answered(draft) {
            return;
        }
        decide::apply(draft, None);
        if draft.status.ending.is_some() {
            end::commit(draft);
            return;
        }
        admit::admit(draft)
    } else {
        pinned(draft)
    };
    match definition {
        Some(definition) => drive(draft, &definition),
        None if draft.status.ending.is_some() => {
            stop::abandon_unjudged(draft);
            end::wind_down(draft, None);
        }
        None => summary::write_summary(draft, None),
    }
}

/// The revision that the run started with; the run escalates when the revision is gone.
fn pinned(draft: &mut Draft<'_>) -> Option<Definition> {
    let problem = match (draft::executed_spec(draft), &draft.snapshot.revision) {
        (Some(spec), revision) => match Definition::read(spec) {
            Ok(definition) if definition.steps.len() == draft.status.steps.len() => {
                if *revision == RevisionFact::Missing {
                    write_revision(draft, spec);
                }
                escalate::revision_found(draft);
                return Some(definition);
            }
            Ok(_) => "has other steps than the run".to_string(),
            Err(problems) => joined(&problems),
        },
        (None, RevisionFact::Tampered) => "was changed: its content does not match its name".into(),
        (None, RevisionFact::Missing) => "no longer exists".into(),
        // The shell did not look: no decision is made about an unknown revision.
        (None, RevisionFact::NotAsked | RevisionFact::Found(_)) => return None,
    };
    decide::apply(draft, None);
    if draft.status.ending.is_none() {
        escalate::revision_lost(draft, &problem);
        escalate::expire(draft, None);
        // No watch tells that the revision is there again.
        draft.wake_at(draft.now().plus(LOOK_AGAIN));
    }
    None
}

/// The revision is gone, and the Workflow still has its content: it is created again.
fn write_revision(draft: &mut Draft<'_>, spec: &WorkflowSpec) {
    if draft.refused(Refusal::Revision).is_some() {
        // The Workflow has the content meanwhile; the create is retried later.
        return draft.wake_at(draft.now().plus(LOOK_AGAIN));
    }
    let Some(pinned) = &draft.status.workflow else { return };
    let name = ids::revision_name(&pinned.name, &pinned.revision);
    draft.before.push(Before::EnsureRevision { name, spec: Box::new(ids::executed_part(spec)) });
}

fn drive(draft: &mut Draft<'_>, definition: &Definition) {
    decide::apply(draft, Some(definition));
    step::observe(draft, definition);
    escalate::expire(draft, Some(definition));
    if draft.status.ending.is_none() {
        match end::deadline(draft, definition) {
            Some(at) if draft.now() >= at => end_late(draft, definition, at),
            at => {
                at.into_iter().for_each(|at| draft.wake_at(at));
                go_on(draft, definition);
            }
        }
    }
    status_size::shrink(&mut draft.status, definition);
    if draft.status.ending.is_some() {
        end::wind_down(draft, Some(definition));
    } else {
        summary::write_summary(draft, Some(definition));
    }
}

/// Starts what may start. A run with nothing left to do has succeeded.
fn go_on(draft: &mut Draft<'_>, definition: &Definition) {
    escalate::ask_waiting(draft);
    start::start(draft, definition);
    let satisfied = |s: &StepStatus| s.finally || s.work.phase.is_satisfied();
    if draft.status.ending.is_none() && draft.status.steps.iter().all(satisfied) {
        end::succeed(draft);
    }
}

/// The run's timeout is over. A run whose last container ended before that has finished in time, even if the operator
/// was away meanwhile.
fn end_late(draft: &mut Draft<'_>, definition: &Definition, deadline: Stamp) {
    if draft.last_exit.is_some_and(|at| at < deadline) {
        let (status, effects) = (draft.status.clone(), draft.after.len());
        go_on(draft, definition);
        if draft.status.ending.is_some() {
            return;
        }
        draft.status = status;
        draft.after.truncate(effects);
    }
    end::time_out(draft, definition);
}

/// Every Job whose attempt has ended gets its end, also after a crash between the status and the Job.
fn finish_jobs(draft: &mut Draft<'_>) {
    let live = |job: &str| draft.status.works().any(|w| w.current.as_ref().is_some_and(|c| c.job == job));
    let finished: Vec<Effect> = draft
        .snapshot
        .open_jobs
        .iter()
        .filter(|open| !live(&open.job))
        .map(|open| {
            let last = last_of(draft, open);
            let success = last.is_some_and(|l| approval::is_success(l.outcome));
            let message = last.map_or("the attempt was repeated", |l| l.outcome.as_str());
            Effect::FinishJob { job: open.job.clone(), success, message: message.into() }
        })
        .collect();
    draft.after.extend(finished);
}

/// The end of the attempt that the Job was made for, as long as the status remembers it.
fn last_of<'d>(draft: &'d Draft<'_>, open: &OpenJob) -> Option<&'d LastAttempt> {
    let i = draft.status.steps.iter().position(|s| s.name == open.step)?;
    let step = draft.status.steps.get(i)?;
    work_refs_of(i, step).into_iter().find_map(|work_ref| {
        let last = draft.work(work_ref)?.last.as_ref().filter(|l| l.n == open.n)?;
        let item = work_ref.item_key(&draft.status);
        let name = ids::job_name(draft.run_name(), draft.run_uid(), &step.name, item.as_deref(), last.n);
        (name == open.job).then_some(last)
    })
}
