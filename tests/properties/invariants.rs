//! What must hold after every pass, and whenever nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};

use mission_control::api::{Cause, Phase, RunRecordSpec, StepPhase, StepStatus, Work, WorkflowRunStatus};
use mission_control::engine::definition::Definition;
use mission_control::engine::ids;
use mission_control::engine::place::{Place, places};
use mission_control::engine::snapshot::{AttemptFact, RecordFact};
use mission_control::engine::volume::LIMIT;
use mission_control::rehearse::world::World;

use super::status;

/// `condition`, or the words.
macro_rules! hold {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}

/// What was seen of a run so far.
#[derive(Default)]
pub struct Watch {
    definition: Option<Definition>,
    /// Jobs of attempts whose end was seen.
    ended: BTreeSet<String>,
    /// Ids of every question ever asked.
    asked: BTreeSet<String>,
    record: Option<RunRecordSpec>,
}

type Held = Result<(), String>;

impl Watch {
    /// One pass led from `before` to the status as it is now.
    pub fn pass(&mut self, world: &World, before: &WorkflowRunStatus) -> Held {
        let after = status(world);
        self.record_is_written_once(world, &after)?;
        if before.phase.is_some_and(Phase::is_terminal) {
            let story = |s: &WorkflowRunStatus| {
                (s.phase, s.reason, s.finished_at, s.steps.clone(), s.totals.clone(), s.outputs.clone())
            };
            hold!(story(before) == story(&after), "a finished run changed");
            return Ok(());
        }
        self.read_definition(world, &after);
        let Some(all) = self.definition.clone() else { return Ok(()) };
        if after.steps.is_empty() {
            return Ok(());
        }
        self.attempts(&all, before, &after, world)?;
        self.questions(before, &after)?;
        loops(&all, &after)?;
        numbers(&all, before, &after)
    }

    fn read_definition(&mut self, world: &World, now: &WorkflowRunStatus) {
        if let Some(pinned) =
            now.workflow.as_ref().filter(|_| self.definition.is_none() && now.started_at.is_some())
        {
            let spec = world.revisions.get(&ids::revision_name(&pinned.name, &pinned.revision));
            self.definition = spec.map(|s| Definition::read(s).expect("a revision is valid"));
        }
    }

    fn record_is_written_once(&mut self, world: &World, now: &WorkflowRunStatus) -> Held {
        hold!(world.records.len() <= 1, "{} records", world.records.len());
        let record = world.records.values().next().cloned();
        hold!(self.record.is_none() || self.record == record, "the record was written again");
        self.record = record;
        let finished = now.conditions.iter().any(|c| c.type_ == "Finished" && c.status == "True");
        let terminal = now.phase.is_some_and(Phase::is_terminal);
        hold!(finished == terminal, "Finished={finished}, but the phase is {:?}", now.phase);
        hold!(!terminal || self.record.is_some(), "ended without a record");
        Ok(())
    }

    /// Every started attempt ends exactly once, and starts only when its turn has come.
    fn attempts(
        &mut self,
        all: &Definition,
        before: &WorkflowRunStatus,
        after: &WorkflowRunStatus,
        world: &World,
    ) -> Held {
        let (old, new) = (by_key(before), by_key(after));
        let mut started: BTreeMap<usize, u32> = BTreeMap::new();
        for (key, (at, work)) in &new {
            let was = old.get(key).map(|(_, w)| w.clone()).unwrap_or_default();
            hold!(
                work.attempts == was.attempts || work.attempts == was.attempts + 1,
                "{key:?}: from {} attempts to {}",
                was.attempts,
                work.attempts
            );
            if let Some(current) =
                was.current.filter(|c| work.current.as_ref().map(|n| &n.job) != Some(&c.job))
            {
                hold!(
                    work.last.as_ref().is_some_and(|l| l.n == current.n),
                    "attempt {} has no end",
                    current.job
                );
                hold!(self.ended.insert(current.job.clone()), "attempt {} ended twice", current.job);
            }
            if work.attempts > was.attempts {
                *started.entry(at.step).or_default() += 1;
                may_start(all, after, *at, world)?;
            }
            if work.current.is_none() && work.attempts > 0 {
                hold!(
                    work.last.as_ref().is_some_and(|l| l.n == work.attempts),
                    "{key:?}: an attempt vanished"
                );
            }
        }
        for (key, (_, work)) in old.iter().filter(|(k, _)| !new.contains_key(*k)) {
            hold!(work.current.is_none(), "{key:?} vanished with its attempt under way");
        }
        for (i, step) in after.steps.iter().enumerate() {
            let was = before.steps.get(i).map_or(0, |s| s.work.attempts);
            let fresh = started.get(&i).copied().unwrap_or_default();
            hold!(
                step.work.attempts == was + fresh,
                "{}: {was} + {fresh} attempts are not {}",
                step.name,
                step.work.attempts
            );
        }
        Ok(())
    }

