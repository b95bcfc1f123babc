//! The end of an agent's container and the agent's output -> how the attempt ended.
//!
//! It judges only a container that has terminated: an attempt without one is lost, and that is decided elsewhere. It
//! never decides what follows (retry, escalation). Start reading at [`evaluate`].

use crate::api::{Cause, Outcome, Span};

use super::definition::Definition;
use super::output::{self, Output, Reading, Status};
use super::snapshot::{AgentOutput, Exit};

/// The maximum length of an attempt's message, in characters.
pub const MESSAGE_LIMIT: usize = 256;
/// The maximum length of a quoted line in a message, in characters.
const QUOTE_LIMIT: usize = 60;
/// Keys with which an agent reports what went wrong.
const REASON_KEYS: [&str; 3] = ["REASON", "ERROR", "ISSUES"];

/// The requirements of a step, and what was done to the attempt.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub timeout: Span,
    /// Why the operator told it to stop, if it did.
    pub stopped: Option<Cause>,
    /// The step's own `expects`: `None` requires `STATUS: done`, an empty text leaves the verdict to the exit code.
    pub expects: Option<&'a str>,
    /// The agent's input: an echo of it is not an answer.
    pub rendered_input: Option<&'a str>,
    /// Which values are read: only those must be complete. `None`: unknown.
    pub definition: Option<&'a Definition>,
}

impl Rules<'_> {
    /// The step's own `expects`.
    fn expects(&self) -> &str {
        self.expects.unwrap_or("STATUS: done").trim()
    }

    /// Only the exit code counts.
    fn by_exit_alone(&self) -> bool {
        self.expects().is_empty()
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// `None` exactly when it is `Done`. `ResultUnreadable` does not count against `retry`: the run escalates.
    pub cause: Option<Cause>,
    pub exit_code: Option<i32>,
    /// At most [`MESSAGE_LIMIT`] characters.
    pub message: Option<String>,
    /// The parsed output; `None` if it cannot be read.
    pub output: Option<Output>,
    /// The end of the output.
    pub text: String,
    /// `text` is not the whole output.
    pub cut: bool,
    /// It printed `STATUS: retry` and nothing worse happened: `onRetry` applies if the step has one.
    pub retry_requested: bool,
}

/// Exit codes of a container that SIGTERM or SIGKILL ended.
const KILLED: [i32; 2] = [143, 137];

/// Judges an attempt whose container has ended.
pub fn evaluate(exit: &Exit, rules: &Rules<'_>) -> Verdict {
    let output = read(&exit.output, rules);
    let ruling = by_exit(exit, rules).or_else(|| match (&exit.output, &output) {
        (AgentOutput::Unreadable { message }, _) => {
            (!rules.by_exit_alone()).then(|| failed(Cause::ResultUnreadable, message.clone()))
        }
        (AgentOutput::Text { .. }, Some(output)) => by_output(output, rules),
        (AgentOutput::Text { .. }, None) => None,
    });
    let (text, cut) = match &exit.output {
        AgentOutput::Text { text, cut } => {
            // `kubectl get -o yaml` of the run would fail on characters that YAML cannot represent.
            let (tail, shortened) = output::keep_tail(&output::legible(text));
            (tail, *cut || shortened)
        }
        AgentOutput::Unreadable { .. } => (String::new(), false),
    };
    let (outcome, cause, message) = match ruling {
        Some(Ruling { outcome, cause, message }) => (outcome, Some(cause), Some(clip(&message))),
        None => (Outcome::Done, None, None),
    };
    let retry_requested = cause == Some(Cause::NoRetryTarget);
    Verdict { outcome, cause, exit_code: Some(exit.code), message, output, text, cut, retry_requested }
}

fn read(said: &AgentOutput, rules: &Rules<'_>) -> Option<Output> {
    let AgentOutput::Text { text, cut } = said else { return None };
    let wanted = output::wanted(rules.expects());
    let wanted = wanted.as_deref().unwrap_or(output::DONE);
    Some(output::read(text, &Reading { rendered_input: rules.rendered_input, cut: *cut, wanted }))
}

struct Ruling {
    outcome: Outcome,
    cause: Cause,
    message: String,
}

fn failed(cause: Cause, message: String) -> Ruling {
    Ruling { outcome: Outcome::Failed, cause, message }
}

/// The failure in the agent's own words.
fn reason(output: &Output) -> String {
    let named = REASON_KEYS.iter().filter_map(|key| output.values.get(*key)).find(|v| !v.is_empty());
    let last = || output.text.lines().map(str::trim).rfind(|line| !line.is_empty());
    named.map(String::as_str).or_else(last).unwrap_or_default().to_owned()
}

