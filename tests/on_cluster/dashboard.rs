//! The dashboard for readers with different rights: real tokens, and real answers of the API server about rights.

use kube::Api;
use kube::api::{ListParams, PostParams};
use mission_control::api::step::{Approval, Step};
use mission_control::api::{Phase, WorkflowDecision, WorkflowRun};
use serde_json::{Value, json};

use crate::support::browser::{Browser, event};
use crate::support::{Fixture, client, delete_namespace, is, make_namespace, step, to, workflow};

const DASHBOARD: &[&str] = &["--dashboard-bind", "127.0.0.1:0", "--dashboard-actions"];

fn viewer() -> Value {
    json!([{"apiGroups": ["missioncontrol.dev"], "verbs": ["get", "list"],
        "resources": ["workflows", "workflowruns", "runrecords"]}])
}

fn approver() -> Value {
    json!([{"apiGroups": ["missioncontrol.dev"], "verbs": ["get", "list"],
            "resources": ["workflows", "workflowruns", "runrecords"]},
        {"apiGroups": ["missioncontrol.dev"], "verbs": ["create"], "resources": ["workflowdecisions"]}])
}

/// A step that asks a person.
pub(crate) fn gate() -> Step {
    let approval = Approval { message: "Open it?".into(), ..Approval::default() };
    Step { name: "gate".into(), approval: Some(approval), ..Step::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_sees_what_the_own_token_may_read() {
    let other = make_namespace(&client().await).await;
    let arguments = [DASHBOARD, &["--namespace", &other]].concat();
    let f = Fixture::with_arguments(&arguments).await;
    f.workflow(workflow("flow", [gate()])).await;
    f.run("open-run", "flow").await;
    let elsewhere: Api<WorkflowRun> = Api::namespaced(f.client.clone(), &other);
    elsewhere
        .create(&PostParams::default(), &WorkflowRun::new("secret-run", to("flow")))
        .await
        .expect("refused");
    f.until("open-run", "its question", is(Phase::Paused)).await;

    let reader = Browser::new(&f, "viewer", viewer()).await;
    let nobody = Browser::new(&f, "nobody", json!([])).await;
    let own = format!("/runs/{}/open-run", f.namespace);
    let runs = reader.read("/runs");
    assert_eq!(runs.status, 200);
    assert!(runs.body.contains(&own) && !runs.body.contains("secret-run"), "{}", runs.body);
    assert_eq!(reader.read(&own).status, 200);
    assert_eq!(reader.read(&format!("/runs/{other}/secret-run")).status, 404);
    assert!(reader.read("/").body.contains("Open it?"));

    for path in ["/", "/runs", "/workflows"] {
        let page = nobody.read(path);
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains("open-run") && !page.body.contains(&other), "{path}: {}", page.body);
    }
    assert_eq!(nobody.read(&own).status, 404);
    for path in ["/", "/runs", &own, "/api/v1/overview", "/events"] {
        assert_eq!(nobody.read_as_stranger(path).status, 401, "{path}");
    }
    let liar = Browser { token: "not.a.token".into(), ..nobody };
    assert_eq!(liar.read("/").status, 401);
    delete_namespace(&other);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_given_by_who_may_and_by_nobody_else() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    f.workflow(workflow("flow", [gate()])).await;
    f.run("demo", "flow").await;
    let status = f.until("demo", "its question", is(Phase::Paused)).await;
    let question = status.escalations[0].id.clone();
    let page = format!("/runs/{}/demo", f.namespace);
    let form = |csrf: &str| format!("csrf={csrf}&escalation={question}&action=Approve&feedback=well+done");
    let may = Browser::new(&f, "approver", approver()).await;
    let may_not = Browser::new(&f, "viewer", viewer()).await;

    let cookie = may_not.sign_in();
    let seen = may_not.read_with(&cookie, &page).body;
    assert!(!seen.contains("value=\"Approve\""), "a button that does nothing: {seen}");
    assert!(seen.contains("mc workflow approve demo"), "{seen}");
    let answer = may_not.post(&format!("{page}/decisions"), &cookie, &form(&csrf(&seen)));
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.body.contains("cannot create resource"), "{}", answer.body);

    let cookie = may.sign_in();
    let seen = may.read_with(&cookie, &page).body;
    assert!(seen.contains("value=\"Approve\""), "{seen}");
    assert_eq!(may.post(&format!("{page}/decisions"), &cookie, &form("stolen")).status, 403);
    let decisions = || f.api::<WorkflowDecision>();
    assert!(decisions().list(&ListParams::default()).await.expect("no list").items.is_empty());
    let answer = may.post(&format!("{page}/decisions"), &cookie, &form(&csrf(&seen)));
    assert_eq!(answer.status, 303, "{answer:?}");
    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    let by: Vec<_> = status.decisions.iter().map(|d| (d.by.as_deref(), d.result.as_str())).collect();
    assert_eq!(by, [(Some(may.user.as_str()), "Applied")]);
    let log = f.operator.log();
    assert!(!log.contains(&may.token) && !log.contains(&may_not.token), "a token is in the log");
}

fn csrf(page: &str) -> String {
    let rest = page.split_once("name=\"csrf\" value=\"").expect("no form").1;
    rest.split('"').next().expect("no value").into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_prints_is_shown_and_acts_nowhere_while_the_page_stays_fresh() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    let reader = Browser::new(&f, "viewer", viewer()).await;
    let script = r"printf 'NOTE: <script>alert(1)</script>\033[31mred\033[0m \342\200\256 x\nSTATUS: done\n'";
    f.workflow(workflow("flow", [step("say", script)])).await;
    let mut events = reader.listen();
    f.run("demo", "flow").await;
    event(&mut events, "\"name\":\"demo\"");
    f.until("demo", "its end", is(Phase::Succeeded)).await;
    let path = format!("/runs/{}/demo", f.namespace);
    f.until_true("the output on the page", async || reader.read(&path).body.contains("alert(1)")).await;
    let page = reader.read(&path).body;
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    for word in ["<script>alert", "\u{1b}", "\u{202e}"] {
        assert!(!page.contains(word), "the page has {word:?}");
    }
    f.until_true("the record in the figures", async || {
        let body = reader.read("/api/v1/overview").body;
        serde_json::from_str::<Value>(&body).is_ok_and(|figures| figures["all"]["ended"] == 1)
    })
    .await;
}
