//! Jobs that somebody suspends before they have a Pod.

use super::*;

#[tokio::test]
async fn a_suspended_job_gets_its_pod_when_it_is_resumed() {
    let mut bench = Bench::new();
    bench.server.admit(|job| job["spec"]["suspend"] = json!(true));
    bench.launch().await;
    assert_eq!(bench.blocked().await, "its Job is suspended");
    bench.retry_after(6).await;
    assert_eq!(bench.blocked().await, "its Job is suspended");
    assert!(bench.server.get("pods", JOB).is_none());
    bench.server.edit("jobs", JOB, |job| job["spec"]["suspend"] = json!(false));
    bench.retry_after(6).await;
    assert!(bench.server.get("pods", JOB).is_some());
}

#[tokio::test]
async fn a_job_that_is_deleted_while_its_pod_waits_is_lost() {
    let mut bench = Bench::new();
    bench.server.admit(|job| job["spec"]["suspend"] = json!(true));
    bench.launch().await;
    bench.server.edit("jobs", JOB, |job| {
        job["spec"]["suspend"] = json!(false);
        job["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    });
    bench.retry_after(6).await;
    assert!(matches!(bench.fact().await, AttemptFact::Lost { .. }));
}
