//! `mc workflow convert`: a workflow of one of the two earlier systems -> a manifest of ours on stdout, and on stderr what a
//! person should look at.
//!
//! [`shape`] recognises the system, [`origin`] and [`antfarm`] read its file into a [`draft`], [`build`] makes the Workflow of it
//! ([`variables`] and [`template`] its texts), [`manifest`] prints it. Only [`files`] and this page read anything from disk.
//! Start reading at [`run`].

mod advice;
mod antfarm;
mod build;
mod draft;
mod files;
mod keys;
mod loops;
mod manifest;
mod names;
mod node;
mod origin;
mod report;
mod shape;
mod template;
mod tokens;
mod variables;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::api::Workflow;
use crate::cli::source;
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program};
use files::Root;
use report::{Entry, Notes};
use shape::{Recognised, Shape};

/// The image until somebody names one.
const IMAGE: &str = "registry.example/agent:latest";
/// The most characters of a Workflow's name.
const NAME: usize = 63;

/// Make a Workflow of an older system's YAML.
///
/// Reads a workflow of the TypeScript Mission Control or of antfarm, and prints
/// a Workflow. Lists on stderr what a person should look at, with the place in
/// the new manifest. Needs no cluster. With -o json: {manifest, report}.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:\n  mc workflow convert old/workflow.yml --image registry.example/me:1 > new.yaml\n  mc workflow lint new.yaml\n\nExit codes: 0 converted, 1 converted but lint finds problems,\n3 not a workflow of either system."
)]
pub struct Verb {
    /// The old file, or - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Image of all agents.
    #[arg(long, default_value = IMAGE)]
    image: String,
    /// Name of the Workflow; built in: the old id.
    #[arg(long)]
    name: Option<String>,
    /// Folder that agents' files may be taken from; built in: that of FILE.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

pub fn run(args: &Verb, global: &Global) -> Result<Exit, Fault> {
    let said = args.file.display().to_string();
    let text = read(&args.file)?;
    let found = shape::recognise(&text).map_err(|problem| Fault::input(format!("{said}: {problem}")))?;
    let mut notes = Notes::default();
    let (workflow, settled) = convert(args, &found, &mut notes)?;
    let text = manifest::yaml(&workflow).map_err(Fault::input)?;
    let mut report = notes.settle(&settled);
    report.extend(advice::applied(&text));
    let problems = advice::problems(&workflow.spec);
    let exit = if problems.is_empty() { Exit::Done } else { Exit::Failed };
    report.extend(problems);
    show(global.output.unwrap_or(Format::Yaml), &workflow, &text, &report)?;
    if global.output != Some(Format::Json) {
        tell(&said, found.shape, &workflow, &report);
    }
    Ok(exit)
}

fn read(file: &Path) -> Result<String, Fault> {
    source::text(file).map_err(|e| Fault::input(format!("{}: {e}", file.display())))
}

fn convert(args: &Verb, found: &Recognised, notes: &mut Notes) -> Result<(Workflow, report::Settled), Fault> {
    if !found.certain {
        notes.say(
            report::Owner::Spec.at(""),
            format!("no field tells the two systems apart: taken for {}", found.shape.name()),
        );
    }
    if args.image == IMAGE {
        notes.say(
            report::Owner::Spec.at("agents"),
            format!("{IMAGE} stands for your image: replace it, or use --image (docs/agents.md says what an image must do)"),
        );
    }
    let draft = match found.shape {
        Shape::Origin => origin::read(&found.document, notes),
        Shape::Antfarm => antfarm::read(&found.document, notes),
    };
    let draft = draft.ok_or_else(|| Fault::input("the file is no mapping"))?;
    let name = chosen_name(args, &draft.id)?;
    let root = root(args)?;
    let files = files::read(&draft.agents, root.as_ref(), notes);
    let asked = build::Asked { image: &args.image, name: &name };
    let (workflow, settled) = build::build(&draft, &asked, files.clone(), notes);
    advice::about(&workflow.spec, &draft, &files, notes);
    Ok((workflow, settled))
}

/// A name that is asked for is taken as it is; one that is made from the id fits.
fn chosen_name(args: &Verb, id: &str) -> Result<String, Fault> {
    let fitting = |text: &str| names::name(text, "workflow", NAME);
    match &args.name {
        None => Ok(fitting(id)),
        Some(name) if *name == fitting(name) => Ok(name.clone()),
        Some(name) => Err(Fault::input(format!(
            "--name {name:?} is no name of a Workflow: lower-case letters, digits and -, at most {NAME}"
        ))
        .next(format!("such as --name {}", fitting(name)))),
    }
}

/// Paths begin beside the file; what comes from standard input has no place.
fn root(args: &Verb) -> Result<Option<Root>, Fault> {
    let beside = (args.file != Path::new("-")).then(|| args.file.parent().unwrap_or(Path::new("")));
    let beside = beside.map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
    let Some(within) = args.root.as_deref().or(beside) else { return Ok(None) };
    let whole = |p: &Path| fs::canonicalize(p).map_err(|e| Fault::input(format!("{}: {e}", p.display())));
    Ok(Some(Root { from: beside.unwrap_or(within).to_path_buf(), within: whole(within)? }))
}

fn show(format: Format, workflow: &Workflow, text: &str, report: &[Entry]) -> Result<(), Fault> {
    match format {
        Format::Json => out::value(&json!({"manifest": workflow, "report": report}), format),
        Format::Name => out::object(workflow, format),
        Format::Yaml | Format::Wide => {
            out::line(text.trim_end());
            Ok(())
        }
    }
}

fn tell(file: &str, shape: Shape, workflow: &Workflow, report: &[Entry]) {
    let (steps, agents) = (workflow.spec.steps.len(), workflow.spec.agents.len());
    out::note(format!(
        "{file}: {}, {steps} step(s), {agents} agent(s); {} to look at:",
        shape.name(),
        report.len()
    ));
    for line in report::numbered(report) {
        out::note(crate::view::plain::plain(&line));
    }
    out::note(format!("next:  save the manifest, and check it with {} workflow lint FILE", program::said()));
}

#[cfg(test)]
mod tests;
