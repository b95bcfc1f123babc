//! What a run executes: the Workflow as it was when the run started.

use kube::ResourceExt;
use kube::api::DeleteParams;
use mission_control::api::step::{OnExhausted, Retry, Step};
use mission_control::api::{Phase, Reason, Workflow, WorkflowRun};
use mission_control::engine::ids;
use serde_json::json;

use crate::support::{Fixture, has_condition, is, step, workflow};

#[tokio::test(flavor = "multi_thread")]
async fn editing_and_deleting_the_workflow_changes_nothing_in_a_live_run() {
    let f = Fixture::new().await;
    f.workflow(workflow(
        "w",
        [step("a", "sleep 2; echo STATUS: done"), step("b", "echo the old step; echo STATUS: done")],
    ))
    .await;
    let run = f.run("demo", "w").await;
    f.until_status("demo", "first step", |s| s.steps.first().is_some_and(|s| s.work.current.is_some())).await;
    f.patch::<WorkflowRun>("demo", json!({"spec": {"suspend": true}})).await.unwrap();
    let held = f.until("demo", "hold", is(Phase::Paused)).await;
    assert_eq!((held.reason, held.steps[1].work.attempts), (Some(Reason::Suspended), 0));

    let mut edited = workflow("w", [step("a", "exit 1"), step("z", "exit 1")]);
    edited.metadata.resource_version = f.api::<Workflow>().get("w").await.unwrap().metadata.resource_version;
    f.api::<Workflow>().replace("w", &Default::default(), &edited).await.unwrap();
    f.api::<Workflow>().delete("w", &DeleteParams::default()).await.unwrap();
    f.patch::<WorkflowRun>("demo", json!({"spec": {"suspend": false}})).await.unwrap();

    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.steps.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let job = format!("job/{}", ids::job_name("demo", &run.uid().unwrap(), "b", None, 1));
    assert!(f.kubectl(&["logs", &job]).contains("the old step"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_comes_before_its_workflow_waits_and_then_starts() {
    let f = Fixture::new().await;
    f.run("demo", "w").await;
    let status = f.until("demo", "word", is(Phase::Pending)).await;
    assert_eq!(status.reason, Some(Reason::WorkflowNotFound));
    let run = f.runs().get("demo").await.unwrap();
    assert!(has_condition(&run, "Reconciling", "True") && has_condition(&run, "Ready", "Unknown"));
    assert!(!has_condition(&run, "Stalled", "True"));

    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    f.until("demo", "its end", is(Phase::Succeeded)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_workflow_starts_no_run_until_it_is_resumed() {
    let f = Fixture::new().await;
    let mut w = workflow("w", [step("a", "echo STATUS: done")]);
    w.spec.suspend = Some(true);
    f.workflow(w).await;
    f.run("demo", "w").await;
    let status = f.until("demo", "word", is(Phase::Pending)).await;
    assert_eq!(status.reason, Some(Reason::WorkflowSuspended));
    f.patch::<Workflow>("w", json!({"spec": {"suspend": false}})).await.unwrap();
    f.until("demo", "its end", is(Phase::Succeeded)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_failed_may_run_again_once_its_workflow_is_mended() {
    let f = Fixture::new().await;
    let retry = Some(Retry { limit: Some(0), ..Retry::default() });
    let fails = Step { retry, on_exhausted: Some(OnExhausted::Fail), ..step("a", "exit 1") };
    f.workflow(workflow("w", [fails])).await;
    f.run("demo", "w").await;
    f.until("demo", "its end", is(Phase::Failed)).await;
    f.kubectl(&["delete", "mcr/demo"]);
    f.run("demo", "w").await;
    let again = f.until("demo", "its end", is(Phase::Failed)).await;
    assert_eq!(again.reason, Some(Reason::AlreadyRan));

    let mut mended = workflow("w", [step("a", "echo STATUS: done")]);
    mended.metadata.resource_version = f.api::<Workflow>().get("w").await.unwrap().metadata.resource_version;
    f.api::<Workflow>().replace("w", &Default::default(), &mended).await.unwrap();
    f.kubectl(&["delete", "mcr/demo"]);
    f.run("demo", "w").await;
    f.until("demo", "its success", is(Phase::Succeeded)).await;
    let outcomes: Vec<Phase> = f.records().await.iter().map(|r| r.spec.outcome).collect();
    // The second has another name, which no run asks for.
    assert_eq!(
        outcomes,
        [Phase::Succeeded, Phase::Failed],
        "the record of the failure stays for the figures"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_cannot_be_read_says_so_and_others_go_on() {
    let f = Fixture::new().await;
    f.apply(
        "apiVersion: missioncontrol.dev/v1alpha1\nkind: Workflow\nmetadata: {name: odd}\nspec:\n  timeout: 99999999999999999999h
  agents: [{name: a, image: none}]\n  steps: [{name: a, agent: a, input: x}]\n",
    );
    let path = "jsonpath={.status.conditions[?(@.type=='Stalled')].reason}";
    f.until_true("word about it", async || {
        f.kubectl(&["get", "mcw", "odd", "-o", path]).contains("Undecodable")
    })
    .await;
    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    f.run("demo", "w").await;
    f.until("demo", "its end", is(Phase::Succeeded)).await;
}
