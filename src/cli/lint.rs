//! `mc workflow lint`: files -> every problem, as `file: object: field: what is wrong; what to do`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::api::Workflow;
use crate::engine::lint::problems;

use super::exit::{Exit, Fault};

/// Check workflow files, no cluster needed: every problem at once.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  mc workflow lint workflows/ my-flow.yaml\n\nExit codes: 0 no problem, 1 problems, 3 a file cannot be read."
)]
pub struct Lint {
    /// Files, or folders whose *.yaml files are checked.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

pub fn run(args: &Lint) -> Result<Exit, Fault> {
    let paths = &args.paths;
    let mut out = std::io::stdout().lock();
    let (mut checked, mut found, mut unreadable) = (0, 0, false);
    for path in paths.iter().flat_map(|p| files(p)) {
        match check(&path) {
            Ok(workflows) => {
                for (name, problems) in workflows {
                    checked += 1;
                    found += problems.len();
                    for problem in problems {
                        let _ = writeln!(out, "{}: {name}: {problem}", path.display());
                    }
                }
            }
            Err(problem) => {
                unreadable = true;
                let _ = writeln!(std::io::stderr(), "{}: {problem}", path.display());
            }
        }
    }
    let _ = writeln!(std::io::stderr(), "{checked} workflow(s) checked, {found} problem(s)");
    Ok(match (unreadable, found) {
        (true, _) => Exit::BadInput,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Failed,
    })
}

/// The path itself, or the YAML files of a folder, in order.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return vec![path.to_path_buf()];
    };
    let yaml = |p: &PathBuf| p.extension().is_some_and(|e| e == "yaml" || e == "yml");
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(yaml).collect();
    found.sort();
    found
}

/// Every Workflow of a file with its problems; other kinds are passed over.
fn check(path: &Path) -> Result<Vec<(String, Vec<String>)>, String> {
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let documents: Vec<Value> = serde_yaml::from_multiple(&text).map_err(|e| e.to_string())?;
    let workflows =
        documents.into_iter().filter(|d| d.get("kind").and_then(Value::as_str) == Some("Workflow"));
    Ok(workflows
        .map(|document| {
            let name =
                document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("(no name)").to_string();
            match serde_json::from_value::<Workflow>(document) {
                Ok(workflow) => (name, problems(&workflow.spec)),
                Err(e) => (name, vec![e.to_string()]),
            }
        })
        .collect())
}
