//! How `mc` ends: its exit codes, and what it says when it could not do what was asked.

use std::io::Write;
use std::process::ExitCode;

use crate::api::{Phase, WorkflowRun};

/// Shown at the end of `mc --help`.
pub(crate) const CODES: &str = "\
Exit codes:
  0    done; of a run: it Succeeded
  1    of a run: it Failed or was Cancelled; of a check: there are problems
  2    a run waits for a person
  3    not found, not allowed, or bad input
  124  the time given with --timeout is over";

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
    /// What the run's phase means for a script.
    pub(crate) fn of_run(run: &WorkflowRun) -> Self {
        match run.status.as_ref().and_then(|s| s.phase) {
            None | Some(Phase::Pending | Phase::Running | Phase::Succeeded) => Exit::Done,
            Some(Phase::Paused) => Exit::NeedsYou,
            Some(Phase::Failed | Phase::Cancelled) => Exit::Failed,
        }
    }

    /// For the shell.
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

/// What was asked could not be done: why, and what to do next.
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

    /// It was tried, and did not come off.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, ..Self::input(message) }
    }

    /// The same, with what to do about it.
    pub(crate) fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }

    /// On stderr, in one or two lines.
    pub(crate) fn print(&self) {
        let mut err = anstream::stderr().lock();
        let bold = super::paint::BAD;
        let _ = writeln!(err, "{bold}error:{bold:#} {}", self.message);
        if let Some(next) = &self.next {
            let _ = writeln!(err, "next:  {next}");
        }
    }
}

/// What clap says about arguments that it cannot read, or the help that was asked for.
pub(crate) fn of_usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() { Exit::BadInput } else { Exit::Done }
}
