//! Texts -> every problem of every Mission Control object in them.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::api::{Workflow, WorkflowRun, WorkflowSpec};
use crate::cli::source::Source;
use crate::cli::source::document::{self, Document, documents};
use crate::cli::source::tree::Mark;
use crate::engine::path::{Part, Path};
use crate::engine::problem::{Kind, Problem};
use crate::engine::schema::Schemas;
use crate::engine::{lint, params};

use super::object::Object;
use super::problem::Told;

/// A problem and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The Workflow's name, or `workflowrun/NAME`; empty if the file is not YAML.
    pub workflow: String,
    pub field: String,
    pub message: String,
    /// The text of that line.
    #[serde(skip)]
    pub shown: String,
}

/// The result of a check.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub findings: Vec<Finding>,
    pub objects: usize,
    /// A file is not YAML.
    pub broken: bool,
}

/// A readable Workflow, for the runs in the same files.
struct Known {
    name: String,
    namespace: Option<String>,
    spec: WorkflowSpec,
}

/// Every problem, file by file and line by line.
pub(super) fn check(sources: &[Source]) -> Report {
    let schemas = Schemas::default();
    let read: Vec<_> = sources.iter().map(|source| documents(&source.text)).collect();
    let known: Vec<Known> = read.iter().flatten().flatten().filter_map(|d| known(d, &schemas)).collect();
    let mut report = Report::default();
    for (source, documents) in sources.iter().zip(&read) {
        let mut found: Vec<Finding> =
            documents.iter().flat_map(|d| of_document(d, source, &schemas, &known, &mut report)).collect();
        // An agent's text is checked for each of its steps; a problem of it is reported once.
        let mut said = BTreeSet::new();
        found.retain(|f| said.insert((f.line, f.column, f.message.clone())));
        found.sort_by_key(|f| (f.line, f.column));
        report.findings.extend(found);
    }
    report
}

fn of_document(
    document: &Result<Document, document::Fault>,
    source: &Source,
    schemas: &Schemas,
    known: &[Known],
    report: &mut Report,
) -> Vec<Finding> {
    let document = match document {
        Ok(document) => document,
        Err(fault) => {
            report.broken = true;
            let message = format!("not valid YAML: {}", fault.message);
            return vec![finding(source, fault.mark, String::new(), String::new(), message)];
        }
    };
    let Some(object) = Object::of(document, schemas) else { return Vec::new() };
    report.objects += 1;
    let place = |mut told: Told| {
        let mark = told.place(source, document);
        let problem = told.problem;
        finding(source, mark, object.label(), problem.field(), problem.message_with_position())
    };
    problems(&object, schemas, known).into_iter().map(place).collect()
}

fn finding(source: &Source, mark: Mark, workflow: String, field: String, message: String) -> Finding {
    let (file, shown) = (source.label.clone(), source.line(mark.line).to_owned());
    Finding { file, line: mark.line, column: mark.column, workflow, field, message, shown }
}

fn known(document: &Document, schemas: &Schemas) -> Option<Known> {
    let object = Object::of(document, schemas).filter(|o| o.kind == "Workflow")?;
    let (name, namespace) = (object.name().to_owned(), object.namespace().map(String::from));
    let found = schemas.problems("Workflow", &document.value);
    let unknown: Vec<&Path> = found.iter().filter(|p| p.kind == Kind::Unknown).map(|p| &p.path).collect();
    let workflow = serde_json::from_value::<Workflow>(without(&document.value, &unknown)).ok()?;
    Some(Known { name, namespace, spec: workflow.spec })
}

fn problems(object: &Object<'_>, schemas: &Schemas, known: &[Known]) -> Vec<Told> {
    let document = object.document;
    let mut found = object.problems.clone();
    found.extend(schemas.problems(&object.kind, &document.value));
    let unknown: Vec<&Path> = found.iter().filter(|p| p.kind == Kind::Unknown).map(|p| &p.path).collect();
    let value = without(&document.value, &unknown);
    let more = match object.kind.as_str() {
        "Workflow" => typed::<Workflow>(document, value).map(|w| lint::problems(&w.spec)),
        "WorkflowRun" => typed::<WorkflowRun>(document, value).map(|r| params_of(&r, object, known)),
        _ => Ok(Vec::new()),
    };
    let mut all: Vec<Told> = found.into_iter().map(Told::from).collect();
    match more {
        Ok(more) => {
            // If the schema reports a field, the engine does not report it again.
            let said: Vec<String> = all.iter().map(|t| t.problem.field()).collect();
            all.extend(more.into_iter().filter(|p| !said.contains(&p.field())).map(Told::from));
        }
        // The schema finds nearly everything. What it misses makes deserialization stop at the first problem.
        Err(unreadable) if all.is_empty() => all.push(*unreadable),
        Err(_) => {}
    }
    all
}

fn typed<K: serde::de::DeserializeOwned>(document: &Document, value: Value) -> Result<K, Box<Told>> {
    serde_json::from_value::<K>(value).map_err(|error| {
        // Parsing the text again gives the place.
        let fault =
            serde_yaml::from_str::<K>(&document.text).err().map(|e| document::fault(&e, document.tree.mark));
        let (mark, message) = fault.map_or_else(|| (None, error.to_string()), |f| (Some(f.mark), f.message));
        let problem = Problem::value(Path::default().field("spec"), message);
        Box::new(Told { problem, at_key: true, mark })
    })
}

/// Checks the run's params against its Workflow, if that is in the files.
fn params_of(run: &WorkflowRun, object: &Object<'_>, known: &[Known]) -> Vec<Problem> {
    let wanted = &run.spec.workflow_ref;
    let near = |k: &&Known| {
        let apart = k.namespace.as_deref().zip(object.namespace()).is_some_and(|(a, b)| a != b);
        k.name == wanted.name && !apart
    };
    let mut same = known.iter().filter(near);
    // An older revision may have other params; with two Workflows of one name the right one is unknown.
    let (Some(workflow), None, None) = (same.next(), same.next(), &wanted.revision) else {
        return Vec::new();
    };
    let found = params::resolve(&workflow.spec.params, &run.spec.params).err().unwrap_or_default();
    found.into_iter().map(|problem| problem.below("spec")).collect()
}

/// The object without unknown fields.
fn without(object: &Value, unknown: &[&Path]) -> Value {
    let mut object = object.clone();
    for path in unknown {
        let Some((Part::Field(last), before)) = path.0.split_last() else { continue };
        let parent = before.iter().try_fold(&mut object, |at, part| match part {
            Part::Field(name) => at.get_mut(name),
            Part::Item { index, .. } => at.get_mut(index),
        });
        if let Some(fields) = parent.and_then(Value::as_object_mut) {
            fields.remove(last);
        }
    }
    object
}
