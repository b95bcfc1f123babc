//! The invariants of all runs of a namespace at their end, whatever happened to the operators. One function, for
//! every test that ends or stops an operator: [`assert_invariants`].

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;
use kube::api::ListParams;
use mission_control::api::{Cause, Outcome, WorkflowRun, WorkflowRunStatus, work::LastAttempt};
use mission_control::engine::ids;

use super::recorder::Seen;
use super::{Fixture, Recorder, is_kubernetes};

/// An attempt: run, step, number.
pub(super) type Attempt = (String, String, u32);

/// How every attempt ended.
#[derive(Debug)]
pub(crate) struct Tally {
    pub ends: BTreeMap<Attempt, (Outcome, Option<Cause>)>,
}

impl Tally {
    pub(crate) fn lost(&self) -> usize {
        self.ends.values().filter(|(outcome, _)| *outcome == Outcome::Lost).count()
    }
}

/// All runs have ended (and have no items). Each attempt is in the status exactly once and has one Job; it has one Pod
/// unless it was lost between the two, and no step ever had two live ones; what a finished run says never changed.
pub(crate) async fn assert_invariants(f: &Fixture, recorder: &Recorder) -> Tally {
    let runs = f.runs().list(&ListParams::default()).await.expect("runs cannot be listed").items;
    f.until_true("recorder that has seen the end", async || {
        runs.iter().all(|run| is_last(&recorder.seen(), run))
    })
    .await;
    recorder.assert_single_pods();
    let records = f.records().await.len();
    let seen = recorder.seen();
    let tally = Tally { ends: ends(&seen) };
    let jobs: BTreeMap<String, Attempt> = runs.iter().flat_map(expected).collect();

    let made: BTreeMap<&String, usize> = seen.jobs.iter().map(|(name, uids)| (name, uids.len())).collect();
    assert_eq!(made, jobs.keys().map(|name| (name, 1)).collect(), "Jobs made; attempts counted");
    let counted: BTreeSet<&Attempt> = jobs.values().collect();
    assert_eq!(tally.ends.keys().collect::<BTreeSet<_>>(), counted, "attempts with an end; attempts counted");
    for (job, attempt) in &jobs {
        let end = tally.ends[attempt];
        let pods = seen.pods.get(job).map_or(0, BTreeSet::len);
        let without = end == (Outcome::Lost, Some(Cause::NeverStarted)) && !is_kubernetes();
        assert_eq!(pods, usize::from(!without), "Pods of {attempt:?}, which ended as {end:?}");
    }
    for run in &runs {
        assert_final(&seen, run);
    }
    assert_eq!(records, runs.len(), "a record for each run");
    tally
}

fn is_last(seen: &Seen, run: &WorkflowRun) -> bool {
    let last = seen.statuses.iter().rev().find(|(_, name, _)| *name == run.name_any());
    last.is_some_and(|(_, _, status)| Some(status) == run.status.as_ref())
}

/// The Jobs that the run's status stands for.
fn expected(run: &WorkflowRun) -> Vec<(String, Attempt)> {
    let (name, uid) = (run.name_any(), run.uid().unwrap_or_default());
    let status = run.status.clone().unwrap_or_default();
    let total: u32 = status.steps.iter().map(|s| s.work.attempts).sum();
    assert_eq!(status.totals.as_ref().map_or(0, |t| t.attempts), total, "{name}: the sum of attempts");
    let all = status.steps.iter().flat_map(|step| (1..=step.work.attempts).map(move |n| (step, n)));
    all.map(|(step, n)| {
        (ids::job_name(&name, &uid, &step.name, None, n), (name.clone(), step.name.clone(), n))
    })
    .collect()
}

/// Every end that a status ever reported. Two different ends of one attempt violate the rule that it ends once.
fn ends(seen: &Seen) -> BTreeMap<Attempt, (Outcome, Option<Cause>)> {
    let mut ends = BTreeMap::new();
    for (_, run, status) in &seen.statuses {
        for step in &status.steps {
            let Some(LastAttempt { n, outcome, cause, .. }) = &step.work.last else { continue };
            let attempt = (run.clone(), step.name.clone(), *n);
            let told = *ends.entry(attempt.clone()).or_insert((*outcome, *cause));
            assert_eq!(told, (*outcome, *cause), "{attempt:?} ended twice");
        }
    }
    ends
}

/// Nothing of a finished run changed after it was finished.
fn assert_final(seen: &Seen, run: &WorkflowRun) {
    let mine =
        seen.statuses.iter().filter(|(_, name, _)| *name == run.name_any()).map(|(_, _, status)| status);
    let over: Vec<&WorkflowRunStatus> =
        mine.skip_while(|s| !s.phase.is_some_and(|p| p.is_terminal())).collect();
    let first = over.first().unwrap_or_else(|| panic!("{} has not ended", run.name_any()));
    for status in &over {
        let told = |s: &WorkflowRunStatus| {
            let attempts: Vec<u32> = s.steps.iter().map(|s| s.work.attempts).collect();
            (s.phase, s.reason, s.finished_at, attempts, s.outputs.clone())
        };
        assert_eq!(told(status), told(first), "{} changed after its end", run.name_any());
    }
}
