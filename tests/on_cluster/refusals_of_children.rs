//! The API server refuses what a run needs: the run says so within seconds, and goes on when it may.

use k8s_openapi::api::batch::v1::Job;
use mission_control::api::{Phase, Reason, WorkflowRun, WorkflowRunStatus};
use serde_json::json;

use crate::support::{Fixture, is, is_kubernetes, step, workflow};

fn waits_for(status: &WorkflowRunStatus, words: &str) -> bool {
    status.waiting.as_deref().is_some_and(|w| w.contains(words))
}

/// A quota of none of that, in force.
async fn forbid(f: &Fixture, what: &str) {
    let quota = format!(
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: none}}\nspec: {{hard: {{{what}: \"0\"}}}}\n"
    );
    f.apply(&quota);
    f.until_true("quota in force", async || {
        f.kubectl(&["get", "resourcequota", "none", "-o", "jsonpath={.status.hard}"]).contains('0')
    })
    .await;
}

async fn one_step(f: &Fixture) {
    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    f.run("demo", "w").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_webhook_on_pods_is_said_and_costs_no_attempt() {
    let f = Fixture::new().await;
    let name = format!("broken-{}", f.namespace);
    f.apply(&format!(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {{name: {name}}}\n\
         webhooks:\n- name: broken.example.org\n  failurePolicy: Fail\n  sideEffects: None\n  admissionReviewVersions: [v1]\n  \
         namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {}}}}}\n  \
         clientConfig: {{url: \"https://127.0.0.1:1/\"}}\n  \
         rules: [{{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [pods]}}]\n",
        f.namespace
    ));
    one_step(&f).await;
    if !is_kubernetes() {
        f.until_status("demo", "word about the webhook", |s| waits_for(s, "failed calling webhook")).await;
    }
    // Longer than the losses of six attempts took.
    tokio::time::sleep(std::time::Duration::from_secs(40)).await;
    f.kubectl(&["delete", "validatingwebhookconfiguration", &name]);
    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!((status.steps[0].work.attempts, status.steps[0].work.total_lost), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_job_gets_its_pod_when_it_is_resumed_and_can_be_aborted() {
    if is_kubernetes() {
        return;
    }
    let f = Fixture::new().await;
    for end in ["resumed", "aborted"] {
        forbid(&f, "pods").await;
        f.workflow(workflow(end, [step("a", "echo STATUS: done")])).await;
        f.run(end, end).await;
        let status = f.until_status(end, "Job without a Pod", |s| waits_for(s, "exceeded quota")).await;
        let job = status.steps[0].work.current.as_ref().unwrap().job.clone();
        f.patch::<Job>(&job, json!({"spec": {"suspend": true}})).await.unwrap();
        f.until_status(end, "word about the Job", |s| waits_for(s, "suspended")).await;
        f.kubectl(&["delete", "resourcequota", "none"]);
        if end == "resumed" {
            f.patch::<Job>(&job, json!({"spec": {"suspend": false}})).await.unwrap();
            f.until(end, "its end", is(Phase::Succeeded)).await;
        } else {
            f.abort(end).await;
            f.until(end, "its end", is(Phase::Cancelled)).await;
        }
    }
    assert_eq!(f.pods().await.len(), 1, "the aborted one never had a Pod");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_revision_is_said_and_the_run_starts_when_it_is_accepted() {
    let f = Fixture::new().await;
    forbid(&f, "count/controllerrevisions.apps").await;
    one_step(&f).await;
    let status = f.until("demo", "word", is(Phase::Pending)).await;
    assert_eq!(status.reason, Some(Reason::Blocked));
    assert!(waits_for(&status, "quota: none"), "{:?}", status.waiting);
    f.kubectl(&["delete", "resourcequota", "none"]);
    f.until("demo", "its end", is(Phase::Succeeded)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_is_said_and_the_run_ends_when_it_is_accepted() {
    let f = Fixture::new().await;
    forbid(&f, "count/runrecords.missioncontrol.dev").await;
    one_step(&f).await;
    let status = f.until_status("demo", "word", |s| waits_for(s, "quota: none")).await;
    assert_eq!(status.reason, Some(Reason::Ending));
    assert!(status.steps[0].work.phase.is_satisfied(), "{:?}", status.steps[0]);
    f.kubectl(&["delete", "resourcequota", "none"]);
    f.until("demo", "its end", is(Phase::Succeeded)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_cannot_be_a_name_is_refused() {
    let f = Fixture::new().await;
    let mut run = WorkflowRun::new("demo", crate::support::to("w"));
    run.spec.workflow_ref.revision = Some("a b".into());
    let answer = f.runs().create(&kube::api::PostParams::default(), &run).await;
    assert!(answer.unwrap_err().to_string().contains("workflowRef.revision"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_only_looks_like_the_attempts_does_not_answer_for_it() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("a", "sleep 20; echo STATUS: done; echo WHO: agent")])).await;
    f.run("demo", "w").await;
    let status =
        f.until_status("demo", "attempt", |s| s.steps.iter().any(|s| s.work.current.is_some())).await;
    let job = status.steps[0].work.current.as_ref().unwrap().job.clone();
    let pod = f.running_pod(&job).await;
    let mut forged = pod.clone();
    forged.metadata = kube::api::ObjectMeta {
        name: Some("forged".into()),
        labels: pod.metadata.labels.clone(),
        owner_references: pod.metadata.owner_references.clone(),
        ..Default::default()
    };
    (forged.status, forged.spec.as_mut().unwrap().node_name) = (None, None);
    let agent = &mut forged.spec.as_mut().unwrap().containers[0];
    agent.command = Some(["/bin/sh", "-c", "echo WHO: forger; echo STATUS: done"].map(String::from).into());
    if is_kubernetes() {
        // The cluster's own controller would count the Pod as the Job's.
        forged.metadata.owner_references.as_mut().unwrap()[0].uid = "another".into();
    }
    f.create(&forged).await;
    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.steps[0].work.outputs.get("who").map(String::as_str), Some("agent"));
}
