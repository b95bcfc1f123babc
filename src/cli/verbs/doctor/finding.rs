//! What a check found, and how it is shown.

use anstyle::Style;
use serde::Serialize;

use crate::cli::terminal::table::{Cell, Table};
use crate::cli::terminal::{out, paint, program};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Ok,
    Warn,
    Bad,
}

impl State {
    const fn label(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Bad => "bad",
        }
    }

    const fn style(self) -> Style {
        match self {
            State::Ok => paint::GOOD,
            State::Warn => paint::WAITS,
            State::Bad => paint::BAD,
        }
    }
}

/// One of the results of `mc doctor`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub check: String,
    pub state: State,
    pub message: String,
    /// A command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Checks of rights begin with it: they are shown as a table.
pub(crate) const MAY: &str = "may ";

impl Finding {
    pub(crate) fn ok(check: impl Into<String>, message: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Ok, message: message.into(), fix: None }
    }

    pub(crate) fn warn(check: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Warn, message: message.into(), fix: Some(fix.into()) }
    }

    pub(crate) fn bad(check: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Bad, ..Self::warn(check, message, fix) }
    }

    /// `why`: what the API server said.
    pub(crate) fn unchecked(check: impl Into<String>, why: &str) -> Self {
        let again = format!("{} doctor --context CONTEXT   # of somebody with more rights", program::name());
        Self::warn(check, format!("not visible to you: {why}"), again)
    }
}

/// A line each, with its fix below it; then the table of rights.
pub(crate) fn print(findings: &[Finding]) {
    let (rights, rest): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|f| f.check.starts_with(MAY));
    let widest = rest.iter().map(|f| f.check.len()).max().unwrap_or(0);
    for finding in &rest {
        let (label, style) = (finding.state.label(), finding.state.style());
        out::line(format!("{style}{label:4}{style:#}  {:widest$}  {}", finding.check, finding.message));
        if let Some(fix) = &finding.fix {
            let faint = paint::FAINT;
            out::line(format!("{:indent$}{faint}fix:{faint:#} {fix}", "", indent = widest + 8));
        }
    }
    out::line("");
    let mut table = Table::new(&["YOU MAY", "", "WHICH IS"]);
    for right in &rights {
        let what = right.check.trim_start_matches(MAY);
        let label = if right.state == State::Ok { "yes" } else { "no" };
        table.row([what.into(), Cell::painted(label, right.state.style()), right.message.as_str().into()]);
    }
    table.print();
    for fix in rights.iter().filter_map(|r| r.fix.as_ref()) {
        out::line(format!("fix: {fix}"));
    }
    let count = |state| findings.iter().filter(|f| f.state == state).count();
    let (bad, warn) = (count(State::Bad), count(State::Warn));
    out::note(format!("{} checked: {bad} bad, {warn} to be looked at", findings.len()));
}
