//! What readers see, and what they do not see.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::data::{dashboard, run, two_namespaces, workflow};
use super::{admin, read, viewer};

const LISTS: [&str; 6] =
    ["/", "/runs", "/workflows", "/api/v1/overview", "/api/v1/runs", "/api/v1/workflows"];

#[tokio::test]
async fn lists_show_only_namespaces_that_the_reader_may_list() {
    let d = two_namespaces();
    let (all, some) = (admin(&d), viewer(&d));
    for path in LISTS {
        let (whole, part) = (read(&d, all, path).await, read(&d, some, path).await);
        assert_eq!((whole.status, part.status), (StatusCode::OK, StatusCode::OK), "{path}");
        for word in ["/b/", "\"b\"", "<small>b", "task of b", "flow of b", ">two<"] {
            assert!(!part.body.contains(word), "{path} tells {word}");
        }
        assert!(whole.body.len() > part.body.len(), "{path}");
    }
    let figures: Value = serde_json::from_str(&read(&d, some, "/api/v1/overview").await.body).unwrap();
    assert_eq!((&figures["all"]["total"], &figures["all"]["ended"]), (&json!(2), &json!(1)));
    let figures: Value = serde_json::from_str(&read(&d, all, "/api/v1/overview").await.body).unwrap();
    assert_eq!(figures["all"]["total"], 4);
}

#[tokio::test]
async fn an_object_that_may_not_be_read_looks_like_one_that_is_missing() {
    let d = two_namespaces();
    let token = viewer(&d);
    for (hidden, missing) in [
        ("/runs/b/two", "/runs/b/missing"),
        ("/workflows/b/flow", "/workflows/b/missing"),
        ("/api/v1/runs/b/two", "/api/v1/runs/b/missing"),
    ] {
        let (hidden, missing) = (read(&d, token, hidden).await, read(&d, token, missing).await);
        assert_eq!((hidden.status, &hidden.body), (StatusCode::NOT_FOUND, &missing.body));
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(read(&d, token, "/runs/a/one").await.status, StatusCode::OK);
    assert_eq!(read(&d, token, "/runs/a/missing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_run_shows_its_question_and_the_commands_that_answer_it() {
    let d = two_namespaces();
    let page = read(&d, admin(&d), "/runs/a/one").await.body;
    for part in [
        "id=\"step-build\"",
        "id=\"step-build-attempt-2\"",
        "id=\"question-e1-aaaaaa\"",
        "mc workflow retry one -n a --feedback &quot;...&quot;",
        "mc workflow skip one -n a",
        "kubectl get workflowrun one -n a -o yaml",
        "the output",
        "smith",
        "1 of 3 retries used",
        "2 of 2 attempts are not drawn",
    ] {
        assert!(page.contains(part), "the page lacks {part}:\n{page}");
    }
}

#[tokio::test]
async fn what_people_and_agents_write_acts_nowhere() {
    let evil = "<script>alert(1)</script>\u{1b}[31m\u{202e}\"onmouseover='x'";
    let long = format!("{evil}{}", "x".repeat(1 << 20));
    let hostile = run("a", "one", |run| {
        run["spec"]["task"] = json!(long);
        run["spec"]["params"] = json!({"p": evil});
        run["spec"]["runID"] = json!(evil);
        let status = &mut run["status"];
        status["message"] = json!(evil);
        status["waiting"] = json!(evil);
        status["outputs"] = json!({evil: evil});
        status["decisions"] = json!([{"uid": "u", "name": evil, "action": "Retry", "by": evil,
            "at": "2026-03-01T11:00:00Z", "result": evil}]);
        status["escalations"][0]["message"] = json!(evil);
        status["escalations"][0]["item"] = json!(evil);
        status["conditions"] = json!([{"type": "Ready", "status": "False", "reason": "R", "message": evil,
            "lastTransitionTime": "2026-03-01T11:00:00Z"}]);
        let step = &mut status["steps"][0];
        step["output"] = json!(long);
        step["outputs"] = json!({"k": evil});
        step["feedback"] = json!(evil);
        step["verifyFeedback"] = json!(evil);
        step["last"]["message"] = json!(evil);
        step["items"] = json!([{"id": evil, "title": evil, "phase": "Running", "attempts": 1,
            "current": {"n": 1, "job": evil, "intentAt": "2026-03-01T11:00:00Z"}}]);
    });
    let flow = workflow("a", |w| {
        w["spec"]["description"] = json!(evil);
        w["spec"]["params"] = json!([{"name": "p", "default": evil, "description": evil}]);
        w["spec"]["agents"][0]["description"] = json!(evil);
        w["spec"]["steps"][0]["input"] = json!(long);
        w["spec"]["steps"][0]["when"] = json!(evil);
        w["status"] = json!({"problems": [evil]});
    });
    let d = dashboard(vec![hostile], vec![flow], vec![]);
    let token = admin(&d);
    for path in [
        "/",
        "/runs",
        "/runs?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/runs/a/one",
        "/workflows",
        "/workflows/a/flow",
    ] {
        let page = read(&d, token, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for word in ["<script>alert", "\u{1b}", "\u{202e}", "\"onmouseover"] {
            assert!(!page.body.contains(word), "{path} has {word:?}");
        }
        assert!(page.body.len() < 700_000, "{path} has {} bytes", page.body.len());
    }
    let page = read(&d, token, "/runs/a/one").await.body;
    assert!(page.contains("&lt;script&gt;alert(1)"), "the text itself is not shown");
    assert!(page.contains("U+202E"), "what turns text around is not named");
}

#[tokio::test]
async fn a_status_that_there_is_not_is_told() {
    let d = two_namespaces();
    let answer = read(&d, admin(&d), "/runs?status=finished").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("there is no status") && answer.body.contains("Pending, Running, Paused"));
}
