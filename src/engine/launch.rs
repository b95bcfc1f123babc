//! Starts what may start: writes the intent to the status, then creates the attempt's Job.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::agent::{InputAs, WorkspaceAccess};
use crate::api::status::CurrentAttempt;
use crate::api::{Cause, StepPhase};

use super::condition::Condition;
use super::definition::{Definition, StepDef, StepKind, Task};
use super::draft::Draft;
use super::effect::{Effect, INPUT_LIMIT, Launch, Mount, too_large};
use super::scope::{context_of, render};
use super::work_ref::WorkRef;
use super::{approval, context, escalate, ids, work};

/// The result of a step's `when`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Yes,
    No,
    /// It cannot be evaluated: the run escalates.
    Asked,
}

/// Evaluates `when`, before the first attempt of each round.
pub(super) fn wanted(draft: &mut Draft<'_>, definition: &Definition, work_ref: WorkRef) -> Wanted {
    let pending =
        draft.work(work_ref).is_some_and(|w| w.phase == StepPhase::Pending && w.retries + w.lost == 0);
    let Some(text) = definition.steps.get(work_ref.step).and_then(|d| d.when.as_deref()).filter(|_| pending)
    else {
        return Wanted::Yes;
    };
    let context = Value::Object(context::plain_context(draft, definition, work_ref));
    match Condition::parse(text).map_err(String::from).and_then(|c| c.holds(&context)) {
        Ok(true) => Wanted::Yes,
        Ok(false) => Wanted::No,
        Err(problem) => {
            escalate::open(draft, work_ref, Cause::ConditionError, format!("when: {problem}"));
            Wanted::Asked
        }
    }
}

/// Starts an attempt, or asks a person: because the step is a question, or because it cannot start.
pub(super) fn begin(draft: &mut Draft<'_>, definition: &Definition, work_ref: WorkRef) {
    let Some(def) = definition.steps.get(work_ref.step) else { return };
    match &def.kind {
        StepKind::Approval { message, expires_after } => {
            approval::ask(draft, definition, work_ref, message, *expires_after)
        }
        StepKind::Task(task) => attempt(draft, definition, work_ref, def, task),
    }
}

fn attempt(draft: &mut Draft<'_>, definition: &Definition, work_ref: WorkRef, def: &StepDef, task: &Task) {
    let Some(n) = draft.work(work_ref).map(|w| w.attempts + 1) else { return };
    let launch = match prepare(draft, definition, work_ref, task, n) {
        Ok(launch) => launch,
        Err((cause, message)) => return escalate::open(draft, work_ref, cause, message),
    };
    let now = draft.now();
    if let Some(totals) = draft.status.totals.as_mut() {
        totals.attempts += 1;
    }
    if work_ref.item.is_some()
        && let Some(step) = draft.work_mut(WorkRef::step(work_ref.step))
    {
        step.attempts += 1;
    }
    if let Some(work) = draft.work_mut(work_ref) {
        work::start(work, CurrentAttempt { n, job: launch.job.clone(), intent_at: now, stop: None });
    }
    draft.wake_at(now.plus(def.pending_timeout.as_duration()));
    draft.after.push(Effect::Launch(Box::new(launch)));
}

/// The parts of attempt `n`. The same status gives the same launch, so a crash may repeat it.
pub(super) fn prepare(
    draft: &Draft<'_>,
    definition: &Definition,
    work_ref: WorkRef,
    task: &Task,
    n: u32,
) -> Result<Launch, (Cause, String)> {
    let def =
        definition.steps.get(work_ref.step).ok_or((Cause::TemplateError, "no such step".to_string()))?;
    let context = context_of(draft, definition, work_ref)?;
    let input = render(&task.input, &context, "input")?;
    let as_file = task.agent.input_as == Some(InputAs::File);
    let context_json = if as_file { serde_json::to_string(&context).ok() } else { None };
    if let Some(message) = too_large(as_file, input.len() + context_json.as_ref().map_or(0, String::len)) {
        return Err((Cause::InputTooLarge, message));
    }
    let (uid, item) = (draft.run_uid(), work_ref.item_key(&draft.status));
    Ok(Launch {
        job: ids::job_name(draft.run_name(), uid, &def.name, item.as_deref(), n),
        workflow: draft.snapshot.run.spec.workflow_ref.name.clone(),
        revision: draft.status.workflow.as_ref().map(|w| w.revision.clone()).unwrap_or_default(),
        step: def.name.clone(),
        item: item_id(draft, work_ref),
        n,
        attempt_id: ids::attempt_id(uid, &def.name, item.as_deref(), n),
        agent: task.agent.clone(),
        env: env(&task.agent, &context)?,
        input,
        context: context_json,
        workspace: mount(draft, definition, def),
        timeout: def.timeout,
        pending_timeout: def.pending_timeout,
    })
}

fn item_id(draft: &Draft<'_>, work_ref: WorkRef) -> Option<String> {
    Some(draft.status.steps.get(work_ref.step)?.items.get(work_ref.item?)?.id.clone())
}

fn mount(draft: &Draft<'_>, definition: &Definition, def: &StepDef) -> Option<Mount> {
    let (workspace, claim) = (definition.workspace.clone()?, draft.status.workspace.clone()?);
    let read_only = match def.workspace_access() {
        WorkspaceAccess::None => return None,
        WorkspaceAccess::ReadOnly => true,
        WorkspaceAccess::ReadWrite => false,
    };
    Some(Mount { claim, workspace, read_only })
}

fn env(
    agent: &crate::api::agent::Agent,
    context: &Value,
) -> Result<BTreeMap<String, String>, (Cause, String)> {
    let mut rendered = BTreeMap::new();
    for var in &agent.env {
        if let Some(value) = &var.value {
            let value = render(value, context, &format!("env {}", var.name))?;
            if value.len() > INPUT_LIMIT {
                return Err((Cause::InputTooLarge, format!("env {} is longer than 96 KiB", var.name)));
            }
            rendered.insert(var.name.clone(), value);
        }
    }
    Ok(rendered)
}
