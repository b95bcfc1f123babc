//! The result of a check, and how it is printed.

use anstyle::Style;
use serde::Serialize;

use crate::cli::terminal::table::{Cell, Table};
use crate::cli::terminal::{out, paint, program};

/// The severity.
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

/// A result of `mc doctor`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub check: String,
    pub state: State,
    pub message: String,
    /// The command that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// The prefix of permission checks, which are printed as a table.
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

    /// `why`: the API server's message.
    pub(crate) fn unchecked(check: impl Into<String>, why: &str) -> Self {
        let again = format!(
            "{} doctor --context CONTEXT   # with a context that has more permissions",
            program::name()
        );
        Self::warn(check, format!("not visible to you: {why}"), again)
    }
}

/// Prints a line per finding with its fix below it, then the table of permissions.
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
    let mut table = Table::new(&["PERMISSION", "GRANTED", "FOR"]);
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
    let [checks, warnings] =
        [(findings.len(), "check"), (warn, "warning")].map(|(n, of)| out::counted(n, of));
    out::note(format!("{checks}: {bad} failed, {warnings}"));
}
