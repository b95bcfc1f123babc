//! Large objects and large outputs: runs at the limits, in the simulated cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answers;
mod graphs;
#[path = "../support/script/script.rs"]
#[allow(dead_code, reason = "every target uses another part")]
mod script;
mod sizes;
mod verdicts;

use mission_control::api::status::LastAttempt;
use mission_control::api::{Phase, StepPhase, Work, WorkflowRunStatus};
use mission_control::engine::status_size::LIMIT;
use mission_control::rehearse::cluster::SimulatedCluster;

/// A run in the simulated cluster. Its status fits at any time.
struct Stage {
    cluster: SimulatedCluster,
}

impl Stage {
    /// The workflow in the words of the scenarios; it passes lint.
    fn of(workflow: &str, run: &str) -> Self {
        let mut stage = Self { cluster: SimulatedCluster::new() };
        stage.happens(&format!("workflow: {workflow}"));
        assert_eq!(stage.cluster.problems, Vec::<String>::new());
        stage.happens(&format!("run {run}"));
        stage
    }

    fn happens(&mut self, line: &str) {
        script::event(&mut self.cluster, line).unwrap();
        self.settle(line);
    }

    /// The current attempt of `step`, or of `step/item`, succeeds with this output.
    fn says(&mut self, place: &str, text: &str) {
        let job = self.cluster.job_of(place).unwrap_or_else(|| panic!("{place} has no attempt under way"));
        self.cluster.exits(&job, 0, text);
        self.settle(place);
    }

    fn settle(&mut self, what: &str) {
        assert!(self.cluster.settle(), "never at rest after {what}");
        let size = serde_json::to_vec(&self.status()).unwrap().len();
        assert!(size < LIMIT, "after {what} the status has {size} bytes");
    }

    fn status(&self) -> WorkflowRunStatus {
        self.cluster.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default()
    }

    fn phase(&self) -> Option<Phase> {
        self.status().phase
    }

    fn work(&self, step: &str) -> Work {
        self.cluster.step(step).unwrap().work.clone()
    }

    fn last(&self, step: &str) -> LastAttempt {
        self.work(step).last.unwrap()
    }

    fn step_phase(&self, step: &str) -> StepPhase {
        self.work(step).phase
    }

    /// The input of the last started attempt.
    fn input(&self) -> &str {
        &self.cluster.launched.last().unwrap().input
    }

    /// The latest refusal, question or message of the run.
    fn answer(&self) -> String {
        self.status().decisions.last().unwrap().result.clone()
    }

    fn question(&self) -> String {
        self.status().escalations[0].message.clone()
    }

    /// The places with a current attempt.
    fn under_way(&self) -> Vec<String> {
        let mut places = Vec::new();
        for step in &self.status().steps {
            places.extend(step.work.current.iter().map(|_| step.name.clone()));
            let busy = step.items.iter().filter(|i| i.work.current.is_some());
            places.extend(busy.map(|i| format!("{}/{}", step.name, i.id)));
        }
        places
    }
}

/// This number of KiB without a key line.
fn words(kib: usize) -> String {
    "all is well and so on, \n".repeat(kib * 1024).chars().take(kib * 1024).collect()
}

/// This number of stories, as an agent prints them.
fn stories(n: usize) -> String {
    let story =
        |k| format!(r#"{{"id":"s{k}","title":"Story {k}","description":"d","acceptanceCriteria":["c"]}}"#);
    let all: Vec<String> = (1..=n).map(story).collect();
    format!("STATUS: done\nSTORIES_JSON: [{}]", all.join(","))
}
