//! A cluster with a run in it, and a source of answers -> all events until nothing happens any more.
//!
//! The clock is the cluster's: it moves to the next answer or to the plan's `wake`, whichever comes first. The source
//! says what agents and people say; the engine says what follows from it. Nothing is decided here. Start reading at
//! [`play`].

use std::collections::BTreeMap;
use std::time::Duration;

use crate::api::decision::WorkflowDecisionSpec;
use crate::api::status::EscalationStatus;
use crate::api::{
    Action, Phase, Span, Stamp, Workflow, WorkflowDecision, WorkflowRun, WorkflowRunStatus, WorkflowSpec,
};
use crate::engine::effect::Launch;
use crate::engine::snapshot::{AttemptFact, Loss};

use super::cluster::SimulatedCluster;
use super::timeline::{self, Event, Scene, What};

/// The largest number of events in a rehearsal.
pub const LIMIT: usize = 10_000;
/// Passes after which an unstable plan is a bug.
const MAX_PASSES: usize = 50;

/// The source of what agents and people say.
pub trait Source {
    /// How the attempt ends.
    fn attempt(&mut self, launch: &Launch) -> AttemptResult;
    /// A person's answer to a question; `None`: no answer. Asked again if the answer was refused.
    fn question(&mut self, question: &EscalationStatus) -> Option<DecisionInput>;
    /// Orders to the run as a whole; `after` counts from its start.
    fn orders(&mut self) -> Vec<DecisionInput>;
}

/// How an attempt ends.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptResult {
    /// Its duration.
    pub after: Duration,
    pub end: AttemptEnd,
    /// The generated values, by key.
    pub made_up: BTreeMap<String, String>,
}

/// The kind of its end.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptEnd {
    Exits { code: i32, text: String },
    Loses(Loss),
    Unreadable { code: i32 },
}

/// A person's decision.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionInput {
    /// How long the person takes.
    pub after: Duration,
    pub action: Action,
    pub feedback: Option<String>,
    pub outputs: BTreeMap<String, String>,
    pub by: Option<String>,
}

/// A cluster with these two in it, before the first pass.
pub fn cluster_with(workflow: &Workflow, run: &WorkflowRun) -> SimulatedCluster {
    let mut cluster = SimulatedCluster::new();
    cluster.apply_workflow(workflow.spec.clone());
    cluster.apply_run(run.spec.clone());
    let namespace = run.metadata.namespace.clone().unwrap_or_else(|| "default".into());
    if let Some(made) = cluster.workflow.as_mut() {
        made.metadata.name = workflow.metadata.name.clone();
        made.metadata.namespace = Some(namespace.clone());
    }
    if let Some(made) = cluster.run.as_mut() {
        made.metadata.name = run.metadata.name.clone();
        made.metadata.namespace = Some(namespace);
    }
    cluster
}

/// Plays the run until it has ended, or waits for an answer that the source does not have. An error: it never ends.
pub fn play(
    cluster: &mut SimulatedCluster,
    source: &mut dyn Source,
    limit: usize,
) -> Result<Vec<Event>, String> {
    let start = cluster.now;
    let mut player = Player {
        cluster,
        source,
        start,
        scheduled: Vec::new(),
        events: Vec::new(),
        placeholders: BTreeMap::new(),
    };
    player.settle(limit)?;
    for input in player.source.orders() {
        player.scheduled.push(Scheduled { at: start.plus(input.after), occasion: Occasion::Order(input) });
    }
    // Each turn reports something, or moves the clock to a time that a status or an answer names.
    for _ in 0..limit {
        if player.status().phase.is_some_and(Phase::is_terminal) {
            return Ok(player.events);
        }
        player.ask_source();
        if !player.advance() {
            return Ok(player.events);
        }
        player.settle(limit)?;
    }
    Err(player.endless(limit))
}

/// An answer of the source, and when it takes effect.
struct Scheduled {
    at: Stamp,
    occasion: Occasion,
}

enum Occasion {
    Attempt { job: String, result: AttemptResult },
    Answer { id: String, input: DecisionInput },
    Order(DecisionInput),
}

/// An attempt, by step, item and number.
type AttemptKey = (Option<String>, Option<String>, Option<u32>);

struct Player<'a> {
    cluster: &'a mut SimulatedCluster,
    source: &'a mut dyn Source,
    start: Stamp,
    scheduled: Vec<Scheduled>,
    events: Vec<Event>,
    /// The generated values of attempts that ended.
    placeholders: BTreeMap<AttemptKey, BTreeMap<String, String>>,
}

