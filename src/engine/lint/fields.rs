//! Values that are wrong by themselves, and names that are used twice.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::api::WorkflowSpec;
use crate::api::agent::Agent;
use crate::api::step::Step;
use crate::api::workflow::Workspace;

use super::super::answer::key_of;
use super::super::context::camel_output;
use super::super::effect::FILE_LIMIT;
use super::super::output::is_reserved;
use super::super::path::Path;
use super::super::problem::Problem;

pub(super) fn problems(spec: &WorkflowSpec) -> Vec<Problem> {
    let mut all = Vec::new();
    duplicates(spec, &mut all);
    params(spec, &mut all);
    for (i, agent) in spec.agents.iter().enumerate() {
        let at = Path::default().fields("spec.agents").named(i, &agent.name);
        files(agent, &at, &mut all);
        if agent.workspace_access.is_some() && spec.workspace.is_none() {
            all.push(Problem::value(
                at.fields("workspaceAccess"),
                "the workflow has no spec.workspace; add one or remove the field",
            ));
        }
    }
    for (list, steps) in [("steps", &spec.steps), ("finally", &spec.finally)] {
        for (i, step) in steps.iter().enumerate() {
            declared(step, &Path::default().field("spec").field(list).named(i, &step.name), &mut all);
        }
    }
    if let Some(workspace) = &spec.workspace {
        volume(workspace, &mut all);
    }
    all
}

fn duplicates(spec: &WorkflowSpec, all: &mut Vec<Problem>) {
    let at = |list: &str, names: Vec<&String>| -> Vec<(Path, String)> {
        let list = Path::default().field("spec").field(list);
        let place = |(i, name): (usize, &String)| (list.named(i, name).field("name"), name.clone());
        names.into_iter().enumerate().map(place).collect()
    };
    let mut steps = at("steps", spec.steps.iter().map(|s| &s.name).collect());
    steps.extend(at("finally", spec.finally.iter().map(|s| &s.name).collect()));
    let lists = [
        at("agents", spec.agents.iter().map(|a| &a.name).collect()),
        steps.clone(),
        at("params", spec.params.iter().map(|p| &p.name).collect()),
        at("outputs", spec.outputs.iter().map(|o| &o.name).collect()),
    ];
    for names in lists {
        let mut seen = BTreeSet::new();
        for (at, name) in names {
            if !seen.insert(name.clone()) {
                all.push(Problem::value(at.clone(), format!("the name {name:?} is used twice; rename one")));
            }
        }
    }
    let mut short: BTreeMap<String, String> = BTreeMap::new();
    for (_, name) in steps {
        if let Some(other) = short.insert(camel_output(&name), name.clone()).filter(|other| *other != name) {
            let both = camel_output(&name);
            all.push(Problem::value(
                Path::default().fields("spec.steps"),
                format!("{other} and {name} would both be {{{{ {both} }}}} in templates; rename one"),
            ));
        }
    }
}

fn params(spec: &WorkflowSpec, all: &mut Vec<Problem>) {
    for (i, param) in spec.params.iter().enumerate() {
        let at = Path::default().fields("spec.params").named(i, &param.name);
        if let Some(pattern) = &param.pattern
            && let Err(e) = Regex::new(pattern)
        {
            all.push(Problem::value(at.fields("pattern"), not_regular(&e)));
            continue;
        }
        if let Some(default) = &param.default
            && let Err(problem) = super::super::params::fits(param, default)
        {
            all.push(Problem::value(at.fields("default"), problem));
        }
    }
}

/// In one line: the last line of the parser's message says what is wrong, the lines before it draw the place.
fn not_regular(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().next_back().unwrap_or_default().trim();
    format!("not a regular expression: {}", reason.strip_prefix("error: ").unwrap_or(reason))
}

/// Names of files are paths below `/mission/files`.
fn files(agent: &Agent, at: &Path, all: &mut Vec<Problem>) {
    for name in agent.files.keys() {
        let part = |p: &str| {
            !matches!(p, "" | "." | "..")
                && p.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        };
        if name.len() > 200 || !name.split('/').all(part) {
            all.push(
                Problem::value(
                    at.fields("files").field(name),
                    "a file's name is a path below /mission/files, of letters, digits, '.', '_', '-' and '/'",
                )
                .known_as(Some(format!("{at}.files ({name:?})"))),
            );
        }
    }
    let size: usize = agent.files.values().map(String::len).sum();
    if size > FILE_LIMIT {
        all.push(Problem::value(
            at.fields("files"),
            format!("{} KiB in all; the limit is {} KiB", size.div_ceil(1024), FILE_LIMIT / 1024),
        ));
    }
}

/// Outputs that a step declares.
fn declared(step: &Step, at: &Path, all: &mut Vec<Problem>) {
    let is_key = |key: &str| {
        key.starts_with(|c: char| c.is_ascii_uppercase())
            && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    for (k, output) in step.outputs.iter().enumerate() {
        let at = at.field("outputs").named(k, &output.name);
        if !is_key(&key_of(output)) || key_of(output) == "STATUS" {
            all.push(Problem::value(
                at.fields("key"),
                format!("{:?} is not a valid output key; use A-Z, 0-9 and _", key_of(output)),
            ));
        }
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !output.name.chars().all(name) || is_reserved(&output.name) {
            all.push(Problem::value(
                at.fields("name"),
                "of letters, digits and _, and not one of the run's own names",
            ));
        }
        if let Some(Err(e)) = output.pattern.as_ref().map(|p| Regex::new(p)) {
            all.push(Problem::value(at.fields("pattern"), not_regular(&e)));
        }
    }
}

fn volume(workspace: &Workspace, all: &mut Vec<Problem>) {
    if !Regex::new(r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$")
        .is_ok_and(|r| r.is_match(&workspace.size))
    {
        all.push(Problem::value(
            Path::default().fields("spec.workspace.size"),
            format!("{:?} is not a valid size; write one such as 5Gi", workspace.size),
        ));
    }
    if let Some(path) = &workspace.mount_path {
        let taken =
            ["/", "/tmp", "/mission"].contains(&path.trim_end_matches('/')) || path.starts_with("/mission/");
        if !path.starts_with('/') || path.contains("..") || path.contains(':') || path == "/" || taken {
            all.push(Problem::value(
                Path::default().fields("spec.workspace.mountPath"),
                format!("{path:?}: an absolute path other than /tmp and /mission"),
            ));
        }
    }
}
