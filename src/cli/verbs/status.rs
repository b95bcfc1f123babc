//! `mc workflow status`: the full status of one run, once or live.

use clap::Args;
use jiff::Timestamp;

use crate::api::{Stamp, WorkflowRun};
use crate::cli::cluster::find::{self, Which};
use crate::cli::cluster::run;
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, run_status};
use crate::view::run::RunView;

use super::watch;

/// Show a run: its steps, what it waits for, and what to do next.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow status note-1
  mc workflow status \"one-time code\" --watch

Exit codes: 0 the run Succeeded or is running, 1 it Failed or was Cancelled,
2 it needs a decision, 3 not found.")]
pub(crate) struct Status {
    #[command(flatten)]
    which: Which,
    /// Show the run live until it ends.
    #[arg(long)]
    watch: bool,
}

pub(crate) fn run(args: &Status, global: &Global) -> Result<Exit, Fault> {
    session::with(global, async |session| {
        let run = find::run(&session, &args.which).await?;
        match global.output {
            Some(format @ (Format::Json | Format::Yaml | Format::Name)) => {
                out::object(&run, format)?;
                Ok(Exit::of_run(&run))
            }
            None | Some(Format::Wide) if args.watch => watch::run(&session, &run).await,
            None | Some(Format::Wide) => {
                print(&session, &run).await;
                Ok(Exit::of_run(&run))
            }
        }
    })
}

async fn print(session: &Session, run: &WorkflowRun) {
    let spec = run::pinned_spec(session, run).await;
    let view = RunView::of(run, spec.as_ref(), Stamp::of(Timestamp::now()));
    for line in run_status::lines(&view, out::width(), None) {
        out::line(line);
    }
}
