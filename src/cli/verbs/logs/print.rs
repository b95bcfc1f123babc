//! Lines of attempts -> stdout, with headings if there are logs of several.

use std::io::Write;

use crate::cli::cluster::session::Session;
use crate::cli::terminal::exit::Fault;
use crate::cli::terminal::out;
use crate::view::plain::plain;

use super::pick::Attempt;
use super::source::{ReadOutcome, Source};

/// Prints lines, with a heading when the attempt changes.
#[derive(Debug)]
pub(crate) struct Printer {
    /// Whether headings go to stdout. Otherwise stdout has only the log.
    pub heads: bool,
    raw: bool,
    /// Job of the last printed attempt.
    current: Option<String>,
}

impl Printer {
    pub(crate) fn new(heads: bool, raw: bool) -> Self {
        Self { heads, raw, current: None }
    }

    /// Prints the log of one attempt so far.
    pub(crate) async fn attempt(
        &mut self,
        session: &Session,
        source: &Source,
        attempt: &Attempt,
    ) -> Result<ReadOutcome, Fault> {
        let outcome = source.read(attempt, &mut |line| self.line(attempt, line)).await;
        outcome.map_err(|e| session.fault(&format!("read the log of {attempt}"), &e))
    }

    /// Prints the heading of an attempt if it changes.
    pub(crate) fn head(&mut self, attempt: &Attempt) {
        let before = self.current.replace(attempt.job.clone());
        if before.as_ref() == Some(&attempt.job) {
            return;
        }
        match (self.heads, before) {
            (true, None) => out::line(format!("==> {attempt} <==")),
            (true, Some(_)) => out::line(format!("\n==> {attempt} <==")),
            // The first attempt needs no heading: the user selected it.
            (false, None) => {}
            (false, Some(_)) => out::note(format!("==> {attempt} <==")),
        }
    }

    /// False: stdout is closed.
    pub(crate) fn line(&mut self, attempt: &Attempt, line: &[u8]) -> bool {
        self.head(attempt);
        let mut out = std::io::stdout().lock();
        let written = if self.raw {
            out.write_all(line)
        } else {
            out.write_all(plain(&String::from_utf8_lossy(line)).as_bytes())
        };
        written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).is_ok()
    }
}
