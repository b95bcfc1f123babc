//! Executions -> what ended on each day, for a chart: a day without any is there, too, so that a line has no hole.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::api::{Phase, RunRecordSpec, Stamp};

use super::{Seconds, ratio};

/// Days of a chart at most: a window that is longer is not for charts by day.
const MOST: usize = 400;

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

/// The day of a time, in UTC: the same for whoever looks.
pub(super) fn day_of(at: Stamp) -> String {
    at.0.strftime("%Y-%m-%d").to_string()
}

/// Every day from one time to another, both included; the newest ones of a very long window.
pub(super) fn between(since: Stamp, now: Stamp) -> Vec<String> {
    let mut days = Vec::new();
    let mut at = now;
    while day_of(at) >= day_of(since) && days.len() < MOST {
        days.push(day_of(at));
        // UTC has no day of another length.
        let back = Duration::from_secs(24 * 3600);
        let Ok(before) = at.0.checked_sub(back) else { break };
        at = Stamp(before);
    }
    days.reverse();
    days
}

/// The runs of each of these days; what ended on another is left out.
pub(super) fn by_day<'a>(
    days: &[String],
    runs: impl Iterator<Item = &'a RunRecordSpec>,
) -> Vec<(String, Vec<&'a RunRecordSpec>)> {
    let mut of: BTreeMap<String, Vec<&RunRecordSpec>> =
        days.iter().map(|d| (d.clone(), Vec::new())).collect();
    for run in runs {
        if let Some(day) = of.get_mut(&day_of(run.finished_at)) {
            day.push(run);
        }
    }
    of.into_iter().collect()
}
