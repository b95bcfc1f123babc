//! `mc workflow render`: a step's input exactly as its agent would receive it.
//!
//! [`given`] reads the given values, [`preview_context`] builds a run whose step is about to start, and the engine
//! renders the input.

mod given;
mod preview_context;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::api::Workflow;
use crate::api::agent::InputAs;
use crate::cli::source::Source;
use crate::cli::source::document::documents;
use crate::cli::terminal::arguments::Global;
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program};
use crate::engine::context::{camel_output, snake_output};
use crate::engine::definition::{Definition, StepKind};
use crate::engine::effect::too_large;
use crate::engine::lint::OF_LOOPS;
use crate::engine::problem::joined;
use crate::engine::template::{RenderError, Template};
use given::Given;

/// Print a step's input as its agent would receive it
///
/// Renders as the operator does, with the defaults of params. Set the variables
/// of a run with --set, by their names in templates:
///
///   params.NAME=V              a param
///   steps.STEP.outputs.KEY=V   an output of an earlier step
///   steps.STEP.output=TEXT     the whole output of an earlier step
///   KEY=V                      an output of any earlier step
///   human_feedback=TEXT        the feedback of a Retry
///   verify_feedback=TEXT       why the work was sent back
///   last_failure=TEXT          why the previous attempt failed
///   story.title=V              a field of the loop's item
///   STORIES_JSON=JSON          the loop's list, with --item ID
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Example:
  mc workflow render flow.yaml --step plan --task 'Add login' \\
    --set params.repo=https://git.example/app
  mc workflow render flow.yaml --step implement --item US-1 \\
    --set-file STORIES_JSON=stories.json

Exit codes: 0 printed, 1 variables are missing (they are listed), 3 bad input."
)]
pub(crate) struct Render {
    /// The file with the Workflow, or - for stdin.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The step whose input (for an approval: its message) to render.
    #[arg(long, value_name = "NAME")]
    step: String,
    /// The item, for a step with forEach.
    #[arg(long, value_name = "ID")]
    item: Option<String>,
    /// The run's task.
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,
    /// The value of a variable; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The value of a variable from a file; may be repeated.
    #[arg(long, value_name = "NAME=FILE")]
    set_file: Vec<String>,
    /// The Workflow to use, if the file has several.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
}

pub(crate) fn run(args: &Render, global: &Global) -> Result<Exit, Fault> {
    let definition = definition(args)?;
    let given = Given::read(&values(args)?, args.task.clone(), global.namespace.clone())?;
    let step = step(&definition, args)?;
    let context = preview_context::context(&definition, step, args.item.as_deref(), &given)?;
    let Some(def) = definition.steps.get(step) else { return Ok(Exit::Failed) };
    let (text, as_file) = match &def.kind {
        StepKind::Task(task) => (&task.input, Some(task.agent.input_as == Some(InputAs::File))),
        StepKind::Approval { message, .. } => (message, None),
    };
    let template = Template::parse(text)
        .map_err(|e| Fault::input(format!("step {}: input: {e}", args.step)).next(check(args)))?;
    match template.render(&context) {
        Ok(rendered) => Ok(print(&rendered, as_file, &context)),
        Err(RenderError::Missing(names)) => {
            out::note(missing(&definition, step, &names));
            Ok(Exit::Failed)
        }
        Err(RenderError::Other(message)) => {
            Err(Fault::failed(format!("step {}: input: {message}", args.step)))
        }
    }
}

/// Prints the input unchanged.
fn print(text: &str, as_file: Option<bool>, context: &Value) -> Exit {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
    let Some(as_file) = as_file else { return Exit::Done };
    let beside = if as_file { context.to_string().len() } else { 0 };
    match too_large(as_file, text.len() + beside) {
        None => Exit::Done,
        Some(problem) => {
            out::note(format!("{problem}; the run would need a decision (InputTooLarge)"));
            Exit::Failed
        }
    }
}

