//! Pods and Jobs of somebody else that look like the operator's.

use kube::ResourceExt;
use kube::runtime::watcher::Event;

use super::*;
use crate::api::labels;
use crate::reconcile::observe;
use crate::reconcile::scope::WatchScope;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;

impl Bench {
    fn watch_shows_pod(&self, pod: serde_json::Value) {
        let pod: Pod = serde_json::from_value(pod).unwrap();
        self.ctx.stores.pods.apply(&WatchScope::Cluster, Event::Apply(pod));
    }

    fn watch_shows_run(&self, name: &str, uid: &str) {
        let mut run = self.run.clone();
        (run.metadata.name, run.metadata.uid) = (Some(name.into()), Some(uid.into()));
        let run = kube::core::DeserializeGuard(Ok(run));
        self.ctx.stores.runs.apply(&WatchScope::Cluster, Event::Apply(run));
    }
}

/// A Pod that is over and says done.
fn forged(name: &str, job_uid: &str) -> serde_json::Value {
    let done = json!({"exitCode": 0, "message": "STATUS: done", "startedAt": "2026-01-01T00:00:05Z",
        "finishedAt": "2026-01-01T00:00:06Z"});
    json!({
        "metadata": {
            "name": name, "namespace": "ns", "uid": "forged", "creationTimestamp": "2030-01-01T00:00:00Z",
            "labels": {labels::RUN_UID: "run-uid", labels::RUN: "demo"},
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": job_uid,
                "controller": true}],
        },
        "status": {"phase": "Succeeded", "containerStatuses": [{"name": "agent", "image": "i", "imageID": "",
            "ready": false, "restartCount": 0, "state": {"terminated": done}}]},
    })
}

#[tokio::test]
async fn a_newer_pod_that_names_the_job_is_not_its_pod() {
    let bench = Bench::new();
    bench.launch().await;
    let job_uid = bench.server.get("jobs", JOB).unwrap()["metadata"]["uid"].clone();
    for uid in ["another", job_uid.as_str().unwrap()] {
        bench.watch_shows_pod(forged("newer", uid));
        assert!(matches!(bench.fact().await, AttemptFact::Pending { .. }));
    }
}

#[tokio::test]
async fn a_pod_in_the_place_of_the_one_that_was_created_does_not_answer_for_it() {
    let mut bench = Bench::new();
    bench.launch().await;
    let job_uid = bench.server.get("jobs", JOB).unwrap()["metadata"]["uid"].clone();
    bench.watch_shows_pod(forged(JOB, job_uid.as_str().unwrap()));
    assert!(matches!(bench.fact().await, AttemptFact::Pending { .. }));
    bench.server.edit("pods", JOB, |pod| pod["metadata"]["uid"] = json!("forged"));
    bench.later(60);
    assert!(matches!(bench.fact().await, AttemptFact::Lost { .. }));
}

#[tokio::test]
async fn a_pod_that_was_there_before_its_job_has_its_name_taken() {
    let bench = Bench::new();
    bench.server.refuse(hyper::http::Method::POST, "pods", 409, "AlreadyExists", "it exists");
    bench.launch().await;
    bench.watch_shows_pod(forged(JOB, "another"));
    assert!(matches!(bench.fact().await, AttemptFact::NameTaken { .. }));
}

#[tokio::test]
async fn a_job_that_took_the_place_of_the_created_one_makes_no_pod() {
    let mut bench = Bench::new();
    bench.server.admit(|job| job["spec"]["suspend"] = json!(true));
    bench.launch().await;
    bench.server.edit("jobs", JOB, |job| {
        job["spec"]["suspend"] = json!(false);
        job["metadata"]["uid"] = json!("another");
    });
    bench.retry_after(6).await;
    assert!(bench.server.get("pods", JOB).is_none());
    assert!(matches!(bench.fact().await, AttemptFact::Lost { .. }));
}

#[tokio::test]
async fn a_job_of_another_namespace_is_no_child_whatever_its_labels_say() {
    let bench = Bench::new();
    let job =
        json!({"metadata": {"name": "j", "namespace": "other", "labels": {labels::RUN_UID: "run-uid"}}});
    let job: Job = serde_json::from_value(job).unwrap();
    bench.ctx.stores.jobs.apply(&WatchScope::Cluster, Event::Apply(job.clone()));
    bench.watch_shows_run("demo", "run-uid");
    assert!(!bench.ctx.stores.has_jobs("ns", "run-uid"));
    assert!(bench.ctx.stores.run_of(&job).is_none());
}

#[tokio::test]
async fn runs_whose_names_share_their_first_63_characters_do_not_wait_for_each_other() {
    let mut bench = Bench::new();
    let common = "n".repeat(63);
    let (mine, other) = (format!("{common}-a"), format!("{common}-b"));
    bench.name = Name::new("ns", &mine);
    bench.run.metadata.name = Some(mine.clone());
    let pod = |uid: &str| {
        json!({"metadata": {"name": "p", "namespace": "ns", "labels": {labels::RUN: common, labels::RUN_UID: uid},
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u",
                "controller": true}]},
            "status": {"phase": "Running"}})
    };
    bench.watch_shows_run(&other, "lives");
    bench.watch_shows_pod(pod("lives"));
    assert_eq!(observe::same_name_pods(&bench.pass()), Vec::<String>::new());

    let job = |run: &str| -> Job {
        serde_json::from_value(json!({"metadata": {"name": "j", "namespace": "ns", "ownerReferences":
            [{"apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun", "name": run, "uid": "gone"}]}}))
        .unwrap()
    };
    bench.watch_shows_pod(pod("gone"));
    assert_eq!(observe::same_name_pods(&bench.pass()), ["p"], "nobody knows whose");
    for (run, waits) in [(&other, 0), (&mine, 1)] {
        bench.ctx.stores.jobs.apply(&WatchScope::Cluster, Event::Apply(job(run)));
        assert_eq!(observe::same_name_pods(&bench.pass()).len(), waits);
    }
    assert_eq!(bench.run.name_any(), mine);
}
