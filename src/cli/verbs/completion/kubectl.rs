//! The words that kubectl passes to `kubectl_complete-mc` -> candidates in kubectl's format.

use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

use clap_complete::engine::complete;
use clap_complete::env::EnvCompleter;

/// Completion for kubectl instead of a shell. One candidate per line, a tab before its description, and at the end a
/// colon and a number of flags: 4, offer no file names; 2, add no blank.
#[derive(Debug)]
pub(crate) struct Kubectl;

impl EnvCompleter for Kubectl {
    fn name(&self) -> &'static str {
        "kubectl"
    }

    fn is(&self, name: &str) -> bool {
        name == "kubectl"
    }

    /// The program `kubectl_complete-mc`. A plugin is on the PATH as `kubectl-mc`.
    fn write_registration(
        &self,
        var: &str,
        _name: &str,
        _bin: &str,
        _completer: &str,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        writeln!(
            buf,
            "#!/bin/sh\n# kubectl calls this to complete `kubectl mc`.\nexport {var}=kubectl\nexec kubectl-mc -- kubectl-mc \"$@\""
        )
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        words: Vec<OsString>,
        here: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let last = words.len().saturating_sub(1);
        let candidates = complete(command, words, last, here)?;
        let mut goes_on = false;
        for candidate in candidates {
            let value = candidate.get_value().to_string_lossy();
            goes_on |= value.ends_with(['/', '=']);
            let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
            match help.lines().next() {
                Some(help) => writeln!(buf, "{value}\t{help}")?,
                None => writeln!(buf, "{value}")?,
            }
        }
        writeln!(buf, ":{}", if goes_on { 6 } else { 4 })
    }
}