    /// One open question per waiting place, no more than 16, no id twice.
    fn questions(&mut self, before: &WorkflowRunStatus, after: &WorkflowRunStatus) -> Held {
        for question in &after.escalations {
            let known = before.escalations.iter().any(|e| e.id == question.id);
            hold!(known || self.asked.insert(question.id.clone()), "{} was asked before", question.id);
        }
        let of_work: Vec<_> = after.escalations.iter().filter(|e| e.cause != Cause::RevisionLost).collect();
        hold!(of_work.len() <= 16, "{} questions", of_work.len());
        hold!(after.ending.is_none() || after.escalations.is_empty(), "an ending run asks");
        for question in &of_work {
            let same =
                of_work.iter().filter(|e| (&e.step, &e.item) == (&question.step, &question.item)).count();
            hold!(same == 1, "{} {:?} is asked about {same} times", question.step, question.item);
            let at = Place::find(after, &question.step, question.item.as_deref());
            let work = at.and_then(|at| at.of(after));
            let waits = work.is_some_and(|w| w.phase == StepPhase::Escalated);
            hold!(waits, "{} is about a place that does not wait: {:?}", question.id, work.map(|w| w.phase));
        }
        let waiting = places(after)
            .into_iter()
            .filter(|at| at.of(after).is_some_and(|w| w.phase == StepPhase::Escalated));
        let unasked = waiting.filter(|at| !is_asked(after, *at)).count();
        let allowed = after.ending.is_some() || of_work.len() == 16;
        hold!(unasked == 0 || allowed, "{unasked} place(s) wait for a person who is not asked");
        Ok(())
    }

    /// Nothing is left to do.
    pub fn rest(&self, world: &World) -> Held {
        let now = status(world);
        let Some(again) = world.plan(&record_of(world)) else { return Ok(()) };
        hold!(
            again.before.is_empty() && again.after.is_empty(),
            "at rest it does {:?} {:?}",
            again.before,
            again.after
        );
        hold!(again.status == now, "at rest its status changes");
        let size = serde_json::to_vec(&now).unwrap().len();
        hold!(size < LIMIT, "the status has {size} bytes");
        jobs(world, &now, &self.ended)?;
        let started = now.started_at.is_some() && !now.phase.is_some_and(Phase::is_terminal);
        match &self.definition {
            Some(all) if started && now.ending.is_none() => pauses(all, world, &now),
            _ => Ok(()),
        }
    }
}

/// A name for each piece of work that stays the same: of items, also the round in which it was listed.
fn by_key(now: &WorkflowRunStatus) -> BTreeMap<(usize, Option<String>), (Place, Work)> {
    let entry = |at: Place| Some(((at.step, at.item_key(now)), (at, at.of(now)?.clone())));
    places(now).into_iter().filter_map(entry).collect()
}

fn is_asked(now: &WorkflowRunStatus, at: Place) -> bool {
    let step = &now.steps[at.step];
    let item = at.item.map(|k| step.items[k].id.clone());
    now.escalations.iter().any(|e| e.step == step.name && e.item == item && e.cause != Cause::RevisionLost)
}

fn may_start(all: &Definition, now: &WorkflowRunStatus, at: Place, world: &World) -> Held {
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
    let suspended = world.run.as_ref().is_some_and(|r| r.spec.suspend == Some(true));
    hold!(now.ending.is_none() && now.hold.is_none() && !suspended, "{} starts though nothing may", def.name);
    let of = def.verifies.unwrap_or(at.step);
    for need in &all.steps[of].needs {
        hold!(phase(*need).is_satisfied(), "{} starts before {}", def.name, all.steps[*need].name);
    }
    Ok(())
}

