//! The files of a plan -> the workflow, the run, and the answers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kube::ResourceExt;
use serde_json::Value;

use crate::api::{Workflow, WorkflowRef, WorkflowRun, WorkflowRunSpec};
use crate::engine::definition::Definition;
use crate::engine::problem::joined;
use crate::rehearse::answers::{self, Script};

use super::super::exit::Fault;
use super::super::lint;
use super::super::source::Source;
use super::Plan;

/// What is rehearsed.
pub(super) struct Chosen {
    pub workflow: Workflow,
    pub run: WorkflowRun,
    /// What the run has only because nobody gave it: `task`, `params.x`.
    pub made_up: BTreeMap<String, String>,
}

/// The workflow and its run; or the workflow's problems, in the words of lint.
pub(super) fn choose(args: &Plan) -> Result<Result<Chosen, Vec<String>>, Fault> {
    let source = source(&args.file)?;
    let documents = documents(&source)?;
    let run = run(args, &documents)?;
    let workflow = workflow(args, &documents, run.as_ref())?;
    let name = named(workflow).to_string();
    let problems = lint::problems_of(&source, &name);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let workflow: Workflow = serde_json::from_value(workflow.clone())
        .map_err(|e| Fault::input(format!("{}: Workflow {name}: {e}", args.file.display())))?;
    if let Some(run) = run.filter(|run| run.spec.workflow_ref.name == workflow.name_any()) {
        return Ok(Ok(Chosen { workflow, run, made_up: BTreeMap::new() }));
    }
    if let Some(path) = &args.run {
        return Err(Fault::input(format!("{}: no run of workflow {name}", path.display())));
    }
    let all = Definition::read(&workflow.spec).map_err(|p| Fault::input(joined(&p)))?;
    let made_up = super::made_up(&all, args);
    let run = made(args, &workflow, &made_up);
    Ok(Ok(Chosen { workflow, run, made_up }))
}

/// A run of what was given and what was made up.
fn made(args: &Plan, workflow: &Workflow, made_up: &BTreeMap<String, String>) -> WorkflowRun {
    let made = made_up.iter().filter_map(|(k, v)| Some((k.strip_prefix("params.")?.to_string(), v.clone())));
    let spec = WorkflowRunSpec {
        workflow_ref: WorkflowRef { name: workflow.name_any(), revision: None },
        task: args.task.clone().or_else(|| made_up.get("task").cloned()),
        params: args.params.iter().cloned().chain(made).collect(),
        ..WorkflowRunSpec::default()
    };
    let mut run = WorkflowRun::new(&format!("{}-1", workflow.name_any()), spec);
    run.metadata.namespace = workflow.namespace();
    run
}

/// The first run that fits, of the file with the run or of that with the workflow.
fn run(args: &Plan, documents: &[Value]) -> Result<Option<WorkflowRun>, Fault> {
    let given = args.task.is_some() || !args.params.is_empty();
    let of_its_own = args.run.as_deref().map(|path| self::documents(&source(path)?)).transpose()?;
    let place = args.run.as_deref().unwrap_or(&args.file);
    // A run that came along is meant only if its workflow came along, too.
    let known = |name: &str| documents.iter().any(|d| is(d, "Workflow") && named(d) == name);
    let fits = |run: &&Value| {
        let of = run.pointer("/spec/workflowRef/name").and_then(Value::as_str).unwrap_or_default();
        match &args.workflow {
            Some(wanted) => wanted == of,
            None => args.run.is_some() || known(of),
        }
    };
    let found = of_its_own.as_deref().unwrap_or(documents).iter().filter(|d| is(d, "WorkflowRun"));
    let Some(found) = found.filter(fits).find(|_| !given) else {
        return match &args.run {
            Some(path) => {
                Err(Fault::input(format!("{}: there is no such WorkflowRun in it", path.display()))
                    .next("leave out --run, and give --task and -p key=value"))
            }
            None => Ok(None),
        };
    };
    let name = named(found);
    serde_json::from_value(found.clone())
        .map(Some)
        .map_err(|e| Fault::input(format!("{}: WorkflowRun {name}: {e}", place.display())))
}

/// The one that was named, or that the run names, or the only one.
fn workflow<'d>(args: &Plan, documents: &'d [Value], run: Option<&WorkflowRun>) -> Result<&'d Value, Fault> {
    let all: Vec<&Value> = documents.iter().filter(|d| is(d, "Workflow")).collect();
    let names = all.iter().map(|d| named(d)).collect::<Vec<_>>().join(", ");
    let file = args.file.display();
    let wanted = args.workflow.clone().or_else(|| run.map(|r| r.spec.workflow_ref.name.clone()));
    match (wanted, all.as_slice()) {
        (_, []) => Err(Fault::input(format!("{file}: there is no Workflow in it"))
            .next("name the file that has the Workflow; --run names that of the run")),
        (Some(wanted), all) => all.iter().find(|d| named(d) == wanted).copied().ok_or_else(|| {
            Fault::input(format!("{file}: there is no Workflow {wanted} in it; there is {names}"))
        }),
        (None, [one]) => Ok(one),
        (None, _) => Err(Fault::input(format!("{file}: there are several Workflows in it: {names}"))
            .next("choose one with --workflow NAME")),
    }
}

fn named(document: &Value) -> &str {
    document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("(no name)")
}

fn is(document: &Value, kind: &str) -> bool {
    document.get("kind").and_then(Value::as_str) == Some(kind)
}

fn source(path: &Path) -> Result<Source, Fault> {
    let label = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|e| Fault::input(format!("{label}: {e}")))?;
    Ok(Source { label, text })
}

fn documents(source: &Source) -> Result<Vec<Value>, Fault> {
    serde_yaml::from_multiple(&source.text).map_err(|e| Fault::input(format!("{}: {e}", source.label)))
}

/// The answers that people wrote.
pub(super) fn answers(path: &Path, all: &Definition) -> Result<Script, Fault> {
    let documents = documents(&source(path)?)?;
    let none = Value::Object(serde_json::Map::new());
    let value = documents.first().filter(|v| !v.is_null()).unwrap_or(&none);
    answers::read(value, all).map_err(|problems| {
        let lines = problems.join(&format!("\n       {}: ", path.display()));
        Fault::input(format!("{}: {lines}", path.display())).next(format!(
            "{} workflow plan --help shows how answers are written",
            super::super::program::said()
        ))
    })
}
