//! `mc workflow parse`: what an agent said -> its status, its values, and whether the step would be done.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::api::{Cause, Span};
use crate::cli::source;
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::out;
use crate::engine::output::Status;
use crate::engine::snapshot::{AgentOutput, Exit as Ended};
use crate::engine::verdict::{Rules, Verdict, evaluate};

/// Read what an agent said, as the operator would
///
/// The agent's exit code is taken to be 0. Printed is
/// {"status": "done|failed|retry|unknown", "met": true|false, "values": {...}};
/// where the step would not be done also "cause" and "message".
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Example:
  my-agent < prompt.txt | mc workflow parse
  mc workflow parse --expects 'STATUS: reviewed' answer.txt

Exit codes: 0 the step would be done, 1 it would not, 3 no such file."
)]
pub(crate) struct Parse {
    /// What the step expects; built in: STATUS: done. Empty: nothing.
    #[arg(long, value_name = "TEXT")]
    expects: Option<String>,
    /// What the agent said; built in: stdin.
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    file: PathBuf,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Answer {
    status: &'static str,
    met: bool,
    /// Keys in lower case, as in a run's status.
    values: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

pub(crate) fn run(args: &Parse, global: &Global) -> Result<Exit, Fault> {
    let answer = answer(read(args)?, args.expects.as_deref());
    let exit = if answer.met { Exit::Done } else { Exit::Failed };
    out::value(&answer, global.output.unwrap_or(Format::Json))?;
    Ok(exit)
}

/// What is no UTF-8 is replaced, as the operator does it.
fn read(args: &Parse) -> Result<String, Fault> {
    let bytes = source::bytes(&args.file)
        .map_err(|e| Fault::input(format!("{} cannot be read: {e}", args.file.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn answer(text: String, expects: Option<&str>) -> Answer {
    let output = AgentOutput::Text { text, cut: false };
    let (out_of_memory, disrupted, deleted) = (false, false, false);
    let ended = Ended { code: 0, out_of_memory, disrupted, deleted, started: None, finished: None, output };
    // It was neither stopped nor late, whatever the timeout.
    let rules = Rules { timeout: Span::mins(10), stopped: None, expects, rendered_input: None };
    let Verdict { cause, message, output, .. } = evaluate(&ended, &rules);
    let output = output.unwrap_or_default();
    let status = match output.status {
        Status::Done => "done",
        Status::Failed => "failed",
        Status::Retry => "retry",
        Status::Unknown => "unknown",
    };
    let values = output.values.into_iter().map(|(k, v)| (k.to_lowercase(), v)).collect();
    Answer { status, met: cause.is_none(), values, cause, message }
}
