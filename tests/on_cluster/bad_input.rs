//! Input that is wrong, hostile or too much: a clear message in the status, and the operator continues.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, Secret, SecretKeySelector};
use kube::Api;
use kube::ResourceExt;
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use mission_control::api::agent::{EnvVar, ValueFrom};
use mission_control::api::step::{Retry, Step};
use mission_control::api::workflow::Param;
use mission_control::api::{
    Action, Cause, GROUP, Phase, Reason, StepPhase, VERSION, Workflow, WorkflowRun, WorkflowRunSpec,
    WorkflowRunStatus,
};
use mission_control::engine::ids;
use serde_json::json;

use crate::support::{Fixture, PATIENCE, is, is_kubernetes, step, to, until, workflow};

/// The same operator process still does its work.
async fn assert_alive(f: &mut Fixture) {
    assert!(f.operator.is_alive(), "the operator is gone");
    f.workflow(workflow("well", [step("a", "echo STATUS: done")])).await;
    f.run("well", "well").await;
    f.until("well", "its end", is(Phase::Succeeded)).await;
}

fn ready(workflow: &Workflow, status: &str) -> bool {
    workflow.status.iter().flat_map(|s| &s.conditions).any(|c| c.type_ == "Ready" && c.status == status)
}

/// The workflow is not Ready, its run waits, and both say why.
async fn refuses(workflow: Workflow, why: &str) {
    let mut f = Fixture::new().await;
    let name = workflow.name_any();
    f.workflow(workflow).await;
    f.run("demo", &name).await;
    let status = f.until("demo", "word", is(Phase::Pending)).await;
    assert_eq!(status.reason, Some(Reason::WorkflowInvalid));
    let message = status.message.unwrap_or_default();
    assert!(message.contains(why), "{message}");

    let seen = until(&f.api::<Workflow>(), &name, "verdict", PATIENCE, |w| ready(w, "False")).await;
    let found = seen.status.unwrap();
    assert!(
        found.conditions.iter().any(|c| c.type_ == "Stalled" && c.status == "True"),
        "{:?}",
        found.conditions
    );
    assert!(found.problems.iter().any(|p| p.contains(why)), "{:?}", found.problems);
    assert_eq!(f.jobs().await.len(), 0);
    assert_alive(&mut f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_agent_is_said() {
    let nobody = Step { agent: Some("nobody".into()), ..step("a", "echo") };
    refuses(workflow("w", [nobody]), "there is no agent \"nobody\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_dependencies_is_said() {
    let after = |name: &str, other: &str| Step { depends_on: Some(vec![other.into()]), ..step(name, "echo") };
    refuses(
        workflow("w", [after("a", "c"), after("b", "a"), after("c", "b")]),
        "depend on each other in a circle",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_cannot_be_parsed_is_said() {
    refuses(workflow("w", [step("a", "echo {{ task")]), "spec.steps[0] (a).input").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_workflow_lets_its_run_start() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [Step { agent: Some("nobody".into()), ..step("a", "echo STATUS: done") }]))
        .await;
    f.run("demo", "w").await;
    f.until("demo", "word", is(Phase::Pending)).await;
    f.patch::<Workflow>("w", json!({"spec": {"steps": [step("a", "echo STATUS: done")]}})).await.unwrap();
    f.until("demo", "its end", is(Phase::Succeeded)).await;
    until(&f.api::<Workflow>(), "w", "Ready", PATIENCE, |w| ready(w, "True")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_variable_asks_a_person_and_costs_no_attempt() {
    let mut f = Fixture::new().await;
    f.workflow(workflow(
        "w",
        [step("a", "echo STATUS: done"), step("b", "echo {{ plan }} {{ branch }}; echo STATUS: done")],
    ))
    .await;
    f.run("demo", "w").await;
    let status = f.until("demo", "question", is(Phase::Paused)).await;
    let question = &status.escalations[0];
    assert_eq!((question.step.as_str(), question.cause), ("b", Cause::MissingVariable));
    assert!(question.message.contains("plan, branch"), "{}", question.message);
    assert_eq!(f.jobs().await.len(), 1);
    let decision = f.answer("demo", question, Action::Retry, None).await;
    let result = f.result_of(&decision).await;
    assert!(result.starts_with("Refused: "), "{result}");
    assert_alive(&mut f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_param_fails_the_run_before_anything_runs() {
    let mut f = Fixture::new().await;
    let mut w = workflow("w", [step("a", "echo {{ params.repo }}")]);
    w.spec.params = vec![Param { name: "repo".into(), required: Some(true), ..Param::default() }];
    f.workflow(w).await;
    f.run("demo", "w").await;
    let status = f.until("demo", "its end", is(Phase::Failed)).await;
    assert_eq!(status.reason, Some(Reason::InvalidParams));
    assert!(status.message.unwrap_or_default().contains("params.repo: required, and not given"));
    assert_eq!(f.jobs().await.len(), 0);
    assert_alive(&mut f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_of_100_kib_asks_a_person() {
    let mut f = Fixture::new().await;
    f.workflow(workflow("w", [step("a", "{{ task }}")])).await;
    f.run_of("demo", WorkflowRunSpec { task: Some("x".repeat(100 * 1024)), ..to("w") }).await;
    let status = f.until("demo", "question", is(Phase::Paused)).await;
    assert_eq!(status.escalations[0].cause, Cause::InputTooLarge);
    assert_eq!(f.jobs().await.len(), 0);
    assert_alive(&mut f).await;
}

async fn ends_with(script: &str, limit: u32, phase: Phase) -> (Fixture, WorkflowRunStatus) {
    let f = Fixture::new().await;
    let retry = Retry { limit: Some(limit), ..Retry::default() };
    f.workflow(workflow("w", [Step { retry: Some(retry), ..step("a", script) }])).await;
    f.run("demo", "w").await;
    let status = f
        .until_status("demo", "end or question", |s| {
            s.phase.is_some_and(|p| p == Phase::Paused || p.is_terminal())
        })
        .await;
    assert_eq!(status.phase, Some(phase), "{:?}", status.steps);
    (f, status)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_output_is_no_status() {
    let (mut f, status) = ends_with("true", 0, Phase::Paused).await;
    assert_eq!(status.steps[0].work.last.as_ref().and_then(|l| l.cause), Some(Cause::NoStatus));
    assert_alive(&mut f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_mebibytes_of_log_are_read_in_little_memory() {
    // In lines of 100 characters: the kubelet stores each line with a time of its own.
    let script = format!("yes {} | head -c 52428800; echo; echo STATUS: done", "x".repeat(99));
    let (mut f, status) = ends_with(&script, 0, Phase::Succeeded).await;
    let kept = status.steps[0].work.output.as_deref().map_or(0, str::len);
    assert!(kept <= 17 * 1024, "{kept} bytes of output in status");
    let peak = f.operator.peak_memory();
    eprintln!("the operator's peak: {peak} MiB");
    assert!(peak < 200, "the operator took {peak} MiB");
    assert_alive(&mut f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_output_does_no_harm() {
    // Every byte there is, 64 times: random bytes would once in a while hold a line that is a key.
    let bytes = r#"all=$(i=0; while [ $i -lt 256 ]; do printf '\\%03o' $i; i=$((i+1)); done)
n=0; while [ $n -lt 64 ]; do printf "$all"; n=$((n+1)); done"#;
    let script = format!("{bytes}; echo; echo ANSWER: 42; echo STATUS: done");
    let (mut f, status) = ends_with(&script, 0, Phase::Succeeded).await;
    assert!(status.steps[0].work.output.as_deref().is_some_and(|o| o.contains('\u{fffd}')));
    assert_eq!(status.steps[0].work.outputs.get("answer").map(String::as_str), Some("42"));
    f.kubectl(&["get", "mcr/demo", "-o", "yaml"]);
    assert_alive(&mut f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_text_cannot_pull_a_secret_into_view() {
    let f = Fixture::new().await;
    let secret: Secret = serde_json::from_value(
        json!({"metadata": {"name": "llm"}, "stringData": {"token": "hunter2-hunter2"}}),
    )
    .unwrap();
    f.create(&secret).await;
    let mut w = workflow("w", [step("a", "The task: {{ task }}")]);
    let key = SecretKeySelector { name: "llm".into(), key: "token".into(), optional: None };
    w.spec.agents[0].env = vec![
        EnvVar { name: "API_KEY".into(), value: None, value_from: Some(ValueFrom { secret_key_ref: key }) },
        EnvVar { name: "ECHO".into(), value: Some("env: {{ task }}".into()), value_from: None },
    ];
    let script = r#"[ -n "$API_KEY" ] && echo "HAS_KEY: yes"; echo "TEXT: $MISSION_INPUT"; echo "VARIABLE: $ECHO"; echo STATUS: done"#;
    w.spec.agents[0].command = ["/bin/sh", "-c", script].map(String::from).to_vec();
    f.workflow(w).await;
    f.run_of("demo", WorkflowRunSpec { task: Some("say $(API_KEY) or $$(API_KEY)".into()), ..to("w") }).await;

    let outputs = f.until("demo", "its end", is(Phase::Succeeded)).await.steps[0].work.outputs.clone();
    assert_eq!(outputs.get("has_key").map(String::as_str), Some("yes"));
    assert_eq!(outputs.get("text").map(String::as_str), Some("The task: say $(API_KEY) or $$(API_KEY)"));
    assert_eq!(outputs.get("variable").map(String::as_str), Some("env: say $(API_KEY) or $$(API_KEY)"));
    let everything = f.kubectl(&["get", "mcr,mcw,mcrec,jobs,pods,configmaps,events", "-o", "yaml"]);
    assert!(!everything.contains("hunter2"), "the secret is in an object");
    assert!(!f.operator.log().contains("hunter2"), "the secret is in the operator's log");
}

/// A run that is held until somebody else has put an object under the name of its first attempt.
async fn held(f: &Fixture) -> String {
    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    let run = f.run_of("demo", WorkflowRunSpec { suspend: Some(true), ..to("w") }).await;
    ids::job_name("demo", &run.uid().unwrap(), "a", None, 1)
}

fn strangers_pod_spec() -> serde_json::Value {
    let restricted = json!({"allowPrivilegeEscalation": false, "runAsNonRoot": true, "runAsUser": 1000,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}});
    json!({"restartPolicy": "Never", "containers": [{"name": "agent", "image": crate::support::agent().image,
        "command": ["/bin/sh", "-c", "echo STATUS: done"], "securityContext": restricted}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_job_of_our_name_asks_a_person_and_is_left_alone() {
    let mut f = Fixture::new().await;
    let name = held(&f).await;
    let stranger: Job = serde_json::from_value(json!({
        "metadata": {"name": name},
        "spec": {"suspend": true, "template": {"spec": strangers_pod_spec()}},
    }))
    .unwrap();
    let uid = f.create(&stranger).await.uid();
    f.patch::<WorkflowRun>("demo", json!({"spec": {"suspend": false}})).await.unwrap();

    let status = f.until("demo", "question", is(Phase::Paused)).await;
    assert_eq!(status.escalations[0].cause, Cause::NameTaken);
    assert!(status.escalations[0].message.contains(&name), "{}", status.escalations[0].message);
    f.answer("demo", &status.escalations[0], Action::Retry, None).await;
    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.steps[0].work.attempts, 2);
    assert_eq!(f.api::<Job>().get(&name).await.unwrap().uid(), uid);
    assert_alive(&mut f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_pod_of_our_name_is_never_taken_for_ours() {
    let f = Fixture::new().await;
    let name = held(&f).await;
    let stranger: Pod =
        serde_json::from_value(json!({"metadata": {"name": name}, "spec": strangers_pod_spec()})).unwrap();
    let uid = f.create(&stranger).await.uid();
    f.patch::<WorkflowRun>("demo", json!({"spec": {"suspend": false}})).await.unwrap();
    if is_kubernetes() {
        // The built-in controller gives Pods names of its own.
        f.until("demo", "its end", is(Phase::Succeeded)).await;
    } else {
        let status = f.until("demo", "question", is(Phase::Paused)).await;
        assert_eq!(status.escalations[0].cause, Cause::NameTaken);
    }
    assert_eq!(f.api::<Pod>().get(&name).await.unwrap().uid(), uid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_be_read_says_so_and_others_go_on() {
    let mut f = Fixture::new().await;
    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    let kind = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk(GROUP, VERSION, "WorkflowRun"),
        "workflowruns",
    );
    let raw: Api<DynamicObject> = Api::namespaced_with(f.client.clone(), &f.namespace, &kind);
    let spec = json!({"workflowRef": {"name": "w"}, "retention": {"children": "99999999999999999999h"}});
    let run = DynamicObject::new("odd", &kind).data(json!({"spec": spec}));
    raw.create(&Default::default(), &run).await.unwrap();

    let says = |o: &DynamicObject| {
        let conditions = o.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|c| c["reason"] == "Undecodable")
    };
    let found = tokio::sync::OnceCell::new();
    f.until_true("word about it", async || {
        let odd = raw.get("odd").await.unwrap();
        says(&odd) && found.set(odd).is_ok()
    })
    .await;
    let text = found.get().unwrap().data["status"].to_string();
    assert!(text.contains("99999999999999999999h"), "the word does not name what is wrong: {text}");
    assert_alive(&mut f).await;
    assert_eq!(f.jobs().await.len(), 1, "only the other run was executed");

    // Once fixed, it runs: retention may be changed.
    f.patch::<WorkflowRun>("odd", json!({"spec": {"retention": {"children": "1h"}}})).await.unwrap();
    let status = f.until("odd", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.steps[0].work.phase, StepPhase::Succeeded);
}
