//! The real server on a real socket: limits, methods, and the response of every address to a client without a
//! session.
//!
//! Timeouts are short, and the server must act; nothing is measured. A response that never comes fails after
//! [`PATIENCE`].

mod wire;

use std::sync::Arc;
use std::time::Duration;

use super::data::two_namespaces;
use super::{Dashboard, admin, viewer, web};
use mission_control::dashboard::access::rights::{ObjectKind, Permission};
use mission_control::dashboard::access::token::Token;
use mission_control::dashboard::limits::ConnectionLimits;
use wire::{Server, Wire, get};

/// Enough for what happens at once on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
const SHORT: Duration = Duration::from_millis(50);

fn bounded(change: impl FnOnce(&mut ConnectionLimits)) -> Arc<Dashboard> {
    let mut d = two_namespaces();
    change(&mut Arc::get_mut(&mut d).unwrap().limits);
    d
}

/// The address of a route, with names in place of its parameters.
fn address(route: &str) -> String {
    route.replace("{namespace}", "a").replace("{name}", "one").replace("{file}", "style.css")
}

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

#[tokio::test]
async fn a_stranger_gets_nothing_from_any_address_by_any_method() {
    let server = Server::of(two_namespaces()).await;
    let known = web::authenticated_routes();
    assert!(known.len() > 10);
    for (route, _) in known {
        for method in METHODS {
            let about = format!("{method} {route}");
            let answer = server.ask(&format!("{method} {} HTTP/1.1", address(route)), "").await;
            assert_eq!(answer.status, 401, "{about}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{about}");
            for word in ["task of", "flow of", "one", "two", "build", "Succeeded"] {
                assert!(!answer.body.contains(&format!(">{word}")), "{about} tells {word}");
            }
            match (method, route.starts_with("/api/")) {
                ("HEAD", _) => assert_eq!(answer.body, "", "{about}"),
                (_, true) => assert!(answer.body.starts_with("{\"error\":{\"code\":401"), "{about}"),
                (_, false) => assert!(answer.body.contains("<h1>Sign in</h1>"), "{about}"),
            }
        }
    }
    let open: Vec<&str> = web::public_routes().into_iter().map(|(route, _)| route).collect();
    assert_eq!(open, ["/sign-in", "/assets/{file}", "/healthz"]);
    let health = server.ask("GET /healthz HTTP/1.1", "").await;
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
}

