//! The records of runs that ended in a window -> the same figures day by day: of all runs, of each workflow and of each of
//! its steps.
//!
//! Live runs are in none of it: they have no day yet. Start reading at [`Trend::of`].

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::record::StepRecord;
use crate::api::{RunRecord, RunRecordSpec, Stamp};

use super::days::{Day, between, by_day};
use super::steps::has_failed;
use super::{Key, Seconds, executions, ratio};

/// How figures went, day by day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trend {
    /// Runs count that ended since then.
    pub since: Stamp,
    /// Until then.
    pub until: Stamp,
    /// Of all runs: every day, oldest first, those without any run included.
    pub days: Vec<Day>,
    /// In the order of their names.
    pub workflows: Vec<WorkflowTrend>,
}

/// One workflow's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowTrend {
    pub namespace: String,
    pub workflow: String,
    pub days: Vec<Day>,
    /// Steps that had an attempt, in the order in which records have them.
    pub steps: Vec<StepTrend>,
}

/// One step's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepTrend {
    pub step: String,
    /// Over the whole window, as in a bottleneck.
    #[serde(flatten)]
    pub whole: Executions,
    /// Days on which a run ended that executed the step.
    pub days: Vec<StepDay>,
}

/// A step on one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepDay {
    pub day: String,
    #[serde(flatten)]
    pub of: Executions,
}

/// What is said about some executions of a step: the runs in which it had at least one attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Executions {
    pub executions: usize,
    /// The share in which it failed, also if a later attempt passed. From 0 to 1.
    pub failure_rate: f64,
    pub average_retries: f64,
    /// From the start of its first attempt to its end, waiting and rework included; of executions that have both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
}

impl Trend {
    /// `records` may be older than `since`: those are passed over.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a RunRecord>, since: Stamp, now: Stamp) -> Self {
        let ended = executions(records, since);
        let days = between(since, now);
        let mut each: BTreeMap<&Key, Vec<&RunRecordSpec>> = BTreeMap::new();
        for (key, record) in &ended {
            each.entry(key).or_default().push(record);
        }
        let workflows = each.into_iter().map(|(key, runs)| WorkflowTrend {
            namespace: key.0.clone(),
            workflow: key.1.clone(),
            days: whole_days(&days, &runs),
            steps: steps(&days, &runs),
        });
        let workflows = workflows.collect();
        let all: Vec<&RunRecordSpec> = ended.iter().map(|(_, r)| *r).collect();
        Self { since, until: now, days: whole_days(&days, &all), workflows }
    }
}

fn whole_days(days: &[String], runs: &[&RunRecordSpec]) -> Vec<Day> {
    by_day(days, runs.iter().copied()).iter().map(|(day, runs)| Day::of(day, runs)).collect()
}

fn steps(days: &[String], runs: &[&RunRecordSpec]) -> Vec<StepTrend> {
    let by_day = by_day(days, runs.iter().copied());
    names(runs)
        .into_iter()
        .filter_map(|step| {
            let of_days = by_day.iter().filter_map(|(day, runs)| {
                Some(StepDay { day: day.clone(), of: Executions::of(&executed(runs, step))? })
            });
            let of_days = of_days.collect();
            Some(StepTrend {
                step: step.into(),
                whole: Executions::of(&executed(runs, step))?,
                days: of_days,
            })
        })
        .collect()
}

/// The order of the newest record first, since a workflow's steps may have changed; then what only older ones have.
fn names<'a>(runs: &[&'a RunRecordSpec]) -> Vec<&'a str> {
    let mut runs: Vec<&RunRecordSpec> = runs.to_vec();
    runs.sort_by_key(|r| std::cmp::Reverse(r.finished_at));
    let mut found: Vec<&str> = Vec::new();
    for name in runs.iter().flat_map(|r| &r.steps).map(|s| s.name.as_str()) {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

fn executed<'a>(runs: &[&'a RunRecordSpec], step: &str) -> Vec<&'a StepRecord> {
    runs.iter().flat_map(|r| &r.steps).filter(|s| s.name == step && s.attempts > 0).collect()
}

impl Executions {
    fn of(all: &[&StepRecord]) -> Option<Self> {
        let took = all.iter().filter_map(|s| Some(s.finished_at?.since(s.started_at?).as_secs()));
        Some(Self {
            executions: all.len(),
            failure_rate: ratio(all.iter().filter(|s| has_failed(s)).count(), all.len())?,
            average_retries: ratio(all.iter().map(|s| s.retries as usize).sum(), all.len())?,
            seconds: Seconds::of(took),
        })
    }
}
