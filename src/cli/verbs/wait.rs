//! `mc workflow wait`: waits for the end of a run. The exit code is the result.

use std::time::Duration;

use clap::Args;
use futures::StreamExt;
use kube::ResourceExt;

use crate::api::{Phase, WorkflowRun};
use crate::cli::cluster::find::{self, Which};
use crate::cli::cluster::run;
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global, Length, length};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::{out, program, run_status};
use crate::view::words;

/// Wait until a run ends or needs a decision.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow wait note-1
  mc workflow wait note-1 --timeout 30m --through-questions

Exit codes: 0 the run Succeeded, 1 it Failed or was Cancelled, 2 it needs a
decision, 124 the timeout was exceeded.")]
pub(crate) struct Wait {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    patience: Patience,
}

/// How long to wait, and until when.
#[derive(Args, Clone, Debug)]
pub(crate) struct Patience {
    /// Stop waiting after this time, such as 30m (default: never).
    #[arg(long, value_name = "SPAN", value_parser = length)]
    timeout: Option<Length>,
    /// Keep waiting if the run needs a decision.
    #[arg(long)]
    through_questions: bool,
}

pub(crate) fn run(args: &Wait, global: &Global) -> Result<Exit, Fault> {
    session::with(global, async |session| {
        let run = find::run(&session, &args.which).await?;
        until_over(&session, &run, &args.patience, global.output).await
    })
}

/// Waits, prints the result, and returns the exit code.
pub(crate) async fn until_over(
    session: &Session,
    run: &WorkflowRun,
    patience: &Patience,
    format: Option<Format>,
) -> Result<Exit, Fault> {
    let name = run.name_any();
    let limit = patience.timeout.as_ref().map_or(Duration::MAX, |t| t.duration);
    let ended = tokio::select! {
        ended = end(session, run, patience) => ended?,
        () = sleep(limit) => {
            let waited = patience.timeout.as_ref().map_or("", |t| &t.text);
            return Err(Fault { exit: Exit::TimedOut, ..Fault::input(format!("run {name} has not ended after {waited}")) }
                .next(format!("{} workflow status {name}", program::name())));
        }
        _ = tokio::signal::ctrl_c() => {
            out::note(format!("\nThe run continues. To wait again: {} workflow wait {name}", program::name()));
            return Ok(Exit::Interrupted);
        }
    };
    match format {
        Some(format @ (Format::Json | Format::Yaml | Format::Name)) => out::object(&ended, format)?,
        None | Some(Format::Wide) => print(&ended),
    }
    Ok(Exit::of_run(&ended))
}

async fn sleep(limit: Duration) {
    // A sleep beyond the clock's range never ends, as intended.
    if limit == Duration::MAX {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(limit).await;
}

async fn end(session: &Session, run: &WorkflowRun, patience: &Patience) -> Result<WorkflowRun, Fault> {
    let mut states = Box::pin(run::states(session, run));
    while let Some(state) = states.next().await {
        let Some(run) = state? else {
            return Err(Fault::input(format!("run {} was deleted", run.name_any())));
        };
        let phase = run.status.as_ref().and_then(|s| s.phase);
        let over = phase.is_some_and(Phase::is_terminal);
        if over || (phase == Some(Phase::Paused) && !patience.through_questions) {
            return Ok(run);
        }
    }
    Err(Fault::input(format!("the watch of run {} ended", run.name_any())))
}

fn print(run: &WorkflowRun) {
    let status = run.status.clone().unwrap_or_default();
    let phase = words::shown(status.phase);
    let message = status.message.map(|m| format!(": {m}")).unwrap_or_default();
    out::line(format!("{} {phase}{message}", run.name_any()));
    let alone = status.escalations.len() == 1;
    for question in &status.escalations {
        run_status::commands(&run.name_any(), question, alone)
            .iter()
            .for_each(|c| out::note(format!("  {c}")));
    }
}