#[tokio::test]
async fn an_address_is_for_its_methods_only() {
    let d = two_namespaces();
    let token = format!("Authorization: Bearer {}", admin(&d));
    let server = Server::of(d).await;
    for (route, _) in web::authenticated_routes() {
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer = server.ask(&format!("{method} {} HTTP/1.1", address(route)), &token).await;
            assert_eq!(answer.status, 405, "{method} {route}");
            let allowed = answer.header("allow").unwrap_or_default();
            assert!(allowed.contains("GET") || allowed == "POST", "{method} {route}: {allowed}");
            assert_eq!(answer.body.starts_with("{\"error\":{\"code\":405"), route.starts_with("/api/"));
        }
    }
    for (path, status) in [("/runs?page=x", 400), ("/api/v1/runs?page=x", 400), ("/api/v1/nothing", 404)] {
        let answer = server.ask(&format!("GET {path} HTTP/1.1"), &token).await;
        assert_eq!(answer.status, status, "{path}");
        let json = answer.body.starts_with(&format!("{{\"error\":{{\"code\":{status}"));
        assert_eq!(json, path.starts_with("/api/"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_body_is_bounded_whether_its_length_is_told_or_not() {
    let server = Server::of(two_namespaces()).await;
    let form = "Origin: http://localhost\r\nContent-Type: application/x-www-form-urlencoded";
    let body = format!("token={}", "a".repeat(70 * 1024));
    let told = format!("{form}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let untold = format!("{form}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0", body.len());
    for rest in [told, untold] {
        assert_eq!(server.ask("POST /sign-in HTTP/1.1", &rest).await.status, 413);
    }
}

#[tokio::test]
async fn a_head_is_bounded_and_one_with_a_long_token_fits() {
    let d = two_namespaces();
    let long = "a".repeat(3_800);
    let asks = [ObjectKind::Runs, ObjectKind::Records].map(|kind| (Permission::list(kind, None), true));
    d.access.remember(&Token::read(&long).unwrap(), Some("root"), &asks);
    let server = Server::of(d).await;
    let cookie = format!("Cookie: mission-control={}.{long}", super::data::now().0.as_second());
    assert_eq!(server.ask("GET /api/v1/overview HTTP/1.1", &cookie).await.status, 200);
    let answer = server.ask("GET / HTTP/1.1", &format!("X: {}", "a".repeat(20 * 1024))).await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn who_is_slow_with_a_head_is_let_go_and_who_is_not_is_answered() {
    let server = Server::of(bounded(|b| b.header_timeout = SHORT)).await;
    let mut silent = server.connect().await;
    assert_eq!(silent.rest().await, "", "nothing was asked");
    let mut slow = server.connect().await;
    // One byte at a time, as long as the server reads.
    let drip = async {
        slow.send("GET / HTTP/1.1\r\nX: ").await;
        while slow.try_send("a").await {
            tokio::time::sleep(SHORT / 5).await;
        }
    };
    tokio::time::timeout(PATIENCE, drip).await.expect("who drips is never let go");
    let mut idle = server.connect().await;
    idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(idle.rest().await.ends_with("ok\n"), "a connection is not kept for ever between two requests");

    let server = Server::of(two_namespaces()).await;
    let mut slow = server.connect().await;
    slow.send("GET /healthz HTTP/1.1\r\nHo").await;
    tokio::time::sleep(SHORT).await;
    slow.send("st: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(slow.rest().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::of(bounded(|b| b.response_timeout = SHORT)).await;
    let mut slow = server.connect().await;
    slow.send(
        "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Length: 100\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=",
    )
    .await;
    assert!(slow.rest().await.starts_with("HTTP/1.1 503"));
}

#[tokio::test]
async fn who_takes_nothing_of_the_answers_is_let_go() {
    let server = Server::of(bounded(|b| (b.write_timeout, b.max_connections) = (SHORT, 1))).await;
    let mut greedy = server.connect().await;
    // More responses than all buffers on the way hold; none is read.
    let many = get("/assets/style.css", "").repeat(2_000);
    let asked = async {
        for part in many.as_bytes().chunks(8 * 1024) {
            if !greedy.try_send(std::str::from_utf8(part).unwrap()).await {
                return;
            }
        }
    };
    // The only slot is free again.
    let (_, health) =
        tokio::join!(tokio::time::timeout(PATIENCE, asked), server.ask("GET /healthz HTTP/1.1", ""));
    assert_eq!(health.status, 200);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_until_one_is_free() {
    let server = Server::of(bounded(|b| b.max_connections = 2)).await;
    let (first, _second) = (server.opened().await, server.opened().await);
    let mut third = server.connect().await;
    third.send(&get("/healthz", "")).await;
    assert!(!third.hears_within(SHORT * 4).await, "a third one is served");
    drop(first);
    assert!(third.head().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn events_are_for_eight_pages_of_a_reader_and_a_hundred_of_all() {
    let d = two_namespaces();
    let readers: Vec<String> = (0..13).map(|n| format!("reader-{n}")).collect();
    for reader in &readers {
        d.access.remember(&Token::read(reader).unwrap(), Some(reader), &[]);
    }
    viewer(&d);
    let server = Server::of(d).await;
    let mut open: Vec<Wire> = Vec::new();
    for reader in &readers {
        for n in 0..9 {
            let (status, wire) = server.listen(reader).await;
            let wanted = n < 8 && open.len() < 100;
            assert_eq!(status, if wanted { 200 } else { 429 }, "{reader}, {n}, {} are open", open.len());
            open.extend(wanted.then_some(wire));
        }
    }
    assert_eq!((open.len(), server.listen("viewer").await.0), (100, 429));
    // A client that disconnects frees its slot, as soon as the server notices.
    drop(open.pop());
    let again = async { while server.listen("viewer").await.0 != 200 {} };
    tokio::time::timeout(PATIENCE, again).await.expect("no slot is given back");
}
