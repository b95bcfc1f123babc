//! Starts what may start: intent into the status, the attempt's Job after it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::status::CurrentAttempt;
use crate::api::{Cause, StepPhase};

use super::definition::{Definition, StepDef};
use super::effect::{Effect, Launch};
use super::plan::Draft;
use super::template::{RenderError, Template};
use super::{context, escalate, ids, params};

/// What an environment variable may hold: Linux allows 128 KiB for one, name and doubled `$` included.
pub const INPUT_LIMIT: usize = 96 * 1024;

/// True while no new attempt may start.
pub fn held(draft: &Draft<'_>) -> bool {
    draft.status.hold.is_some() || draft.seen.run.spec.suspend == Some(true)
}

/// Starts every step whose turn it is.
pub fn start(draft: &mut Draft<'_>, definition: &Definition) {
    if held(draft) {
        return;
    }
    for (i, def) in definition.steps.iter().enumerate() {
        match ready(draft, def, i) {
            Ready::Now => begin(draft, def, i),
            Ready::At(at) => draft.wake_at(at),
            Ready::No => {}
        }
    }
}

enum Ready {
    Now,
    At(crate::api::Stamp),
    No,
}

fn ready(draft: &Draft<'_>, def: &StepDef, i: usize) -> Ready {
    let Some(step) = draft.status.steps.get(i).filter(|s| s.current.is_none()) else {
        return Ready::No;
    };
    match step.phase {
        StepPhase::Pending => {
            let satisfied = |n: &usize| draft.status.steps.get(*n).is_some_and(|s| s.phase.is_satisfied());
            if def.needs.iter().all(satisfied) { Ready::Now } else { Ready::No }
        }
        StepPhase::Backoff => match step.next_attempt_at {
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

fn begin(draft: &mut Draft<'_>, def: &StepDef, i: usize) {
    let Some(n) = draft.status.steps.get(i).map(|s| s.attempts + 1) else {
        return;
    };
    match prepare(draft, def, i, n) {
        Err((cause, message)) => escalate::open(draft, i, cause, message),
        Ok(launch) => {
            let now = draft.now();
            if let Some(totals) = draft.status.totals.as_mut() {
                totals.attempts += 1;
            }
            if let Some(step) = draft.status.steps.get_mut(i) {
                step.phase = StepPhase::Running;
                step.attempts = n;
                step.started_at = step.started_at.or(Some(now));
                step.next_attempt_at = None;
                step.current =
                    Some(CurrentAttempt { n, job: launch.job.clone(), intent_at: now, stop: None });
            }
            draft.wake_at(now.plus(def.pending_timeout.as_duration()));
            draft.after.push(Effect::Launch(Box::new(launch)));
        }
    }
}

fn context_of(draft: &Draft<'_>, i: usize) -> Result<Value, (Cause, String)> {
    let step = draft.status.steps.get(i).ok_or((Cause::TemplateError, "no such step".to_string()))?;
    let given = &draft.seen.run.spec.params;
    let values = params::resolve(declared(draft), given).unwrap_or_else(|_| given.clone());
    Ok(context::build(draft.seen.run, &values, &draft.status, step))
}

/// What attempt `n` of step `i` is made from; the same for the same status, so a crash may repeat it.
pub fn prepare(draft: &Draft<'_>, def: &StepDef, i: usize, n: u32) -> Result<Launch, (Cause, String)> {
    let context = context_of(draft, i)?;
    let input = render(&def.input, &context, "input")?;
    if input.len() > INPUT_LIMIT {
        let kib = input.len().div_ceil(1024);
        return Err((
            Cause::InputTooLarge,
            format!("the rendered input is {kib} KiB; 96 KiB is the most for inputAs: Env"),
        ));
    }
    let env = env(def, &context)?;
    let uid = draft.run_uid();
    Ok(Launch {
        job: ids::job_name(draft.run_name(), uid, &def.name, None, n),
        workflow: draft.seen.run.spec.workflow_ref.name.clone(),
        step: def.name.clone(),
        item: None,
        n,
        attempt_id: ids::attempt_id(uid, &def.name, None, n),
        agent: def.agent.clone(),
        input,
        env,
        timeout: def.timeout,
        pending_timeout: def.pending_timeout,
    })
}

fn declared<'a>(draft: &Draft<'a>) -> &'a [crate::api::workflow::Param] {
    use super::snapshot::{RevisionFact, WorkflowFact};
    // Before its first status is stored a run has no revision yet: what was just admitted is the Workflow itself.
    match (&draft.seen.revision, draft.seen.workflow) {
        (RevisionFact::Found(spec), _) => &spec.params,
        (_, WorkflowFact::Present(workflow)) => &workflow.spec.params,
        _ => &[],
    }
}

fn env(def: &StepDef, context: &Value) -> Result<BTreeMap<String, String>, (Cause, String)> {
    let mut rendered = BTreeMap::new();
    for var in &def.agent.env {
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

fn render(text: &str, context: &Value, place: &str) -> Result<String, (Cause, String)> {
    let template = Template::parse(text).map_err(|e| (Cause::TemplateError, format!("{place}: {e}")))?;
    template.render(context).map_err(|e| match e {
        RenderError::Missing(names) => {
            (Cause::MissingVariable, format!("Missing context variables: {} (in {place})", names.join(", ")))
        }
        RenderError::Other(message) => (Cause::TemplateError, format!("{place}: {message}")),
    })
}

/// The rendered input of an attempt under way, for telling an echo of it from an answer.
pub fn rendered_input(draft: &Draft<'_>, def: &StepDef, i: usize) -> Option<String> {
    let context = context_of(draft, i).ok()?;
    render(&def.input, &context, "input").ok()
}
