//! Two statuses of a run, one committed after the other -> what happened between them.
//!
//! Pure. Events, counters, notifications and the rehearsal's timeline use this one difference. Each attempt, escalation
//! and decision is in it once: it is new in the second status. Start reading at [`Transition::between`].

use std::time::Duration;

use crate::api::status::{DecisionResult, EscalationStatus, LastAttempt, Totals};
use crate::api::{Phase, Reason, Stamp, StepPhase, Work, WorkflowRunStatus};

/// What happened from one status to the next.
#[derive(Debug)]
pub struct Transition<'a> {
    pub before: &'a WorkflowRunStatus,
    pub after: &'a WorkflowRunStatus,
    /// When the second status was made.
    pub now: Stamp,
    /// The phase that the run left.
    pub old_phase: Option<Phase>,
    /// The new phase, if it changed.
    pub phase: Option<Phase>,
    /// Every step and item of the second status, in its order.
    pub works: Vec<WorkChange<'a>>,
}

/// A step or an item in both statuses.
#[derive(Debug)]
pub struct WorkChange<'a> {
    pub step: &'a str,
    /// Position in the loop's list, from 1, and id. (The id comes from an agent.)
    pub item: Option<(usize, &'a str)>,
    pub old: Option<&'a Work>,
    pub new: &'a Work,
    /// A loop: its phase and times are those of its items.
    pub is_loop: bool,
}

/// An attempt that ended.
#[derive(Debug, PartialEq)]
pub struct EndedAttempt<'a> {
    pub step: &'a str,
    /// Position of its item in the loop's list, from 1.
    pub item: Option<usize>,
    pub last: &'a LastAttempt,
    /// When the next attempt starts by itself.
    pub next: Option<Stamp>,
    /// The time from the decision to start it until now, if the older status has it.
    pub took: Option<Duration>,
}

impl<'a> Transition<'a> {
    /// `now` is when the second status was made.
    pub fn between(old: &'a WorkflowRunStatus, new: &'a WorkflowRunStatus, now: Stamp) -> Self {
        let phase = new.phase.filter(|p| old.phase != Some(*p));
        // A run that an earlier run's record answers is not executed: only its phase changes.
        let before = if new.reason == Some(Reason::AlreadyRan) { new } else { old };
        Self { before, after: new, now, old_phase: old.phase, phase, works: works(before, new) }
    }

    /// The run started.
    pub fn is_start(&self) -> bool {
        self.before.started_at.is_none() && self.after.started_at.is_some()
    }

    /// The phase in which the run ended, if it was executed and has ended now.
    pub fn end(&self) -> Option<Phase> {
        self.phase.filter(|p| p.is_terminal() && self.after.reason != Some(Reason::AlreadyRan))
    }

    /// Attempts that ended.
    pub fn attempts(&self) -> impl Iterator<Item = EndedAttempt<'a>> {
        let own = self.works.iter().filter(|c| !c.is_loop);
        own.filter_map(|c| {
            let last = c.ended()?;
            let began = c.old.and_then(|w| w.current.as_ref()).filter(|current| current.n == last.n);
            let took = began.map(|current| self.now.since(current.intent_at));
            let item = c.item.map(|(position, _)| position);
            Some(EndedAttempt { step: c.step, item, last, next: c.new.next_attempt_at, took })
        })
    }

    /// Steps that became finished and had an attempt, with the time since their first one began.
    pub fn finished_steps(&self) -> impl Iterator<Item = (StepPhase, Duration)> {
        let finished = |c: &&WorkChange<'_>| {
            let was = c.old.is_some_and(|w| w.phase.is_finished());
            c.item.is_none() && c.new.phase.is_finished() && c.new.attempts > 0 && !was
        };
        let steps = self.works.iter().filter(finished).map(|c| c.new);
        steps.filter_map(|w| Some((w.phase, w.finished_at?.since(w.started_at?))))
    }

    /// Escalations that were opened.
    pub fn opened(&self) -> impl Iterator<Item = &'a EscalationStatus> {
        missing(&self.after.escalations, &self.before.escalations, |e| &e.id)
    }

    /// Escalations that were closed.
    pub fn closed(&self) -> impl Iterator<Item = &'a EscalationStatus> {
        missing(&self.before.escalations, &self.after.escalations, |e| &e.id)
    }

    /// Decisions that were applied or refused.
    pub fn decisions(&self) -> impl Iterator<Item = &'a DecisionResult> {
        missing(&self.after.decisions, &self.before.decisions, |d| &d.uid)
    }

    pub fn retries(&self) -> u32 {
        self.increase(|t| t.retries)
    }

    pub fn rounds(&self) -> u32 {
        self.increase(|t| t.rounds)
    }

    fn increase(&self, count: fn(&Totals) -> u32) -> u32 {
        let [old, new] = [self.before, self.after].map(|s| s.totals.as_ref().map_or(0, count));
        new.saturating_sub(old)
    }
}

impl<'a> WorkChange<'a> {
    /// The number of the attempt that started.
    pub fn started(&self) -> Option<u32> {
        let n = self.new.current.as_ref()?.n;
        let known = self.old.and_then(|w| w.current.as_ref()).is_some_and(|old| old.n == n);
        (!known).then_some(n)
    }

    /// The attempt that ended.
    pub fn ended(&self) -> Option<&'a LastAttempt> {
        let last = self.new.last.as_ref()?;
        let known = self.old.and_then(|w| w.last.as_ref()).is_some_and(|old| old.n == last.n);
        (!known).then_some(last)
    }

    /// Whether it entered that phase.
    pub fn enters(&self, phase: StepPhase) -> bool {
        self.new.phase == phase && self.old.is_none_or(|w| w.phase != phase)
    }
}

