//! Invariants after every pass, and whenever nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};

use mission_control::api::record::StepRecord;
use mission_control::api::{Cause, Phase, RunRecordSpec, StepPhase, Work, WorkflowRunStatus};
use mission_control::engine::definition::Definition;
use mission_control::engine::ids;
use mission_control::engine::snapshot::RecordFact;
use mission_control::engine::status_size::LIMIT;
use mission_control::engine::work_ref::{WorkRef, work_refs};
use mission_control::rehearse::cluster::SimulatedCluster;

use super::state_invariants::{jobs, loops, may_start, numbers, pauses};
use super::{Held, hold, status};

/// What was seen of a run so far.
#[derive(Default)]
pub(crate) struct Watch {
    definition: Option<Definition>,
    /// Jobs of attempts whose end was seen.
    ended: BTreeSet<String>,
    /// Ids of all questions so far.
    asked: BTreeSet<String>,
    record: Option<RunRecordSpec>,
}

impl Watch {
    /// One pass led from `before` to the current status.
    pub(crate) fn pass(&mut self, cluster: &SimulatedCluster, before: &WorkflowRunStatus) -> Held {
        let after = status(cluster);
        self.record_is_written_once(cluster, &after)?;
        if before.phase.is_some_and(Phase::is_terminal) {
            let story = |s: &WorkflowRunStatus| {
                (s.phase, s.reason, s.finished_at, s.steps.clone(), s.totals.clone(), s.outputs.clone())
            };
            hold!(story(before) == story(&after), "a finished run changed");
            return Ok(());
        }
        self.read_definition(cluster, &after);
        let Some(all) = self.definition.clone() else { return Ok(()) };
        if after.steps.is_empty() {
            return Ok(());
        }
        self.attempts(&all, before, &after, cluster)?;
        self.questions(before, &after)?;
        loops(&all, &after)?;
        numbers(&all, before, &after)
    }

    fn read_definition(&mut self, cluster: &SimulatedCluster, now: &WorkflowRunStatus) {
        if let Some(pinned) =
            now.workflow.as_ref().filter(|_| self.definition.is_none() && now.started_at.is_some())
        {
            let spec = cluster.revisions.get(&ids::revision_name(&pinned.name, &pinned.revision));
            self.definition = spec.map(|s| Definition::read(s).expect("a revision is valid"));
        }
    }

    fn record_is_written_once(&mut self, cluster: &SimulatedCluster, now: &WorkflowRunStatus) -> Held {
        hold!(cluster.records.len() <= 1, "{} records", cluster.records.len());
        let record = cluster.records.values().next().cloned();
        if let Some(record) = record.as_ref().filter(|r| r.started_at.is_some()) {
            let sum = |of: fn(&StepRecord) -> u32| record.steps.iter().map(of).sum::<u32>();
            let (told, sums) = (&record.totals, (sum(|s| s.retries), sum(|s| s.lost), sum(|s| s.attempts)));
            hold!(
                sums == (told.retries, told.lost, told.attempts),
                "the record's steps have {sums:?}, its totals {told:?}"
            );
            hold!(record.steps.iter().all(|s| s.retries <= s.failures), "more retries than failures");
        }
        hold!(self.record.is_none() || self.record == record, "the record was written again");
        self.record = record;
        let finished = now.conditions.iter().any(|c| c.type_ == "Finished" && c.status == "True");
        let terminal = now.phase.is_some_and(Phase::is_terminal);
        hold!(finished == terminal, "Finished={finished}, but the phase is {:?}", now.phase);
        hold!(!terminal || self.record.is_some(), "ended without a record");
        Ok(())
    }

    /// Every started attempt ends exactly once, and starts only in its turn.
    fn attempts(
        &mut self,
        all: &Definition,
        before: &WorkflowRunStatus,
        after: &WorkflowRunStatus,
        cluster: &SimulatedCluster,
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
                may_start(all, after, *at, cluster)?;
            }
            if work.current.is_none() && work.attempts > 0 {
                hold!(
                    work.last.as_ref().is_some_and(|l| l.n == work.attempts),
                    "{key:?}: an attempt vanished"
                );
            }
        }
        rejections(before, after, &old, &new)?;
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

    /// One open question per waiting place, at most 16, and no id twice.
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
            let at = WorkRef::find(after, &question.step, question.item.as_deref());
            let work = at.and_then(|at| at.of(after));
            let waits = work.is_some_and(|w| w.phase == StepPhase::Escalated);
            hold!(waits, "{} is about a place that does not wait: {:?}", question.id, work.map(|w| w.phase));
        }
        let waiting = work_refs(after)
            .into_iter()
            .filter(|at| at.of(after).is_some_and(|w| w.phase == StepPhase::Escalated));
        let unasked = waiting.filter(|at| !is_asked(after, *at)).count();
        let allowed = after.ending.is_some() || of_work.len() == 16;
        hold!(unasked == 0 || allowed, "{unasked} place(s) wait for a person who is not asked");
        Ok(())
    }

    /// Nothing is left to do.
    pub(crate) fn rest(&self, cluster: &SimulatedCluster) -> Held {
        let now = status(cluster);
        let Some(again) = cluster.plan(&record_of(cluster)) else { return Ok(()) };
        hold!(
            again.before.is_empty() && again.after.is_empty(),
            "at rest it does {:?} {:?}",
            again.before,
            again.after
        );
        hold!(again.status == now, "at rest its status changes");
        let size = serde_json::to_vec(&now).unwrap().len();
        hold!(size < LIMIT, "the status has {size} bytes");
        jobs(cluster, &now, &self.ended)?;
        let started = now.started_at.is_some() && !now.phase.is_some_and(Phase::is_terminal);
        match &self.definition {
            Some(all) if started && now.ending.is_none() => pauses(all, cluster, &now),
            _ => Ok(()),
        }
    }
}

type ByKey = BTreeMap<(usize, Option<String>), (WorkRef, Work)>;

/// Each rejection charges one of the steps that rejected the work.
fn rejections(before: &WorkflowRunStatus, after: &WorkflowRunStatus, old: &ByKey, new: &ByKey) -> Held {
    let rounds = |s: &WorkflowRunStatus| s.totals.as_ref().map_or(0, |t| t.rounds);
    let was = |key| old.get(key).map_or(0, |(_, w)| w.sent_back);
    let charged: u32 = new.iter().map(|(key, (_, w))| w.sent_back.saturating_sub(was(key))).sum();
    let went_back = rounds(after) - rounds(before);
    // Of several concurrent ones, one may have sent work back past another, which then starts fresh.
    let fits = charged == went_back || (went_back > 1 && charged < went_back);
    hold!(fits, "work went back {went_back} time(s), charged were {charged}");
    Ok(())
}

/// A stable name for each piece of work; for an item, with the round in which it was listed.
fn by_key(now: &WorkflowRunStatus) -> ByKey {
    let entry = |at: WorkRef| Some(((at.step, at.item_key(now)), (at, at.of(now)?.clone())));
    work_refs(now).into_iter().filter_map(entry).collect()
}

fn is_asked(now: &WorkflowRunStatus, at: WorkRef) -> bool {
    let step = &now.steps[at.step];
    let item = at.item.map(|k| step.items[k].id.clone());
    now.escalations.iter().any(|e| e.step == step.name && e.item == item && e.cause != Cause::RevisionLost)
}

fn record_of(cluster: &SimulatedCluster) -> RecordFact {
    cluster.records.values().next().map_or(RecordFact::None, |r| RecordFact::Found(Box::new(r.clone())))
}
