//! Two statuses of a run, one committed after the other -> what happened between them.
//!
//! Pure. Each attempt, question and decision is in it once: it is new in the second status. Start reading at
//! [`Transitions::between`].

use std::collections::BTreeMap;
use std::time::Duration;

use crate::api::status::{DecisionResult, EscalationStatus, LastAttempt, Totals};
use crate::api::{Phase, Reason, Stamp, StepPhase, Work, WorkflowRunStatus};

/// What happened from one status to the next.
#[derive(Debug, Default, PartialEq)]
pub struct Transitions<'a> {
    pub started: bool,
    pub attempts: Vec<Attempt<'a>>,
    /// Steps that became finished and had an attempt, with the time since their first one began.
    pub steps: Vec<(StepPhase, Duration)>,
    pub questions: Vec<&'a EscalationStatus>,
    pub decisions: Vec<&'a DecisionResult>,
    pub retries: u32,
    pub rounds: u32,
    /// The new phase.
    pub phase: Option<Phase>,
}

/// An attempt that ended.
#[derive(Debug, PartialEq)]
pub struct Attempt<'a> {
    pub step: &'a str,
    /// The place of its item in the list, from 1. (The item's id is an agent's text.)
    pub item: Option<usize>,
    pub last: &'a LastAttempt,
    /// When another one follows by itself.
    pub next: Option<Stamp>,
    /// From the decision to start it until now, where the older status knew of it.
    pub took: Option<Duration>,
}

impl<'a> Transitions<'a> {
    /// `now` is when the second status was made.
    pub fn between(old: &WorkflowRunStatus, new: &'a WorkflowRunStatus, now: Stamp) -> Self {
        let phase = new.phase.filter(|p| old.phase != Some(*p));
        // A run that was answered by the record of an earlier one is no execution.
        if new.reason == Some(Reason::AlreadyRan) {
            return Self { phase, ..Self::default() };
        }
        let count = |of: fn(&Totals) -> u32| {
            let [old, new] = [old, new].map(|s| s.totals.as_ref().map_or(0, of));
            new.saturating_sub(old)
        };
        let asked = |e: &&EscalationStatus| !old.escalations.iter().any(|o| o.id == e.id);
        let decided = |d: &&DecisionResult| !old.decisions.iter().any(|o| o.uid == d.uid);
        Self {
            started: old.started_at.is_none() && new.started_at.is_some(),
            attempts: attempts(old, new, now),
            steps: steps(old, new),
            questions: new.escalations.iter().filter(asked).collect(),
            decisions: new.decisions.iter().filter(decided).collect(),
            retries: count(|t| t.retries),
            rounds: count(|t| t.rounds),
            phase,
        }
    }
}

/// Step, item's id (empty: the step itself), and the item's place in the list.
type Place<'a> = (&'a str, &'a str, Option<usize>);

fn works(status: &WorkflowRunStatus) -> impl Iterator<Item = (Place<'_>, &Work)> {
    status.steps.iter().flat_map(|step| {
        let own = step.items.is_empty().then_some(((step.name.as_str(), "", None), &step.work));
        let items = step.items.iter().enumerate();
        let items = items.map(|(k, i)| ((step.name.as_str(), i.id.as_str(), Some(k + 1)), &i.work));
        own.into_iter().chain(items)
    })
}

fn attempts<'a>(old: &WorkflowRunStatus, new: &'a WorkflowRunStatus, now: Stamp) -> Vec<Attempt<'a>> {
    let known: BTreeMap<(&str, &str), &Work> = works(old).map(|((s, i, _), w)| ((s, i), w)).collect();
    works(new)
        .filter_map(|((step, id, item), work)| {
            let last = work.last.as_ref()?;
            let was = known.get(&(step, id));
            if was.and_then(|w| w.last.as_ref()).is_some_and(|l| l.n == last.n) {
                return None;
            }
            let began = was.and_then(|w| w.current.as_ref()).filter(|c| c.n == last.n);
            let took = began.map(|c| now.since(c.intent_at));
            Some(Attempt { step, item, last, next: work.next_attempt_at, took })
        })
        .collect()
}

fn steps(old: &WorkflowRunStatus, new: &WorkflowRunStatus) -> Vec<(StepPhase, Duration)> {
    let unfinished = |name: &str| {
        let was = old.steps.iter().find(|s| s.name == name);
        was.is_none_or(|s| !s.work.phase.is_finished())
    };
    new.steps
        .iter()
        .filter(|s| s.work.phase.is_finished() && s.work.attempts > 0 && unfinished(&s.name))
        .filter_map(|s| Some((s.work.phase, s.work.finished_at?.since(s.work.started_at?))))
        .collect()
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
        let ended =
            Attempt { step: "a", item: None, last: &last, next: None, took: Some(Duration::from_secs(10)) };
        let expected = Transitions {
            attempts: vec![ended],
            steps: vec![(StepPhase::Succeeded, Duration::from_secs(60))],
            phase: Some(Phase::Succeeded),
            ..Transitions::default()
        };
        assert_eq!(Transitions::between(&old, &new, now()), expected);
        assert_eq!(Transitions::between(&new, &new, now()), Transitions::default());
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
        let seen = Transitions::between(&old, &new, now());
        let told: Vec<_> = seen.attempts.iter().map(|a| (a.step, a.item, a.last.cause, a.next)).collect();
        let next = Some(Stamp("2026-01-01T00:01:01Z".parse().unwrap()));
        assert_eq!(told, [("a", Some(1), Some(Cause::ExitCode), next)]);
        assert_eq!((seen.retries, seen.rounds, seen.steps), (1, 0, Vec::new()));
    }

    #[test]
    fn a_run_that_its_record_answered_did_nothing() {
        let new = status(
            json!({"phase": "Succeeded", "reason": "AlreadyRan", "startedAt": "2026-01-01T00:00:00Z"}),
        );
        let seen = Transitions::between(&WorkflowRunStatus::default(), &new, now());
        assert_eq!(seen, Transitions { phase: Some(Phase::Succeeded), ..Transitions::default() });
    }
}
