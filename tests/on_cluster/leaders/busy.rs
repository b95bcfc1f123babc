//! A run that always has something to do: three steps at once, attempts that fail, joins. Each attempt writes a line
//! into the run's workspace as its first act, and the last step prints all lines: that is the work that was really
//! done.

use std::collections::BTreeSet;
use std::time::Duration;

use kube::ResourceExt;
use kube::api::ListParams;
use mission_control::api::step::{Backoff, Retry, Step};
use mission_control::api::workflow::{AccessMode, Keep, Workspace};
use mission_control::api::{Cause, Outcome, Phase, Span, Workflow, WorkflowRun};

use crate::support::{Fixture, Recorder, Tally, assert_invariants, is, step, until, workflow};

/// How long a run may take: a dozen Pods, most of them one after the other, beside other tests.
const PATIENCE: Duration = Duration::from_secs(300);

/// The step that only reads.
const TELL: &str = "tell";

/// What an attempt does first.
const NOTE: &str = "echo $MISSION_STEP-$MISSION_ATTEMPT >> /workspace/ledger";

pub(super) fn busy() -> Workflow {
    let work = |name: &str, seconds: f32, fails: u32, after: &[&str]| {
        let script =
            format!("{NOTE}; sleep {seconds}; [ $MISSION_ATTEMPT -gt {fails} ] || exit 1; echo STATUS: done");
        Step { depends_on: Some(names(after)), retry: Some(quick()), ..step(name, &script) }
    };
    let tell = "echo \"LEDGER: $(sort /workspace/ledger | tr '\\n' ' ')\"; echo STATUS: done";
    let mut w = workflow(
        "busy",
        [
            work("a", 1.0, 1, &[]),
            work("b", 0.3, 2, &[]),
            work("c", 2.0, 0, &[]),
            work("d", 0.3, 1, &["a"]),
            work("e", 1.5, 0, &["b"]),
            work("f", 0.3, 0, &["c"]),
            work("g", 0.3, 1, &["d", "e"]),
            Step { depends_on: Some(names(&["f", "g"])), ..step(TELL, tell) },
        ],
    );
    // A leader that takes over meets both: the files of the agent and the claim are there already.
    w.spec.agents[0].files = [("AGENTS.md".to_string(), "Be quick.".to_string())].into();
    w.spec.workspace = Some(Workspace {
        size: "16Mi".into(),
        access_mode: Some(AccessMode::ReadWriteMany),
        keep: Some(Keep::Never),
        ..Workspace::default()
    });
    w
}

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(|n| n.to_string()).collect()
}

/// Retries without a pause to speak of; losses are repeated without end.
fn quick() -> Retry {
    let backoff = Backoff { initial: Some(Span::millis(200)), ..Backoff::default() };
    Retry { limit: Some(3), backoff: Some(backoff), lost_limit: Some(100), ..Retry::default() }
}

/// Starts runs of it under those names.
pub(super) async fn start(f: &Fixture, runs: &[&str]) {
    for run in runs {
        f.run(run, "busy").await;
    }
}

/// Waits until three steps of the run are at work: the Pod of each runs.
pub(super) async fn until_at_work(f: &Fixture, run: &str) {
    let roots =
        |s: &mission_control::api::WorkflowRunStatus| s.works().filter(|w| w.current.is_some()).count() >= 2;
    let status = f.until_status(run, "steps at work", roots).await;
    let slow = status.steps.iter().find(|s| s.name == "c").and_then(|s| s.work.current.clone());
    f.running_pod(&slow.expect("the slow step is at work").job).await;
}

/// Every run has succeeded, the invariants hold, and each attempt that had a Pod did its work exactly once.
pub(super) async fn assert_whole(f: &Fixture, recorder: &Recorder) -> Tally {
    let runs = f.runs().list(&ListParams::default()).await.expect("runs cannot be listed").items;
    for run in &runs {
        until(&f.runs(), &run.name_any(), "its success", PATIENCE, is(Phase::Succeeded)).await;
    }
    let tally = assert_invariants(f, recorder).await;
    let runs = f.runs().list(&ListParams::default()).await.expect("runs cannot be listed").items;
    for run in &runs {
        let done: BTreeSet<String> = tally
            .ends
            .iter()
            .filter(|((of, step, _), end)| *of == run.name_any() && step != TELL && had_pod(**end))
            .map(|((_, step, n), _)| format!("{step}-{n}"))
            .collect();
        assert_eq!(
            ledger(run),
            done.into_iter().collect::<Vec<_>>(),
            "what the agents of {} did",
            run.name_any()
        );
    }
    tally
}

fn had_pod(end: (Outcome, Option<Cause>)) -> bool {
    end != (Outcome::Lost, Some(Cause::NeverStarted))
}

/// The lines, sorted; one that was written twice stands there twice.
fn ledger(run: &WorkflowRun) -> Vec<String> {
    let status = run.status.clone().unwrap_or_default();
    let told =
        status.steps.iter().find(|s| s.name == TELL).and_then(|s| s.work.outputs.get("ledger").cloned());
    let mut lines: Vec<String> = told.unwrap_or_default().split_whitespace().map(String::from).collect();
    lines.sort();
    lines
}
