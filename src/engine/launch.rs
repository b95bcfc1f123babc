//! Starts what may start: intent into the status, the attempt's Job after it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::agent::{InputAs, WorkspaceAccess};
use crate::api::status::CurrentAttempt;
use crate::api::{Cause, Stamp, StepPhase, Work};

use super::condition::Condition;
use super::definition::{Definition, Doing, StepDef, Task};
use super::effect::{Effect, Launch, Mount};
use super::place::Place;
use super::plan::Draft;
use super::template::{RenderError, Template};
use super::{context, escalate, gate, ids, loops, params};

/// What an environment variable may hold: Linux allows 128 KiB for one, name and doubled `$` included.
pub const INPUT_LIMIT: usize = 96 * 1024;
/// What a ConfigMap may hold (1 MiB) with room for its metadata: the input as a file and its context.
pub const FILE_LIMIT: usize = 900 * 1024;

/// True while no new attempt may start.
pub fn held(draft: &Draft<'_>) -> bool {
    draft.status.hold.is_some() || draft.seen.run.spec.suspend == Some(true)
}

/// Starts every step whose turn it is; a step that is skipped or finished without an attempt makes room for the next.
pub fn start(draft: &mut Draft<'_>, all: &Definition) {
    if held(draft) {
        return;
    }
    // Each round ends a step at least, so this comes to rest; the bound is for a reader's peace of mind.
    for _ in 0..=all.steps.len() {
        let moved = (0..all.steps.len()).filter(|&i| turn(draft, all, i)).count();
        if moved == 0 {
            return;
        }
    }
}

/// True: the step came to an end without an attempt.
fn turn(draft: &mut Draft<'_>, all: &Definition, i: usize) -> bool {
    let Some(def) = all.steps.get(i).filter(|d| !d.finally && d.verifies.is_none()) else { return false };
    if def.each.is_some() {
        return loops::drive(draft, all, i);
    }
    let at = Place::step(i);
    match due(draft, at) {
        Ready::No => false,
        Ready::At(when) => {
            draft.wake_at(when);
            false
        }
        Ready::Now if !needs_met(draft, all, i) => false,
        Ready::Now => match wanted(draft, all, at) {
            Wanted::Asked => false,
            Wanted::No => {
                let now = draft.now();
                if let Some(work) = draft.work_mut(at) {
                    work.phase = StepPhase::Skipped;
                    work.finished_at = Some(now);
                }
                true
            }
            Wanted::Yes => {
                begin(draft, all, at);
                false
            }
        },
    }
}

/// Whether a piece of work may start.
#[derive(Clone, Copy, Debug)]
pub enum Ready {
    Now,
    At(Stamp),
    No,
}

/// Is every step before it finished?
pub fn needs_met(draft: &Draft<'_>, all: &Definition, i: usize) -> bool {
    let satisfied = |n: &usize| draft.work(Place::step(*n)).is_some_and(|w| w.phase.is_satisfied());
    all.steps.get(i).is_some_and(|d| d.needs.iter().all(satisfied))
}

/// Is it the work's time, as far as its own state goes?
pub fn due(draft: &Draft<'_>, at: Place) -> Ready {
    let Some(work) = draft.work(at).filter(|w| w.current.is_none()) else { return Ready::No };
    match work.phase {
        StepPhase::Pending => Ready::Now,
        StepPhase::Backoff => match work.next_attempt_at {
            Some(at) if at > draft.now() => Ready::At(at),
            Some(_) | None => Ready::Now,
        },
        StepPhase::Running
        | StepPhase::Escalated
        | StepPhase::Succeeded
        | StepPhase::Failed
        | StepPhase::Tolerated
        | StepPhase::Skipped
        | StepPhase::Cancelled => Ready::No,
    }
}

/// What a step's `when` says.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    Yes,
    No,
    /// It cannot be evaluated: a person is asked.
    Asked,
}

/// Evaluates `when`, before the first attempt of each round.
pub fn wanted(draft: &mut Draft<'_>, all: &Definition, at: Place) -> Wanted {
    let pending = draft.work(at).is_some_and(|w| w.phase == StepPhase::Pending && w.retries + w.lost == 0);
    let Some(text) = all.steps.get(at.step).and_then(|d| d.when.as_deref()).filter(|_| pending) else {
        return Wanted::Yes;
    };
    let context = Value::Object(plain_context(draft, all, at));
    match Condition::parse(text).and_then(|c| c.holds(&context)) {
        Ok(true) => Wanted::Yes,
        Ok(false) => Wanted::No,
        Err(problem) => {
            escalate::open(draft, at, Cause::ConditionError, format!("when: {problem}"));
            Wanted::Asked
        }
    }
}

/// Starts an attempt, or asks a person: because the step is a question, or because it cannot start.
pub fn begin(draft: &mut Draft<'_>, all: &Definition, at: Place) {
    let Some(def) = all.steps.get(at.step) else { return };
    match &def.doing {
        Doing::Approval { message, expires_after } => gate::ask(draft, all, at, message, *expires_after),
        Doing::Task(task) => attempt(draft, all, at, def, task),
    }
}

