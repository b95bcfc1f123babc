//! Requests to the real routes, without a socket and without an API server: its answers are cached beforehand. Tests
//! on a cluster cover its real answers (tests/on_cluster/dashboard).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod data;
mod draw;
mod events;
mod figures;
mod gallery;
mod hostile;
#[path = "../support/markup.rs"]
mod markup;
mod pages;
mod parts;
mod requests;
#[path = "../support/script/script.rs"]
#[allow(dead_code, reason = "every target uses another part")]
mod script;
mod sessions;
mod size;
mod sockets;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use tower::ServiceExt;

use mission_control::dashboard::access::rights::{ObjectKind, Permission};
use mission_control::dashboard::access::token::Token;
use mission_control::dashboard::{Dashboard, web};

/// A response.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

async fn ask(d: &Arc<Dashboard>, request: Request<Body>) -> Answer {
    let response = web::router(Arc::clone(d)).oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// A request to a loopback address, as a port-forward makes it.
fn get(path: &str) -> axum::http::request::Builder {
    Request::get(path).header(header::HOST, "localhost:8081")
}

fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(header::HOST, "localhost:8081")
        .header(header::ORIGIN, "http://localhost:8081")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

/// The page as the reader with that token sees it.
async fn read(d: &Arc<Dashboard>, token: &str, path: &str) -> Answer {
    let request = get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    ask(d, request.body(Body::empty()).unwrap()).await
}

/// A reader who may do everything everywhere.
fn admin(d: &Dashboard) -> &'static str {
    let asks = [ObjectKind::Runs, ObjectKind::Workflows, ObjectKind::Records]
        .map(|kind| (Permission::list(kind, None), true));
    d.access.remember(&Token::read("admin").unwrap(), Some("root"), &asks);
    let mut more = Vec::new();
    for (kind, name) in [
        (ObjectKind::Runs, "one"),
        (ObjectKind::Runs, "two"),
        (ObjectKind::Runs, "missing"),
        (ObjectKind::Workflows, "flow"),
    ] {
        more.extend(["a", "b"].map(|namespace| (Permission::get(kind, namespace, name), true)));
    }
    more.extend(["a", "b"].map(|n| (Permission::list(ObjectKind::Jobs, Some(n)), true)));
    more.extend(["a", "b"].map(|n| (Permission::create(ObjectKind::Decisions, n), true)));
    d.access.remember(&Token::read("admin").unwrap(), Some("root"), &more);
    "admin"
}

/// A reader who may see namespace `a` only.
fn viewer(d: &Dashboard) -> &'static str {
    let mut asks = Vec::new();
    for kind in [ObjectKind::Runs, ObjectKind::Workflows, ObjectKind::Records] {
        asks.push((Permission::list(kind, None), false));
        asks.push((Permission::list(kind, Some("a")), true));
        asks.push((Permission::list(kind, Some("b")), false));
        for name in ["one", "two", "missing", "flow"] {
            asks.push((Permission::get(kind, "a", name), true));
            asks.push((Permission::get(kind, "b", name), false));
        }
    }
    asks.push((Permission::list(ObjectKind::Jobs, Some("a")), false));
    asks.push((Permission::create(ObjectKind::Decisions, "a"), false));
    d.access.remember(&Token::read("viewer").unwrap(), Some("vera"), &asks);
    "viewer"
}
