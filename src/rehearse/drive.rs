//! A world with a run in it, and a source of answers -> everything that happens until nothing happens any more.
//!
//! Time is the world's: it goes on to the next answer or to the plan's `wake`, whichever is first. What agents and people say
//! is the source's; what follows from it is the engine's. Nothing is decided here. Start reading at [`drive`].

use std::collections::BTreeMap;
use std::time::Duration;

use crate::api::decision::WorkflowDecisionSpec;
use crate::api::status::EscalationStatus;
use crate::api::{
    Action, Phase, Span, Stamp, Workflow, WorkflowDecision, WorkflowRun, WorkflowRunStatus, WorkflowSpec,
};
use crate::engine::effect::Launch;
use crate::engine::snapshot::{AttemptFact, Loss};

use super::tale::{self, Event, Scene, What};
use super::world::World;

/// The most events that a rehearsal tells.
pub const LIMIT: usize = 10_000;
/// Passes after which a plan that changes something each time is a bug.
const ENOUGH: usize = 50;

/// Who says what agents and people say.
pub trait Source {
    /// How the attempt ends.
    fn attempt(&mut self, launch: &Launch) -> Reply;
    /// What a person says to a question; `None`: nothing. Asked again when the word was refused.
    fn question(&mut self, question: &EscalationStatus) -> Option<Word>;
    /// What people say to the run as a whole; `after` counts from its start.
    fn orders(&mut self) -> Vec<Word>;
}

/// How an attempt ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// How long it runs.
    pub after: Duration,
    pub end: End,
    /// The values that were made up, by key.
    pub made_up: BTreeMap<String, String>,
}

/// The way in which it ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Exits { code: i32, text: String },
    Loses(Loss),
    Unreadable { code: i32 },
}

/// A person's word.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// How long the person takes.
    pub after: Duration,
    pub action: Action,
    pub feedback: Option<String>,
    pub outputs: BTreeMap<String, String>,
    pub by: Option<String>,
}

/// A world with these two in it, and nothing done yet.
pub fn world_of(workflow: &Workflow, run: &WorkflowRun) -> World {
    let mut world = World::new();
    world.apply_workflow(workflow.spec.clone());
    world.apply_run(run.spec.clone());
    let namespace = run.metadata.namespace.clone().unwrap_or_else(|| "default".into());
    if let Some(made) = world.workflow.as_mut() {
        made.metadata.name = workflow.metadata.name.clone();
        made.metadata.namespace = Some(namespace.clone());
    }
    if let Some(made) = world.run.as_mut() {
        made.metadata.name = run.metadata.name.clone();
        made.metadata.namespace = Some(namespace);
    }
    world
}

/// Plays the run until it has ended, or waits for what the source does not say. An error: it goes on and on.
pub fn drive(world: &mut World, source: &mut dyn Source, limit: usize) -> Result<Vec<Event>, String> {
    let start = world.now;
    let mut drive =
        Drive { world, source, start, planned: Vec::new(), told: Vec::new(), said: BTreeMap::new() };
    drive.settle(limit)?;
    for word in drive.source.orders() {
        drive.planned.push(Planned { at: start.plus(word.after), due: Due::Order(word) });
    }
    // Each turn tells something, or moves the clock to a time that a status or an answer names.
    for _ in 0..limit {
        if drive.status().phase.is_some_and(Phase::is_terminal) {
            return Ok(drive.told);
        }
        drive.look();
        if !drive.next() {
            return Ok(drive.told);
        }
        drive.settle(limit)?;
    }
    Err(drive.endless(limit))
}

/// Something that a source said, and when it happens.
struct Planned {
    at: Stamp,
    due: Due,
}

enum Due {
    Attempt { job: String, reply: Reply },
    Answer { id: String, word: Word },
    Order(Word),
}

/// An attempt, by step, item and number.
type Key = (Option<String>, Option<String>, Option<u32>);

struct Drive<'a> {
    world: &'a mut World,
    source: &'a mut dyn Source,
    start: Stamp,
    planned: Vec<Planned>,
    told: Vec<Event>,
    /// The made-up values of attempts that ended.
    said: BTreeMap<Key, BTreeMap<String, String>>,
}