fn works<'a>(before: &'a WorkflowRunStatus, after: &'a WorkflowRunStatus) -> Vec<WorkChange<'a>> {
    let mut all = Vec::new();
    for step in &after.steps {
        let old = before.steps.iter().find(|s| s.name == step.name);
        let is_loop = !step.items.is_empty();
        let (name, old_work) = (step.name.as_str(), old.map(|s| &s.work));
        all.push(WorkChange { step: name, item: None, old: old_work, new: &step.work, is_loop });
        for (i, item) in step.items.iter().enumerate() {
            let old = old.and_then(|s| s.items.iter().find(|o| o.id == item.id)).map(|o| &o.work);
            let position = Some((i + 1, item.id.as_str()));
            all.push(WorkChange { step: name, item: position, old, new: &item.work, is_loop: false });
        }
    }
    all
}

/// The entries of `all` that are not in `known`, compared by a key.
fn missing<'a, T>(
    all: &'a [T],
    known: &'a [T],
    key: fn(&T) -> &str,
) -> impl Iterator<Item = &'a T> + use<'a, T> {
    all.iter().filter(move |one| !known.iter().any(|k| key(k) == key(one)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{Cause, Outcome};

    fn status(text: serde_json::Value) -> WorkflowRunStatus {
        serde_json::from_value(text).unwrap()
    }

    fn now() -> Stamp {
        Stamp("2026-01-01T00:01:00Z".parse().unwrap())
    }

    #[test]
    fn an_attempt_is_told_once_with_its_length_and_the_phase_when_it_changes() {
        let old = status(json!({
            "phase": "Running", "startedAt": "2026-01-01T00:00:00Z",
            "totals": {"attempts": 2, "retries": 1, "lost": 0, "escalations": 0},
            "steps": [{"name": "a", "phase": "Running", "attempts": 2, "startedAt": "2026-01-01T00:00:00Z",
                       "last": {"n": 1, "outcome": "Failed"},
                       "current": {"n": 2, "job": "j", "intentAt": "2026-01-01T00:00:50Z"}}],
        }));
        let new = status(json!({
            "phase": "Succeeded", "startedAt": "2026-01-01T00:00:00Z",
            "totals": {"attempts": 2, "retries": 1, "lost": 0, "escalations": 0},
            "steps": [{"name": "a", "phase": "Succeeded", "attempts": 2, "startedAt": "2026-01-01T00:00:00Z",
                       "finishedAt": "2026-01-01T00:01:00Z", "last": {"n": 2, "outcome": "Done"}}],
        }));
        let last = LastAttempt { n: 2, outcome: Outcome::Done, cause: None, exit_code: None, message: None };
        let took = Some(Duration::from_secs(10));
        let ended = EndedAttempt { step: "a", item: None, last: &last, next: None, took };
        let change = Transition::between(&old, &new, now());
        assert_eq!(change.attempts().collect::<Vec<_>>(), [ended]);
        let finished: Vec<_> = change.finished_steps().collect();
        assert_eq!(finished, [(StepPhase::Succeeded, Duration::from_secs(60))]);
        assert_eq!((change.phase, change.end()), (Some(Phase::Succeeded), Some(Phase::Succeeded)));
        assert_eq!((change.is_start(), change.retries(), change.rounds()), (false, 0, 0));
        assert_nothing(&Transition::between(&new, &new, now()), None);
    }

    #[test]
    fn an_item_is_told_by_its_place_and_retries_are_the_difference_of_the_totals() {
        let old = status(json!({"phase": "Running", "steps": [{"name": "a", "phase": "Running", "items": [
            {"id": "text of an agent", "phase": "Running", "attempts": 1,
             "current": {"n": 1, "job": "j", "intentAt": "2026-01-01T00:00:59Z"}}]}]}));
        let new = status(json!({
            "phase": "Running", "totals": {"attempts": 1, "retries": 1, "lost": 0, "escalations": 0},
            "steps": [{"name": "a", "phase": "Backoff", "items": [
                {"id": "text of an agent", "phase": "Backoff", "attempts": 1,
                 "nextAttemptAt": "2026-01-01T00:01:01Z",
                 "last": {"n": 1, "outcome": "Failed", "cause": "ExitCode"}}]}],
        }));
        let change = Transition::between(&old, &new, now());
        let told: Vec<_> = change.attempts().map(|a| (a.step, a.item, a.last.cause, a.next)).collect();
        let next = Some(Stamp("2026-01-01T00:01:01Z".parse().unwrap()));
        assert_eq!(told, [("a", Some(1), Some(Cause::ExitCode), next)]);
        assert_eq!((change.retries(), change.rounds(), change.finished_steps().count()), (1, 0, 0));
    }

    #[test]
    fn a_run_that_its_record_answered_did_nothing() {
        let new = status(
            json!({"phase": "Succeeded", "reason": "AlreadyRan", "startedAt": "2026-01-01T00:00:00Z"}),
        );
        let old = WorkflowRunStatus::default();
        assert_nothing(&Transition::between(&old, &new, now()), Some(Phase::Succeeded));
    }

    /// Nothing changed except the phase.
    fn assert_nothing(change: &Transition<'_>, phase: Option<Phase>) {
        assert_eq!((change.phase, change.end()), (phase, None));
        assert_eq!((change.is_start(), change.retries(), change.rounds()), (false, 0, 0));
        assert_eq!((change.attempts().count(), change.finished_steps().count()), (0, 0));
        let counts = (change.opened().count(), change.closed().count(), change.decisions().count());
        assert_eq!(counts, (0, 0, 0));
    }
}
