//! Invariants of any workflow and any order of events: random workflows, and random runs of them in the simulated
//! cluster.
//!
//! [`generate`] makes workflows that pass lint, [`events`] makes lines of a scenario, [`invariants`] checks every
//! pass. A failure prints the whole run as a scenario, which can be added to tests/scenarios unchanged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod end;
mod events;
mod generate;
mod invariants;
#[path = "../support/script/script.rs"]
#[allow(dead_code, reason = "every target uses another part")]
mod script;
mod state_invariants;

use mission_control::api::WorkflowRunStatus;
use mission_control::rehearse::cluster::SimulatedCluster;
use proptest::test_runner::{Config, TestCaseError};

use generate::Flow;
use invariants::Watch;

/// Ok, or what is broken.
pub type Held = Result<(), String>;

/// Ok if the condition holds, otherwise the words.
macro_rules! hold {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}

pub(crate) use hold;

/// A cluster, its invariants, and its history.
#[allow(missing_debug_implementations, reason = "it shows itself as a scenario")]
pub struct Play {
    pub cluster: SimulatedCluster,
    watch: Watch,
    told: Vec<String>,
}

impl Play {
    fn new() -> Self {
        Self { cluster: SimulatedCluster::new(), watch: Watch::default(), told: Vec::new() }
    }

    pub fn status(&self) -> WorkflowRunStatus {
        status(&self.cluster)
    }

    /// Applies one line of a scenario; every pass that follows is checked.
    pub fn happens(&mut self, line: &str) -> Held {
        self.told.push(line.to_string());
        self.play(line).map_err(|problem| self.tells(&problem))
    }

    /// A problem with the history that led to it.
    fn tells(&self, problem: &str) -> String {
        let (run, words) = (self.told.join("\n"), script::describe(&self.cluster).join(" "));
        format!("{problem}\n--- the run as a scenario ---\n{run}\n--- and then ---\n{words}\n---")
    }

    fn play(&mut self, line: &str) -> Held {
        script::event(&mut self.cluster, line)?;
        for _ in 0..50 {
            let before = self.status();
            let moved = self.cluster.pass();
            self.watch.pass(&self.cluster, &before)?;
            if !moved {
                return self.watch.rest(&self.cluster);
            }
        }
        Err("it never comes to rest".into())
    }
}

pub fn status(cluster: &SimulatedCluster) -> WorkflowRunStatus {
    cluster.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default()
}

fn run(flow: &Flow, events: &[events::Event]) -> Held {
    let mut play = Play::new();
    if flow.slow {
        play.happens("slow")?;
    }
    play.happens(&format!("workflow: {}", flow.text))?;
    play.happens(&format!("run {}", flow.params))?;
    for event in events {
        if let Some(line) = events::line(event, &play.cluster, flow) {
            play.happens(&line)?;
        }
    }
    end::of(&mut play, flow)
}

#[test]
fn whatever_happens_nothing_that_must_hold_is_broken_and_every_run_ends() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(600);
    let config = Config { cases, max_shrink_iters: 4000, failure_persistence: None, ..Config::default() };
    let all = (generate::flow(), proptest::collection::vec(events::event(), 1..60));
    let result = proptest::test_runner::TestRunner::new(config)
        .run(&all, |(flow, events)| run(&flow, &events).map_err(TestCaseError::fail));
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
