//! What people copy: every file of examples/ and every whole object in the docs. All of it must be right as it stands.
//!
//! Reads files only; tests/on_cluster/examples.rs runs the examples in containers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use mission_control::api::{Workflow, WorkflowDecision, WorkflowRun};
use mission_control::engine::{lint, params};
use regex::Regex;
use serde_json::Value;

/// What a run carries so that Flux and Argo CD replace it when it is changed.
const REPLACE: [(&str, &str); 2] = [
    ("kustomize.toolkit.fluxcd.io/force", "Enabled"),
    ("argocd.argoproj.io/sync-options", "Force=true,Replace=true"),
];

/// One YAML text: a file of examples/, or a block of a document.
struct Text {
    place: String,
    yaml: String,
}

enum Object {
    Workflow(Workflow),
    Run(WorkflowRun),
    Decision(WorkflowDecision),
    Secret(Secret),
}

impl Object {
    fn read(document: Value) -> Result<Self, String> {
        let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let read = match kind.as_str() {
            "Workflow" => serde_json::from_value(document).map(Object::Workflow),
            "WorkflowRun" => serde_json::from_value(document).map(Object::Run),
            "WorkflowDecision" => serde_json::from_value(document).map(Object::Decision),
            "Secret" => serde_json::from_value(document).map(Object::Secret),
            other => return Err(format!("kind {other:?} is none that an example has")),
        };
        read.map_err(|e| format!("{kind}: {e}"))
    }

    fn kind_and_name(&self) -> (&'static str, String) {
        match self {
            Object::Workflow(w) => ("Workflow", w.name_any()),
            Object::Run(r) => ("WorkflowRun", r.name_any()),
            Object::Decision(d) => ("WorkflowDecision", d.name_any()),
            Object::Secret(s) => ("Secret", s.name_any()),
        }
    }
}

impl Text {
    fn objects(&self) -> Result<Vec<Object>, String> {
        let documents: Vec<Value> =
            serde_yaml::from_multiple(&self.yaml).map_err(|e| format!("{}: {e}", self.place))?;
        let read = documents.into_iter().map(Object::read);
        read.collect::<Result<_, _>>().map_err(|e| format!("{}: {e}", self.place))
    }

    /// The objects; another test says so where they cannot be read.
    fn readable(&self) -> Vec<Object> {
        self.objects().unwrap_or_default()
    }
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == extension));
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn examples() -> Vec<Text> {
    let read = |p: PathBuf| Text { place: name(&p), yaml: fs::read_to_string(&p).unwrap() };
    let texts: Vec<Text> = files("examples", "yaml").into_iter().map(read).collect();
    assert!(texts.len() >= 18, "only {} files in examples/", texts.len());
    texts
}

/// The fenced YAML blocks of the documentation that hold a whole object of ours.
fn blocks() -> Vec<Text> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let block = Regex::new(r"(?ms)^```yaml\n(.*?)^```").unwrap();
    let whole = Regex::new(r"(?m)^kind: Workflow").unwrap();
    let mut found = Vec::new();
    for path in files("docs", "md").into_iter().chain([readme]) {
        let text = fs::read_to_string(&path).unwrap();
        for captures in block.captures_iter(&text) {
            let yaml = captures[1].to_owned();
            let line = text[..captures.get(0).unwrap().start()].lines().count() + 1;
            if whole.is_match(&yaml) {
                found.push(Text { place: format!("{}, line {line}", name(&path)), yaml });
            }
        }
    }
    assert!(found.len() >= 10, "only {} blocks with a whole object in the docs", found.len());
    found
}

fn all() -> impl Iterator<Item = Text> {
    examples().into_iter().chain(blocks())
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_document_is_what_its_kind_says() {
    none(&all().filter_map(|text| text.objects().err()).collect::<Vec<_>>());
}

#[test]
fn no_workflow_has_a_problem() {
    let mut problems = Vec::new();
    for text in all() {
        for object in text.readable() {
            if let Object::Workflow(workflow) = object {
                let name = workflow.name_any();
                let found = lint::problems(&workflow.spec);
                problems.extend(found.into_iter().map(|p| format!("{}: {name}: {p}", text.place)));
            }
        }
    }
    none(&problems);
}

#[test]
fn no_two_examples_share_a_name() {
    let mut seen = BTreeSet::new();
    for text in examples() {
        for object in text.readable() {
            let (kind, name) = object.kind_and_name();
            assert!(!name.is_empty(), "{}: a {kind} without a fixed name", text.place);
            assert!(
                seen.insert((kind, name.clone())),
                "{}: {kind} {name} is in another file too",
                text.place
            );
        }
    }
}

#[test]
fn every_example_is_complete_with_a_workflow_and_runs_of_it_whose_params_fit() {
    for text in examples() {
        let objects = text.readable();
        let mut runs = 0;
        for object in &objects {
            let Object::Run(run) = object else { continue };
            runs += 1;
            let place = format!("{}: run {}", text.place, run.name_any());
            let workflow = objects.iter().find_map(|o| match o {
                Object::Workflow(w) if w.name_any() == run.spec.workflow_ref.name => Some(w),
                _ => None,
            });
            let workflow = workflow.unwrap_or_else(|| panic!("{place}: its workflow is not in the file"));
            if let Err(problems) = params::resolve(&workflow.spec.params, &run.spec.params) {
                panic!("{place}: {}", mission_control::engine::problem::joined(&problems));
            }
            for (key, value) in REPLACE {
                assert_eq!(run.annotations().get(key).map(String::as_str), Some(value), "{place}: {key}");
            }
        }
        assert!(runs > 0, "{}: no run", text.place);
    }
}

/// A reader whose cluster has the image of one example has that of all.
#[test]
fn all_examples_use_one_image() {
    let mut images = BTreeSet::new();
    for text in examples() {
        for object in text.readable() {
            if let Object::Workflow(workflow) = object {
                images.extend(workflow.spec.agents.into_iter().map(|a| a.image));
            }
        }
    }
    assert_eq!(images.len(), 1, "{images:?}");
}

/// kubectl reads YAML 1.1, where these bare words are truth values, in keys too. Our own parser reads them as words, so that
/// no other test would notice.
#[test]
fn no_bare_word_is_a_truth_value_for_kubectl() {
    let word = r"(?i:y|n|yes|no|on|off)";
    let key = Regex::new(&format!(r"(?m)(?:^\s*(?:- )?|[\{{,]\s*){word}\s*:(?:\s|$)")).unwrap();
    let value = Regex::new(&format!(r"(?m)^[\s-]*(?:\{{.*)?[\w.]+:\s+{word}\s*(?:[,}}#]|$)")).unwrap();
    assert!(key.is_match("- {on: [Failed], target: t}") && value.is_match("  default: no"));
    let mut problems = Vec::new();
    for text in all() {
        for found in key.find_iter(&text.yaml).chain(value.find_iter(&text.yaml)) {
            problems.push(format!("{}: put the word in quotes: {}", text.place, found.as_str().trim()));
        }
    }
    none(&problems);
}

#[test]
fn every_example_has_its_row_in_the_docs() {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples.md")).unwrap();
    let row = |p: &PathBuf| format!("| [{0}](../examples/{0}) |", name(p));
    let missing: Vec<String> =
        files("examples", "yaml").iter().map(row).filter(|r| !docs.contains(r)).collect();
    assert!(missing.is_empty(), "docs/examples.md lacks rows that begin with:\n{}", missing.join("\n"));
}
