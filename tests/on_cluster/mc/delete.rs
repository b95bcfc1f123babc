//! Deleted runs, and what is kept of them.

use kube::ResourceExt;
use kube::api::ListParams;
use mission_control::api::{Phase, Reason};
use mission_control::engine::ids;

use crate::support::mc::{Said, mc};
use crate::support::{Fixture, ends_by_term, is, step, workflow};

async fn names(f: &Fixture) -> Vec<String> {
    f.runs().list(&ListParams::default()).await.unwrap().items.iter().map(ResourceExt::name_any).collect()
}

fn delete(f: &Fixture, more: &[&str]) -> Said {
    mc(&[&["workflow", "delete", "-n", &f.namespace], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_run_leaves_its_record_unless_that_is_to_go_too() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("work", "echo STATUS: done")])).await;
    for run in ["a", "b"] {
        f.run(run, "w").await;
        f.until(run, "its end", is(Phase::Succeeded)).await;
    }
    let record = ids::record_name("a", &ids::spec_hash(&f.runs().get("a").await.unwrap().spec));

    // One that is not there: none is deleted.
    let said = delete(&f, &["a", "nothing", "--yes"]);
    assert!(said.err.contains("there is no run nothing"), "{}", said.err);
    said.ended(3);
    assert_eq!(names(&f).await, ["a", "b"]);
    // Nobody can be asked.
    let said = delete(&f, &["a"]);
    assert_eq!(
        said.err,
        "error: nothing was deleted: there is no terminal to ask for confirmation\nnext:  add --yes to delete without confirmation\n"
    );
    said.ended(3);
    assert_eq!(names(&f).await, ["a", "b"]);

    let said = delete(&f, &["a", "--yes"]);
    assert!(said.err.contains(&format!("record {record} is kept")), "{}", said.err);
    assert_eq!(said.ended(0), "run a deleted\n");
    assert_eq!((names(&f).await, f.records().await.len()), (vec!["b".to_string()], 2));
    f.until_true("no Pod of the run", async || f.pods().await.len() == 1).await;
    f.run("a", "w").await;
    let status = f.until("a", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.reason, Some(Reason::AlreadyRan));

    let said = delete(&f, &["a", "b", "--yes", "--with-record"]);
    let out = said.ended(0);
    assert!(
        out.starts_with(&format!("run a deleted\nrecord {record} deleted\nrun b deleted\nrecord b-")),
        "{out}"
    );
    assert_eq!((names(&f).await.len(), f.records().await.len()), (0, 0));
    f.run("a", "w").await;
    let status = f.until("a", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.reason, Some(Reason::Succeeded));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_run_is_stopped_and_leaves_no_record() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("long", &ends_by_term("begun"))])).await;
    let run = f.run("demo", "w").await;
    f.running_pod(&ids::job_name("demo", &run.uid().unwrap(), "long", None, 1)).await;
    let said = delete(&f, &["demo", "--yes", "-o", "name"]);
    assert!(said.err.contains("run demo has not ended (Running): its Pods will be stopped"), "{}", said.err);
    assert!(said.err.contains("run demo leaves no record"), "{}", said.err);
    assert_eq!(said.ended(0), "workflowrun.missioncontrol.dev/demo\n");
    f.until_true("namespace without Pods", async || f.pods().await.is_empty()).await;
    assert_eq!((names(&f).await.len(), f.records().await.len()), (0, 0));
}
