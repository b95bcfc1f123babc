//! Two consecutive statuses of a run -> the [`Event`]s between them, in the order in which people tell them. It reads
//! statuses only and decides nothing. Start reading at [`between`].

use std::collections::BTreeMap;
use std::time::Duration;

use crate::api::status::DecisionResult;
use crate::api::{
    Action, Cause, Outcome, Phase, Reason, Stamp, StepPhase, WorkflowDecision, WorkflowRunStatus,
    WorkflowSpec,
};
use crate::engine::transition::{Transition, WorkChange};

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Since the start of the rehearsal.
    pub at: Duration,
    /// `None`: the event concerns the run as a whole.
    pub step: Option<String>,
    pub item: Option<String>,
    pub attempt: Option<u32>,
    pub what: What,
    /// An explanation; often empty.
    pub why: String,
    /// The generated values that the attempt printed, by key.
    pub made_up: BTreeMap<String, String>,
    /// The rendered input of an attempt that starts.
    pub input: Option<String>,
}

/// The kind of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Starts,
    Ends(Outcome, Option<Cause>),
    /// The work was sent back.
    Again,
    /// The next attempt starts after a backoff.
    Waits(Duration),
    /// A loop got its items.
    Lists,
    Asks(Cause, Vec<Action>),
    Decides(Action),
    /// A decision without an effect.
    Refuses(Action),
    /// The question expired, and the run continues.
    Expires,
    Skips,
    /// Failed for good, and the run continues.
    Tolerates,
    GivesUp,
    /// The run's outcome is decided.
    RunEnds(Phase, Reason),
}

/// The context of the two statuses.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub start: Stamp,
    pub now: Stamp,
    pub spec: &'a WorkflowSpec,
    pub decisions: &'a [WorkflowDecision],
}

/// All events, in order.
pub fn between(scene: &Scene<'_>, before: &WorkflowRunStatus, after: &WorkflowRunStatus) -> Vec<Event> {
    let change = Transition::between(before, after, scene.now);
    let works = |tell: fn(&Scene<'_>, &WorkChange<'_>) -> Option<Event>| {
        change.works.iter().filter_map(|c| tell(scene, c)).collect::<Vec<_>>()
    };
    let decided = decided(scene, &change);
    let expired = expired(scene, &change, &decided);
    let by_person = |e: &Event| {
        let same = |d: &&Event| d.step == e.step && d.item == e.item;
        decided.iter().find(same).is_some() || expired.iter().find(same).is_some()
    };
    let mut skipped = works(skips);
    skipped.iter_mut().filter(|e| by_person(e)).for_each(|e| e.why.clear());
    let parts = [
        works(ends),
        works(again),
        works(gives_up),
        skipped,
        works(waits),
        asked(scene, &change),
        lists(scene, &change),
        run_ends(scene, &change),
        works(starts),
    ];
    decided.clone().into_iter().chain(expired.clone()).chain(parts.into_iter().flatten()).collect()
}

fn event(scene: &Scene<'_>, step: Option<&str>, item: Option<&str>, what: What) -> Event {
    Event {
        at: scene.now.since(scene.start),
        step: step.map(String::from),
        item: item.map(String::from),
        attempt: None,
        what,
        why: String::new(),
        made_up: BTreeMap::new(),
        input: None,
    }
}

fn work_event(scene: &Scene<'_>, c: &WorkChange<'_>, what: What) -> Event {
    event(scene, Some(c.step), c.item.map(|(_, id)| id), what)
}

fn starts(scene: &Scene<'_>, c: &WorkChange<'_>) -> Option<Event> {
    let n = c.started()?;
    Some(Event { attempt: Some(n), ..work_event(scene, c, What::Starts) })
}

fn ends(scene: &Scene<'_>, c: &WorkChange<'_>) -> Option<Event> {
    let last = c.ended()?;
    Some(Event {
        attempt: Some(last.n),
        why: last.message.clone().unwrap_or_default(),
        ..work_event(scene, c, What::Ends(last.outcome, last.cause))
    })
}

fn again(scene: &Scene<'_>, c: &WorkChange<'_>) -> Option<Event> {
    let feedback = c.new.verify_feedback.clone()?;
    let sent_back = c.old.is_none_or(|old| c.new.rounds > old.rounds);
    sent_back.then(|| Event { why: feedback, ..work_event(scene, c, What::Again) })
}

fn gives_up(scene: &Scene<'_>, c: &WorkChange<'_>) -> Option<Event> {
    match c.new.phase {
        StepPhase::Tolerated if !c.is_loop && c.enters(StepPhase::Tolerated) => {
            Some(work_event(scene, c, What::Tolerates))
        }
        StepPhase::Failed if !c.is_loop && c.enters(StepPhase::Failed) => {
            Some(work_event(scene, c, What::GivesUp))
        }
        _ => None,
    }
}

