//! `mc`, a file per verb. Data goes to stdout, the rest to stderr.
//!
//! Every verb takes its arguments and gives an [`Exit`] or a [`Fault`]; nothing here ends the process but [`main`]. Verbs
//! that need a cluster take a [`session::Session`], and speak with the rights of whoever calls. Start reading at [`Verb`].

#![allow(dead_code, reason = "the verbs that use the frame follow it")]

mod args;
mod convert;
mod exit;
mod lint;
mod out;
mod paint;
mod program;
mod session;
mod table;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use exit::{Exit, Fault};

/// Declarative agent workflows on Kubernetes, from the command line.
#[derive(Debug, Parser)]
#[command(
    name = "mc",
    version,
    about,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 80,
    after_help = exit::CODES
)]
struct Mc {
    #[command(flatten)]
    global: args::Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Workflows, their runs, and what people say to them. (The word may be left
    /// out: mc runs is mc workflow runs.)
    #[command(visible_alias = "wf", arg_required_else_help = true)]
    Workflow(Workflow),
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
    Convert(convert::Verb),
    Lint(lint::Lint),
}

impl WorkflowVerb {
    fn run(self, global: &args::Global) -> Result<Exit, Fault> {
        match self {
            WorkflowVerb::Convert(args) => convert::run(&args, global),
            WorkflowVerb::Lint(args) => lint::run(&args),
        }
    }
}

/// Reads the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
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
    }
}

/// All verbs under the name by which the program was called. Those without the word `workflow` are not listed twice.
fn command(name: &str) -> clap::Command {
    let command = Mc::command().display_name(name.to_string()).bin_name(name.to_string());
    let direct: Vec<String> = WorkflowVerb::augment_subcommands(clap::Command::new(""))
        .get_subcommands()
        .map(|c| c.get_name().into())
        .collect();
    direct.into_iter().fold(command, |command, verb| command.mut_subcommand(verb, |c| c.hide(true)))
}
