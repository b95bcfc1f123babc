//! The files of a plan -> the workflow, the run, and the answers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kube::ResourceExt;
use serde_json::Value;

use crate::api::{Workflow, WorkflowRef, WorkflowRun, WorkflowRunSpec};
use crate::cli::source::Source;
use crate::cli::terminal::exit::Fault;
use crate::cli::terminal::program;
use crate::cli::verbs::lint;
use crate::engine::definition::Definition;
use crate::engine::problem::joined;
use crate::rehearse::answers::{self, Script};
use crate::rehearse::synthesize;

use super::arguments::Plan;

/// What to rehearse.
pub(super) struct Chosen {
    pub workflow: Workflow,
    pub run: WorkflowRun,
    /// Placeholders for what was not given: `task`, `params.x`.
    pub placeholders: BTreeMap<String, String>,
}

/// The workflow and its run, or the workflow's problems as lint prints them.
pub(super) fn choose(args: &Plan) -> Result<Result<Chosen, Vec<String>>, Fault> {
    let source = source(&args.file)?;
    let documents = documents(&source)?;
    let run = run(args, &documents)?;
    let workflow = workflow(args, &documents, run.as_ref())?;
    let name = name_of(workflow).to_string();
    let problems = lint::problems_of(&source, &name);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let workflow: Workflow = serde_json::from_value(workflow.clone())
        .map_err(|e| Fault::input(format!("{}: Workflow {name}: {e}", args.file.display())))?;
    if let Some(run) = run.filter(|run| run.spec.workflow_ref.name == workflow.name_any()) {
        return Ok(Ok(Chosen { workflow, run, placeholders: BTreeMap::new() }));
    }
    if let Some(path) = &args.run {
        return Err(Fault::input(format!(
            "{}: there is no run of workflow {name} in this file",
            path.display()
        )));
    }
    let all = Definition::read(&workflow.spec).map_err(|p| Fault::input(joined(&p)))?;
    let placeholders = placeholders(&all, args);
    let run = new_run(args, &workflow, &placeholders);
    Ok(Ok(Chosen { workflow, run, placeholders }))
}

/// Placeholders for the task and the required params that were not given.
fn placeholders(all: &Definition, args: &Plan) -> BTreeMap<String, String> {
    let given: BTreeMap<String, String> = args.params.iter().cloned().collect();
    let params =
        synthesize::params(all, &given).into_iter().map(|(name, value)| (format!("params.{name}"), value));
    let task = args.task.is_none().then(|| ("task".to_string(), "<task>".to_string()));
    task.into_iter().chain(params).collect()
}

/// A run of the given values and the placeholders.
fn new_run(args: &Plan, workflow: &Workflow, placeholders: &BTreeMap<String, String>) -> WorkflowRun {
    let new_run =
        placeholders.iter().filter_map(|(k, v)| Some((k.strip_prefix("params.")?.to_string(), v.clone())));
    let spec = WorkflowRunSpec {
        workflow_ref: WorkflowRef { name: workflow.name_any(), revision: None },
        task: args.task.clone().or_else(|| placeholders.get("task").cloned()),
        params: args.params.iter().cloned().chain(new_run).collect(),
        ..WorkflowRunSpec::default()
    };
    let mut run = WorkflowRun::new(&format!("{}-1", workflow.name_any()), spec);
    run.metadata.namespace = workflow.namespace();
    run
}

/// The first matching run, in the run's file or in the workflow's.
fn run(args: &Plan, documents: &[Value]) -> Result<Option<WorkflowRun>, Fault> {
    let given = args.task.is_some() || !args.params.is_empty();
    let of_its_own = args.run.as_deref().map(|path| self::documents(&source(path)?)).transpose()?;
    let path = args.run.as_deref().unwrap_or(&args.file);
    // A run in the workflow's file counts only if its workflow is the chosen one.
    let known = |name: &str| documents.iter().any(|d| is(d, "Workflow") && name_of(d) == name);
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
                Err(Fault::input(format!("{}: there is no such WorkflowRun in this file", path.display()))
                    .next("remove --run, and use --task TEXT and -p KEY=VALUE"))
            }
            None => Ok(None),
        };
    };
    let name = name_of(found);
    serde_json::from_value(found.clone())
        .map(Some)
        .map_err(|e| Fault::input(format!("{}: WorkflowRun {name}: {e}", path.display())))
}

/// The workflow that --workflow or the run names, or the only one.
fn workflow<'d>(args: &Plan, documents: &'d [Value], run: Option<&WorkflowRun>) -> Result<&'d Value, Fault> {
    let all: Vec<&Value> = documents.iter().filter(|d| is(d, "Workflow")).collect();
    let names = all.iter().map(|d| name_of(d)).collect::<Vec<_>>().join(", ");
    let file = args.file.display();
    let wanted = args.workflow.clone().or_else(|| run.map(|r| r.spec.workflow_ref.name.clone()));
    match (wanted, all.as_slice()) {
        (_, []) => Err(Fault::input(format!("{file}: there is no Workflow in this file"))
            .next("FILE must contain the Workflow; use --run for the file of the run")),
        (Some(wanted), all) => all.iter().find(|d| name_of(d) == wanted).copied().ok_or_else(|| {
            Fault::input(format!("{file}: there is no Workflow {wanted} in this file; it has {names}"))
        }),
        (None, [one]) => Ok(one),
        (None, _) => Err(Fault::input(format!("{file}: there are several Workflows in this file: {names}"))
            .next("select one with --workflow NAME")),
    }
}

fn name_of(document: &Value) -> &str {
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

/// Reads the answers file.
pub(super) fn answers(path: &Path, all: &Definition) -> Result<Script, Fault> {
    let documents = documents(&source(path)?)?;
    let none = Value::Object(serde_json::Map::new());
    let value = documents.first().filter(|v| !v.is_null()).unwrap_or(&none);
    answers::read(value, all).map_err(|problems| {
        let lines = problems.join(&format!("\n       {}: ", path.display()));
        Fault::input(format!("{}: {lines}", path.display()))
            .next(format!("{} workflow plan --help shows the format of answers", program::name()))
    })
}