fn attempt(draft: &mut Draft<'_>, all: &Definition, at: Place, def: &StepDef, task: &Task) {
    let Some(n) = draft.work(at).map(|w| w.attempts + 1) else { return };
    let launch = match prepare(draft, all, at, task, n) {
        Ok(launch) => launch,
        Err((cause, message)) => return escalate::open(draft, at, cause, message),
    };
    let now = draft.now();
    if let Some(totals) = draft.status.totals.as_mut() {
        totals.attempts += 1;
    }
    if at.item.is_some()
        && let Some(step) = draft.work_mut(Place::step(at.step))
    {
        step.attempts += 1;
    }
    if let Some(work) = draft.work_mut(at) {
        work.phase = StepPhase::Running;
        work.attempts = n;
        work.started_at = work.started_at.or(Some(now));
        work.next_attempt_at = None;
        work.current = Some(CurrentAttempt { n, job: launch.job.clone(), intent_at: now, stop: None });
    }
    draft.wake_at(now.plus(def.pending_timeout.as_duration()));
    draft.after.push(Effect::Launch(Box::new(launch)));
}

/// What a step sees, without what a loop adds.
pub fn plain_context(draft: &Draft<'_>, all: &Definition, at: Place) -> Map<String, Value> {
    after_steps(draft, all, &all.ancestors(at.step), draft.work(at))
}

/// What a text sees that comes after the steps at `before`.
pub fn after_steps(
    draft: &Draft<'_>,
    all: &Definition,
    before: &[usize],
    work: Option<&Work>,
) -> Map<String, Value> {
    let given = &draft.seen.run.spec.params;
    let values = params::resolve(&all.params, given).unwrap_or_else(|_| given.clone());
    context::build(draft.seen.run, &values, &draft.status, before, work)
}

/// What a piece of work sees.
pub fn context_of(draft: &Draft<'_>, all: &Definition, at: Place) -> Result<Value, (Cause, String)> {
    let mut context = plain_context(draft, all, at);
    loops::add_context(draft, all, at, &mut context)?;
    Ok(Value::Object(context))
}

/// What attempt `n` is made from; the same for the same status, so a crash may repeat it.
pub fn prepare(
    draft: &Draft<'_>,
    all: &Definition,
    at: Place,
    task: &Task,
    n: u32,
) -> Result<Launch, (Cause, String)> {
    let def = all.steps.get(at.step).ok_or((Cause::TemplateError, "no such step".to_string()))?;
    let context = context_of(draft, all, at)?;
    let input = render(&task.input, &context, "input")?;
    let as_file = task.agent.input_as == Some(InputAs::File);
    let told = if as_file { serde_json::to_string(&context).ok() } else { None };
    if let Some(message) = too_large(as_file, input.len() + told.as_ref().map_or(0, String::len)) {
        return Err((Cause::InputTooLarge, message));
    }
    let (uid, item) = (draft.run_uid(), at.item_key(&draft.status));
    Ok(Launch {
        job: ids::job_name(draft.run_name(), uid, &def.name, item.as_deref(), n),
        workflow: draft.seen.run.spec.workflow_ref.name.clone(),
        revision: draft.status.workflow.as_ref().map(|w| w.revision.clone()).unwrap_or_default(),
        step: def.name.clone(),
        item: item_id(draft, at),
        n,
        attempt_id: ids::attempt_id(uid, &def.name, item.as_deref(), n),
        agent: task.agent.clone(),
        env: env(&task.agent, &context)?,
        input,
        context: told,
        workspace: mount(draft, all, def),
        timeout: def.timeout,
        pending_timeout: def.pending_timeout,
    })
}

/// Why so many bytes (the input, and as a file its context) cannot be handed to a container.
pub fn too_large(as_file: bool, size: usize) -> Option<String> {
    let (limit, kind) = if as_file { (FILE_LIMIT, "File") } else { (INPUT_LIMIT, "Env") };
    let (kib, most) = (size.div_ceil(1024), limit / 1024);
    (size > limit)
        .then(|| format!("the rendered input is {kib} KiB; {most} KiB is the most for inputAs: {kind}"))
}

fn item_id(draft: &Draft<'_>, at: Place) -> Option<String> {
    Some(draft.status.steps.get(at.step)?.items.get(at.item?)?.id.clone())
}

fn mount(draft: &Draft<'_>, all: &Definition, def: &StepDef) -> Option<Mount> {
    let (workspace, claim) = (all.workspace.clone()?, draft.status.workspace.clone()?);
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

/// Renders one text; a problem names the place where it is written.
pub fn render(text: &str, context: &Value, place: &str) -> Result<String, (Cause, String)> {
    let template = Template::parse(text).map_err(|e| (Cause::TemplateError, format!("{place}: {e}")))?;
    template.render(context).map_err(|e| match e {
        RenderError::Missing(names) => {
            (Cause::MissingVariable, format!("Missing context variables: {} (in {place})", names.join(", ")))
        }
        RenderError::Other(message) => (Cause::TemplateError, format!("{place}: {message}")),
    })
}

/// The rendered input of an attempt under way, for telling an echo of it from an answer.
pub fn rendered_input(draft: &Draft<'_>, all: &Definition, at: Place, task: &Task) -> Option<String> {
    let context = context_of(draft, all, at).ok()?;
    render(&task.input, &context, "input").ok()
}
