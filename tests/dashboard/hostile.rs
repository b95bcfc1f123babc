//! Texts of people and agents are harmless, whatever field they are in: every field of the API is filled with a
//! hostile one, and every page and response is searched.

mod fill;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{StatusCode, header};
use kube::CustomResourceExt;
use serde_json::{Value, json};

use super::data::{dashboard, now, two_namespaces};
use super::{Answer, admin, ask, post, read};
use fill::{Filled, fill, marker, raw};
use mission_control::api::{Phase, RunRecord, Workflow, WorkflowRun};
use mission_control::dashboard::Dashboard;
use mission_control::dashboard::access::rights::{ObjectKind, Permission};
use mission_control::dashboard::access::token::Token;

const PAGES: [&str; 5] = ["/", "/runs", "/runs/a/one", "/workflows", "/workflows/a/flow"];
const DATA: [&str; 5] = [
    "/api/v1/overview",
    "/api/v1/runs",
    "/api/v1/runs/a/one",
    "/api/v1/workflows",
    "/api/v1/workflows/a/flow",
];

fn meta(name: &str) -> Value {
    json!({"name": name, "namespace": "a", "uid": name, "creationTimestamp": "2026-03-01T11:00:00Z"})
}

fn object<K: CustomResourceExt + serde::de::DeserializeOwned>(filled: &Filled, name: &str, kind: &str) -> K {
    let mut value = filled.value.clone();
    (value["apiVersion"], value["kind"]) = (json!("missioncontrol.dev/v1alpha1"), json!(kind));
    value["metadata"] = meta(name);
    serde_json::from_value(value).unwrap()
}

/// A workflow with a valid graph: its references name existing steps.
fn workflow() -> Filled {
    let mut filled = fill(&Workflow::crd());
    let spec = &mut filled.value["spec"];
    spec["agents"][0]["name"] = json!("smith");
    let mut task = spec["steps"][0].clone();
    for field in ["approval", "dependsOn", "onRetry", "forEach"] {
        task.as_object_mut().unwrap().remove(field);
    }
    (task["name"], task["agent"]) = (json!("build"), json!("smith"));
    let gate = json!({"name": "gate", "approval": spec["steps"][0]["approval"]});
    let tidy = json!({"name": "tidy", "agent": "smith", "input": task["input"]});
    spec["steps"] = json!([task, gate]);
    spec["finally"] = json!([tidy]);
    filled
}

/// The run belongs to that workflow and has its steps.
fn run(phase: Phase) -> Filled {
    let mut filled = fill(&WorkflowRun::crd());
    filled.value["spec"]["workflowRef"]["name"] = json!("flow");
    let status = &mut filled.value["status"];
    status["phase"] = json!(phase);
    status["steps"][0]["name"] = json!("build");
    for work in ["/steps/0", "/steps/0/items/0"] {
        status.pointer_mut(work).unwrap()["current"]["n"] = json!(2);
    }
    // Set by the operator: a hash, which forms send back unchanged.
    status["escalations"][0]["id"] = json!("e1-aaaaaa");
    // So that the run executes the existing workflow.
    status.as_object_mut().unwrap().remove("workflow");
    filled
}

fn record() -> Filled {
    let mut filled = fill(&RunRecord::crd());
    filled.value["spec"]["finishedAt"] = json!(now());
    filled.value["spec"]["outcome"] = json!("Failed");
    filled
}

fn filled(phase: Phase) -> Arc<Dashboard> {
    let mut of_flow = record();
    of_flow.value["spec"]["workflow"] = json!("flow");
    of_flow.value["spec"]["runUID"] = json!("another");
    let d = dashboard(
        vec![object(&run(phase), "one", "WorkflowRun")],
        vec![object(&workflow(), "flow", "Workflow")],
        vec![object(&record(), "r", "RunRecord"), object(&of_flow, "s", "RunRecord")],
    );
    admin(&d);
    d
}

