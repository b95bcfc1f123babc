//! Invariants of one status and the cluster around it, at any time.

use std::collections::BTreeSet;

use mission_control::api::work::works_of;
use mission_control::api::{Cause, Outcome, Phase, StepPhase, StepStatus, Work, WorkflowRunStatus};
use mission_control::engine::definition::Definition;
use mission_control::engine::snapshot::AttemptFact;
use mission_control::engine::work_ref::{WorkRef, work_refs};
use mission_control::rehearse::cluster::SimulatedCluster;

use super::{Held, hold, status};

/// Whether the attempt that was just started at the place was allowed to start.
pub(crate) fn may_start(
    all: &Definition,
    now: &WorkflowRunStatus,
    at: WorkRef,
    cluster: &SimulatedCluster,
) -> Held {
    let def = &all.steps[at.step];
    let phase = |k: usize| now.steps[k].work.phase;
    if def.finally {
        hold!(now.ending.is_some(), "{} starts before the end", def.name);
        let over = |s: &StepStatus| s.finally || (s.work.phase.is_finished() && s.work.current.is_none());
        hold!(now.steps.iter().all(over), "{} starts before all other steps are over", def.name);
        let first = (0..at.step).all(|k| !all.steps[k].finally || phase(k).is_finished());
        hold!(first, "{} starts beside another of finally", def.name);
        return Ok(());
    }
    let suspended = cluster.run.as_ref().is_some_and(|r| r.spec.suspend == Some(true));
    hold!(now.ending.is_none() && now.hold.is_none() && !suspended, "{} starts though nothing may", def.name);
    let of = def.verifies.unwrap_or(at.step);
    for need in &all.steps[of].needs {
        hold!(phase(*need).is_satisfied(), "{} starts before {}", def.name, all.steps[*need].name);
    }
    Ok(())
}

/// Items: at most `parallelism` at once, and no verification of unfinished work.
pub(crate) fn loops(all: &Definition, now: &WorkflowRunStatus) -> Held {
    for (i, def) in all.steps.iter().enumerate() {
        let Some(each) = &def.each else { continue };
        let runs =
            |step: usize, k: usize| WorkRef::item(step, k).of(now).is_some_and(|w| w.current.is_some());
        let items = now.steps[i].items.len();
        let busy = (0..items).filter(|k| runs(i, *k) || each.verifier.is_some_and(|v| runs(v, *k))).count();
        hold!(busy <= each.parallelism as usize, "{busy} items of {} at once", def.name);
        let Some(v) = each.verifier else { continue };
        hold!(now.steps[v].items.len() == items, "{} has other items than its loop", all.steps[v].name);
        for k in (0..items).filter(|k| runs(v, *k)) {
            let done = now.steps[i].items[k].work.phase == StepPhase::Succeeded;
            hold!(done, "item {k} of {} is verified, but not done", def.name);
        }
        hold!(
            now.steps[i].work.phase.is_satisfied() == now.steps[v].work.phase.is_satisfied(),
            "{} and its verifier end apart",
            def.name
        );
    }
    Ok(())
}

pub(crate) fn numbers(all: &Definition, before: &WorkflowRunStatus, now: &WorkflowRunStatus) -> Held {
    let total = |s: &WorkflowRunStatus| s.totals.as_ref().map_or(0, |t| t.attempts);
    let sum: u32 = now.steps.iter().map(|s| s.work.attempts).sum();
    hold!(total(now) >= total(before), "the number of attempts fell");
    hold!(total(now) == sum, "{} attempts in all, {sum} of the steps", total(now));
    for at in work_refs(now) {
        let (work, def) = (at.of(now).expect("a place"), &all.steps[at.step]);
        let limit = def.on_retry.as_ref().map_or(0, |r| r.limit);
        hold!(
            work.sent_back <= limit,
            "{} sent back {} times, {limit} are allowed",
            def.name,
            work.sent_back
        );
        hold!(work.retries <= def.retry.limit, "{}: {} retries", def.name, work.retries);
        hold!(work.lost <= def.retry.lost_limit, "{}: {} losses", def.name, work.lost);
        let unreachable = now.ending.is_some()
            || now.escalations.iter().any(|e| e.step == def.name && e.cause == Cause::NodeUnreachable);
        match (&work.current, work.phase) {
            (Some(_), StepPhase::Running) => {}
            (Some(_), phase) => {
                hold!(phase == StepPhase::Escalated && unreachable, "{} runs as {phase}", def.name)
            }
            (None, phase) => {
                hold!(phase != StepPhase::Running, "{} has no attempt, but is Running", def.name)
            }
        }
        let worked = work.phase == StepPhase::Succeeded && work.attempts > 0;
        let done = work.last.as_ref().is_some_and(|l| l.outcome == Outcome::Done);
        hold!(!worked || done, "{} succeeded by {:?}", def.name, work.last);
        let backs_off = work.phase == StepPhase::Backoff;
        hold!(!backs_off || work.next_attempt_at.is_some(), "{} waits for no time", def.name);
    }
    Ok(())
}

