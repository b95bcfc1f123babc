//! Decisions of people: each is applied or refused once, and recorded with its effect.

use std::collections::BTreeMap;

use crate::api::decision::APPLIED;
use crate::api::status::{DecisionResult, Hold};
use crate::api::{Action, Phase, Reason, WorkflowDecision};

use super::definition::Definition;
use super::draft::Draft;
use super::effect::Effect;
use super::output::is_reserved;
use super::work_ref::WorkRef;
use super::{approval, ending, escalate, status_size, work};

/// How many decisions the status keeps after their objects are gone.
const REMEMBERED: usize = 50;

/// Applies every decision that is not recorded yet, oldest first.
pub(super) fn apply(draft: &mut Draft<'_>, definition: Option<&Definition>) {
    answer(draft, |draft, decision| match effect(draft, definition, decision) {
        Ok(()) => APPLIED.into(),
        Err(why) => format!("Refused: {why}"),
    });
}

/// Decisions that are in the run's record and not in its status yet: they were applied.
pub(super) fn remember(draft: &mut Draft<'_>, recorded: &[DecisionResult]) {
    for entry in recorded {
        if !draft.status.decisions.iter().any(|d| d.uid == entry.uid) {
            draft.status.decisions.push(entry.clone());
        }
    }
}

/// The run is over: every new decision is refused.
pub(super) fn refuse_all(draft: &mut Draft<'_>, outcome: Phase) {
    answer(draft, |_, _| format!("Refused: the run is over ({outcome})"));
}

fn answer(draft: &mut Draft<'_>, decide: impl Fn(&mut Draft<'_>, &WorkflowDecision) -> String) {
    let mut waiting = draft.snapshot.decisions.clone();
    waiting.sort_by_key(|d| said_at(d));
    for decision in waiting {
        let uid = decision.metadata.uid.clone().unwrap_or_default();
        let name = decision.metadata.name.clone().unwrap_or_default();
        let known = draft.status.decisions.iter().find(|d| d.uid == uid).cloned();
        let entry = known.unwrap_or_else(|| {
            let result = decide(draft, decision);
            let entry = DecisionResult {
                uid,
                name: name.clone(),
                action: decision.spec.action,
                by: decision.spec.by.clone(),
                at: draft.now(),
                result,
            };
            draft.status.decisions.push(entry.clone());
            entry
        });
        if decision.status.as_ref().and_then(|s| s.result.as_ref()).is_none() {
            draft.after.push(Effect::AnswerDecision { name, result: entry.result, at: entry.at });
        }
    }
    forget(draft);
}

/// The order in which decisions were made. Timestamps have seconds; within one the API server's counter tells what came
/// first.
fn said_at(decision: &WorkflowDecision) -> impl Ord + use<> {
    let meta = &decision.metadata;
    let counter = meta.resource_version.as_ref().and_then(|v| v.parse::<u64>().ok());
    (meta.creation_timestamp.clone(), counter, meta.name.clone())
}

/// Only entries whose object is gone are dropped: nobody can create that decision twice.
fn forget(draft: &mut Draft<'_>) {
    while draft.status.decisions.len() > REMEMBERED {
        let alive =
            |uid: &str| draft.snapshot.decisions.iter().any(|d| d.metadata.uid.as_deref() == Some(uid));
        let Some(gone) = draft.status.decisions.iter().position(|d| !alive(&d.uid)) else {
            return;
        };
        draft.status.decisions.remove(gone);
    }
}

fn effect(
    draft: &mut Draft<'_>,
    definition: Option<&Definition>,
    decision: &WorkflowDecision,
) -> Result<(), String> {
    if draft.status.ending.is_some() {
        return abandon(draft, decision);
    }
    match &decision.spec.escalation {
        // The refused decision keeps the name of the answer, so that the right one needs another.
        Some(id) => {
            answer_escalation(draft, definition, decision, id).map_err(|why| {
                match escalate::ask_again(draft, id) {
                    Some(next) => format!("{why}; asked again as {next}"),
                    None => why,
                }
            })
        }
        None => control_run(draft, decision),
    }
}

/// A run that is ending accepts one more decision: an Abort that ends `finally`, too.
fn abandon(draft: &mut Draft<'_>, decision: &WorkflowDecision) -> Result<(), String> {
    let finally = draft.status.steps.iter().any(|s| s.finally && !s.work.phase.is_finished());
    let older = decision.metadata.creation_timestamp < draft.snapshot.run.metadata.creation_timestamp;
    match draft.status.ending.as_mut() {
        Some(ending) if decision.spec.action == Action::Abort && finally && !older && !ending.abandoned => {
            ending.abandoned = true;
            Ok(())
        }
        _ => Err("the run is already ending".into()),
    }
}

