//! How an agent's container ended and what it said -> how the attempt ended.
//!
//! Judges only what can be read: an attempt without a terminated container is lost, and that is decided elsewhere. Never
//! decides what follows (retry, escalation). Start reading at [`evaluate`].

use crate::api::{Cause, Outcome, Span};

use super::output::{self, Output, Status};
use super::snapshot::{AgentOutput, Exit};

/// The longest message of an attempt, in characters.
pub const MESSAGE_LIMIT: usize = 256;
/// Keys under which an agent says what went wrong.
const REASON_KEYS: [&str; 3] = ["REASON", "ERROR", "ISSUES"];

/// What a step asks of an attempt, and what was done to it.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub timeout: Span,
    /// Why the operator told it to stop, if it did.
    pub stopped: Option<Cause>,
    /// The step's own words: `None` asks for `STATUS: done`, an empty text leaves it to the exit code.
    pub expects: Option<&'a str>,
    /// The input that the agent was given: an echo of it is no answer.
    pub rendered_input: Option<&'a str>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// `None` exactly when it is `Done`. `ResultUnreadable` is not charged to `retry`: a person is asked.
    pub cause: Option<Cause>,
    pub exit_code: Option<i32>,
    /// At most [`MESSAGE_LIMIT`] characters.
    pub message: Option<String>,
    /// What it said, taken apart; `None` when it can't be read.
    pub output: Option<Output>,
    /// The end of what it said.
    pub text: String,
    /// `text` is not all that it said.
    pub cut: bool,
    /// It printed `STATUS: retry` and nothing worse happened: `onRetry` applies where the step has one.
    pub retry_requested: bool,
}

/// Exit codes of a container that SIGTERM or SIGKILL ended.
const KILLED: [i32; 2] = [143, 137];

/// Judges an attempt whose container is over.
pub fn evaluate(exit: &Exit, rules: &Rules<'_>) -> Verdict {
    let exit = &legible(exit);
    let answer = Answer::of(&exit.output, rules);
    let ruling = by_exit(exit, rules).or_else(|| match (&exit.output, &answer) {
        (AgentOutput::Unreadable { message }, _) => Some(failed(Cause::ResultUnreadable, message.clone())),
        (AgentOutput::Text { .. }, Some(answer)) => by_output(answer, rules.expects),
        (AgentOutput::Text { .. }, None) => None,
    });
    let (text, cut) = match &exit.output {
        AgentOutput::Text { text, cut } => {
            let (tail, shortened) = output::keep_tail(text);
            (tail, *cut || shortened)
        }
        AgentOutput::Unreadable { .. } => (String::new(), false),
    };
    let (outcome, cause, message) = match ruling {
        Some(Ruling { outcome, cause, message }) => (outcome, Some(cause), Some(clip(&message))),
        None => (Outcome::Done, None, None),
    };
    Verdict {
        outcome,
        cause,
        exit_code: Some(exit.code),
        message,
        output: answer.map(|a| a.output),
        text,
        cut,
        retry_requested: cause == Some(Cause::NoRetryTarget),
    }
}

/// What it said, without characters that YAML cannot carry: `kubectl get -o yaml` of the run would fail on them.
fn legible(exit: &Exit) -> Exit {
    let output = match &exit.output {
        AgentOutput::Text { text, cut } => {
            AgentOutput::Text { text: output::legible(text).into_owned(), cut: *cut }
        }
        AgentOutput::Unreadable { message } => AgentOutput::Unreadable { message: message.clone() },
    };
    Exit { output, ..exit.clone() }
}

struct Ruling {
    outcome: Outcome,
    cause: Cause,
    message: String,
}

fn failed(cause: Cause, message: String) -> Ruling {
    Ruling { outcome: Outcome::Failed, cause, message }
}

/// What an agent said, without echoes of its input.
struct Answer {
    text: String,
    output: Output,
}

impl Answer {
    fn of(output: &AgentOutput, rules: &Rules<'_>) -> Option<Self> {
        let (text, cut) = match output {
            AgentOutput::Text { text, cut } => (text, *cut),
            AgentOutput::Unreadable { .. } => return None,
        };
        let own = output::without_echo(text, rules.rendered_input.unwrap_or_default(), cut).into_owned();
        // A text that lost its beginning may start in the midst of an echo, which only `without_echo` was told.
        let output = if cut { output::parse(&own, None) } else { output::parse(text, rules.rendered_input) };
        Some(Self { text: own, output })
    }

    /// Why it failed, in the agent's own words.
    fn reason(&self) -> String {
        let named = REASON_KEYS.iter().filter_map(|key| self.output.values.get(*key)).find(|v| !v.is_empty());
        let last = || self.text.lines().map(str::trim).rfind(|line| !line.is_empty());
        named.map(String::as_str).or_else(last).unwrap_or_default().to_owned()
    }
}

/// What the end of the container says, whatever the agent said.
fn by_exit(exit: &Exit, rules: &Rules<'_>) -> Option<Ruling> {
    let bad = exit.code != 0;
    let stopped_by = |cause| bad && rules.stopped == Some(cause);
    let too_long = match (exit.started, exit.finished) {
        (Some(started), Some(finished)) => finished.since(started) > rules.timeout.as_duration(),
        _ => false,
    };
    if bad && exit.disrupted {
        let message = format!("The cluster took its Pod away (exit code {})", exit.code);
        Some(Ruling { outcome: Outcome::Lost, cause: Cause::Disrupted, message })
    } else if exit.deleted && rules.stopped.is_none() && KILLED.contains(&exit.code) {
        let message = format!("Its Pod was deleted under it (exit code {})", exit.code);
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

/// What the agent said, given that its exit code is 0. `None`: it did what was asked.
fn by_output(answer: &Answer, expects: Option<&str>) -> Option<Ruling> {
    let output = &answer.output;
    if let Some(key) = &output.too_long {
        let limit = output::limit_of(key) / 1024;
        return Some(failed(Cause::ValueTooLong, format!("The value of {key} is longer than {limit} KiB")));
    }
    let expects = expects.unwrap_or("STATUS: done").trim();
    if expects.is_empty() {
        return None;
    }
    match output.status {
        Status::Failed => return Some(failed(Cause::StatusFailed, answer.reason())),
        Status::Retry => {
            let message = "It said STATUS: retry, and no step takes work back (onRetry)".into();
            return Some(failed(Cause::NoRetryTarget, message));
        }
        Status::Done | Status::Unknown => {}
    }
    let met = match (default_form(expects), &output.word) {
        (Some(_), None) => {
            return Some(failed(
                Cause::NoStatus,
                format!("Output has no STATUS line; expected \"{expects}\""),
            ));
        }
        (Some(wanted), Some(word)) => wanted == *word,
        (None, _) => folded(&answer.text).contains(&folded(expects)),
    };
    if met {
        return None;
    }
    Some(failed(Cause::ExpectationNotMet, format!("Output doesn't meet expectations: \"{expects}\"")))
}

/// The word of an `expects` such as `STATUS: done`.
fn default_form(expects: &str) -> Option<String> {
    let (key, word) = expects.split_once(':')?;
    let word = word.trim();
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    (key.trim().eq_ignore_ascii_case("STATUS") && is_word).then(|| word.to_lowercase())
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
