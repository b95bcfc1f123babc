//! `mc workflow list`, `run` and `wait`.

use mission_control::api::workflow::Param;
use mission_control::api::{Phase, Workflow, WorkflowRun};
use serde_json::json;

use crate::mc::timeless;
use crate::support::{Fixture, is, step, workflow};

async fn one_step(f: &Fixture, name: &str, script: &str) {
    let mut flow = workflow(name, [step("a", script)]);
    flow.spec.steps[0].retry = serde_json::from_value(json!({"limit": 0})).unwrap();
    f.workflow(flow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workflows_are_listed_and_those_that_cannot_be_run_only_with_all() {
    let f = Fixture::new().await;
    assert_eq!(
        f.mc(&["list"]).err.lines().next().unwrap(),
        format!("No workflows found in namespace {}", f.namespace)
    );
    one_step(&f, "w", "echo STATUS: done").await;
    let mut resting = workflow("resting", [step("a", "true"), step("b", "true")]);
    resting.spec.suspend = Some(true);
    f.workflow(resting).await;

    let some = f.mc(&["list"]);
    assert_eq!(
        timeless(&some.out),
        "NAME   AGENTS   STEPS   STATUS   AGE\nw      1        1       Active   *"
    );
    assert_eq!(some.err, "Total: 1 workflow, and 1 that cannot be run (--all shows them)\n");
    let all = f.mc(&["list", "--all"]).ended(0);
    assert!(timeless(&all).contains("\nresting   1        2       Inactive   *\n"), "{all}");
    assert_eq!(f.mc(&["list", "-o", "name"]).ended(0), "workflow.missioncontrol.dev/w\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_says_what_it_started_and_wait_says_how_it_went() {
    let f = Fixture::new().await;
    one_step(&f, "good", "echo STATUS: done").await;
    one_step(&f, "bad", "echo STATUS: failed").await;
    one_step(&f, "slow", "sleep 30; echo STATUS: done").await;

    let started = f.mc(&["run", "good", "the task", "--name", "one"]);
    assert_eq!(started.err, "next: mc workflow status one --watch\n");
    assert_eq!(started.ended(0), "Workflow:  good\nRun:       one\nSteps:     1\n");
    assert_eq!(f.mc(&["wait", "one"]).ended(0), "one Succeeded: its only step is finished\n");
    assert_eq!(f.runs().get("one").await.unwrap().spec.task.as_deref(), Some("the task"));

    let asked = f.mc(&["run", "bad", "--name", "two", "--wait"]);
    assert!(
        asked.err.contains("mc workflow retry two") && asked.err.contains("mc workflow abort two"),
        "{}",
        asked.err
    );
    assert!(asked.ended(2).starts_with("two Paused: "));
    assert_eq!(f.mc(&["abort", "two"]).code, 0);
    assert!(f.mc(&["wait", "two"]).ended(1).starts_with("two Cancelled: "));

    let late = f.mc(&["run", "slow", "--name", "three", "--wait", "--timeout", "1s"]);
    assert_eq!((late.code, late.err.contains("run three has not ended after 1s")), (124, true), "{late:?}");
    assert_eq!(f.mc(&["abort", "three"]).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_refused_with_the_next_step() {
    let f = Fixture::new().await;
    let missing = f.mc(&["run", "nothing", "x"]);
    assert_eq!(missing.code, 3);
    let expected = format!(
        "error: there is no workflow nothing in namespace {}\nnext:  mc workflow list --all\n",
        f.namespace
    );
    assert_eq!(missing.err, expected);

    let mut flow = workflow("w", [step("a", "echo STATUS: done")]);
    flow.spec.params = vec![Param { name: "repo".into(), required: Some(true), ..Param::default() }];
    f.workflow(flow).await;
    let without = f.mc(&["run", "w", "-p", "branch=x"]);
    assert_eq!(without.code, 3);
    assert!(
        without.err.contains("params.repo: required") && without.err.contains("params.branch: "),
        "{}",
        without.err
    );
    assert_eq!(f.mc(&["run", "w", "-p", "repo=x", "--name", "r"]).code, 0);
    let twice = f.mc(&["run", "w", "-p", "repo=x", "--name", "r"]);
    assert_eq!((twice.code, twice.err.contains("run r already exists")), (3, true), "{twice:?}");

    f.patch::<Workflow>("w", json!({"spec": {"suspend": true}})).await.unwrap();
    let suspended = f.mc(&["run", "w", "-p", "repo=x"]);
    assert_eq!((suspended.code, suspended.err.contains("is suspended")), (3, true), "{suspended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_a_manifest_for_git() {
    let f = Fixture::new().await;
    one_step(&f, "w", "echo STATUS: done").await;
    let manifest = f.mc(&["run", "w", "two\nlines", "--dry-run"]).ended(0);
    assert!(f.runs().get_opt("w-1").await.unwrap().is_none(), "it was started");
    let run: WorkflowRun = serde_yaml::from_str(&manifest).unwrap();
    assert_eq!(run.spec.task.as_deref(), Some("two\nlines"));
    f.apply(&manifest);
    f.until("w-1", "its end", is(Phase::Succeeded)).await;
}
