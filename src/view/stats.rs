//! The records of runs that ended in a window, and the live runs -> figures, over all runs and per workflow.
//!
//! Only runs that ended count in rates, durations and averages. Retries, lost attempts, rounds and escalations are
//! counted as events, and include those of live runs. A run that was answered by the record of an earlier one
//! (`AlreadyRan`) has no record of its own and counts nowhere. A record that is superseded by a later execution
//! exists twice for a moment: an execution has one UID, and counts once. Start reading at [`Stats::of`];
//! [`Trend::of`] has the same by day. docs/metrics.md defines each figure.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::api::status::Totals;
use crate::api::{Phase, RunRecord, RunRecordSpec, Stamp, WorkflowRun};

mod days;
mod measure;
mod steps;
#[cfg(test)]
mod tests;
mod trend;

pub use days::Day;
pub use measure::{Key, Seconds};
use measure::{executions, ratio};
pub use steps::{Bottleneck, bottlenecks};
pub use trend::{Executions, StepDay, StepTrend, Trend, WorkflowTrend};

/// With fewer ended runs, figures say little.
pub const FEW: usize = 10;

/// Figures over all runs, and per workflow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// The start of the window. Runs that ended since then count, and live runs.
    pub since: Stamp,
    pub all: Figures,
    /// Sorted by name.
    pub workflows: Vec<WorkflowStats>,
}

/// Figures over the runs of one workflow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowStats {
    pub namespace: String,
    pub workflow: String,
    #[serde(flatten)]
    pub figures: Figures,
}

/// The figures of a set of runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Ended and live runs.
    pub total: usize,
    pub ended: usize,
    pub live: usize,
    /// The number of runs in each phase. A live run without a phase is Pending.
    pub phases: BTreeMap<Phase, usize>,
    /// Succeeded / (Succeeded + Failed), from 0 to 1. Cancelled runs are neither. Absent without either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<f64>,
    /// Durations of runs that ended and had started, whatever their outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
    /// Failed attempts that were retried.
    pub retries: u64,
    /// Lost attempts.
    pub lost: u64,
    /// How often work was sent back.
    pub rounds: u64,
    /// Questions to people.
    pub escalations: u64,
    /// Steps that are done, skipped or tolerated, on average over the runs in `seconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps_completed: Option<f64>,
    /// The bottlenecks, worst first.
    pub bottlenecks: Vec<Bottleneck>,
}

/// The band of a success rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// Over 80 %.
    Green,
    /// Over 50 %.
    Amber,
    Red,
}

impl Band {
    pub fn of(rate: f64) -> Self {
        match rate {
            r if r > 0.8 => Band::Green,
            r if r > 0.5 => Band::Amber,
            _ => Band::Red,
        }
    }
}

/// The runs that the figures cover.
#[derive(Default)]
struct Runs<'a> {
    ended: Vec<(Key<'a>, &'a RunRecordSpec)>,
    live: Vec<&'a WorkflowRun>,
}

impl Stats {
    /// `records` may be older than `since`, and `runs` may have ended: those are ignored.
    pub fn of<'a>(
        records: impl IntoIterator<Item = &'a RunRecord> + Clone,
        runs: impl IntoIterator<Item = &'a WorkflowRun>,
        since: Stamp,
    ) -> Self {
        // A record is the end of its run, even while the run's own status does not show it yet.
        let recorded: HashSet<&str> = records.clone().into_iter().map(|r| r.spec.run_uid.as_str()).collect();
        let is_live = |run: &&WorkflowRun| {
            let over = run.status.as_ref().and_then(|s| s.phase).is_some_and(Phase::is_terminal);
            !over && !run.metadata.uid.as_deref().is_some_and(|uid| recorded.contains(uid))
        };
        let ended = executions(records, since);
        let mut all = Runs::default();
        let mut each: BTreeMap<Key<'_>, Runs<'_>> = BTreeMap::new();
        for (key, record) in ended {
            all.ended.push((key, record));
            each.entry(key).or_default().ended.push((key, record));
        }
        for run in runs.into_iter().filter(is_live) {
            all.live.push(run);
            let key = (run.metadata.namespace.as_deref().unwrap_or_default(), &*run.spec.workflow_ref.name);
            each.entry(key).or_default().live.push(run);
        }
        let workflows = each.into_iter().map(|((namespace, workflow), runs)| WorkflowStats {
            namespace: namespace.into(),
            workflow: workflow.into(),
            figures: Figures::of(&runs),
        });
        Self { since, workflows: workflows.collect(), all: Figures::of(&all) }
    }
}

impl Figures {
    fn of(runs: &Runs<'_>) -> Self {
        let phases = phases(runs);
        let count = |phase| phases.get(&phase).copied().unwrap_or(0);
        let started: Vec<&RunRecordSpec> =
            runs.ended.iter().map(|(_, r)| *r).filter(|r| r.started_at.is_some()).collect();
        let completed = |r: &&RunRecordSpec| r.steps.iter().filter(|s| s.phase.is_satisfied()).count();
        let sum = |of: fn(&Totals) -> u32| -> u64 {
            let ended = runs.ended.iter().map(|(_, r)| &r.totals);
            let live = runs.live.iter().filter_map(|r| r.status.as_ref()?.totals.as_ref());
            ended.chain(live).map(|t| u64::from(of(t))).sum()
        };
        Self {
            total: runs.ended.len() + runs.live.len(),
            ended: runs.ended.len(),
            live: runs.live.len(),
            success_rate: ratio(count(Phase::Succeeded), count(Phase::Succeeded) + count(Phase::Failed)),
            seconds: Seconds::of(started.iter().map(|r| u64::try_from(r.active_seconds).unwrap_or(0))),
            retries: sum(|t| t.retries),
            lost: sum(|t| t.lost),
            rounds: sum(|t| t.rounds),
            escalations: sum(|t| t.escalations),
            steps_completed: ratio(started.iter().map(completed).sum(), started.len()),
            bottlenecks: bottlenecks(runs.ended.iter().copied()),
            phases,
        }
    }

    /// Too few ended runs for meaningful figures.
    pub fn are_few(&self) -> bool {
        self.ended < FEW
    }
}

fn phases(runs: &Runs<'_>) -> BTreeMap<Phase, usize> {
    let mut all: BTreeMap<Phase, usize> = Phase::ALL.iter().map(|(p, _)| (*p, 0)).collect();
    let live = runs.live.iter().map(|r| r.status.as_ref().and_then(|s| s.phase).unwrap_or(Phase::Pending));
    for phase in runs.ended.iter().map(|(_, r)| r.outcome).chain(live) {
        *all.entry(phase).or_default() += 1;
    }
    all
}