impl Drive<'_> {
    fn status(&self) -> WorkflowRunStatus {
        self.world.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default()
    }

    /// Passes until nothing changes; what each of them changed is told.
    fn settle(&mut self, limit: usize) -> Result<(), String> {
        for _ in 0..ENOUGH {
            let before = self.status();
            let changed = self.world.pass();
            self.tell(&before);
            if self.told.len() > limit {
                return Err(self.endless(limit));
            }
            if !changed {
                return Ok(());
            }
        }
        Err("the plan never comes to rest: please report this workflow as a bug".into())
    }

    fn tell(&mut self, before: &WorkflowRunStatus) {
        let none = WorkflowSpec::default();
        let scene = Scene {
            start: self.start,
            now: self.world.now,
            spec: self.world.workflow.as_ref().map_or(&none, |w| &w.spec),
            decisions: &self.world.decisions,
        };
        for mut event in tale::between(&scene, before, &self.status()) {
            let key = (event.step.clone(), event.item.clone(), event.attempt);
            match event.what {
                What::Starts => event.input = self.launch_of(&key).map(|l| l.input.clone()),
                What::Ends(..) => event.made_up = self.said.remove(&key).unwrap_or_default(),
                _ => {}
            }
            self.told.push(event);
        }
    }

    fn launch_of(&self, key: &Key) -> Option<&Launch> {
        let same = |l: &&Launch| (Some(&l.step), &l.item, Some(l.n)) == (key.0.as_ref(), &key.1, key.2);
        self.world.launched.iter().rev().find(same)
    }

    /// Asks the source about every attempt and every question that it was not asked about yet.
    fn look(&mut self) {
        let status = self.status();
        let runs =
            |world: &World, job: &str| matches!(world.attempts.get(job), Some(AttemptFact::Running { .. }));
        let world = &*self.world;
        self.planned.retain(|p| match &p.due {
            Due::Attempt { job, .. } => runs(world, job),
            Due::Answer { id, .. } => status.escalations.iter().any(|e| e.id == *id),
            Due::Order(_) => true,
        });
        let jobs = status.works().filter_map(|w| w.current.as_ref()).map(|c| c.job.clone());
        for job in jobs.collect::<Vec<_>>() {
            let known =
                self.planned.iter().any(|p| matches!(&p.due, Due::Attempt { job: j, .. } if *j == job));
            let launch = self.world.launched.iter().rev().find(|l| l.job == job);
            if let Some(launch) = launch.filter(|_| !known && runs(self.world, &job)) {
                let reply = self.source.attempt(launch);
                let at = self.world.now.plus(reply.after);
                self.planned.push(Planned { at, due: Due::Attempt { job, reply } });
            }
        }
        for question in &status.escalations {
            let known =
                self.planned.iter().any(|p| matches!(&p.due, Due::Answer { id, .. } if *id == question.id));
            if let Some(word) = (!known).then(|| self.source.question(question)).flatten() {
                let at = self.world.now.plus(word.after);
                self.planned.push(Planned { at, due: Due::Answer { id: question.id.clone(), word } });
            }
        }
    }

    /// The next thing happens, or time goes by until the engine wants to look again. False: neither.
    fn next(&mut self) -> bool {
        let first = self.planned.iter().map(|p| p.at).min();
        let wake = self.world.wake.filter(|at| *at > self.world.now);
        let Some(at) = first.into_iter().chain(wake).min() else { return false };
        self.world.now = self.world.now.max(at);
        let now = self.world.now;
        if let Some(i) = self.planned.iter().position(|p| p.at <= now && Some(p.at) == first) {
            match self.planned.remove(i).due {
                Due::Attempt { job, reply } => self.ends(&job, reply),
                Due::Answer { id, word } => self.decide(Some(id), word),
                Due::Order(word) => self.decide(None, word),
            }
        }
        true
    }

    fn ends(&mut self, job: &str, reply: Reply) {
        if let Some(l) = self.world.launched.iter().rev().find(|l| l.job == job) {
            self.said.insert((Some(l.step.clone()), l.item.clone(), Some(l.n)), reply.made_up);
        }
        match reply.end {
            End::Exits { code, text } => self.world.exits(job, code, &text),
            End::Loses(loss) => self.world.loses(job, loss),
            End::Unreadable { code } => self.world.unreadable(job, code),
        }
    }

    fn decide(&mut self, escalation: Option<String>, word: Word) {
        let run = self.world.run.as_ref().and_then(|r| r.metadata.name.clone()).unwrap_or_default();
        let orders = |d: &&WorkflowDecision| d.spec.escalation.is_none();
        let number = self.world.decisions.iter().filter(orders).count() + 1;
        let name = escalation.as_ref().map_or_else(|| format!("order-{number}"), |id| format!("{run}-{id}"));
        let Word { action, feedback, outputs, by, .. } = word;
        self.world.decide(&name, WorkflowDecisionSpec { run, escalation, action, feedback, outputs, by });
    }

    fn endless(&self, limit: usize) -> String {
        let at = Span::from(self.world.now.since(self.start));
        let last = self.told.iter().rev().find_map(|e| e.step.as_ref().map(|s| (s, &e.item)));
        let place = last.map_or("the run".into(), |(step, item)| match item {
            Some(item) => format!("step {step}/{item}"),
            None => format!("step {step}"),
        });
        format!("the rehearsal is given up after {limit} events, at +{at}: {place} goes on and on")
    }
}

#[cfg(test)]
mod tests;
