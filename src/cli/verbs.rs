//! All verbs: their names, their order in the help, and the function that runs each. One file per verb.
//!
//! A verb takes its arguments and returns an [`Exit`] or a [`Fault`]. A verb that needs a cluster takes a
//! [`Session`](super::cluster::session::Session), which has the caller's rights. Start reading at [`Verb`].

pub(super) mod completion;
mod convert;
mod dashboard;
mod decide;
mod delete;
mod doctor;
mod lint;
mod list;
mod logs;
mod parse;
mod plan;
mod render;
mod resume;
mod revisions;
mod run;
mod runs;
mod stats;
mod status;
mod version;
mod wait;
mod watch;

use clap::{Args, Parser, Subcommand};

use crate::cli::terminal::arguments::Global;
use crate::cli::terminal::exit::{Exit, Fault};

/// Declarative agent workflows on Kubernetes, from the command line.
#[derive(Debug, Parser)]
#[command(
    name = "mc",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 80
)]
pub(crate) struct Mc {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Work with workflows and their runs.
    #[command(
        visible_alias = "wf",
        arg_required_else_help = true,
        after_help = "The word workflow is optional: mc runs is short for mc workflow runs.\n\nExample:\n  mc workflow runs"
    )]
    Workflow(Workflow),
    Dashboard(dashboard::Dashboard),
    Doctor(doctor::Doctor),
    Version(version::Version),
    Completion(completion::Completion),
    /// The verbs of `workflow`, without that word.
    #[command(flatten)]
    Direct(WorkflowVerb),
}

impl Verb {
    /// Runs the verb.
    pub(crate) fn run(self, global: &Global) -> Result<Exit, Fault> {
        match self {
            Verb::Workflow(Workflow { verb }) | Verb::Direct(verb) => verb.run(global),
            Verb::Dashboard(args) => dashboard::run(&args, global),
            Verb::Doctor(args) => doctor::run(&args, global),
            Verb::Version(args) => version::run(&args, global),
            Verb::Completion(args) => completion::run(&args),
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Workflow {
    #[command(subcommand)]
    verb: WorkflowVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowVerb {
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
    #[command(hide = true, about = "Show the figures of stats, which are always current")]
    RefreshMetrics(stats::Stats),
    Revisions(revisions::Revisions),
    Convert(convert::Convert),
    Lint(lint::Lint),
    Plan(plan::Plan),
    Render(render::Render),
    Parse(parse::Parse),
}

impl WorkflowVerb {
    fn run(self, global: &Global) -> Result<Exit, Fault> {
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
