//! Two hundred runs are rehearsed with random events, while an account is kept of all that was made to happen.
//!
//! The engine produces what the operator would have written by then (records, including superseded ones) and what a
//! watch would show: runs that have ended, are live, are new, have a stale status, or were answered by a record. The
//! account is kept here and asks the engine only for the phase of a step. Start reading at [`rehearse`].

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use mission_control::api::{Phase, RunRecord, RunRecordSpec, Stamp, StepPhase, WorkflowRun};
use mission_control::rehearse::cluster::SimulatedCluster;

use crate::script::event;

const RUNS: u64 = 200;
/// Namespace, name, and definition. Two have the same name.
const FLOWS: [(&str, &str, &str); 4] = [
    ("team", "flow-0", "a limit=2 | b limit=1 onRetry=a:1"),
    ("team", "flow-1", "a limit=1 lostLimit=1 | b limit=0 onExhausted=Fail | c"),
    (
        "other",
        "flow-0",
        "a limit=1 | gate approval=Ship? | b limit=0 onExhausted=Continue | finally tidy limit=1",
    ),
    // Its runs give no value for the param, and never start.
    ("other", "never", "a | spec param=repo!"),
];
/// The kind of a second execution, which repeats what failed.
const MENDED: &str = "a limit=1 lostLimit=1 | b limit=1 onExhausted=Fail | c";

/// Pseudo-random numbers, the same each time (an xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// What the test made happen to one step.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfStep {
    pub attempts: u32,
    pub failures: u32,
    pub retries: u32,
    pub lost: u32,
    pub ended: Option<StepPhase>,
    /// When its first attempt started, and when it ended.
    pub from: Option<Stamp>,
    pub to: Option<Stamp>,
}

/// What the test made happen to one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub namespace: String,
    pub workflow: String,
    /// It had at least one attempt.
    pub started: bool,
    pub outcome: Option<Phase>,
    pub phase: Option<Phase>,
    pub active: u64,
    pub end: Option<Stamp>,
    pub day: String,
    pub retries: u64,
    pub lost: u64,
    pub rounds: u64,
    pub questions: u64,
    pub pauses: u64,
    pub steps: BTreeMap<String, OfStep>,
}

struct Rehearsal {
    cluster: SimulatedCluster,
    flow: usize,
    account: Account,
    dice: Dice,
    /// The run before the last event.
    before: Option<WorkflowRun>,
}