/// Pause, Resume and Abort: they count only if they were created after the run.
fn control_run(draft: &mut Draft<'_>, decision: &WorkflowDecision) -> Result<(), String> {
    if decision.metadata.creation_timestamp < draft.snapshot.run.metadata.creation_timestamp {
        return Err("it is older than the run: it was made for an earlier run of this name".into());
    }
    let by = decision.spec.by.clone();
    match decision.spec.action {
        Action::Abort => {
            abort(draft, by.as_deref());
            Ok(())
        }
        Action::Pause => {
            draft.status.hold = Some(Hold { by, since: draft.now() });
            Ok(())
        }
        Action::Resume if draft.snapshot.run.spec.suspend == Some(true) => {
            Err("spec.suspend of the run is true; set it to false (kubectl patch mcr NAME --type merge -p '{\"spec\":{\"suspend\":false}}')".into())
        }
        Action::Resume if draft.status.hold.is_none() => Err("the run is not paused".into()),
        Action::Resume => {
            draft.status.hold = None;
            Ok(())
        }
        Action::Retry | Action::Skip | Action::Approve | Action::Reject => {
            Err("it names no escalation; see status.escalations of the run".into())
        }
    }
}

fn abort(draft: &mut Draft<'_>, by: Option<&str>) {
    let message = by.map_or_else(|| "aborted by a decision".to_string(), |by| format!("aborted by {by}"));
    ending::request_end(draft, Phase::Cancelled, Reason::Aborted, message);
}

fn answer_escalation(
    draft: &mut Draft<'_>,
    definition: Option<&Definition>,
    decision: &WorkflowDecision,
    id: &str,
) -> Result<(), String> {
    let question = draft.status.escalations.iter().find(|e| e.id == id).cloned();
    let question = question.ok_or_else(|| format!("the run has no open escalation {id}"))?;
    let action = decision.spec.action;
    if !question.actions.contains(&action) {
        let legal: Vec<&str> = question.actions.iter().map(|a| a.as_str()).collect();
        let legal = legal.join(", ");
        return Err(format!("{} does not answer this escalation; use one of: {legal}", action.as_str()));
    }
    let outputs = usable(&decision.spec.outputs)?;
    if action == Action::Retry && question.cause.needs_outputs() && outputs.is_empty() {
        return Err(format!(
            "{}: a new attempt alone does not fix that; set the missing values in spec.outputs",
            question.cause
        ));
    }
    if action == Action::Abort {
        abort(draft, decision.spec.by.as_deref());
        return Ok(());
    }
    let definition =
        definition.ok_or("the definition that the run executes is lost; only Abort is possible")?;
    let given = serde_json::to_vec(&outputs).map_or(usize::MAX, |json| json.len());
    if !status_size::make_room(&mut draft.status, definition, given) {
        let kib = given.div_ceil(1024);
        return Err(format!("outputs: {kib} KiB do not fit into the run's status (512 KiB in all)"));
    }
    let work_ref = escalate::close(draft, id).ok_or("its step does not exist")?;
    give(draft, work_ref, action, outputs);
    match action {
        Action::Retry => {
            if let Some(work) = draft.work_mut(work_ref) {
                work::retry(work, decision.spec.feedback.clone());
            }
        }
        Action::Skip => work::skip(draft, definition, work_ref),
        Action::Approve => approval::approve(draft, work_ref, decision),
        Action::Reject => approval::reject(draft, definition, work_ref, decision),
        Action::Abort | Action::Pause | Action::Resume => {}
    }
    Ok(())
}

/// What a person supplies: for the next attempt, or in place of the step's own output.
fn give(draft: &mut Draft<'_>, work_ref: WorkRef, action: Action, outputs: BTreeMap<String, String>) {
    if let Some(work) = draft.work_mut(work_ref) {
        if action == Action::Retry { work.supplied.extend(outputs) } else { work.outputs.extend(outputs) }
    }
}

/// Outputs with lower-case keys; reserved names are refused.
fn usable(outputs: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    if let Some(name) = outputs.keys().find(|k| is_reserved(k)) {
        return Err(format!("outputs.{name}: the name is reserved"));
    }
    Ok(outputs.iter().map(|(k, v)| (k.to_lowercase(), v.clone())).collect())
}
