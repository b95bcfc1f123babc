//! Executions -> what ended on each day, for a chart. Days without any are included, so that a line has no hole.

use jiff::Timestamp;
use serde::Serialize;

use crate::api::{Phase, RunRecordSpec, Stamp};

use super::measure::{Seconds, ratio};

/// The longest chart by day; of a longer window, the newest days.
const MOST: i64 = 400;

/// The executions that ended on one day (UTC).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// Such as `2026-01-31`. The first and the last day of a window are not complete.
    pub day: String,
    /// Runs that ended on that day.
    pub ended: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub cancelled: usize,
    /// Succeeded / (Succeeded + Failed); absent without either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<f64>,
    /// Durations of runs that ended on that day and had started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
    /// Of the runs that ended on that day, on whatever day the retry was.
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

/// Seconds per day: in UTC, all days are equal.
const DAY: i64 = 24 * 3600;

/// The days of a window, each with what ended on it.
pub(super) struct Days {
    /// The first day, in days since 1970.
    first: i64,
    names: Vec<String>,
}

impl Days {
    /// Every day from one time to another, both included; the newest days of a very long window.
    pub(super) fn between(since: Stamp, now: Stamp) -> Self {
        let (from, to) = (number(since), number(now));
        let first = from.max(to.saturating_sub(MOST - 1));
        Self { first, names: (first..=to).map(name).collect() }
    }

    /// The name of each day.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The index of a time's day.
    pub(super) fn place(&self, at: Stamp) -> Option<usize> {
        usize::try_from(number(at) - self.first).ok().filter(|n| *n < self.names.len())
    }

    /// The executions that ended on each day; those of other days are left out.
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

/// In UTC, so that all readers see the same days.
fn number(at: Stamp) -> i64 {
    at.0.as_second().div_euclid(DAY)
}

fn name(day: i64) -> String {
    let at = Timestamp::from_second(day.saturating_mul(DAY)).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}
