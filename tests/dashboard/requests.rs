//! The requests that a page sends to the API server: reviews of its reader's rights, these and no others. The API
//! server's address does not answer, so a page that succeeds has sent only the requests that are prepared here.

use axum::body::Body;
use axum::http::StatusCode;
use tower::ServiceExt;

use super::data::two_namespaces;
use super::{Token, read, web};
use mission_control::dashboard::access::rights::{ObjectKind, Permission};

const RUNS: Permission = Permission { verb: "list", kind: ObjectKind::Runs, namespace: None, name: None };
const RECORDS: Permission =
    Permission { verb: "list", kind: ObjectKind::Records, namespace: None, name: None };
const WORKFLOWS: Permission =
    Permission { verb: "list", kind: ObjectKind::Workflows, namespace: None, name: None };

/// Each address and its requests.
fn table() -> Vec<(&'static str, &'static str, Vec<Permission>)> {
    let (run, flow) =
        (Permission::get(ObjectKind::Runs, "a", "one"), Permission::get(ObjectKind::Workflows, "a", "flow"));
    let (jobs, decide) =
        (Permission::list(ObjectKind::Jobs, Some("a")), Permission::create(ObjectKind::Decisions, "a"));
    vec![
        ("/", "/", vec![RUNS, RECORDS]),
        ("/runs", "/runs", vec![RUNS]),
        ("/runs/{namespace}/{name}", "/runs/a/one", vec![run.clone(), flow.clone(), jobs, decide]),
        ("/runs/{namespace}/{name}/decisions", "/runs/a/one/decisions", vec![]),
        ("/workflows", "/workflows", vec![RUNS, RECORDS, WORKFLOWS]),
        ("/workflows/{namespace}/{name}", "/workflows/a/flow", vec![flow.clone(), RUNS, RECORDS]),
        ("/events", "/events?name=missing&namespace=b", vec![]),
        ("/api/v1/overview", "/api/v1/overview", vec![RUNS, RECORDS]),
        ("/api/v1/runs", "/api/v1/runs?q=x", vec![RUNS]),
        ("/api/v1/runs/{namespace}/{name}", "/api/v1/runs/a/one", vec![run]),
        ("/api/v1/workflows", "/api/v1/workflows", vec![RUNS, RECORDS, WORKFLOWS]),
        ("/api/v1/workflows/{namespace}/{name}", "/api/v1/workflows/a/flow", vec![flow, RUNS, RECORDS]),
    ]
}

/// The response if the API server has answered these before.
async fn seen(path: &str, asks: &[Permission]) -> StatusCode {
    let d = two_namespaces();
    let answers: Vec<(Permission, bool)> = asks.iter().map(|a| (a.clone(), true)).collect();
    d.access.remember(&Token::read("reader").unwrap(), Some("vera"), &answers);
    if path.starts_with("/events") {
        let request = super::get(path).header("authorization", "Bearer reader").body(Body::empty());
        return web::router(d).oneshot(request.unwrap()).await.unwrap().status();
    }
    read(&d, "reader", path).await.status
}

#[tokio::test]
async fn a_page_asks_about_its_readers_rights_and_nothing_else() {
    let table = table();
    let mut left: Vec<&str> = web::authenticated_routes().into_iter().map(|(route, _)| route).collect();
    left.retain(|route| table.iter().all(|(known, ..)| known != route));
    assert_eq!(left, ["/sign-out"], "an address that is not in the table");
    for (_, path, asks) in table {
        let status = seen(path, &asks).await;
        assert!(status == StatusCode::OK || status.is_redirection(), "{path}: {status}");
        // Each of them is needed.
        for n in 0..asks.len() {
            let mut fewer = asks.clone();
            let without = fewer.remove(n);
            assert_eq!(
                seen(path, &fewer).await,
                StatusCode::SERVICE_UNAVAILABLE,
                "{path} without {without:?}"
            );
        }
    }
}

#[tokio::test]
async fn who_may_not_list_everywhere_costs_a_question_for_each_namespace() {
    let d = two_namespaces();
    let mut asks = Vec::new();
    for kind in [ObjectKind::Runs, ObjectKind::Records] {
        asks.push((Permission::list(kind, None), false));
        asks.extend(["a", "b"].map(|n| (Permission::list(kind, Some(n)), n == "a")));
    }
    d.access.remember(&Token::read("reader").unwrap(), Some("vera"), &asks);
    assert_eq!(read(&d, "reader", "/").await.status, StatusCode::OK);
}