fn definition(args: &Render) -> Result<Definition, Fault> {
    let source = Source::read(&args.file).map_err(Fault::input)?;
    let mut found = Vec::new();
    for document in documents(&source.text) {
        let document = document.map_err(|f| {
            let (line, column) = (f.mark.line, f.mark.column);
            Fault::input(format!("{}:{line}:{column}: not valid YAML: {}", source.label, f.message))
        })?;
        if document.value.get("kind").and_then(Value::as_str) == Some("Workflow") {
            found.push(document.value);
        }
    }
    let value = choose(found, args, &source.label)?;
    let name = name(&value);
    let workflow: Workflow = serde_json::from_value(value)
        .map_err(|e| Fault::input(format!("Workflow {name}: {e}")).next(check(args)))?;
    Definition::read(&workflow.spec)
        .map_err(|problems| Fault::input(format!("Workflow {name}: {}", joined(&problems))).next(check(args)))
}

/// The only Workflow of the file, or the one that --workflow names.
fn choose(mut found: Vec<Value>, args: &Render, file: &str) -> Result<Value, Fault> {
    let names: Vec<String> = found.iter().map(name).collect();
    let all = names.join(", ");
    found.retain(|v| args.workflow.as_ref().is_none_or(|wanted| *wanted == name(v)));
    match (found.pop(), found.is_empty()) {
        (Some(value), true) => Ok(value),
        (Some(_), false) => Err(Fault::input(format!("{file} has several Workflows"))
            .next(format!("select one with --workflow: {all}"))),
        (None, _) if names.is_empty() => Err(Fault::input(format!("{file} has no Workflow"))),
        (None, _) => {
            let wanted = args.workflow.as_deref().unwrap_or_default();
            Err(Fault::input(format!("{file} has no Workflow {wanted}")).next(format!("it has {all}")))
        }
    }
}

fn name(workflow: &Value) -> String {
    workflow.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("(no name)").to_owned()
}

fn check(args: &Render) -> String {
    format!("{} workflow lint {}", program::name(), args.file.display())
}

fn step(definition: &Definition, args: &Render) -> Result<usize, Fault> {
    definition.position(&args.step).ok_or_else(|| {
        let names: Vec<&str> = definition.steps.iter().map(|s| s.name.as_str()).collect();
        Fault::input(format!("there is no step {}", args.step))
            .next(format!("the steps are {}", names.join(", ")))
    })
}

/// Every `--set` and `--set-file` as name and value.
fn values(args: &Render) -> Result<Vec<(String, String)>, Fault> {
    let split = |text: &String, what: &str| {
        let pair = text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
        pair.ok_or_else(|| Fault::input(format!("{what} {text}: write NAME=VALUE")))
    };
    let mut all = Vec::new();
    for text in &args.set {
        all.push(split(text, "--set")?);
    }
    for text in &args.set_file {
        let (name, file) = split(text, "--set-file")?;
        let value = fs::read_to_string(&file)
            .map_err(|e| Fault::input(format!("--set-file {name}: {file} cannot be read: {e}")))?;
        all.push((name, value));
    }
    Ok(all)
}

/// Variables without a value, one per line with the option that sets it.
fn missing(definition: &Definition, step: usize, names: &[String]) -> String {
    let name = definition.steps.get(step).map_or("", |s| s.name.as_str());
    let (count, s) = (names.len(), if names.len() == 1 { "" } else { "s" });
    let widest = names.iter().map(String::len).max().unwrap_or_default();
    let mut text = format!("step {name}: {count} variable{s} without a value; set with");
    for name in names {
        text.push_str(&format!("\n  {name:widest$}  {}", option(definition, name)));
    }
    if let Some(list) = list_of(definition, step, names) {
        text.push_str(&format!("\nor set the loop's whole list: --set-file {list}=FILE"));
    }
    text
}

/// The list's name, if a missing variable comes from the list.
fn list_of<'d>(definition: &'d Definition, step: usize, names: &[String]) -> Option<&'d str> {
    let each = definition.loop_of(step).and_then(|i| definition.steps.get(i)?.each.as_ref())?;
    let own = |name: &String| OF_LOOPS.contains(&name.as_str()) || name.split('.').next() == Some(&each.name);
    let list = if each.list == "stories" { "STORIES_JSON" } else { each.list.as_str() };
    names.iter().any(own).then_some(list)
}

/// The option that sets the variable.
fn option(definition: &Definition, name: &str) -> String {
    if name == "task" {
        return "--task TEXT".into();
    }
    let step =
        definition.steps.iter().find(|s| name == camel_output(&s.name) || name == snake_output(&s.name));
    match step {
        Some(step) => format!("--set steps.{}.output=TEXT", step.name),
        None => format!("--set {name}=TEXT"),
    }
}