/// Items: so many at once, and no verification of work that is not done.
fn loops(all: &Definition, now: &WorkflowRunStatus) -> Held {
    for (i, def) in all.steps.iter().enumerate() {
        let Some(each) = &def.each else { continue };
        let runs = |step: usize, k: usize| Place::item(step, k).of(now).is_some_and(|w| w.current.is_some());
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

fn numbers(all: &Definition, before: &WorkflowRunStatus, now: &WorkflowRunStatus) -> Held {
    let total = |s: &WorkflowRunStatus| s.totals.as_ref().map_or(0, |t| t.attempts);
    let sum: u32 = now.steps.iter().map(|s| s.work.attempts).sum();
    hold!(total(now) >= total(before), "the number of attempts fell");
    hold!(total(now) == sum, "{} attempts in all, {sum} of the steps", total(now));
    for at in places(now) {
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
        let backs_off = work.phase == StepPhase::Backoff;
        hold!(!backs_off || work.next_attempt_at.is_some(), "{} waits for no time", def.name);
    }
    Ok(())
}

/// Each Job belongs to an attempt, is unique, is told its end; one live Pod per piece of work.
fn jobs(world: &World, now: &WorkflowRunStatus, ended: &BTreeSet<String>) -> Held {
    let terminal = now.phase.is_some_and(Phase::is_terminal);
    let mut names = BTreeSet::new();
    let mut live = BTreeSet::new();
    for launch in &world.launched {
        hold!(names.insert(&launch.job), "{} was launched twice", launch.job);
        let current = now.works().any(|w| w.current.as_ref().is_some_and(|c| c.job == launch.job));
        hold!(current || ended.contains(&launch.job), "{} belongs to no attempt", launch.job);
        let Some(fact) = world.attempts.get(&launch.job) else { continue };
        hold!(
            current || world.finished_jobs.contains_key(&launch.job),
            "{} was not told its end",
            launch.job
        );
        use AttemptFact as F;
        if matches!(fact, F::Pending { .. } | F::Running { .. } | F::Unreachable { .. }) {
            hold!(!terminal && current, "{} still runs", launch.job);
            hold!(live.insert((&launch.step, &launch.item)), "two Pods of {} {:?}", launch.step, launch.item);
        }
    }
    Ok(())
}

/// Paused exactly while something is asked or held and nothing runs or can start; and nobody sleeps for ever.
fn pauses(all: &Definition, world: &World, now: &WorkflowRunStatus) -> Held {
    let asked = !now.escalations.is_empty();
    let held = now.hold.is_some() || world.run.as_ref().is_some_and(|r| r.spec.suspend == Some(true));
    let runs = now.works().any(|w| w.current.is_some() && w.phase != StepPhase::Escalated);
    let met = |at: &Place| {
        let of = all.steps[at.step].verifies.unwrap_or(at.step);
        all.steps[of].needs.iter().all(|n| now.steps[*n].work.phase.is_satisfied())
    };
    let backs_off = |at: &Place| at.of(now).is_some_and(|w| w.phase == StepPhase::Backoff);
    let lost = now.escalations.iter().any(|e| e.cause == Cause::RevisionLost);
    let starts = !held && !lost && places(now).iter().any(|at| backs_off(at) && met(at));
    hold!(runs || starts || asked || held, "the run is stuck");
    let paused = now.phase == Some(Phase::Paused);
    hold!(
        paused != (runs || starts),
        "{:?}, but runs={runs} starts={starts} asked={asked} held={held}",
        now.phase
    );
    hold!(now.active_since.is_some() != paused, "its clock does not fit its phase");
    hold!(!starts || world.wake.is_some(), "a backoff that nobody looks at");
    Ok(())
}

fn record_of(world: &World) -> RecordFact {
    world.records.values().next().map_or(RecordFact::None, |r| RecordFact::Found(Box::new(r.clone())))
}

/// What holds when a run has ended.
pub fn ended(world: &World) -> Held {
    let now = status(world);
    for step in now.steps.iter().filter(|_| now.started_at.is_some()) {
        hold!(step.work.phase.is_finished(), "{} is {} after the end", step.name, step.work.phase);
        for item in &step.items {
            hold!(item.work.phase.is_finished(), "{}/{} is {}", step.name, item.id, item.work.phase);
        }
    }
    hold!(now.escalations.is_empty() && now.ending.is_none() && now.hold.is_none(), "something is left open");
    Ok(())
}
