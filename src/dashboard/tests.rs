//! Requests to the real routes, without a socket and without an API server: what it would have said is supposed, as
//! if it had been asked just now. What it does say is tested on a cluster (tests/on_cluster/dashboard).

mod data;
mod events;
mod figures;
mod hostile;
mod pages;
mod requests;
mod sessions;
mod size;
mod sockets;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use tower::ServiceExt;

use super::access::rights::{Ask, Kind};
use super::access::token::Token;
use super::{Dashboard, web};

/// What came back.
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
    let asks = [Kind::Runs, Kind::Workflows, Kind::Records].map(|kind| (Ask::list(kind, None), true));
    d.access.suppose(&Token::read("admin").unwrap(), Some("root"), &asks);
    let mut more = Vec::new();
    for (kind, name) in
        [(Kind::Runs, "one"), (Kind::Runs, "two"), (Kind::Runs, "missing"), (Kind::Workflows, "flow")]
    {
        more.extend(["a", "b"].map(|namespace| (Ask::get(kind, namespace, name), true)));
    }
    more.extend(["a", "b"].map(|n| (Ask::list(Kind::Jobs, Some(n)), true)));
    more.extend(["a", "b"].map(|n| (Ask::create(Kind::Decisions, n), true)));
    d.access.suppose(&Token::read("admin").unwrap(), Some("root"), &more);
    "admin"
}

/// A reader who may see namespace `a` only.
fn viewer(d: &Dashboard) -> &'static str {
    let mut asks = Vec::new();
    for kind in [Kind::Runs, Kind::Workflows, Kind::Records] {
        asks.push((Ask::list(kind, None), false));
        asks.push((Ask::list(kind, Some("a")), true));
        asks.push((Ask::list(kind, Some("b")), false));
        for name in ["one", "two", "missing", "flow"] {
            asks.push((Ask::get(kind, "a", name), true));
            asks.push((Ask::get(kind, "b", name), false));
        }
    }
    asks.push((Ask::list(Kind::Jobs, Some("a")), false));
    asks.push((Ask::create(Kind::Decisions, "a"), false));
    d.access.suppose(&Token::read("viewer").unwrap(), Some("vera"), &asks);
    "viewer"
}