impl Rehearsal {
    fn new(n: u64, start: Stamp) -> Self {
        let flow = match n {
            n if n % 40 == 7 => 3,
            n if n.is_multiple_of(3) => 1,
            n if n % 5 == 1 => 2,
            _ => 0,
        };
        let mut cluster = SimulatedCluster::new();
        cluster.now = start;
        let dice = Dice((n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut it = Self { cluster, flow, account: Account::default(), dice, before: None };
        it.begin(FLOWS[flow].2);
        it
    }

    /// Another execution, with an account of its own.
    fn begin(&mut self, workflow: &str) {
        let (namespace, name, _) = FLOWS[self.flow];
        self.account = Account { namespace: namespace.into(), workflow: name.into(), ..Account::default() };
        self.cluster.decisions.clear();
        self.say(&format!("workflow: {workflow}"));
        self.say("run");
    }

    fn say(&mut self, line: &str) {
        let before = self.open();
        self.before.clone_from(&self.cluster.run);
        event(&mut self.cluster, line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(self.cluster.settle(), "{line}");
        self.account.questions += u64::from(self.open() && !before);
        self.keep_times();
    }

    fn keep_times(&mut self) {
        let Some(status) = self.cluster.run.as_ref().and_then(|r| r.status.as_ref()) else { return };
        for step in &status.steps {
            let begun = self.cluster.launched.iter().any(|l| l.step == step.name);
            let of = self.account.steps.entry(step.name.clone()).or_default();
            of.from = of.from.or(begun.then_some(self.cluster.now));
            of.to = if step.work.phase.is_finished() { of.to.or(Some(self.cluster.now)) } else { None };
            self.account.started |= begun;
        }
    }

    fn wait(&mut self, seconds: u64, active: bool) {
        self.account.active += if active { seconds } else { 0 };
        self.say(&format!("after {seconds}s"));
    }

    fn run(&self) -> &WorkflowRun {
        self.cluster.run.as_ref().unwrap()
    }

    fn open(&self) -> bool {
        let status = self.cluster.run.as_ref().and_then(|r| r.status.as_ref());
        status.is_some_and(|s| !s.escalations.is_empty())
    }

    fn is_over(&self) -> bool {
        self.phase().is_terminal()
    }

    fn phase(&self) -> Phase {
        self.run().status.as_ref().unwrap().phase.unwrap()
    }

    fn at(&self, wanted: StepPhase) -> Option<String> {
        let steps = &self.run().status.as_ref().unwrap().steps;
        steps.iter().find(|s| s.work.phase == wanted).map(|s| s.name.clone())
    }

    /// A random event happens.
    fn turn(&mut self) {
        if let Some(step) = self.at(StepPhase::Escalated) {
            let hours = 1 + self.dice.below(20);
            self.wait(hours * 3600, false);
            match self.dice.below(10) {
                0..3 if step == "gate" => self.say("decide Reject gate"),
                _ if step == "gate" => self.say("decide Approve gate"),
                0 => self.say("decide Abort"),
                1..4 => self.say(&format!("decide Skip {step}")),
                _ => self.say(&format!("decide Retry {step}")),
            }
        } else if self.phase() == Phase::Paused {
            let hours = 1 + self.dice.below(50);
            self.wait(hours * 3600, false);
            self.say("decide Resume");
        } else if let Some(step) = self.at(StepPhase::Backoff) {
            let due = self.cluster.step(&step).unwrap().work.next_attempt_at.unwrap();
            let seconds = due.since(self.cluster.now).as_secs();
            self.wait(seconds, true);
        } else {
            let step = self.at(StepPhase::Running).unwrap();
            if self.dice.below(12) == 0 && step != "tidy" {
                self.say("decide Pause");
                self.account.pauses += 1;
            }
            // Shorter than an attempt may take. The clock moves on until it has ended, even if a person pauses the
            // run.
            let seconds = 1 + self.dice.below(500);
            self.wait(seconds, true);
            self.end_attempt(&step);
        }
    }

    fn end_attempt(&mut self, step: &str) {
        self.account.steps.entry(step.into()).or_default().attempts += 1;
        let how = self.dice.below(20);
        match how {
            0..5 => self.say(&format!("{step} exits 1")),
            5 | 6 => self.say(&format!("{step} loses node")),
            7 | 8 if step == "b" && self.flow == 0 => self.say("b says \"STATUS: retry\""),
            _ => self.say(&format!("{step} says \"STATUS: done\"")),
        }
        let phase = self.cluster.step(step).map(|s| s.work.phase);
        let of = self.account.steps.get_mut(step).unwrap();
        let repeated = phase == Some(StepPhase::Backoff);
        match how {
            0..5 => {
                of.failures += 1;
                of.retries += u32::from(repeated);
                self.account.retries += u64::from(repeated);
            }
            5 | 6 => {
                of.lost += 1;
                self.account.lost += 1;
            }
            7 | 8 if step == "b" && self.flow == 0 => {
                self.account.rounds += u64::from(phase == Some(StepPhase::Pending));
            }
            _ => {}
        }
    }

    /// To its end, or for a few turns only.
    fn go(&mut self, turns: usize) {
        for _ in 0..turns {
            if self.is_over() {
                break;
            }
            self.turn();
        }
        let phase = self.phase();
        let account = &mut self.account;
        account.phase = Some(phase);
        account.outcome = Some(phase).filter(|p| p.is_terminal());
        account.end = account.outcome.map(|_| self.cluster.now);
        account.day = self.cluster.now.0.to_string()[..10].into();
        let status = self.cluster.run.as_ref().unwrap().status.as_ref().unwrap();
        for step in &status.steps {
            account.steps.entry(step.name.clone()).or_default().ended = Some(step.work.phase);
        }
    }
}

#[derive(Default)]
pub(crate) struct All {
    pub records: Vec<RunRecord>,
    pub runs: Vec<WorkflowRun>,
    pub accounts: Vec<Account>,
    /// How many records were superseded, and how many runs were answered by a record.
    pub superseded: usize,
    pub answered: usize,
}

impl All {
    /// The run as a watch shows it.
    fn take(&mut self, n: u64, flow: usize, run: WorkflowRun) {
        let mut run = run;
        run.metadata.name = Some(format!("r-{n}"));
        run.metadata.namespace = Some(FLOWS[flow].0.into());
        run.metadata.uid = run.metadata.uid.map(|uid| format!("{n}/{uid}"));
        run.spec.workflow_ref.name = FLOWS[flow].1.into();
        self.runs.push(run);
    }

    fn record(&mut self, n: u64, flow: usize, name: &str, record: &RunRecordSpec) {
        let mut record = RunRecord::new(&format!("r-{n}-{name}"), record.clone());
        record.metadata.namespace = Some(FLOWS[flow].0.into());
        record.spec.run_uid = format!("{n}/{}", record.spec.run_uid);
        record.spec.workflow = FLOWS[flow].1.into();
        self.records.push(record);
    }
}

pub(crate) fn first() -> Stamp {
    Stamp("2026-03-01T00:00:00Z".parse().unwrap())
}

pub(crate) fn later(hours: u64) -> Stamp {
    first().plus(Duration::from_secs(hours * 3600))
}

/// Rehearsed once for all tests.
pub(crate) fn all() -> &'static All {
    static ALL: OnceLock<All> = OnceLock::new();
    ALL.get_or_init(rehearse)
}

/// Two hundred runs within six weeks, a tenth of them live; some are executed again.
fn rehearse() -> All {
    let mut all = All::default();
    for n in 0..RUNS {
        let live = n % 10 == 9;
        let mut it = Rehearsal::new(n, later(n * 5).plus(Duration::from_secs(n * 77)));
        it.go(if live { 3 } else { 1000 });
        if it.flow == 1 && it.account.outcome == Some(Phase::Failed) && n.is_multiple_of(2) {
            all.accounts.push(it.account.clone());
            it.say("delete run");
            it.begin(MENDED);
            it.go(1000);
        }
        all.accounts.push(it.account.clone());
        let over = it.is_over();
        if over && n % 7 == 2 {
            it.say("delete run");
            it.say("run");
            all.answered += 1;
        }
        for (name, record) in it.cluster.records.iter().chain(&it.cluster.superseded) {
            all.record(n, it.flow, name, record);
        }
        all.superseded += it.cluster.superseded.len();
        // A status that does not show the end of the run yet, though its record exists. The operator's next pass
        // updates it, so none is as old as a window.
        let untold = over && n > RUNS / 2 && n % 11 == 3 && n % 7 != 2 && it.account.started;
        let shown = if untold { it.before } else { it.cluster.run };
        all.take(n, it.flow, shown.unwrap());
    }
    for n in RUNS..RUNS + 2 {
        let mut run = all.runs[1].clone();
        (run.status, run.metadata.uid) = (None, Some("new".into()));
        all.take(n, 0, run);
        let (namespace, workflow, _) = FLOWS[0];
        let (namespace, workflow) = (namespace.into(), workflow.into());
        all.accounts.push(Account { namespace, workflow, phase: Some(Phase::Pending), ..Account::default() });
    }
    all
}
