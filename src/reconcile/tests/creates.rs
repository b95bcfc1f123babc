//! Creates of Jobs and Pods.

use hyper::http::Method;

use super::*;
use crate::engine::snapshot::Loss;

const WEBHOOK: &str = "Internal error occurred: failed calling webhook \"w\": connection refused";

#[tokio::test]
async fn a_pod_that_a_broken_webhook_refuses_waits_and_is_no_loss() {
    let mut bench = Bench::new();
    for (code, reason, message) in [
        (500, "InternalError", WEBHOOK),
        (429, "TooManyRequests", "busy"),
        (503, "ServiceUnavailable", "busy"),
    ] {
        bench = Bench::new();
        bench.server.refuse(Method::POST, "pods", code, reason, message);
        bench.launch().await;
        assert_eq!(bench.blocked().await, message);
        assert_eq!(bench.server.times(&Method::GET, "pods"), 0, "nothing is looked for");
    }
    bench.retry_after(6).await;
    bench.blocked().await;
    bench.server.answer_all();
    bench.retry_after(6).await;
    assert!(bench.server.get("pods", JOB).is_some());
    assert!(matches!(bench.fact().await, AttemptFact::Pending { message: None, .. }));
}

#[tokio::test]
async fn a_pod_whose_create_was_not_answered_is_looked_for_until_nobody_can_create_it_any_more() {
    let mut bench = Bench::new();
    bench.server.refuse(Method::POST, "pods", 500, "InternalError", "etcdserver: request timed out");
    bench.launch().await;
    bench.later(14);
    let AttemptFact::Pending { message: Some(message), .. } = bench.fact().await else {
        panic!("it may turn up yet")
    };
    assert!(message.contains("not known") && message.contains("etcdserver"), "{message}");
    bench.later(2);
    let AttemptFact::Lost { cause: Loss::NeverStarted, message } = bench.fact().await else {
        panic!("it will not turn up any more")
    };
    assert!(message.contains("etcdserver") && !message.contains("replaced"), "{message}");
}

#[tokio::test]
async fn a_pod_that_was_created_without_an_answer_is_found() {
    let bench = Bench::new();
    bench.server.lose_answers(Method::POST, "pods");
    bench.launch().await;
    assert!(matches!(bench.fact().await, AttemptFact::Pending { message: None, .. }));
}

#[tokio::test]
async fn a_job_that_was_created_without_an_answer_is_this_process_own() {
    let mut bench = Bench::new();
    bench.server.lose_answers(Method::POST, "jobs");
    bench.launch().await;
    assert!(matches!(bench.fact().await, AttemptFact::Pending { message: Some(_), .. }));
    bench.retry_after(1).await;
    assert!(bench.server.get("pods", JOB).is_some(), "its Pod is created");
    assert!(matches!(bench.fact().await, AttemptFact::Pending { message: None, .. }));
    assert_eq!(bench.server.times(&Method::POST, "jobs"), 1);
}

#[tokio::test]
async fn a_job_that_somebody_else_created_is_not_taken_for_the_one_that_was_asked_for() {
    let mut bench = Bench::new();
    bench.server.lose_answers(Method::POST, "jobs");
    bench.launch().await;
    bench.server.edit("jobs", JOB, |job| job["metadata"]["annotations"] = json!({}));
    bench.retry_after(1).await;
    assert!(matches!(bench.fact().await, AttemptFact::NameTaken { .. }));
    assert!(bench.server.get("pods", JOB).is_none());
}

#[tokio::test]
async fn a_job_that_never_turns_up_is_asked_for_again() {
    let mut bench = Bench::new();
    bench.server.refuse(Method::POST, "jobs", 500, "InternalError", "etcdserver: request timed out");
    bench.launch().await;
    bench.cache.lock().declined.values_mut().for_each(|declined| {
        if let super::super::run_cache::Declined::Unanswered { since, .. } = declined {
            *since = Stamp("2026-01-01T00:00:00Z".parse().unwrap());
        }
    });
    assert!(bench.blocked().await.contains("etcdserver"), "pendingTimeout applies");
    bench.server.answer_all();
    bench.retry_after(1).await;
    assert!(bench.server.get("jobs", JOB).is_some() && bench.server.get("pods", JOB).is_some());
}

#[tokio::test]
async fn a_job_that_is_refused_before_storage_waits_with_the_servers_words() {
    let mut bench = Bench::new();
    bench.server.refuse(Method::POST, "jobs", 500, "InternalError", WEBHOOK);
    bench.launch().await;
    assert_eq!(bench.blocked().await, WEBHOOK);
    bench.server.answer_all();
    bench.retry_after(6).await;
    assert!(bench.server.get("pods", JOB).is_some());
}
