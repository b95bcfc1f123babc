//! `mc` on a real cluster: what it prints, what it does, and how it ends. A file per group of verbs.

mod decide;
mod delete;
mod doctor;
mod logs;
mod revisions;
mod runs;
mod start;
mod stats;
mod watch;

use crate::support::Fixture;
use crate::support::mc::{Said, command, said};

impl Fixture {
    /// `mc -n NAMESPACE workflow ARGS`.
    pub(crate) fn mc(&self, args: &[&str]) -> Said {
        said(command().args(["-n", &self.namespace, "workflow"]).args(args))
    }
}

/// Lengths of time differ from test to test: each becomes `*`.
fn timeless(text: &str) -> String {
    let times = regex::Regex::new(r"\b\d+(\.\d+)?[smhd](\d+[smh])?\b").unwrap();
    times.replace_all(text, "*").lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