impl Player<'_> {
    fn status(&self) -> WorkflowRunStatus {
        self.cluster.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default()
    }

    /// Passes until nothing changes, and reports what each pass changed.
    fn settle(&mut self, limit: usize) -> Result<(), String> {
        for _ in 0..MAX_PASSES {
            let before = self.status();
            let changed = self.cluster.pass();
            self.record(&before);
            if self.events.len() > limit {
                return Err(self.endless(limit));
            }
            if !changed {
                return Ok(());
            }
        }
        Err("the plan never comes to rest: please report this workflow as a bug".into())
    }

    fn record(&mut self, before: &WorkflowRunStatus) {
        let none = WorkflowSpec::default();
        let scene = Scene {
            start: self.start,
            now: self.cluster.now,
            spec: self.cluster.workflow.as_ref().map_or(&none, |w| &w.spec),
            decisions: &self.cluster.decisions,
        };
        for mut event in timeline::between(&scene, before, &self.status()) {
            let key = (event.step.clone(), event.item.clone(), event.attempt);
            match event.what {
                What::Starts => event.input = self.launch_of(&key).map(|l| l.input.clone()),
                What::Ends(..) => event.made_up = self.placeholders.remove(&key).unwrap_or_default(),
                _ => {}
            }
            self.events.push(event);
        }
    }

    fn launch_of(&self, key: &AttemptKey) -> Option<&Launch> {
        let same = |l: &&Launch| (Some(&l.step), &l.item, Some(l.n)) == (key.0.as_ref(), &key.1, key.2);
        self.cluster.launched.iter().rev().find(same)
    }

    /// Asks the source about every new attempt and every new question.
    fn ask_source(&mut self) {
        let status = self.status();
        let runs = |cluster: &SimulatedCluster, job: &str| {
            matches!(cluster.attempts.get(job), Some(AttemptFact::Running { .. }))
        };
        let cluster = &*self.cluster;
        self.scheduled.retain(|p| match &p.occasion {
            Occasion::Attempt { job, .. } => runs(cluster, job),
            Occasion::Answer { id, .. } => status.escalations.iter().any(|e| e.id == *id),
            Occasion::Order(_) => true,
        });
        let jobs = status.works().filter_map(|w| w.current.as_ref()).map(|c| c.job.clone());
        for job in jobs.collect::<Vec<_>>() {
            let known = self
                .scheduled
                .iter()
                .any(|p| matches!(&p.occasion, Occasion::Attempt { job: j, .. } if *j == job));
            let launch = self.cluster.launched.iter().rev().find(|l| l.job == job);
            if let Some(launch) = launch.filter(|_| !known && runs(self.cluster, &job)) {
                let result = self.source.attempt(launch);
                let at = self.cluster.now.plus(result.after);
                self.scheduled.push(Scheduled { at, occasion: Occasion::Attempt { job, result } });
            }
        }
        for question in &status.escalations {
            let known = self
                .scheduled
                .iter()
                .any(|p| matches!(&p.occasion, Occasion::Answer { id, .. } if *id == question.id));
            if let Some(input) = (!known).then(|| self.source.question(question)).flatten() {
                let at = self.cluster.now.plus(input.after);
                self.scheduled
                    .push(Scheduled { at, occasion: Occasion::Answer { id: question.id.clone(), input } });
            }
        }
    }

    /// The next event happens, or the clock moves to the engine's next wake. False: neither.
    fn advance(&mut self) -> bool {
        let first = self.scheduled.iter().map(|p| p.at).min();
        let wake = self.cluster.wake.filter(|at| *at > self.cluster.now);
        let Some(at) = first.into_iter().chain(wake).min() else { return false };
        self.cluster.now = self.cluster.now.max(at);
        let now = self.cluster.now;
        if let Some(i) = self.scheduled.iter().position(|p| p.at <= now && Some(p.at) == first) {
            match self.scheduled.remove(i).occasion {
                Occasion::Attempt { job, result } => self.end_attempt(&job, result),
                Occasion::Answer { id, input } => self.decide(Some(id), input),
                Occasion::Order(input) => self.decide(None, input),
            }
        }
        true
    }

    fn end_attempt(&mut self, job: &str, result: AttemptResult) {
        if let Some(l) = self.cluster.launched.iter().rev().find(|l| l.job == job) {
            self.placeholders.insert((Some(l.step.clone()), l.item.clone(), Some(l.n)), result.made_up);
        }
        match result.end {
            AttemptEnd::Exits { code, text } => self.cluster.exits(job, code, &text),
            AttemptEnd::Loses(loss) => self.cluster.loses(job, loss),
            AttemptEnd::Unreadable { code } => self.cluster.unreadable(job, code),
        }
    }

    fn decide(&mut self, escalation: Option<String>, input: DecisionInput) {
        let run = self.cluster.run.as_ref().and_then(|r| r.metadata.name.clone()).unwrap_or_default();
        let orders = |d: &&WorkflowDecision| d.spec.escalation.is_none();
        let number = self.cluster.decisions.iter().filter(orders).count() + 1;
        let name = escalation.as_ref().map_or_else(|| format!("order-{number}"), |id| format!("{run}-{id}"));
        let DecisionInput { action, feedback, outputs, by, .. } = input;
        self.cluster.decide(&name, WorkflowDecisionSpec { run, escalation, action, feedback, outputs, by });
    }

    fn endless(&self, limit: usize) -> String {
        let at = Span::from(self.cluster.now.since(self.start));
        let last = self.events.iter().rev().find_map(|e| e.step.as_ref().map(|s| (s, &e.item)));
        let place = last.map_or("the run".into(), |(step, item)| match item {
            Some(item) => format!("step {step}/{item}"),
            None => format!("step {step}"),
        });
        format!("the rehearsal is given up after {limit} events, at +{at}: {place} goes on and on")
    }
}
