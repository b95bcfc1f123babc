//! Two hundred runs are rehearsed, as dice have it, and an account is kept of all that was made to happen.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use mission_control::api::{Phase, RunRecord, Stamp, StepPhase, WorkflowRun};
use mission_control::rehearse::script::event;
use mission_control::rehearse::world::World;

const RUNS: u64 = 200;
const FLOWS: [&str; 2] =
    ["a limit=2 | b limit=1 rerun=a:1", "a limit=1 lost=1 | b limit=0 exhausted=Fail | c"];

/// Numbers that look random and are the same each time (an xorshift).
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
pub struct OfStep {
    pub attempts: u32,
    pub failures: u32,
    pub retries: u32,
    pub lost: u32,
    pub ended: Option<StepPhase>,
}

/// What the test made happen to one run.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub flow: usize,
    pub outcome: Option<Phase>,
    pub phase: Option<Phase>,
    pub active: u64,
    pub day: String,
    pub retries: u64,
    pub lost: u64,
    pub rounds: u64,
    pub questions: u64,
    pub pauses: u64,
    pub steps: BTreeMap<String, OfStep>,
}

struct Rehearsal {
    world: World,
    account: Account,
    dice: Dice,
}

impl Rehearsal {
    fn new(n: u64, start: Stamp) -> Self {
        let flow = usize::from(n.is_multiple_of(3));
        let mut world = World::new();
        world.now = start;
        let mut it = Self {
            world,
            account: Account { flow, ..Account::default() },
            dice: Dice((n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
        };
        it.say(&format!("workflow: {}", FLOWS[flow]));
        it.say("run");
        it
    }

    fn say(&mut self, line: &str) {
        let before = self.open();
        event(&mut self.world, line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(self.world.settle(), "{line}");
        self.account.questions += u64::from(self.open() && !before);
    }

    fn wait(&mut self, seconds: u64, active: bool) {
        self.account.active += if active { seconds } else { 0 };
        self.say(&format!("after {seconds}s"));
    }

    fn run(&self) -> &WorkflowRun {
        self.world.run.as_ref().unwrap()
    }

    fn open(&self) -> bool {
        let status = self.world.run.as_ref().and_then(|r| r.status.as_ref());
        status.is_some_and(|s| !s.escalations.is_empty())
    }

    fn phase(&self) -> Phase {
        self.run().status.as_ref().unwrap().phase.unwrap()
    }

    fn at(&self, wanted: StepPhase) -> Option<String> {
        let steps = &self.run().status.as_ref().unwrap().steps;
        steps.iter().find(|s| s.work.phase == wanted).map(|s| s.name.clone())
    }

    /// Something happens, as the dice have it.
    fn turn(&mut self) {
        if let Some(step) = self.at(StepPhase::Escalated) {
            let hours = 1 + self.dice.below(20);
            self.wait(hours * 3600, false);
            match self.dice.below(10) {
                0 => self.say("decide Abort"),
                1..4 => self.say(&format!("decide Skip {step}")),
                _ => self.say(&format!("decide Retry {step}")),
            }
        } else if self.phase() == Phase::Paused {
            let hours = 1 + self.dice.below(50);
            self.wait(hours * 3600, false);
            self.say("decide Resume");
        } else if let Some(step) = self.at(StepPhase::Backoff) {
            let due = self.world.step(&step).unwrap().work.next_attempt_at.unwrap();
            let seconds = due.since(self.world.now).as_secs();
            self.wait(seconds, true);
        } else {
            let step = self.at(StepPhase::Running).unwrap();
            if self.dice.below(12) == 0 {
                self.say("decide Pause");
                self.account.pauses += 1;
            }
            // Less than an attempt may take. The clock goes on until it is over, also where somebody pauses the run.
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
            7 | 8 if step == "b" && self.account.flow == 0 => self.say("b says \"STATUS: retry\""),
            _ => self.say(&format!("{step} says \"STATUS: done\"")),
        }
        let phase = self.world.step(step).map(|s| s.work.phase);
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
            7 | 8 if step == "b" && self.account.flow == 0 => {
                self.account.rounds += u64::from(phase == Some(StepPhase::Pending));
            }
            _ => {}
        }
    }

    /// To its end, or for some turns only.
    fn go(mut self, turns: usize) -> (World, Account) {
        for _ in 0..turns {
            if self.phase().is_terminal() {
                break;
            }
            self.turn();
        }
        let phase = self.phase();
        self.account.phase = Some(phase);
        self.account.outcome = Some(phase).filter(|p| p.is_terminal());
        self.account.day = self.world.now.0.to_string()[..10].into();
        let steps = self.run().status.as_ref().unwrap().steps.clone();
        for step in &steps {
            self.account.steps.entry(step.name.clone()).or_default().ended = Some(step.work.phase);
        }
        (self.world, self.account)
    }
}

pub struct All {
    pub records: Vec<RunRecord>,
    pub runs: Vec<WorkflowRun>,
    pub accounts: Vec<Account>,
}

pub fn first() -> Stamp {
    Stamp("2026-03-01T00:00:00Z".parse().unwrap())
}

pub fn later(hours: u64) -> Stamp {
    first().plus(Duration::from_secs(hours * 3600))
}

/// They are rehearsed once for all tests.
pub fn all() -> &'static All {
    static ALL: OnceLock<All> = OnceLock::new();
    ALL.get_or_init(rehearse)
}

/// Two hundred runs within four weeks, a tenth of them not over yet.
fn rehearse() -> All {
    let mut all = All { records: Vec::new(), runs: Vec::new(), accounts: Vec::new() };
    for n in 0..RUNS {
        let live = n % 10 == 9;
        let rehearsal = Rehearsal::new(n, later(n * 3).plus(Duration::from_secs(n * 77)));
        let (world, account) = rehearsal.go(if live { 3 } else { 1000 });
        let name = format!("flow-{}", account.flow);
        for record in world.records.values() {
            let mut record = RunRecord::new(&format!("r-{n}"), record.clone());
            record.metadata.namespace = Some("team".into());
            (record.spec.run_uid, record.spec.workflow) = (format!("uid-{n}"), name.clone());
            all.records.push(record);
        }
        let mut run = world.run.unwrap();
        run.metadata.uid = Some(format!("uid-{n}"));
        run.spec.workflow_ref.name = name;
        all.runs.push(run);
        all.accounts.push(account);
    }
    all
}
