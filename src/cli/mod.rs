//! `mc`, a file per verb. Data goes to stdout, the rest to stderr. Verbs that need a cluster come with a later release;
//! what is here works offline.

mod lint;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Mission Control's command line.
#[derive(Debug, Parser)]
#[command(name = "mc", version, about, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Work with workflows.
    #[command(subcommand)]
    Workflow(WorkflowVerb),
}

#[derive(Debug, Subcommand)]
enum WorkflowVerb {
    /// Check workflow files, no cluster needed: every problem at once.
    #[command(
        after_help = "Example:\n  mc workflow lint workflows/ my-flow.yaml\n\nExit codes: 0 no problem, 1 problems, 3 a file cannot be read."
    )]
    Lint {
        /// Files, or folders whose *.yaml files are checked.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
}

/// Reads the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    match Args::parse().verb {
        Verb::Workflow(WorkflowVerb::Lint { paths }) => lint::run(&paths),
    }
}
