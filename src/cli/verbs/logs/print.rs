//! Lines of attempts -> stdout, under heads where the words of several stand there.

use std::io::Write;

use crate::cli::cluster::session::Session;
use crate::cli::terminal::exit::Fault;
use crate::cli::terminal::out;
use crate::view::plain::plain;

use super::pick::Attempt;
use super::source::{ReadOutcome, Source};

/// Writes lines, and a head where another attempt speaks than before.
#[derive(Debug)]
pub(crate) struct Printer {
    /// Heads stand on stdout; else stdout has the words alone.
    pub heads: bool,
    raw: bool,
    /// Job of the attempt that spoke last.
    current: Option<String>,
}

impl Printer {
    pub(crate) fn new(heads: bool, raw: bool) -> Self {
        Self { heads, raw, current: None }
    }

    /// Prints what one attempt said so far.
    pub(crate) async fn attempt(
        &mut self,
        session: &Session,
        source: &Source,
        attempt: &Attempt,
    ) -> Result<ReadOutcome, Fault> {
        let outcome = source.read(attempt, &mut |line| self.line(attempt, line)).await;
        outcome.map_err(|e| session.fault(&format!("read the log of {attempt}"), &e))
    }

    /// What follows is of that attempt.
    pub(crate) fn head(&mut self, attempt: &Attempt) {
        let before = self.current.replace(attempt.job.clone());
        if before.as_ref() == Some(&attempt.job) {
            return;
        }
        match (self.heads, before) {
            (true, None) => out::line(format!("==> {attempt} <==")),
            (true, Some(_)) => out::line(format!("\n==> {attempt} <==")),
            // The first needs no name: it was asked for by it.
            (false, None) => {}
            (false, Some(_)) => out::note(format!("==> {attempt} <==")),
        }
    }

    /// False: nobody reads any more.
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
