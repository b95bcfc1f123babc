//! `mc`, a file per verb. Data goes to stdout, the rest to stderr.
//!
//! Every verb takes its arguments and gives an [`Exit`] or a [`Fault`]; nothing here ends the process but [`main`]. Verbs
//! that need a cluster take a [`cluster::session::Session`], and speak with the rights of whoever calls. Start reading at [`Verb`].

mod cluster;
mod command_line;
mod source;
mod terminal;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, FromArgMatches, Parser, Subcommand};

use command_line::completion;
pub use command_line::docs::reference;
pub use command_line::tree::command;
use terminal::exit::{self, Exit, Fault};
use terminal::{arguments as args, paint, program};
use verbs::{
    convert, dashboard, decide, delete, doctor, lint, list, logs, parse, plan, render, resume, revisions,
    run, runs, stats, status, version, wait,
};

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
        after_help = "The word may be left out: mc runs is mc workflow runs.\n\nExample:\n  mc workflow runs"
    )]
    Workflow(Workflow),
    Dashboard(dashboard::Dashboard),
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
    List(list::List),
    Run(run::Run),
    Runs(runs::Runs),
    Status(status::Status),
    Logs(logs::Logs),
    Wait(wait::Wait),
    Resume(resume::Resume),
    Retry(decide::Retry),
    Skip(decide::Skip),
    Approve(decide::Approve),
    Reject(decide::Reject),
    Pause(decide::Pause),
    Abort(decide::Abort),
    Delete(delete::Delete),
    Stats(stats::Stats),
    #[command(hide = true, about = "Show the figures of stats: they are always current")]
    RefreshMetrics(stats::Stats),
    Revisions(revisions::Revisions),
    Convert(convert::Convert),
    Lint(lint::Lint),
    Plan(plan::Plan),
    Render(render::Render),
    Parse(parse::Parse),
}

impl WorkflowVerb {
    fn run(self, global: &args::Global) -> Result<Exit, Fault> {
        match self {
            WorkflowVerb::List(args) => list::run(&args, global),
            WorkflowVerb::Run(args) => run::run(&args, global),
            WorkflowVerb::Status(args) => status::run(&args, global),
            WorkflowVerb::Runs(args) => runs::run(&args, global),
            WorkflowVerb::Wait(args) => wait::run(&args, global),
            WorkflowVerb::Resume(args) => resume::run(&args, global),
            WorkflowVerb::Retry(args) => decide::retry(&args, global),
            WorkflowVerb::Skip(args) => decide::skip(&args, global),
            WorkflowVerb::Approve(args) => decide::approve(&args, global),
            WorkflowVerb::Reject(args) => decide::reject(&args, global),
            WorkflowVerb::Pause(args) => decide::pause(&args, global),
            WorkflowVerb::Abort(args) => decide::abort(&args, global),
            WorkflowVerb::Plan(args) => plan::run(&args, global),
            WorkflowVerb::Lint(args) => lint::run(&args, global),
            WorkflowVerb::Parse(args) => parse::run(&args, global),
            WorkflowVerb::Render(args) => render::run(&args, global),
            WorkflowVerb::Logs(args) => logs::run(&args, global),
            WorkflowVerb::Stats(args) => stats::run(&args, global),
            WorkflowVerb::RefreshMetrics(args) => stats::refresh(&args, global),
            WorkflowVerb::Revisions(args) => revisions::run(&args, global),
            WorkflowVerb::Delete(args) => delete::run(&args, global),
            WorkflowVerb::Convert(args) => convert::run(&args, global),
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
        Verb::Dashboard(args) => dashboard::run(&args, &mc.global),
        Verb::Doctor(args) => doctor::run(&args, &mc.global),
        Verb::Version(args) => version::run(&args, &mc.global),
        Verb::Completion(args) => completion::run(&args),
    }
}
