//! How `mc` ends: its exit codes, and its errors with the next step.

use std::io::Write;
use std::process::ExitCode;

use crate::api::{Phase, WorkflowRun};

/// Shown at the end of `mc --help`.
pub(crate) const CODES: &str = "\
Exit codes:
  0    success; for a run: it Succeeded
  1    the run Failed or was Cancelled, or a check found problems
  2    the run needs a decision
  3    not found, not allowed, or bad input
  124  the --timeout was exceeded";

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    NeedsYou,
    BadInput,
    TimedOut,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The exit code that a script gets for the run's phase.
    pub(crate) fn of_run(run: &WorkflowRun) -> Self {
        match run.status.as_ref().and_then(|s| s.phase) {
            None | Some(Phase::Pending | Phase::Running | Phase::Succeeded) => Exit::Done,
            Some(Phase::Paused) => Exit::NeedsYou,
            Some(Phase::Failed | Phase::Cancelled) => Exit::Failed,
        }
    }

    /// The number for the shell.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::NeedsYou => 2,
            Exit::BadInput => 3,
            Exit::TimedOut => 124,
            Exit::Interrupted => 130,
        })
    }
}

/// An error: what happened, and what to do next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub exit: Exit,
    pub message: String,
    pub next: Option<String>,
}

impl Fault {
    /// Not found, not allowed, or bad input.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self { exit: Exit::BadInput, message: message.into(), next: None }
    }

    /// The operation was tried and failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, ..Self::input(message) }
    }

    /// The same, with the next step.
    pub(crate) fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }

    /// Prints one or two lines on stderr.
    pub(crate) fn print(&self) {
        let mut err = anstream::stderr().lock();
        let bold = super::paint::BAD;
        let _ = writeln!(err, "{bold}error:{bold:#} {}", self.message);
        if let Some(next) = &self.next {
            let _ = writeln!(err, "next:  {next}");
        }
    }
}

/// Prints clap's message about invalid arguments, or the requested help.
pub(crate) fn of_usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() { Exit::BadInput } else { Exit::Done }
}