fn skips(scene: &Scene<'_>, c: &WorkChange<'_>) -> Option<Event> {
    let when = scene.spec.steps.iter().find(|s| s.name == c.step && c.item.is_none())?.when.clone();
    let why = when.map(|w| format!("when: {w}")).unwrap_or_default();
    c.enters(StepPhase::Skipped).then(|| Event { why, ..work_event(scene, c, What::Skips) })
}

fn waits(scene: &Scene<'_>, c: &WorkChange<'_>) -> Option<Event> {
    let next = c.new.next_attempt_at.filter(|_| c.new.phase == StepPhase::Backoff && !c.is_loop)?;
    let known = c.old.is_some_and(|old| old.next_attempt_at == Some(next));
    (!known).then(|| work_event(scene, c, What::Waits(next.since(scene.now))))
}

/// Loops that got their list, or another one.
fn lists(scene: &Scene<'_>, change: &Transition<'_>) -> Vec<Event> {
    let Transition { before, after, .. } = change;
    let loops = after.steps.iter().filter(|s| !s.items.is_empty());
    let loops = loops.filter(|s| scene.spec.steps.iter().any(|d| d.name == s.name && d.for_each.is_some()));
    let events = loops.filter_map(|step| {
        let old = before.steps.iter().find(|s| s.name == step.name);
        let known = |id: &str| old.is_some_and(|s| s.items.iter().any(|i| i.id == id));
        // An item that was added for rework is reported as such.
        let fresh = step.items.iter().any(|i| !known(&i.id) && i.work.verify_feedback.is_none());
        let ids: Vec<&str> = step.items.iter().map(|i| i.id.as_str()).collect();
        let why = ids.join(", ");
        fresh.then(|| Event { why, ..event(scene, Some(&step.name), None, What::Lists) })
    });
    events.collect()
}

fn asked(scene: &Scene<'_>, change: &Transition<'_>) -> Vec<Event> {
    let events = change.opened().map(|e| Event {
        why: e.message.clone(),
        ..event(scene, Some(&e.step), e.item.as_deref(), What::Asks(e.cause, e.actions.clone()))
    });
    events.collect()
}

fn decided(scene: &Scene<'_>, change: &Transition<'_>) -> Vec<Event> {
    let events = change.decisions().map(|d| {
        let spec =
            scene.decisions.iter().find(|x| x.metadata.uid.as_deref() == Some(&d.uid)).map(|x| &x.spec);
        let id = spec.and_then(|s| s.escalation.as_deref());
        let asked = change.before.escalations.iter().find(|e| Some(e.id.as_str()) == id);
        let (step, item) = (asked.map(|e| e.step.as_str()), asked.and_then(|e| e.item.as_deref()));
        let (what, why) = effect(d, spec.and_then(|s| s.feedback.as_deref()));
        Event { why, ..event(scene, step, item, what) }
    });
    events.collect()
}

fn effect(d: &DecisionResult, feedback: Option<&str>) -> (What, String) {
    if !d.is_applied() {
        return (What::Refuses(d.action), d.result.trim_start_matches("Refused: ").to_string());
    }
    let by = d.by.as_ref().map(|by| format!("by {by}"));
    let words = by.into_iter().chain(feedback.map(String::from)).collect::<Vec<_>>();
    (What::Decides(d.action), words.join(": "))
}

/// Questions that expired without an answer.
fn expired(scene: &Scene<'_>, change: &Transition<'_>, decided: &[Event]) -> Vec<Event> {
    let gone = change.closed().filter(|e| {
        let answered = decided
            .iter()
            .any(|d| d.step.as_deref() == Some(&e.step) && d.item.as_deref() == e.item.as_deref());
        let over = e.expires_at.is_some_and(|at| at <= scene.now);
        over && !answered
    });
    let events = gone.map(|e| Event {
        why: "nobody answered in time".into(),
        ..event(scene, Some(&e.step), e.item.as_deref(), What::Expires)
    });
    events.collect()
}

/// The end of the run: reported once, when it is decided. The end itself reports a success.
fn run_ends(scene: &Scene<'_>, change: &Transition<'_>) -> Vec<Event> {
    let Transition { before, after, .. } = change;
    if before.ending.is_some() || before.phase.is_some_and(Phase::is_terminal) {
        return Vec::new();
    }
    let decided = after.ending.as_ref().map(|e| (e.phase, e.reason, e.message.clone()));
    // If nothing has to be stopped first, the decision and the end are one event.
    let over = after.phase.filter(|p| p.is_terminal()).zip(after.reason);
    let over = over.map(|(phase, reason)| (phase, reason, after.message.clone().unwrap_or_default()));
    let end = decided.or(over).filter(|(phase, ..)| *phase != Phase::Succeeded);
    let events = end
        .map(|(phase, reason, why)| Event { why, ..event(scene, None, None, What::RunEnds(phase, reason)) });
    events.into_iter().collect()
}