/// Patterns that no page may contain: each would act in a browser.
fn inert(answer: &Answer, about: &str) {
    if let Some((n, found)) = raw(&answer.body) {
        panic!("{about} has field {n} as it was written: {found}");
    }
    for word in ["\u{1b}", "\u{202e}", "\"'onmouseover"] {
        let at = answer.body.find(word).map(|at| {
            let from = answer.body[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
            answer.body[from..at].to_string()
        });
        assert_eq!(at, None, "{about} has {word:?}");
    }
}

#[tokio::test]
async fn no_field_of_any_object_acts_on_a_page() {
    for (phase, _) in Phase::ALL {
        let d = filled(*phase);
        for path in PAGES {
            let answer = read(&d, "admin", path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            inert(&answer, &format!("{path} of a run that is {phase}"));
        }
    }
}

#[tokio::test]
async fn answers_in_json_are_json_and_say_what_was_written() {
    let d = filled(Phase::Paused);
    for path in DATA {
        let answer = read(&d, "admin", path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json", "{path}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        let value: Value = serde_json::from_str(&answer.body).unwrap();
        if path == "/api/v1/runs/a/one" {
            assert_eq!(value["spec"]["task"], marker(run(Phase::Paused).number("spec.task")));
        }
    }
}

/// So that the test above checks something: these fields are shown, escaped.
#[tokio::test]
async fn what_people_and_agents_said_is_shown() {
    let d = filled(Phase::Paused);
    let (run, flow) = (run(Phase::Paused), workflow());
    let page = read(&d, "admin", "/runs/a/one").await.body;
    for path in [
        "spec.task",
        "spec.params{}",
        "spec.params{}:name",
        "spec.runID",
        "status.message",
        "status.waiting",
        "status.outputs{}",
        "status.escalations[].message",
        "status.escalations[].hint",
        "status.decisions[].by",
        "status.decisions[].result",
        "status.hold.by",
        "status.conditions[].message",
        "status.steps[].output",
        "status.steps[].outputs{}",
        "status.steps[].feedback",
        "status.steps[].verifyFeedback",
        "status.steps[].last.message",
        "status.steps[].items[].id",
        "status.steps[].items[].title",
        "status.steps[].items[].output",
    ] {
        assert!(page.contains(&format!("&lt;x-marker-{}&gt;", run.number(path))), "{path} is not shown");
    }
    assert!(page.contains("graph-part"), "there is no graph");
    let page = read(&d, "admin", "/workflows/a/flow").await.body;
    for path in [
        "spec.description",
        "spec.agents[].description",
        "spec.agents[].image",
        "spec.params[].default",
        "spec.params[].description",
        "spec.steps[].input",
        "spec.steps[].when",
        "spec.steps[].approval.message",
        "status.problems[]",
    ] {
        assert!(page.contains(&format!("&lt;x-marker-{}&gt;", flow.number(path))), "{path} is not shown");
    }
    assert!(page.contains("graph-part"), "there is no graph");
}

#[tokio::test]
async fn what_a_reader_asks_for_and_is_called_acts_nowhere() {
    let d = filled(Phase::Paused);
    let (name, word) = (marker(7), form_urlencoded::byte_serialize(marker(7).as_bytes()).collect::<String>());
    let asks = [ObjectKind::Runs, ObjectKind::Workflows, ObjectKind::Records]
        .map(|kind| (Permission::list(kind, None), true));
    let gets =
        [ObjectKind::Runs, ObjectKind::Workflows].map(|kind| (Permission::get(kind, &name, &name), true));
    d.access.remember(&Token::read("odd").unwrap(), Some(&name), &[asks.to_vec(), gets.to_vec()].concat());
    let percent = word.replace('+', "%20");
    for path in [
        "/".to_string(),
        format!("/{percent}"),
        format!("/runs?q={word}"),
        format!("/runs?workflow={word}&namespace={word}"),
        format!("/runs?status={word}"),
        format!("/runs?page={word}"),
        format!("/runs/{percent}/{percent}"),
        format!("/workflows/{percent}/{percent}"),
        format!("/api/v1/runs/{percent}/{percent}"),
    ] {
        let answer = read(&d, "odd", &path).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400 | 404), "{path}: {}", answer.status);
        assert_eq!(raw(&answer.body), None, "{path}");
        // The page repeats an input only to the client that sent it.
        if !path.contains("/runs?") || answer.status != StatusCode::OK {
            inert(&answer, &path);
        }
    }
    let d = two_namespaces();
    let csrf = Token::read(admin(&d)).unwrap().csrf();
    for fields in [
        format!("action=Retry&escalation={word}"),
        "action=Retry&escalation=e1-aaaaaa&outputs=%3Cx-marker-7%3E%1B%5B31m%E2%80%AE".to_string(),
        format!("action={word}"),
    ] {
        let request = post("/runs/a/one/decisions").header(header::AUTHORIZATION, "Bearer admin");
        let answer = ask(&d, request.body(Body::from(format!("csrf={csrf}&{fields}"))).unwrap()).await;
        assert!(answer.status.is_client_error(), "{fields}: {}", answer.status);
        inert(&answer, &fields);
    }
}
