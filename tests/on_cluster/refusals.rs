//! What the API server itself refuses, by the CRDs' schemas and rules.

use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Error};
use mission_control::api::{
    Action, Phase, Workflow, WorkflowDecision, WorkflowDecisionSpec, WorkflowRun, WorkflowRunSpec,
};
use serde_json::{Value, json};

use crate::support::{Fixture, is, step, to, workflow};

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Api(answer)) => answer.message.clone(),
        other => panic!("not refused by the API server: {other:?}"),
    }
}

async fn refused_workflow(f: &Fixture, workflow: &Workflow) -> String {
    refusal(f.api::<Workflow>().create(&PostParams::default(), workflow).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_steps_of_one_name_are_refused() {
    let f = Fixture::new().await;
    let twice = workflow("w", [step("a", "echo"), step("a", "echo")]);
    let message = refused_workflow(&f, &twice).await;
    assert!(message.contains("spec.steps[1]") && message.contains("Duplicate value"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_outside_of_data_are_refused() {
    let f = Fixture::new().await;
    let mut image = workflow("w", [step("a", "echo")]);
    image.spec.agents[0].image = "registry.example/{{ task }}".into();
    let message = refused_workflow(&f, &image).await;
    assert!(message.contains("templates are not rendered in image"), "{message}");

    let mut command = workflow("w", [step("a", "echo")]);
    command.spec.agents[0].command = vec!["/bin/{{ task }}".into()];
    let message = refused_workflow(&f, &command).await;
    assert!(message.contains("templates are not rendered in command"), "{message}");

    let mut args = workflow("w", [step("a", "echo")]);
    args.spec.agents[0].args = vec!["{% if task %}".into()];
    let message = refused_workflow(&f, &args).await;
    assert!(message.contains("templates are not rendered in args"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spec_of_a_run_is_immutable_but_for_its_knobs() {
    let f = Fixture::new().await;
    f.run_of("demo", WorkflowRunSpec { suspend: Some(true), ..to("w") }).await;
    for change in [
        json!({"task": "another"}),
        json!({"params": {"a": "b"}}),
        json!({"runID": "2"}),
        json!({"workflowRef": {"name": "x"}}),
    ] {
        let message = refusal(f.patch::<WorkflowRun>("demo", json!({"spec": change})).await);
        assert!(
            message.contains("the spec of a run is immutable, except for suspend and retention"),
            "{message}"
        );
        assert!(message.contains("kubectl replace --force"), "{message}");
    }
    for change in [json!({"suspend": false}), json!({"retention": {"children": "1h"}})] {
        f.patch::<WorkflowRun>("demo", json!({"spec": change})).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_run_keeps_its_phase_whoever_writes() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    f.run("demo", "w").await;
    f.until("demo", "its end", is(Phase::Succeeded)).await;

    let runs: Api<WorkflowRun> = f.runs();
    let write = async |status: Value| {
        runs.patch_status("demo", &PatchParams::default(), &Patch::Merge(json!({"status": status}))).await
    };
    for status in
        [json!({"phase": "Running"}), json!({"phase": null}), json!({"phase": "Failed"}), Value::Null]
    {
        let message = refusal(write(status.clone()).await);
        assert!(message.contains("the phase of a finished run is immutable"), "{status}: {message}");
    }
    let message =
        refusal(write(json!({"totals": {"attempts": 0, "retries": 0, "lost": 0, "escalations": 0}})).await);
    assert!(message.contains("status.totals.attempts must not decrease"), "{message}");
    assert_eq!(f.runs().get("demo").await.unwrap().status.unwrap().phase, Some(Phase::Succeeded));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_about_an_escalation_has_its_name() {
    let f = Fixture::new().await;
    let decision = |name: &str, escalation: Option<&str>, action| {
        let spec = WorkflowDecisionSpec {
            run: "demo".into(),
            escalation: escalation.map(String::from),
            action,
            feedback: None,
            outputs: [].into(),
            by: None,
        };
        WorkflowDecision::new(name, spec)
    };
    let decisions: Api<WorkflowDecision> = f.api();
    let create = async |d: WorkflowDecision| decisions.create(&PostParams::default(), &d).await;

    let message = refusal(create(decision("my-answer", Some("e1-abcdef"), Action::Retry)).await);
    assert!(message.contains("must be named <run>-<escalation>"), "{message}");
    create(decision("demo-e1-abcdef", Some("e1-abcdef"), Action::Retry)).await.unwrap();
    let message = refusal(create(decision("demo-e1-abcdef", Some("e1-abcdef"), Action::Skip)).await);
    assert!(message.contains("already exists"), "the second answer to a question: {message}");
    let message = refusal(create(decision("demo-retry", None, Action::Retry)).await);
    assert!(message.contains("name the escalation that they answer"), "{message}");
    create(decision("demo-pause", None, Action::Pause)).await.unwrap();
    let message =
        refusal(f.patch::<WorkflowDecision>("demo-pause", json!({"spec": {"action": "Abort"}})).await);
    assert!(message.contains("a decision is immutable"), "{message}");
}
