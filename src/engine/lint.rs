//! Every problem of a workflow that can be known before anything runs, as `field: what is wrong; what to do`.

use std::collections::BTreeSet;

use crate::api::WorkflowSpec;
use crate::api::agent::InputAs;
use crate::api::step::OnExhausted;

use super::context::{camel_output, snake_output};
use super::definition::Definition;
use super::output::is_reserved;
use super::template::Template;

/// Empty: the workflow can be executed.
pub fn problems(spec: &WorkflowSpec) -> Vec<String> {
    let mut all = not_yet(spec);
    duplicates(spec, &mut all);
    params(spec, &mut all);
    match Definition::read(spec) {
        Err(more) => all.extend(more),
        Ok(definition) => {
            let circle = cycle(&definition);
            if let Some(circle) = circle {
                all.push(format!("spec.steps: {} depend on each other in a circle", circle.join(" -> ")));
            } else {
                templates(spec, &definition, &mut all);
            }
        }
    }
    all
}

/// Fields of the API that this release does not execute: refused, never ignored.
fn not_yet(spec: &WorkflowSpec) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    let mut say = |present: bool, field: String| {
        if present {
            fields.push(format!("{field}: not supported by this release; remove the field"));
        }
    };
    say(spec.workspace.is_some(), "spec.workspace".into());
    say(spec.concurrency.is_some(), "spec.concurrency".into());
    say(!spec.finally.is_empty(), "spec.finally".into());
    say(!spec.outputs.is_empty(), "spec.outputs".into());
    for (i, agent) in spec.agents.iter().enumerate() {
        let at = format!("spec.agents[{i}] ({})", agent.name);
        say(agent.input_as == Some(InputAs::File), format!("{at}.inputAs: File"));
        say(!agent.files.is_empty(), format!("{at}.files"));
        say(agent.workspace_access.is_some(), format!("{at}.workspaceAccess"));
    }
    for (i, step) in spec.steps.iter().enumerate() {
        let at = format!("spec.steps[{i}] ({})", step.name);
        say(step.when.is_some(), format!("{at}.when"));
        say(step.on_retry.is_some(), format!("{at}.onRetry"));
        say(step.for_each.is_some(), format!("{at}.forEach"));
        say(step.approval.is_some(), format!("{at}.approval"));
        say(!step.outputs.is_empty(), format!("{at}.outputs"));
    }
    fields
}

fn duplicates(spec: &WorkflowSpec, all: &mut Vec<String>) {
    let mut twice = |what: &str, names: Vec<&str>| {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                all.push(format!("spec.{what}: the name {name:?} is used twice; rename one"));
            }
        }
    };
    twice("agents", spec.agents.iter().map(|a| a.name.as_str()).collect());
    twice("steps", spec.steps.iter().map(|s| s.name.as_str()).collect());
    twice("params", spec.params.iter().map(|p| p.name.as_str()).collect());
}

fn params(spec: &WorkflowSpec, all: &mut Vec<String>) {
    for (i, param) in spec.params.iter().enumerate() {
        let at = format!("spec.params[{i}] ({})", param.name);
        if let Some(pattern) = &param.pattern
            && let Err(e) = regex::Regex::new(pattern)
        {
            all.push(format!("{at}.pattern: not a regular expression: {e}"));
            continue;
        }
        if let Some(default) = &param.default
            && let Err(problem) = super::params::fits(param, default)
        {
            all.push(format!("{at}.default: {problem}"));
        }
    }
}

/// The names along a circle of dependencies, if there is one.
fn cycle(definition: &Definition) -> Option<Vec<String>> {
    let at = (0..definition.steps.len()).find(|&i| definition.ancestors(i).contains(&i))?;
    let mut names = vec![definition.steps.get(at)?.name.clone()];
    let mut here = at;
    loop {
        here = *definition
            .steps
            .get(here)?
            .needs
            .iter()
            .find(|&&n| n == at || definition.ancestors(n).contains(&at))?;
        names.push(definition.steps.get(here)?.name.clone());
        if here == at || names.len() > definition.steps.len() {
            return Some(names);
        }
    }
}

fn templates(spec: &WorkflowSpec, definition: &Definition, all: &mut Vec<String>) {
    for (i, step) in definition.steps.iter().enumerate() {
        let at = format!("spec.steps[{i}] ({}).input", step.name);
        template(spec, definition, i, &at, &step.input, all);
        for env in &step.agent.env {
            if let Some(value) = &env.value {
                let at = format!(
                    "spec.agents ({}).env ({}), used by step {}",
                    step.agent.name, env.name, step.name
                );
                template(spec, definition, i, &at, value, all);
            }
        }
    }
}

fn template(
    spec: &WorkflowSpec,
    definition: &Definition,
    i: usize,
    at: &str,
    text: &str,
    all: &mut Vec<String>,
) {
    match Template::parse(text) {
        Err(e) => all.push(format!("{at}: {e}")),
        Ok(template) => {
            let unknown = template.variables().into_iter().filter(|v| !may_exist(spec, definition, i, v));
            let unsure =
                template.variables().into_iter().filter_map(|v| Some((may_be_absent(definition, i, &v)?, v)));
            for (step, variable) in unsure {
                all.push(format!(
                    "{at}: {{{{ {variable} }}}} does not exist when step {step} is tolerated (onExhausted: Continue); write {{{{ {variable} | default(value=\"\") }}}}"
                ));
            }
            for variable in unknown {
                all.push(format!(
                    "{at}: {{{{ {variable} }}}} does not exist when this step starts; {}",
                    hint(&variable)
                ));
            }
        }
    }
}

fn hint(variable: &str) -> &'static str {
    if variable.starts_with("params.") {
        "declare it in spec.params"
    } else {
        "use task, params.*, run.*, or the output of a step before this one"
    }
}

/// False only where the variable certainly does not exist: a key that an earlier step prints is known at run time only.
fn may_exist(spec: &WorkflowSpec, definition: &Definition, i: usize, variable: &str) -> bool {
    let mut path = variable.split('.');
    let first = path.next().unwrap_or_default();
    let second = path.next();
    let before: Vec<&str> = definition
        .ancestors(i)
        .into_iter()
        .filter_map(|k| definition.steps.get(k))
        .map(|s| s.name.as_str())
        .collect();
    match (first, second) {
        ("task" | "human_feedback" | "verify_feedback", _) | ("params" | "run" | "steps", None) => true,
        ("params", Some(name)) => spec.params.iter().any(|p| p.name == name),
        ("run", Some(field)) => matches!(field, "name" | "namespace" | "uid"),
        ("steps", Some(name)) => before.contains(&name),
        _ if before.iter().any(|s| first == camel_output(s) || first == snake_output(s)) => true,
        _ => {
            !before.is_empty()
                && !is_reserved(first)
                && !first.ends_with("Output")
                && !first.ends_with("_output")
        }
    }
}

/// The step whose `onExhausted: Continue` may leave the variable without a value.
fn may_be_absent<'a>(definition: &'a Definition, i: usize, variable: &str) -> Option<&'a str> {
    let before = definition.ancestors(i).into_iter().filter_map(|k| definition.steps.get(k));
    let mut tolerated = before.filter(|s| s.on_exhausted == OnExhausted::Continue);
    let step = tolerated.find(|s| {
        variable == camel_output(&s.name)
            || variable == snake_output(&s.name)
            || variable.starts_with(&format!("steps.{}.output", s.name))
    });
    step.map(|s| s.name.as_str())
}
