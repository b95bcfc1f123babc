//! A workflow of one of the two earlier systems -> a Workflow, and a report of the points that a user has to check.
//! Pure: reads no files and prints nothing; the caller passes in the files that agents name.
//!
//! [`shape`] recognises the system, [`origin`] and [`antfarm`] read its document into a [`draft`], [`build`] makes the
//! Workflow ([`variables`] and [`template`] convert its texts), [`manifest`] writes it. Start reading at [`convert`].

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

use thiserror::Error;

use crate::api::Workflow;

pub use files::ReadFile;
pub use report::{Entry, numbered};
pub use shape::Shape;

use report::{Notes, Owner, Settled};
use shape::Recognised;

/// The placeholder for the image.
pub const IMAGE: &str = "registry.example/agent:latest";
/// Maximum length of a Workflow's name.
const NAME: usize = 63;

/// The caller's options.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Image of all agents.
    pub image: &'a str,
    /// Name of the Workflow; default: the old id.
    pub name: Option<&'a str>,
}

/// The result of a conversion.
#[derive(Clone, Debug)]
pub struct Converted {
    pub shape: Shape,
    pub workflow: Workflow,
    /// The Workflow as YAML.
    pub manifest: String,
    /// The points to check, problems last.
    pub report: Vec<Entry>,
    /// Whether the API server or the operator would refuse the Workflow.
    pub is_invalid: bool,
}

/// Why there is no Workflow.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// The text is not a workflow of either system.
    #[error("{0}")]
    Unrecognised(String),
    #[error("the file is not a YAML mapping")]
    NoMapping,
    #[error(
        "--name {name:?} is not a valid Workflow name: use at most {NAME} lower-case letters, digits and -"
    )]
    Name { name: String, fitting: String },
    /// The manifest cannot be written.
    #[error("{0}")]
    Manifest(String),
}

/// `read` reads a file that an agent names.
pub fn convert(text: &str, options: &Options<'_>, read: &mut ReadFile<'_>) -> Result<Converted, Problem> {
    let found = shape::recognise(text).map_err(Problem::Unrecognised)?;
    let mut notes = Notes::default();
    let (workflow, settled) = workflow(&found, options, read, &mut notes)?;
    let manifest = manifest::yaml(&workflow).map_err(Problem::Manifest)?;
    let mut report = notes.settle(&settled);
    report.extend(advice::applied(&manifest));
    let problems = advice::problems(&workflow.spec);
    let is_invalid = !problems.is_empty();
    report.extend(problems);
    Ok(Converted { shape: found.shape, workflow, manifest, report, is_invalid })
}

fn workflow(
    found: &Recognised,
    options: &Options<'_>,
    read: &mut ReadFile<'_>,
    notes: &mut Notes,
) -> Result<(Workflow, Settled), Problem> {
    if !found.certain {
        notes.add(
            Owner::Spec.at(""),
            format!("no field tells the two systems apart: it was converted as {}", found.shape.name()),
        );
    }
    if options.image == IMAGE {
        notes.add(
            Owner::Spec.at("agents"),
            format!("{IMAGE} is a placeholder: replace it with your image, or use --image (docs/agents.md has the requirements)"),
        );
    }
    let draft = match found.shape {
        Shape::Origin => origin::read(&found.document, notes),
        Shape::Antfarm => antfarm::read(&found.document, notes),
    };
    let draft = draft.ok_or(Problem::NoMapping)?;
    let name = chosen_name(options.name, &draft.id)?;
    let files = files::read(&draft.agents, read, notes);
    let chosen = build::Chosen { image: options.image, name: &name };
    let (workflow, settled) = build::build(&draft, &chosen, files.clone(), notes);
    advice::about(&workflow.spec, &draft, &files, notes);
    Ok((workflow, settled))
}

/// A given name is used unchanged; a name made from the id is always valid.
fn chosen_name(asked: Option<&str>, id: &str) -> Result<String, Problem> {
    let fitting = |text: &str| names::name(text, "workflow", NAME);
    match asked {
        None => Ok(fitting(id)),
        Some(name) if name == fitting(name) => Ok(name.to_string()),
        Some(name) => Err(Problem::Name { name: name.to_string(), fitting: fitting(name) }),
    }
}

#[cfg(test)]
mod tests;
