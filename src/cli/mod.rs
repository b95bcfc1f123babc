//! `mc`, a file per verb. Data goes to stdout, the rest to stderr.
//!
//! Every verb takes its arguments and gives an [`Exit`] or a [`Fault`]; nothing here ends the process but [`main`]. Verbs
//! that need a cluster take a [`session::Session`], and speak with the rights of whoever calls. Start reading at [`Verb`].

#![allow(dead_code, reason = "the verbs that use the frame follow it")]

mod args;
mod completion;
mod docs;
mod doctor;
mod exit;
mod fault;
mod installed;
mod lint;
mod out;
mod paint;
mod program;
mod session;
mod table;
mod tree;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, FromArgMatches, Parser, Subcommand};

pub use docs::reference;
use exit::{Exit, Fault};
pub use tree::command;

/// Declarative agent workflows on Kubernetes, from the command line.
#[derive(Debug, Parser)]
#[command(
    name = "mc",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 80
)]
struct Mc {
    #[command(flatten)]
    global: args::Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Workflows, their runs, and what people say to them.
    #[command(
        visible_alias = "wf",
        arg_required_else_help = true,
        after_help = "The word may be left out: mc lint is mc workflow lint.\n\nExample:\n  mc workflow lint workflows/"
    )]
    Workflow(Workflow),
    Doctor(doctor::Doctor),
    Version(version::Version),
    Completion(completion::Completion),
    /// The same verbs without the word `workflow`.
    #[command(flatten)]
    Direct(WorkflowVerb),
}

#[derive(Args, Debug)]
struct Workflow {
    #[command(subcommand)]
    verb: WorkflowVerb,
}

#[derive(Debug, Subcommand)]
enum WorkflowVerb {
    Lint(lint::Lint),
}

impl WorkflowVerb {
    fn run(self, global: &args::Global) -> Result<Exit, Fault> {
        let _ = global;
        match self {
            WorkflowVerb::Lint(args) => lint::run(&args),
        }
    }
}

/// Reads the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(exit) = completion::answered(&arguments) {
        return exit;
    }
    match answer(&arguments) {
        Ok(exit) => exit.code(),
        Err(fault) => {
            fault.tell();
            fault.exit.code()
        }
    }
}

fn answer(arguments: &[OsString]) -> Result<Exit, Fault> {
    let matches = match command(&program::name(arguments)).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return Ok(exit::of_usage(&error)),
    };
    let mc = Mc::from_arg_matches(&matches).map_err(|e| Fault::input(e.to_string()))?;
    paint::choose(mc.global.color);
    match mc.verb {
        Verb::Workflow(Workflow { verb }) | Verb::Direct(verb) => verb.run(&mc.global),
        Verb::Doctor(args) => doctor::run(&args, &mc.global),
        Verb::Version(args) => version::run(&args, &mc.global),
        Verb::Completion(args) => completion::run(&args),
    }
}
