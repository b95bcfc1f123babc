//! The records of runs that ended in a window -> the same figures by day: over all runs, per workflow and per step.
//!
//! Live runs are left out: they have no day yet. Start reading at [`Trend::of`].

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::api::record::StepRecord;
use crate::api::{RunRecord, RunRecordSpec, Stamp};

use super::days::{Day, Days};
use super::measure::{Key, Seconds, executions, ratio};
use super::steps::has_failed;

/// Figures by day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trend {
    /// The start of the window. Runs that ended since then count.
    pub since: Stamp,
    /// The end of the window.
    pub until: Stamp,
    /// Over all runs: every day, oldest first, including days without a run.
    pub days: Vec<Day>,
    /// Sorted by name.
    pub workflows: Vec<WorkflowTrend>,
}

/// The figures of one workflow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowTrend {
    pub namespace: String,
    pub workflow: String,
    pub days: Vec<Day>,
    /// Steps that had an attempt, in the order of the records.
    pub steps: Vec<StepTrend>,
}

/// The figures of one step.
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

/// The figures of a step on one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepDay {
    pub day: String,
    #[serde(flatten)]
    pub of: Executions,
}

/// Figures of a set of executions of a step: the runs in which it had at least one attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Executions {
    pub executions: usize,
    /// The share in which it failed, even if a later attempt passed. From 0 to 1.
    pub failure_rate: f64,
    pub average_retries: f64,
    /// From the start of its first attempt to its end, including waiting and rework; over executions that have both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
}

impl Trend {
    /// `records` may be older than `since`: those are ignored.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a RunRecord>, since: Stamp, now: Stamp) -> Self {
        let ended = executions(records, since);
        let days = Days::between(since, now);
        let mut each: BTreeMap<Key<'_>, Vec<&RunRecordSpec>> = BTreeMap::new();
        for (key, record) in &ended {
            each.entry(*key).or_default().push(record);
        }
        let workflows = each.into_iter().map(|(key, runs)| WorkflowTrend {
            namespace: key.0.into(),
            workflow: key.1.into(),
            days: whole_days(&days, &runs),
            steps: steps(&days, &runs),
        });
        let workflows = workflows.collect();
        let all: Vec<&RunRecordSpec> = ended.iter().map(|(_, r)| *r).collect();
        Self { since, until: now, days: whole_days(&days, &all), workflows }
    }
}

fn whole_days(days: &Days, runs: &[&RunRecordSpec]) -> Vec<Day> {
    days.names().iter().zip(days.of(runs)).map(|(day, runs)| Day::of(day, &runs)).collect()
}

/// The executions of one step: all, and by day.
struct Executed<'a> {
    step: &'a str,
    all: Vec<&'a StepRecord>,
    days: Vec<Vec<&'a StepRecord>>,
}

/// In the order of the newest record, since a workflow's steps may have changed; then steps that only older records
/// have.
fn steps(days: &Days, runs: &[&RunRecordSpec]) -> Vec<StepTrend> {
    let mut runs: Vec<&RunRecordSpec> = runs.to_vec();
    runs.sort_by_key(|r| std::cmp::Reverse(r.finished_at));
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut found: Vec<Executed<'_>> = Vec::new();
    for run in runs {
        let day = days.place(run.finished_at);
        for step in &run.steps {
            let place = *places.entry(&step.name).or_insert_with(|| {
                let days = vec![Vec::new(); days.names().len()];
                found.push(Executed { step: &step.name, all: Vec::new(), days });
                found.len() - 1
            });
            let Some(of) = found.get_mut(place).filter(|_| step.attempts > 0) else { continue };
            of.all.push(step);
            if let Some(day) = day.and_then(|day| of.days.get_mut(day)) {
                day.push(step);
            }
        }
    }
    found.iter().filter_map(|of| StepTrend::of(of, days)).collect()
}

impl StepTrend {
    fn of(executed: &Executed<'_>, days: &Days) -> Option<Self> {
        let each = days.names().iter().zip(&executed.days);
        let of_days =
            each.filter_map(|(day, of)| Some(StepDay { day: day.clone(), of: Executions::of(of)? }));
        Some(Self {
            step: executed.step.into(),
            days: of_days.collect(),
            whole: Executions::of(&executed.all)?,
        })
    }
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
