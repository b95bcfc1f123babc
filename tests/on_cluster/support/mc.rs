//! The real `mc`, as a user calls it.

use std::process::{Command, Stdio};

/// What it said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// stdout, of a command that ended with `code`.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.out
    }
}

/// `mc ARGS`, with the cluster of the tests and without colours.
pub(crate) fn mc(args: &[&str]) -> Said {
    said(command().args(args))
}

/// The program, to be given arguments and an environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mc"));
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().expect("mc can be started");
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
