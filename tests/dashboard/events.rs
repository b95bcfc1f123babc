//! The events that an open page receives.

use axum::body::Body;
use axum::http::header;
use futures::StreamExt;
use tower::ServiceExt;

use super::data::two_namespaces;
use super::{admin, get, read};
use mission_control::dashboard::access::rights::ObjectKind;
use mission_control::dashboard::changes::Change;
use mission_control::dashboard::{Dashboard, web};

/// The address that the page subscribes to, as its own script reads it.
fn address(page: &str) -> String {
    let rest = page.split_once("data-events=\"").expect("the page listens nowhere").1;
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

/// The first event; None if there is none within two minutes.
async fn first(d: &std::sync::Arc<Dashboard>, address: &str) -> Option<String> {
    let request = get(address).header(header::AUTHORIZATION, "Bearer admin");
    let response = web::router(std::sync::Arc::clone(d)).oneshot(request.body(Body::empty()).unwrap()).await;
    let mut told = response.unwrap().into_body().into_data_stream();
    let event = async {
        loop {
            let text = String::from_utf8(told.next().await?.unwrap().to_vec()).unwrap();
            // Keep-alive comments between events.
            if text.contains("event:") {
                return Some(text);
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), event).await.ok().flatten()
}

#[tokio::test(start_paused = true)]
async fn a_change_between_the_page_and_its_connection_is_told() {
    let d = two_namespaces();
    for path in ["/", "/runs", "/runs/a/one", "/workflows", "/workflows/a/flow"] {
        let page = read(&d, admin(&d), path).await;
        d.changes.publish(Change { kind: ObjectKind::Runs, namespace: "a".into(), name: "one".into() });
        let told = first(&d, &address(&page.body)).await;
        assert!(told.is_some_and(|t| t.starts_with("event: changed")), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_knows_everything_is_told_nothing() {
    let d = two_namespaces();
    let page = read(&d, admin(&d), "/runs/a/one").await;
    assert_eq!(first(&d, &address(&page.body)).await, None);
}
