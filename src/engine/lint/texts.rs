//! Templates and conditions: whether they can be parsed, and whether the names in them exist when their step starts.

use crate::api::WorkflowSpec;
use crate::api::step::OnExhausted;

use super::super::condition::{Condition, Names, Unreadable, Wanted};
use super::super::context::{camel_output, snake_output};
use super::super::definition::{Definition, TextField};
use super::super::output::is_reserved;
use super::super::path::Path;
use super::super::problem::{At, Problem};
use super::super::template::{Error, Template};
use super::location::place;

/// The variables that a loop adds for its steps, besides the item itself.
pub const OF_LOOPS: &[&str] =
    &["current_story", "current_story_id", "current_story_title", "completed_stories", "stories_remaining"];

pub(super) fn problems(spec: &WorkflowSpec, definition: &Definition) -> Vec<Problem> {
    let mut all = Vec::new();
    for (i, step) in definition.steps.iter().enumerate() {
        for (field, text) in step.templates() {
            template(definition, i, &Text::of(spec, &place(definition, i), field, text), &mut all);
        }
        if let Some(text) = &step.when {
            let before = definition.ancestors(i).into_iter().filter_map(|k| definition.steps.get(k));
            let steps = before.map(|s| s.name.as_str()).collect();
            condition(spec, steps, Wanted::Boolean, &place(definition, i).field("when"), text, &mut all);
        }
    }
    if let Some(key) = spec.concurrency.as_ref().and_then(|c| c.key.as_ref()) {
        let at = Path::default().fields("spec.concurrency.key");
        condition(spec, Vec::new(), Wanted::Text, &at, key, &mut all);
    }
    all
}

/// A template, the field that contains it, and the name by which people know that field.
struct Text<'a> {
    path: Path,
    known_as: Option<String>,
    text: &'a str,
}

impl<'a> Text<'a> {
    /// A text of an agent is reported at the agent, whichever step has the problem.
    fn of(spec: &WorkflowSpec, step: &Path, field: TextField<'_>, text: &'a str) -> Self {
        match field {
            TextField::Input => Self { path: step.field("input"), known_as: None, text },
            TextField::Message => Self { path: step.fields("approval.message"), known_as: None, text },
            TextField::Env { agent, name } => Self {
                path: env(spec, agent, name).unwrap_or_else(|| step.clone()),
                known_as: Some(format!("{step}.agent {agent}, env {name}")),
                text,
            },
        }
    }

    fn problem(&self, at: Option<At>, message: String) -> Problem {
        Problem::value(self.path.clone(), message).at(at).known_as(self.known_as.clone())
    }
}

fn env(spec: &WorkflowSpec, agent: &str, name: &str) -> Option<Path> {
    let (i, found) = spec.agents.iter().enumerate().find(|(_, a)| a.name == agent)?;
    let (k, _) = found.env.iter().enumerate().find(|(_, v)| v.name == name)?;
    let agents = Path::default().fields("spec.agents");
    Some(agents.named(i, agent).field("env").named(k, name).field("value"))
}

fn condition(
    spec: &WorkflowSpec,
    steps: Vec<&str>,
    wanted: Wanted,
    path: &Path,
    text: &str,
    all: &mut Vec<Problem>,
) {
    let names = Names { params: spec.params.iter().map(|p| p.name.as_str()).collect(), steps };
    match Condition::parse(text) {
        Err(Unreadable { at, message }) => {
            let at = at.map(|(line, column)| At::Position { line, column });
            all.push(Problem::value(path.clone(), message).at(at));
        }
        Ok(condition) => {
            let found = condition.check(&names, wanted);
            all.extend(found.into_iter().map(|problem| Problem::value(path.clone(), problem)));
        }
    }
}

fn template(definition: &Definition, i: usize, text: &Text<'_>, all: &mut Vec<Problem>) {
    let template = match Template::parse(text.text) {
        Err(Error { line, column, message }) => {
            return all.push(text.problem(Some(At::Position { line, column }), message));
        }
        Ok(template) => template,
    };
    let named = |variable: &String| Some(At::Variable(variable.clone()));
    for variable in template.variables() {
        if let Some((step, why)) = may_be_absent(definition, i, &variable) {
            let message = format!(
                "{{{{ {variable} }}}} does not exist when step {step} {why}; write {{{{ {variable} | default(value=\"\") }}}}"
            );
            all.push(text.problem(named(&variable), message));
        }
    }
    for variable in template.variables().iter().filter(|v| !may_exist(definition, i, v)) {
        let message =
            format!("{{{{ {variable} }}}} does not exist when this step starts; {}", hint(variable));
        all.push(text.problem(named(variable), message));
    }
}

fn hint(variable: &str) -> &'static str {
    if variable.starts_with("params.") {
        "declare it in spec.params"
    } else if OF_LOOPS.contains(&variable) {
        "only a step with forEach, and the step that verifies its items, have it"
    } else {
        "use task, params.*, run.*, or the output of a step before this one"
    }
}

/// False only if the variable certainly does not exist: a key that an earlier step prints is known at run time only.
fn may_exist(definition: &Definition, i: usize, variable: &str) -> bool {
    let mut path = variable.split('.');
    let first = path.next().unwrap_or_default();
    let second = path.next();
    let finally = definition.steps.get(i).is_some_and(|s| s.finally);
    let own_loop = definition.loop_of(i).and_then(|l| definition.steps.get(l)).and_then(|s| s.each.as_ref());
    let before: Vec<&str> = definition
        .ancestors(i)
        .into_iter()
        .filter_map(|k| definition.steps.get(k))
        .map(|s| s.name.as_str())
        .collect();
    match (first, second) {
        ("task" | "human_feedback" | "verify_feedback" | "last_failure" | "last_failure_output", _)
        | ("params" | "run" | "steps", None) => true,
        ("params", Some(name)) => definition.params.iter().any(|p| p.name == name),
        ("run", Some("name" | "namespace" | "uid")) => true,
        ("run", Some("phase" | "reason" | "message")) => finally,
        ("run", Some(_)) => false,
        ("steps", Some(name)) => before.contains(&name),
        _ if own_loop.is_some_and(|each| each.name == first || OF_LOOPS.contains(&first)) => true,
        _ if before.iter().any(|s| first == camel_output(s) || first == snake_output(s)) => true,
        _ => {
            !before.is_empty()
                && !is_reserved(first)
                && !first.ends_with("Output")
                && !first.ends_with("_output")
        }
    }
}

/// The step that may leave the variable without a value, and the reason.
fn may_be_absent<'a>(
    definition: &'a Definition,
    i: usize,
    variable: &str,
) -> Option<(&'a str, &'static str)> {
    let finally = definition.steps.get(i).is_some_and(|s| s.finally);
    let before = definition.ancestors(i).into_iter().filter_map(|k| definition.steps.get(k));
    let mut named = before.filter(|s| {
        variable == camel_output(&s.name)
            || variable == snake_output(&s.name)
            || variable == format!("steps.{}.output", s.name)
            // `outputs` itself always exists, even if empty.
            || variable.starts_with(&format!("steps.{}.outputs.", s.name))
            || variable.starts_with(&format!("steps.{}.items", s.name))
    });
    named.find_map(|s| {
        let why = if finally {
            "was not finished (finally runs after failures, too)"
        } else if s.when.is_some() {
            "is skipped (when)"
        } else if s.on_exhausted == OnExhausted::Continue {
            "is tolerated (onExhausted: Continue)"
        } else {
            return None;
        };
        Some((s.name.as_str(), why))
    })
}
