//! The notifications of a run.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use mission_control::api::step::{Retry, Step};
use mission_control::api::workflow::{Notify, NotifyEvent};
use mission_control::api::{Action, Phase, Workflow};
use serde_json::{Value, json};

use crate::support::{Fixture, PATIENCE, is, step, until, workflow};

/// A webhook on this machine: the header that tells repetitions, and the body, of each request.
#[derive(Clone, Default)]
struct Webhook(Arc<Mutex<Vec<(String, Value)>>>);

impl Webhook {
    async fn start() -> (Self, String) {
        let webhook = Self::default();
        let routes = Router::new().route("/hook/hunter2", post(take)).with_state(webhook.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook/hunter2", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (webhook, url)
    }

    fn got(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().clone()
    }

    fn events(&self) -> Vec<Value> {
        self.got().into_iter().map(|(_, body)| body["event"].clone()).collect()
    }
}

async fn take(State(webhook): State<Webhook>, headers: HeaderMap, body: String) {
    let key = headers["idempotency-key"].to_str().unwrap().to_string();
    webhook.0.lock().unwrap().push((key, serde_json::from_str(&body).unwrap()));
}

/// A targets file with the webhook, and a target where nobody listens.
fn targets_file(url: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("notify-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("url"), format!("{url}\n")).unwrap();
    let file = folder.join("targets.yaml");
    let text = "targets:
- {name: team, kind: Webhook, urlFile: url}
- {name: dead, kind: Webhook, url: 'http://127.0.0.1:1/hunter2'}
";
    std::fs::write(&file, text).unwrap();
    file
}

fn notify(target: &str, on: &[NotifyEvent]) -> Notify {
    Notify { events: on.to_vec(), target: target.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_of_a_question_and_of_the_end_once_each() {
    let (webhook, url) = Webhook::start().await;
    let file = targets_file(&url);
    let f = Fixture::with_arguments(&["--notify-targets", file.to_str().unwrap()]).await;
    let once = Retry { limit: Some(0), lost_limit: Some(100), ..Retry::default() };
    let failing =
        Step { retry: Some(once), ..step("build", "echo 'SECRET: agent text'; echo STATUS: failed") };
    let mut w = workflow("w", [failing]);
    let asked = [NotifyEvent::Escalated];
    w.spec.notify = ["dead", "nobody", "team"].map(|target| notify(target, &asked)).to_vec();
    f.workflow(w).await;
    f.run("demo", "w").await;

    let paused = f.until("demo", "question", is(Phase::Paused)).await;
    f.until_true("word of the question", async || !webhook.got().is_empty()).await;
    let question = &paused.escalations[0];
    let (key, body) = webhook.got().remove(0);
    assert_eq!(
        (&body["event"], &body["run"], &body["namespace"], &body["workflow"], &body["step"]),
        (&json!("Escalated"), &json!("demo"), &json!(f.namespace), &json!("w"), &json!("build"))
    );
    let expected = json!([{
        "id": question.id, "step": "build", "cause": "StatusFailed", "actions": ["Retry", "Skip", "Abort"],
        "hint": format!("Answer with a WorkflowDecision named demo-{}: Retry, Skip, Abort", question.id),
    }]);
    assert_eq!(body["escalations"], expected);
    assert!(!body.to_string().contains("SECRET: agent text"), "an agent's output was sent: {body}");

    // Notifications follow the current Workflow, not the one that the run started with.
    let ended = json!({"spec": {"notify": [{"events": ["Succeeded", "Failed"], "target": "team"}]}});
    let edited: Workflow = f.patch("w", ended).await.unwrap();
    let seen =
        |w: &Workflow| w.status.as_ref().and_then(|s| s.observed_generation) == edited.metadata.generation;
    until(&f.api::<Workflow>(), "w", "sight of the edit", PATIENCE, seen).await;
    f.answer("demo", question, Action::Skip, None).await;
    // The dead target is being tried all the while.
    f.until("demo", "its end", is(Phase::Succeeded)).await;
    f.until_true("word of the end", async || webhook.got().len() > 1).await;
    f.until_true("loss at the dead target", async || f.operator.log().contains("Unanswered")).await;

    assert_eq!(webhook.events(), [json!("Escalated"), json!("Succeeded")]);
    assert_ne!(webhook.got()[1].0, key, "two things with one key");
    let log = f.operator.log();
    assert!(log.contains("a target that --notify-targets does not define"), "{log}");
    assert!(!log.contains("hunter2"), "a target's URL is in the log:\n{log}");
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_knows_is_refused_by_the_api_server() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("a", "echo")])).await;
    let notify = json!({"spec": {"notify": [{"events": ["Sometimes"], "target": "team"}]}});
    let refusal = f.patch::<Workflow>("w", notify).await.unwrap_err().to_string();
    assert!(refusal.contains("spec.notify[0].events[0]") && refusal.contains("Escalated"), "{refusal}");
}
