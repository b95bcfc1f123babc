//! `mc workflow logs`: a run -> the logs of its attempts. From an attempt's Pod while that exists, else from the run's
//! status.
//!
//! [`pick`] selects the attempts, [`source`] reads their logs, [`print`] prints them, [`follow`] follows a live run.
//! Never changes the run.

mod follow;
mod pick;
mod print;
mod source;

use clap::Args;
use kube::ResourceExt;
use serde::Serialize;

use crate::api::WorkflowRun;
use crate::cli::cluster::find;
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::out;
use crate::view::plain::plain;

use pick::{Attempt, Kept, Pick, Which};
use print::Printer;
use source::{ReadOutcome, Source};

/// Print the logs of a run's steps
///
/// Reads the log of an attempt's Pod while the Pod exists. After that, the run's
/// status has the last 16 KiB of the last attempt of each step and item.
///
/// With a single step (or item) selected, stdout has only its log. Otherwise
/// each log has a heading: ==> step (attempt n) <==
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  mc workflow logs oauth-login
  mc workflow logs oauth-login --step implement --item S2 --attempt 1
  mc workflow logs oauth-login -f

With --follow the exit code is the run's: 0 it Succeeded, 1 it Failed or was
Cancelled, 2 it needs a decision. Ctrl-C ends the command, not the run.

-o json prints a list of {step, item, attempt, from, text}; from is Pod or
Status."
)]
pub(crate) struct Logs {
    #[command(flatten)]
    which: find::Which,
    /// Print only this step.
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    /// Print only this item of steps with forEach.
    #[arg(long, value_name = "ID")]
    item: Option<String>,
    /// The number of an attempt, or all (default: the newest attempt).
    #[arg(long, value_name = "N|all", default_value = "newest", hide_default_value = true)]
    attempt: Which,
    /// Follow the run until it ends.
    #[arg(short, long)]
    follow: bool,
    /// Keep colours and other control sequences.
    #[arg(long)]
    raw: bool,
    /// Print only the last N lines of each log.
    #[arg(long, value_name = "N")]
    tail: Option<u32>,
}

/// The log of an attempt in `-o json`.
#[derive(Debug, Serialize)]
struct LogText {
    step: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    text: String,
}

pub(crate) fn run(args: &Logs, global: &Global) -> Result<Exit, Fault> {
    match (global.output, args.follow) {
        (Some(Format::Name | Format::Wide), _) => {
            return Err(Fault::input("logs supports -o json and -o yaml only"));
        }
        (Some(_), true) => {
            return Err(Fault::input("-o cannot be used with --follow"));
        }
        _ => {}
    }
    session::with(global, async |session| logs(args, global.output, session).await)
}

async fn logs(args: &Logs, output: Option<Format>, session: Session) -> Result<Exit, Fault> {
    let run = find::run(&session, &args.which).await?;
    let pick = Pick { step: args.step.clone(), item: args.item.clone(), which: args.attempt };
    let source = Source::new(session.beside(&run), run.uid().unwrap_or_default(), args.tail);
    if let Some(format) = output {
        return data(&session, &run, &pick, &source, args.raw, format).await;
    }
    let mut printer = Printer::new(!pick.is_one(&run), args.raw);
    if args.follow {
        return follow::follow(&session, run, &pick, source, &mut printer).await;
    }
    let picked = pick.of(&run).and_then(|found| pick.not_empty(&run, found)).map_err(Fault::input)?;
    let alone = |attempt: &Attempt| picked.len() == 1 && attempt.kept != Kept::NotYet;
    for attempt in &picked {
        if printer.heads {
            printer.head(attempt);
        }
        match printer.attempt(&session, &source, attempt).await? {
            ReadOutcome::Nothing(why) if alone(attempt) => return Err(Fault::input(why)),
            ReadOutcome::Nothing(why) => out::note(why),
            ReadOutcome::Closed => break,
            ReadOutcome::Pod | ReadOutcome::Status => {}
        }
    }
    Ok(Exit::Done)
}

async fn data(
    session: &Session,
    run: &WorkflowRun,
    pick: &Pick,
    source: &Source,
    raw: bool,
    format: Format,
) -> Result<Exit, Fault> {
    let picked = pick.of(run).and_then(|found| pick.not_empty(run, found)).map_err(Fault::input)?;
    let mut all = Vec::new();
    for attempt in picked {
        let mut text = Vec::new();
        let mut sink = |line: &[u8]| {
            text.extend_from_slice(line);
            text.push(b'\n');
            true
        };
        let outcome = source.read(&attempt, &mut sink).await;
        let outcome = outcome.map_err(|e| session.fault(&format!("read the log of {attempt}"), &e))?;
        let from = match outcome {
            ReadOutcome::Pod => Some("Pod"),
            ReadOutcome::Status => Some("Status"),
            ReadOutcome::Nothing(why) => {
                out::note(why);
                None
            }
            ReadOutcome::Closed => None,
        };
        let text = String::from_utf8_lossy(&text);
        let text = if raw { text.into_owned() } else { plain(&text) };
        all.push(LogText { step: attempt.step, item: attempt.item, attempt: attempt.n, from, text });
    }
    out::value(&all, format)?;
    Ok(Exit::Done)
}
