//! Ten thousand runs and as many records: the size of a page, and the memory and time needed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{StatusCode, header};
use futures::StreamExt;
use tower::ServiceExt;

use super::data::{dashboard, now, record, run, workflow};
use super::{Token, admin, get, read, web};
use mission_control::dashboard::Dashboard;
use mission_control::dashboard::access::rights::{ObjectKind, Permission};
use mission_control::dashboard::changes::Change;

const MANY: i64 = 10_000;

/// In two namespaces, over 23 days.
fn ten_thousand() -> Arc<Dashboard> {
    let second = |n: i64| now().0 - jiff::SignedDuration::from_secs(n * 200);
    let namespace = |n: i64| if n % 2 == 0 { "a" } else { "b" };
    let runs = (0..MANY).map(|n| run(namespace(n), &format!("run-{n}"), |_| {})).collect();
    let records = (0..MANY).map(|n| record(namespace(n), &format!("rec-{n}"), second(n))).collect();
    dashboard(runs, vec![workflow("a", |_| {})], records)
}

#[tokio::test]
async fn ten_thousand_runs_make_a_page_that_is_not_larger() {
    let d = ten_thousand();
    let token = admin(&d);
    for path in ["/", "/runs", "/workflows", "/workflows/a/flow"] {
        let page = read(&d, token, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.len() < 60_000, "{path} has {} bytes", page.body.len());
    }
}

/// `cargo test --release --test dashboard the_dashboard_in_figures -- --ignored --nocapture`; docs/dashboard.md
/// quotes its output.
#[tokio::test]
#[ignore = "prints figures for people to look at"]
async fn the_dashboard_in_figures() {
    taken();
    let d = ten_thousand();
    let token = admin(&d);
    for path in ["/", "/workflows", "/workflows/a/flow", "/api/v1/overview"] {
        timed(&d, token, path, "at first").await;
        timed(&d, token, path, "again").await;
        d.changes.publish_overflow();
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        timed(&d, token, path, "after a change").await;
    }
    for path in [
        "/runs",
        "/runs?status=Paused",
        "/runs?status=Failed",
        "/runs?q=task+of+b",
        "/runs?workflow=flow&namespace=b&page=100",
        "/api/v1/runs?q=run-77",
        "/runs/a/one",
    ] {
        timed(&d, token, path, "at first").await;
        timed(&d, token, path, "again").await;
    }
}

async fn timed(d: &Arc<Dashboard>, token: &str, path: &str, when: &str) {
    let start = Instant::now();
    let page = read(d, token, path).await;
    eprintln!("{path} {when}: {} bytes, {:.1?}", page.body.len(), start.elapsed());
}

/// The memory that objects need.
fn taken() {
    let resident = || {
        let text = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = text.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
    };
    let before = resident();
    let records =
        dashboard(vec![], vec![], (0..MANY).map(|n| record("a", &format!("rec-{n}"), now().0)).collect());
    let between = resident();
    let runs = dashboard((0..MANY).map(|n| run("a", &format!("run-{n}"), |_| {})).collect(), vec![], vec![]);
    let bytes = |kib: usize| kib * 1024 / 10_000;
    eprintln!("a record of five steps: {} bytes", bytes(between - before));
    eprintln!("a run of one step and a question: {} bytes", bytes(resident() - between));
    drop((records, runs));
}

/// A hundred pages are open, and all receive changes.
#[tokio::test(start_paused = true)]
#[ignore = "prints figures for people to look at"]
async fn what_a_change_costs_in_figures() {
    for (who, sees_all) in [("everywhere", true), ("in one namespace", false)] {
        let d = ten_thousand();
        let readers: Vec<String> = (0..13).map(|n| format!("reader-{n}")).collect();
        for reader in &readers {
            let asks: Vec<(Permission, bool)> =
                [ObjectKind::Runs, ObjectKind::Records, ObjectKind::Workflows]
                    .into_iter()
                    .flat_map(|kind| {
                        let own = [("a", true), ("b", false)]
                            .map(|(n, may)| (Permission::list(kind, Some(n)), may));
                        std::iter::once((Permission::list(kind, None), sees_all)).chain(own)
                    })
                    .collect();
            d.access.remember(&Token::read(reader).unwrap(), Some(reader), &asks);
        }
        let mut open = Vec::new();
        for n in 0..100 {
            let token = format!("Bearer {}", readers[n / 8]);
            let request = get("/events").header(header::AUTHORIZATION, token).body(Body::empty()).unwrap();
            let response = web::router(Arc::clone(&d)).oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            open.push(response.into_body().into_data_stream());
        }
        for changes in [1, 100, 1_000] {
            for n in 0..changes {
                let name = format!("run-{}", 2 * n);
                d.changes.publish(Change { kind: ObjectKind::Runs, namespace: "a".into(), name });
            }
            // The clock is paused except for timers, so this measures the work alone.
            let start = Instant::now();
            let told = futures::future::join_all(open.iter_mut().map(StreamExt::next)).await;
            let bytes: usize = told.into_iter().map(|part| part.unwrap().unwrap().len()).sum();
            eprintln!("{changes} changes to 100 who see {who}: {bytes} bytes, {:.1?}", start.elapsed());
        }
    }
}
