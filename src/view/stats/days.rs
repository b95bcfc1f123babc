//! Executions -> what ended on each day, for a chart: a day without any is there, too, so that a line has no hole.

use jiff::Timestamp;
use serde::Serialize;

use crate::api::{Phase, RunRecordSpec, Stamp};

use super::measure::{Seconds, ratio};

/// Days of a chart at most: a window that is longer is not for charts by day.
const MOST: i64 = 400;

/// What ended on one day (UTC).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// Such as `2026-01-31`. The first and the last day of a window are not whole.
    pub day: String,
    /// Runs that ended on it.
    pub ended: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub cancelled: usize,
    /// Succeeded / (Succeeded + Failed), absent without either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<f64>,
    /// Of runs that ended on it and had started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
    /// Of the runs that ended on it, whenever it was that they were retried.
    pub retries: u64,
    /// Likewise.
    pub lost: u64,
    /// Likewise.
    pub rounds: u64,
    /// Likewise.
    pub escalations: u64,
}

impl Day {
    pub(super) fn of(day: &str, runs: &[&RunRecordSpec]) -> Self {
        let count = |phase| runs.iter().filter(|r| r.outcome == phase).count();
        let (succeeded, failed) = (count(Phase::Succeeded), count(Phase::Failed));
        let sum = |of: fn(&RunRecordSpec) -> u32| runs.iter().map(|r| u64::from(of(r))).sum();
        let started = runs.iter().filter(|r| r.started_at.is_some());
        Self {
            day: day.into(),
            ended: runs.len(),
            succeeded,
            failed,
            cancelled: count(Phase::Cancelled),
            success_rate: ratio(succeeded, succeeded + failed),
            seconds: Seconds::of(started.map(|r| u64::try_from(r.active_seconds).unwrap_or(0))),
            retries: sum(|r| r.totals.retries),
            lost: sum(|r| r.totals.lost),
            rounds: sum(|r| r.totals.rounds),
            escalations: sum(|r| r.totals.escalations),
        }
    }
}

/// Seconds of a day: UTC has none of another length.
const DAY: i64 = 24 * 3600;

/// The days of a window, each with what ended on it.
pub(super) struct Days {
    /// Days since 1970 of the first.
    first: i64,
    names: Vec<String>,
}

impl Days {
    /// Every day from one time to another, both included; the newest ones of a very long window.
    pub(super) fn between(since: Stamp, now: Stamp) -> Self {
        let (from, to) = (number(since), number(now));
        let first = from.max(to.saturating_sub(MOST - 1));
        Self { first, names: (first..=to).map(name).collect() }
    }

    /// The name of each.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of a time's day among them.
    pub(super) fn place(&self, at: Stamp) -> Option<usize> {
        usize::try_from(number(at) - self.first).ok().filter(|n| *n < self.names.len())
    }

    /// What ended on each; what ended on another day is left out.
    pub(super) fn of<'a>(&self, runs: &[&'a RunRecordSpec]) -> Vec<Vec<&'a RunRecordSpec>> {
        let mut of = vec![Vec::new(); self.names.len()];
        for run in runs {
            if let Some(day) = self.place(run.finished_at).and_then(|n| of.get_mut(n)) {
                day.push(*run);
            }
        }
        of
    }
}

/// The same for whoever looks: in UTC.
fn number(at: Stamp) -> i64 {
    at.0.as_second().div_euclid(DAY)
}

fn name(day: i64) -> String {
    let at = Timestamp::from_second(day.saturating_mul(DAY)).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}
