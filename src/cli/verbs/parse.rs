//! `mc workflow parse`: an agent's output -> its status, its values, and whether the step succeeds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::api::{Cause, Span};
use crate::cli::source;
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::out;
use crate::cli::terminal::table::{Cell, Table};
use crate::engine::output::{self, Explained, Status};
use crate::engine::snapshot::{AgentOutput, Exit as Ended};
use crate::engine::verdict::{Rules, Verdict, evaluate};

/// Parse an agent's output as the operator does
///
/// Assumes exit code 0. Prints {"status": ..., "met": ..., "values": {...}},
/// and "cause" and "message" if the step does not succeed. "status" is done,
/// failed, retry, unclear or unknown; "met" is true or false. --explain shows how
/// each line is read.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Example:
  my-agent < prompt.txt | mc workflow parse
  mc workflow parse --expects 'STATUS: reviewed' answer.txt
  mc workflow parse --explain answer.txt

Exit codes: 0 the step succeeds, 1 it does not, 3 no such file."
)]
pub(crate) struct Parse {
    /// Value of the step's field expects (default: STATUS: done); empty for none.
    #[arg(long, value_name = "TEXT")]
    expects: Option<String>,
    /// Show how each line is read; with -o, in the field lines.
    #[arg(long)]
    explain: bool,
    /// The file with the agent's output (default: stdin).
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    file: PathBuf,
}

/// What `-o json` prints.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<Line>>,
}

/// One line of the output, and how it is read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    line: usize,
    read_as: String,
    /// Whether this line gives the status.
    counts: bool,
    text: String,
}

impl From<Explained> for Line {
    fn from(from: Explained) -> Self {
        Self { line: from.number, read_as: from.read_as, counts: from.counts, text: from.text }
    }
}

pub(crate) fn run(args: &Parse, global: &Global) -> Result<Exit, Fault> {
    let text = read(args)?;
    let lines = args.explain.then(|| explain(&text, args.expects.as_deref()));
    let answer = Answer { lines, ..answer(text, args.expects.as_deref()) };
    let exit = if answer.met { Exit::Done } else { Exit::Failed };
    match (&answer.lines, global.output) {
        (Some(lines), None) => print(lines, &answer),
        (_, format) => out::value(&answer, format.unwrap_or(Format::Json))?,
    }
    Ok(exit)
}

fn explain(text: &str, expects: Option<&str>) -> Vec<Line> {
    let wanted = expects.and_then(output::wanted);
    let lines = output::explain(text, wanted.as_deref().unwrap_or(output::DONE));
    lines.into_iter().map(Line::from).collect()
}

/// Prints the lines and the result as text.
fn print(lines: &[Line], answer: &Answer) {
    let mut table = Table::new(&["LINE", "READ AS", "TEXT"]);
    for line in lines {
        let counts = if line.counts { " (counts)" } else { "" };
        let read_as = format!("{}{counts}", line.read_as);
        table.row([Cell::new(line.line.to_string()), Cell::new(read_as), Cell::new(line.text.clone())]);
    }
    table.print();
    match (&answer.cause, &answer.message) {
        (Some(cause), message) => out::line(format!("{cause}: {}", message.as_deref().unwrap_or_default())),
        (None, _) => out::line("The step succeeds."),
    }
}

/// Replaces invalid UTF-8, as the operator does.
fn read(args: &Parse) -> Result<String, Fault> {
    let bytes = source::bytes(&args.file)
        .map_err(|e| Fault::input(format!("{} cannot be read: {e}", args.file.display())))?;
    Ok(output::decode(&bytes))
}

fn answer(text: String, expects: Option<&str>) -> Answer {
    let output = AgentOutput::Text { text, cut: false };
    let (out_of_memory, disrupted, deleted) = (false, false, false);
    let ended = Ended { code: 0, out_of_memory, disrupted, deleted, started: None, finished: None, output };
    // The attempt was neither stopped nor timed out.
    let rules =
        Rules { timeout: Span::mins(10), stopped: None, expects, rendered_input: None, definition: None };
    let Verdict { cause, message, output, .. } = evaluate(&ended, &rules);
    let output = output.unwrap_or_default();
    let status = match output.status {
        Status::Done => "done",
        Status::Failed => "failed",
        Status::Retry => "retry",
        Status::Unclear => "unclear",
        Status::Absent => "unknown",
    };
    let values = output.values.into_iter().map(|(k, v)| (k.to_lowercase(), v)).collect();
    Answer { status, met: cause.is_none(), values, cause, message, lines: None }
}
