//! `mc workflow lint`: files -> every problem with its place and the line of the file.
//!
//! [`check`] finds the problems (pure), [`problem`] finds their places, [`show`] prints them. Needs no cluster.

mod check;
mod object;
mod problem;
mod show;

use std::path::PathBuf;

use clap::Args;

use crate::cli::source::{Source, files};
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::out;

/// Check files for problems, without a cluster
///
/// Reports every problem for which the API server or the operator would refuse a
/// Workflow, run or decision: fields, values, names, templates, conditions. A
/// run is also checked against its Workflow, if that is in the same files.
/// Objects of other kinds are ignored.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Example:
  mc workflow lint workflows/ my-flow.yaml
  kustomize build . | mc workflow lint -

-o json prints a list of {file, line, column, workflow, field, message}.

Exit codes: 0 no problems, 1 problems, 3 a file cannot be read or is not YAML."
)]
pub(crate) struct Lint {
    /// Files, folders (their *.yaml and *.yml files, not recursive), or - for stdin.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
}

pub(super) fn run(args: &Lint, global: &Global) -> Result<Exit, Fault> {
    let mut unreadable = false;
    let mut cannot = |problem: String| {
        unreadable = true;
        out::note(problem);
    };
    let mut sources = Vec::new();
    for path in &args.paths {
        match files(path) {
            Err(problem) => cannot(problem),
            Ok(found) => {
                for file in found {
                    Source::read(&file).map_or_else(&mut cannot, |source| sources.push(source));
                }
            }
        }
    }
    let report = check::check(&sources);
    match global.output {
        Some(format @ (Format::Json | Format::Yaml)) => out::value(&report.findings, format)?,
        Some(Format::Name | Format::Wide) | None => {
            report.findings.iter().for_each(|finding| out::line(show::lines(finding)));
        }
    }
    out::note(show::sum(&report, sources.len()));
    Ok(match (unreadable || report.broken, report.findings.is_empty()) {
        (true, _) => Exit::BadInput,
        (false, true) => Exit::Done,
        (false, false) => Exit::Failed,
    })
}

/// The problems of one workflow of a file, as printed.
pub(super) fn problems_of(source: &Source, workflow: &str) -> Vec<String> {
    let report = check::check(std::slice::from_ref(source));
    report.findings.iter().filter(|f| f.workflow == workflow).map(show::lines).collect()
}
