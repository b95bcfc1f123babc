//! What is deleted some time after a run's end, and what is kept. The shortest retention is ten minutes, so the end of
//! the run is moved into the past.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::api::{ListParams, Patch, PatchParams};
use mission_control::api::{Phase, Stamp, Workflow};
use serde_json::json;

use crate::support::{Fixture, audit, is, rights, step, workflow};

/// When a leader sweeps for the first time.
const FIRST_SWEEP: Duration = Duration::from_secs(60);

/// The run ended that number of minutes ago.
async fn turn_back(f: &Fixture, minutes: i64) {
    let at = Stamp::of(Timestamp::now() - SignedDuration::from_mins(minutes));
    let patch = Patch::Merge(json!({"status": {"finishedAt": at}}));
    f.runs().patch_status("demo", &PatchParams::default(), &patch).await.expect("the status is refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_their_retention_the_jobs_go_then_the_run_and_the_record_stays() {
    let f = Fixture::new().await;
    let mut w: Workflow = workflow("w", ["a", "b"].map(|name| step(name, "echo STATUS: done")));
    w.spec.retention =
        serde_json::from_value(json!({"children": "10m", "runs": "30m"})).expect("no retention");
    f.workflow(w).await;
    f.run("demo", "w").await;
    f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(f.jobs().await.len(), 2);

    turn_back(&f, 20).await;
    f.until_true("namespace without Jobs and Pods", async || {
        f.jobs().await.is_empty() && f.pods().await.is_empty()
    })
    .await;
    assert_eq!(f.until("demo", "its end", is(Phase::Succeeded)).await.totals.map(|t| t.attempts), Some(2));

    turn_back(&f, 40).await;
    f.until_true("namespace without the run", async || {
        f.runs().get_opt("demo").await.is_ok_and(|run| run.is_none())
    })
    .await;
    assert_eq!(f.records().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_young_revision_outlives_a_sweep_though_nothing_names_it() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    f.run("demo", "w").await;
    f.until("demo", "its end", is(Phase::Succeeded)).await;
    f.kubectl(&["delete", "mcr/demo", "mcw/w"]);

    tokio::time::sleep(FIRST_SWEEP).await;
    let user = rights::user(&f.namespace, rights::OPERATORS[0]);
    f.until_true("sweep", async || match audit::requests() {
        Some(all) => {
            all.iter().any(|r| r.user == user && r.what == "controllerrevisions.apps" && r.verb == "list")
        }
        // It leaves no other trace when it finds nothing.
        None => true,
    })
    .await;
    let revisions = f.api::<ControllerRevision>().list(&ListParams::default()).await.expect("no list").items;
    assert_eq!(revisions.len(), 1);
}