/// Each Job belongs to an attempt, is unique, and gets its end; one live Pod per piece of work.
pub(crate) fn jobs(cluster: &SimulatedCluster, now: &WorkflowRunStatus, ended: &BTreeSet<String>) -> Held {
    let terminal = now.phase.is_some_and(Phase::is_terminal);
    let mut names = BTreeSet::new();
    let mut live = BTreeSet::new();
    for launch in &cluster.launched {
        hold!(names.insert(&launch.job), "{} was launched twice", launch.job);
        let current = now.works().any(|w| w.current.as_ref().is_some_and(|c| c.job == launch.job));
        hold!(current || ended.contains(&launch.job), "{} belongs to no attempt", launch.job);
        let Some(fact) = cluster.attempts.get(&launch.job) else { continue };
        hold!(
            current || cluster.finished_jobs.contains_key(&launch.job),
            "{} was not told its end",
            launch.job
        );
        use AttemptFact as F;
        // The run ended without it: its node does not answer.
        let left = !current && matches!(fact, F::Unreachable { .. }) && is_left_behind(now, &launch.step);
        if left {
            continue;
        }
        if matches!(fact, F::Pending { .. } | F::Running { .. } | F::Unreachable { .. }) {
            hold!(!terminal && current, "{} still runs", launch.job);
            hold!(live.insert((&launch.step, &launch.item)), "two Pods of {} {:?}", launch.step, launch.item);
        }
    }
    Ok(())
}

/// Whether an attempt of the step was lost with its node, and the run is ending or has ended.
fn is_left_behind(now: &WorkflowRunStatus, step: &str) -> bool {
    let ends = now.ending.is_some() || now.phase.is_some_and(Phase::is_terminal);
    let lost = |w: &Work| w.last.as_ref().is_some_and(|l| l.cause == Some(Cause::NodeUnreachable));
    ends && now.steps.iter().filter(|s| s.name == step).flat_map(works_of).any(lost)
}

/// Paused exactly while something is asked or held and nothing runs or can start; and no run sleeps forever.
pub(crate) fn pauses(all: &Definition, cluster: &SimulatedCluster, now: &WorkflowRunStatus) -> Held {
    let asked = !now.escalations.is_empty();
    let held = now.hold.is_some() || cluster.run.as_ref().is_some_and(|r| r.spec.suspend == Some(true));
    let runs = now.works().any(|w| w.current.is_some() && w.phase != StepPhase::Escalated);
    let met = |at: &WorkRef| {
        let of = all.steps[at.step].verifies.unwrap_or(at.step);
        all.steps[of].needs.iter().all(|n| now.steps[*n].work.phase.is_satisfied())
    };
    let backs_off = |at: &WorkRef| at.of(now).is_some_and(|w| w.phase == StepPhase::Backoff);
    let lost = now.escalations.iter().any(|e| e.cause == Cause::RevisionLost);
    let starts = !held && !lost && work_refs(now).iter().any(|at| backs_off(at) && met(at));
    hold!(runs || starts || asked || held, "the run is stuck");
    let paused = now.phase == Some(Phase::Paused);
    hold!(
        paused != (runs || starts),
        "{:?}, but runs={runs} starts={starts} asked={asked} held={held}",
        now.phase
    );
    hold!(now.active_since.is_some() != paused, "its clock does not fit its phase");
    hold!(!starts || cluster.wake.is_some(), "a backoff that nobody looks at");
    Ok(())
}

/// Invariants of an ended run.
pub(crate) fn ended(cluster: &SimulatedCluster) -> Held {
    let now = status(cluster);
    for step in now.steps.iter().filter(|_| now.started_at.is_some()) {
        hold!(step.work.phase.is_finished(), "{} is {} after the end", step.name, step.work.phase);
        for item in &step.items {
            hold!(item.work.phase.is_finished(), "{}/{} is {}", step.name, item.id, item.work.phase);
        }
    }
    if let Some(record) = cluster.records.values().next() {
        let told = record.steps.iter().map(|s| (s.name.clone(), s.phase, s.attempts, s.rounds));
        let are = now.steps.iter().map(|s| (s.name.clone(), s.work.phase, s.work.attempts, s.work.rounds));
        hold!(told.eq(are), "the record tells of other steps");
        hold!(record.outputs == now.outputs, "the record tells of other outputs");
    }
    hold!(now.escalations.is_empty() && now.ending.is_none() && now.hold.is_none(), "something is left open");
    Ok(())
}
