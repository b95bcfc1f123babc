//! The graph of steps: circles, targets of rework, loops and their verifiers, the origin of outputs, and steps that
//! share the workspace.

use crate::api::agent::WorkspaceAccess;
use crate::api::workflow::AccessMode;

use super::super::definition::{Definition, StepDef};
use super::super::path::Path;
use super::super::problem::Problem;
use super::location::place;

/// The names along a circle of dependencies, if there is one.
pub(super) fn cycle(definition: &Definition) -> Option<Vec<String>> {
    let in_circle = |i: &usize| {
        definition.steps.get(*i).is_some_and(|s| !s.finally) && definition.ancestors(*i).contains(i)
    };
    let at = (0..definition.steps.len()).find(in_circle)?;
    let mut names = vec![definition.steps.get(at)?.name.clone()];
    let mut here = at;
    loop {
        let needs = &definition.steps.get(here)?.needs;
        here = *needs.iter().find(|&&n| n == at || definition.ancestors(n).contains(&at))?;
        names.push(definition.steps.get(here)?.name.clone());
        if here == at || names.len() > definition.steps.len() {
            return Some(names);
        }
    }
}

pub(super) fn problems(definition: &Definition) -> Vec<Problem> {
    let mut all = Vec::new();
    for (i, step) in definition.steps.iter().enumerate() {
        rework(definition, i, step, &mut all);
        loops(definition, i, step, &mut all);
    }
    outputs(definition, &mut all);
    all
}

fn rework(definition: &Definition, i: usize, step: &StepDef, all: &mut Vec<Problem>) {
    let Some(rule) = &step.on_retry else { return };
    let at = place(definition, i);
    let target = definition.steps.get(rule.target).map_or("", |s| s.name.as_str());
    if let Some(of) = step.verifies {
        if rule.target != of {
            let own = definition.steps.get(of).map_or("", |s| s.name.as_str());
            all.push(Problem::value(
                at.fields("onRetry.rerun"),
                format!("the step verifies the items of {own} and sends back to it alone; write {own}"),
            ));
        }
        return;
    }
    if step.each.is_some() {
        all.push(Problem::value(at.fields("onRetry"), "items cannot send earlier work back; verify them with forEach.verifyWith, or let a step after the loop send back"));
    }
    if !definition.ancestors(i).contains(&rule.target) {
        all.push(Problem::value(
            at.fields("onRetry.rerun"),
            format!("{target} is not finished before this step; name a step that it depends on"),
        ));
    }
    if let Some(of) = definition.steps.get(rule.target).and_then(|s| s.verifies) {
        let own = definition.steps.get(of).map_or("", |s| s.name.as_str());
        all.push(Problem::value(
            at.fields("onRetry.rerun"),
            format!("{target} runs in the loop of {own}; write {own}"),
        ));
    }
}

fn loops(definition: &Definition, i: usize, step: &StepDef, all: &mut Vec<Problem>) {
    let Some(each) = &step.each else { return };
    let at = place(definition, i);
    if let Some(v) = each.verifier
        && definition.steps.get(v).is_some_and(|s| s.verifies != Some(i))
    {
        all.push(Problem::value(
            at.fields("forEach.verifyWith"),
            "the step verifies another loop already; give each loop a verifier of its own",
        ));
    }
    let mut letters = each.name.chars();
    let starts = letters.next().is_some_and(|c| c.is_ascii_lowercase());
    if !starts || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        all.push(Problem::value(
            at.fields("forEach.as"),
            format!("{:?} is not a valid name in templates; use a-z, 0-9 and _", each.name),
        ));
    } else if !["story", "item"].contains(&each.name.as_str())
        && super::super::output::is_reserved(&each.name)
    {
        all.push(Problem::value(
            at.fields("forEach.as"),
            format!("{:?} is one of the run's own names; choose another", each.name),
        ));
    }
    if let Some(problem) = list(definition, i, &each.list) {
        all.push(Problem::value(at.fields("forEach.in"), problem));
    }
}

/// Why the list is not available when the loop starts.
fn list(definition: &Definition, i: usize, path: &str) -> Option<String> {
    let before = definition.ancestors(i);
    let mut parts = path.split('.');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("params", Some(name)) => {
            let known = definition.params.iter().any(|p| p.name == name);
            (!known).then(|| format!("there is no param {name:?}; declare it in spec.params"))
        }
        ("steps", Some(name)) => {
            let known = before.iter().any(|k| definition.steps.get(*k).is_some_and(|s| s.name == name));
            (!known).then(|| format!("{name} is not finished before this step"))
        }
        _ if before.is_empty() => {
            Some(format!("no step before this one could print {path}; use params.NAME or depend on a step"))
        }
        _ => None,
    }
}

fn outputs(definition: &Definition, all: &mut Vec<Problem>) {
    for (k, output) in definition.outputs.iter().enumerate() {
        let at = Path::default().fields("spec.outputs").named(k, &output.name).field("from");
        let mut parts = output.from.split('.');
        let known = match (parts.next(), parts.next(), parts.next()) {
            (Some("steps"), Some(name), Some("output" | "outputs")) => {
                definition.position(name).is_some_and(|i| definition.steps.get(i).is_some_and(|s| !s.finally))
            }
            (Some("params"), Some(name), None) => definition.params.iter().any(|p| p.name == name),
            _ => false,
        };
        if !known {
            all.push(Problem::value(
                at.clone(),
                format!(
                    "{:?} comes from no step; write steps.NAME.outputs.KEY or steps.NAME.output",
                    output.from
                ),
            ));
        }
    }
}

/// Steps that share the workspace: a volume that one node mounts is not for steps that run in parallel.
pub(super) fn shared_workspace(definition: &Definition) -> Vec<Problem> {
    let Some(workspace) = &definition.workspace else { return Vec::new() };
    let mode = workspace.access_mode.unwrap_or_default();
    if mode == AccessMode::ReadWriteMany {
        return Vec::new();
    }
    let hint = format!(
        "the workspace is {}; order them with dependsOn, set workspaceAccess: None, or use accessMode: ReadWriteMany",
        mode.as_str()
    );
    let mut all = Vec::new();
    let mounts = |i: usize| {
        definition.steps.get(i).is_some_and(|s| !s.finally && s.workspace_access() != WorkspaceAccess::None)
    };
    for i in (0..definition.steps.len()).filter(|i| mounts(*i)) {
        let Some(step) = definition.steps.get(i) else { continue };
        if step.each.as_ref().is_some_and(|e| e.parallelism > 1) {
            all.push(Problem::value(
                place(definition, i).fields("forEach.parallelism"),
                format!("items would share the volume; {hint}"),
            ));
        }
        for k in (0..i).filter(|k| mounts(*k)) {
            if !definition.ancestors(i).contains(&k) && !definition.ancestors(k).contains(&i) {
                let other = definition.steps.get(k).map_or("", |s| s.name.as_str());
                all.push(Problem::value(place(definition, i), format!("it may run beside {other}; {hint}")));
            }
        }
    }
    all
}
