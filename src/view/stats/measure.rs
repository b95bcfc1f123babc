//! Records -> the base of every figure: each execution once, durations, ratios.

use std::collections::HashSet;

use serde::Serialize;

use crate::api::{RunRecord, RunRecordSpec, Stamp};

/// Namespace and name of a workflow.
pub type Key<'a> = (&'a str, &'a str);

/// Each execution that ended in the window, once, with the key of its workflow.
pub(super) fn executions<'a>(
    records: impl IntoIterator<Item = &'a RunRecord>,
    since: Stamp,
) -> Vec<(Key<'a>, &'a RunRecordSpec)> {
    let mut known: HashSet<&str> = HashSet::new();
    records
        .into_iter()
        .filter(|r| r.spec.finished_at >= since && known.insert(&r.spec.run_uid))
        .map(|r| ((r.metadata.namespace.as_deref().unwrap_or_default(), &*r.spec.workflow), &r.spec))
        .collect()
}

/// The active time of runs, without the time spent waiting for people.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seconds {
    pub average: f64,
    pub min: u64,
    pub max: u64,
    pub p50: u64,
    pub p95: u64,
}

impl Seconds {
    pub(super) fn of(all: impl Iterator<Item = u64>) -> Option<Self> {
        let mut all: Vec<u64> = all.collect();
        all.sort_unstable();
        // The nearest rank: the smallest value that at least `percent` % of all values do not exceed. It is one of
        // the values, never interpolated.
        let rank = |percent: usize| all.get((all.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self {
            average: ratio(usize::try_from(all.iter().sum::<u64>()).unwrap_or(usize::MAX), all.len())?,
            min: *all.first()?,
            max: *all.last()?,
            p50: rank(50)?,
            p95: rank(95)?,
        })
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of runs and seconds are far below 2^52")]
pub(super) fn ratio(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}
