//! Accounts -> figures, counted by hand: with simple loops and sums, and without the tested code.

use std::collections::{BTreeMap, BTreeSet};

use mission_control::api::{Phase, StepPhase};

use super::rehearsal::{Account, OfStep};

#[derive(Debug)]
pub(crate) struct Figures {
    pub total: usize,
    pub ended: usize,
    pub live: usize,
    pub phases: BTreeMap<Phase, usize>,
    pub rate: Option<f64>,
    pub lengths: Option<Lengths>,
    pub retries: u64,
    pub lost: u64,
    pub rounds: u64,
    pub questions: u64,
    /// Satisfied steps, on average.
    pub completed: Option<f64>,
}

/// In seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lengths {
    pub average: f64,
    pub min: u64,
    pub max: u64,
    pub p50: u64,
    pub p95: u64,
}

/// Over the executions of a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub executions: usize,
    pub failure_rate: f64,
    pub average_retries: f64,
    pub lengths: Option<Lengths>,
}

pub(crate) fn ended<'a>(of: &[&'a Account]) -> Vec<&'a Account> {
    of.iter().copied().filter(|a| a.outcome.is_some()).collect()
}

pub(crate) fn figures(of: &[&Account]) -> Figures {
    let ended = ended(of);
    let started: Vec<&Account> = ended.iter().copied().filter(|a| a.started).collect();
    let count = |phase| of.iter().filter(|a| a.phase == Some(phase)).count();
    let sum = |f: fn(&Account) -> u64| of.iter().map(|a| f(a)).sum::<u64>();
    let (won, failed) = (count(Phase::Succeeded), count(Phase::Failed));
    let satisfied = [StepPhase::Succeeded, StepPhase::Skipped, StepPhase::Tolerated].map(Some);
    let done = started.iter().flat_map(|a| a.steps.values()).filter(|s| satisfied.contains(&s.ended)).count();
    Figures {
        total: of.len(),
        ended: ended.len(),
        live: of.len() - ended.len(),
        phases: Phase::ALL.iter().map(|(p, _)| (*p, count(*p))).collect(),
        rate: (won + failed > 0).then(|| won as f64 / (won + failed) as f64),
        lengths: lengths(started.iter().map(|a| a.active).collect()),
        retries: sum(|a| a.retries),
        lost: sum(|a| a.lost),
        rounds: sum(|a| a.rounds),
        questions: sum(|a| a.questions),
        completed: (!started.is_empty()).then(|| done as f64 / started.len() as f64),
    }
}

/// The percentile of a sorted list is the smallest value that at least this share of all values does not exceed.
pub(crate) fn lengths(mut all: Vec<u64>) -> Option<Lengths> {
    all.sort_unstable();
    let rank = |percent: f64| all[((percent / 100.0 * all.len() as f64).ceil() as usize).max(1) - 1];
    (!all.is_empty()).then(|| Lengths {
        average: all.iter().sum::<u64>() as f64 / all.len() as f64,
        min: all[0],
        max: all[all.len() - 1],
        p50: rank(50.0),
        p95: rank(95.0),
    })
}

/// Over the runs that ended and executed the step.
pub(crate) fn step(of: &[&Account], name: &str) -> Option<Step> {
    let ended = ended(of);
    let all: Vec<&OfStep> =
        ended.iter().filter_map(|a| a.steps.get(name)).filter(|s| s.attempts > 0).collect();
    let bad = [StepPhase::Failed, StepPhase::Tolerated].map(Some);
    let failed = all.iter().filter(|s| s.failures > 0 || bad.contains(&s.ended)).count();
    let retries: u32 = all.iter().map(|s| s.retries).sum();
    let took = all.iter().filter_map(|s| Some(s.to?.since(s.from?).as_secs())).collect();
    (!all.is_empty()).then(|| Step {
        executions: all.len(),
        failure_rate: failed as f64 / all.len() as f64,
        average_retries: f64::from(retries) / all.len() as f64,
        lengths: lengths(took),
    })
}

/// Workflow, step and figures of the five worst bottlenecks.
pub(crate) fn worst<'a>(of: &[&'a Account]) -> Vec<((&'a str, &'a str), &'a str, Step)> {
    let mut found = Vec::new();
    for (workflow, of) in by_workflow(of) {
        let steps: BTreeSet<&str> = of.iter().flat_map(|a| a.steps.keys()).map(String::as_str).collect();
        for name in steps {
            let Some(step) = step(&of, name) else { continue };
            if step.failure_rate > 0.1 || step.average_retries > 0.5 {
                found.push((workflow, name, step));
            }
        }
    }
    found.sort_by(|(_, _, a), (_, _, b)| {
        b.failure_rate.total_cmp(&a.failure_rate).then(b.average_retries.total_cmp(&a.average_retries))
    });
    found.truncate(5);
    found
}

/// Sorted by namespace and name.
pub(crate) fn by_workflow<'a>(of: &[&'a Account]) -> BTreeMap<(&'a str, &'a str), Vec<&'a Account>> {
    let mut all: BTreeMap<_, Vec<&Account>> = BTreeMap::new();
    for account in of {
        all.entry((&*account.namespace, &*account.workflow)).or_default().push(account);
    }
    all
}