/// The verdict by the end of the container alone, without the agent's output.
fn by_exit(exit: &Exit, rules: &Rules<'_>) -> Option<Ruling> {
    let bad = exit.code != 0;
    let stopped_by = |cause| bad && rules.stopped == Some(cause);
    let too_long = match (exit.started, exit.finished) {
        (Some(started), Some(finished)) => finished.since(started) > rules.timeout.as_duration(),
        _ => false,
    };
    if bad && exit.disrupted {
        let message = format!("The cluster removed the Pod (exit code {})", exit.code);
        Some(Ruling { outcome: Outcome::Lost, cause: Cause::Disrupted, message })
    } else if exit.deleted && rules.stopped.is_none() && KILLED.contains(&exit.code) {
        let message = format!("The Pod was deleted while the agent ran (exit code {})", exit.code);
        Some(Ruling { outcome: Outcome::Lost, cause: Cause::PodDeleted, message })
    } else if too_long || stopped_by(Cause::Timeout) {
        let message = format!("Timeout after {}", rules.timeout);
        Some(Ruling { outcome: Outcome::TimedOut, cause: Cause::Timeout, message })
    } else if stopped_by(Cause::RunEnded) {
        let message = "Stopped because the run ended".into();
        Some(Ruling { outcome: Outcome::Stopped, cause: Cause::RunEnded, message })
    } else if stopped_by(Cause::PendingTimeout) {
        let message = "Stopped because it did not start in time".into();
        Some(Ruling { outcome: Outcome::TimedOut, cause: Cause::PendingTimeout, message })
    } else if exit.out_of_memory {
        Some(failed(Cause::OutOfMemory, "Killed: it used more memory than its limit".into()))
    } else if bad {
        Some(failed(Cause::ExitCode, format!("Exit code {}", exit.code)))
    } else {
        None
    }
}

/// The verdict by the agent's output, after exit code 0. `None`: success.
fn by_output(output: &Output, rules: &Rules<'_>) -> Option<Ruling> {
    let expects = rules.expects();
    if rules.by_exit_alone() {
        return too_long(output, rules);
    }
    let asked = output::wanted(expects);
    match output.status {
        Status::Failed => return Some(failed(Cause::StatusFailed, reason(output))),
        Status::Retry => {
            let message = "The output has STATUS: retry, but the step has no onRetry".into();
            return Some(failed(Cause::NoRetryTarget, message));
        }
        Status::Unclear => {
            let message = unclear(output, asked.as_deref().unwrap_or(output::DONE));
            return Some(failed(Cause::StatusUnclear, message));
        }
        Status::Absent if asked.is_some() => return Some(failed(Cause::NoStatus, absent(output, expects))),
        Status::Absent | Status::Done => {}
    }
    if asked.is_none() && !folded(&output.text).contains(&folded(expects)) {
        let message = format!("Output doesn't meet expectations: \"{expects}\"");
        return Some(failed(Cause::ExpectationNotMet, message));
    }
    too_long(output, rules)
}

/// Only a value that is read must be complete.
fn too_long(output: &Output, rules: &Rules<'_>) -> Option<Ruling> {
    let is_read = |key: &str| match rules.definition {
        Some(definition) => definition.keys_read().contains(key),
        None => key == "STORIES_JSON",
    };
    let key = output.too_long.iter().find(|key| is_read(key))?;
    let limit = output::limit_of(key) / 1024;
    Some(failed(Cause::ValueTooLong, format!("The value of {key} is longer than {limit} KiB")))
}

fn unclear(output: &Output, wanted: &str) -> String {
    if output.thinking {
        return "The output ends inside of a thinking block; close it, and then print the STATUS line".into();
    }
    format!(
        "The line {} is not clear; write STATUS: {wanted}, STATUS: failed or STATUS: retry and nothing else, at the very start \
         of the last line",
        quoted(output.line.as_deref().unwrap_or_default())
    )
}

fn absent(output: &Output, expects: &str) -> String {
    if output.garbled {
        return "The output is UTF-16; print UTF-8".into();
    }
    let message = format!("Output has no STATUS line; expected \"{expects}\"");
    let Some(line) = &output.line else { return message };
    format!("{message}; the last line that has the word is {}", quoted(line))
}

fn quoted(line: &str) -> String {
    let short: String = line.chars().take(QUOTE_LIMIT).collect();
    if short.len() < line.len() { format!("\"{short}…\"") } else { format!("\"{short}\"") }
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn clip(message: &str) -> String {
    if message.chars().count() <= MESSAGE_LIMIT {
        return message.to_owned();
    }
    message.chars().take(MESSAGE_LIMIT - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
