//! A run from `kubectl apply` to its end, applied again, and deleted.

use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use mission_control::api::{Phase, Reason, StepPhase, WorkflowRun, labels};
use mission_control::engine::ids;

use k8s_openapi::api::batch::v1::Job;

use crate::support::{Fixture, PATIENCE, agent, ends_by_term, has_condition, is, step, until, workflow};

const MANIFEST: &str = r#"
apiVersion: missioncontrol.dev/v1alpha1
kind: Workflow
metadata: {name: greet}
spec:
  agents:
  - name: sh
    image: IMAGE
    command: [/bin/sh, -c, 'eval "$MISSION_INPUT"']
  steps:
  - name: ask
    agent: sh
    input: |
      echo "GREETING: good morning"; echo "STATUS: done"
  - name: say
    agent: sh
    input: |
      echo "I say {{ greeting }} about {{ task }}"; echo "STATUS: done"
---
apiVersion: missioncontrol.dev/v1alpha1
kind: WorkflowRun
metadata: {name: demo}
spec:
  workflowRef: {name: greet}
  task: the weather
"#;

fn manifest() -> String {
    MANIFEST.replace("IMAGE", &agent().image)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_from_apply_to_its_end() {
    let f = Fixture::new().await;
    f.apply(&manifest());
    f.kubectl(&["wait", "--for=condition=Finished", "mcr/demo", "--timeout=120s"]);

    let run = f.runs().get("demo").await.unwrap();
    let status = run.status.clone().unwrap();
    assert_eq!((status.phase, status.reason), (Some(Phase::Succeeded), Some(Reason::Succeeded)));
    assert_eq!(status.progress.as_deref(), Some("2/2"));
    assert_eq!(Some(status.observed_generation), run.metadata.generation);
    let steps: Vec<_> =
        status.steps.iter().map(|s| (s.name.as_str(), s.work.phase, s.work.attempts)).collect();
    assert_eq!(steps, [("ask", StepPhase::Succeeded, 1), ("say", StepPhase::Succeeded, 1)]);
    for kind in ["Ready", "Complete", "Finished"] {
        assert!(has_condition(&run, kind, "True"), "{kind}: {:?}", status.conditions);
    }
    for kind in ["Reconciling", "Stalled", "Failed"] {
        assert!(!has_condition(&run, kind, "True"), "{kind}: {:?}", status.conditions);
    }

    let records = f.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!(
        (records[0].spec.outcome, records[0].spec.run_uid.as_str()),
        (Phase::Succeeded, run.uid().unwrap().as_str())
    );
    assert_eq!(records[0].name_any(), ids::record_name("demo", &ids::spec_hash(&run.spec)));
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_sees_ordinary_jobs_and_readable_tables() {
    let f = Fixture::new().await;
    f.apply(&manifest());
    let run = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(run.totals.unwrap().attempts, 2);

    f.kubectl(&["wait", "--for=condition=Complete", "jobs", "--all", "--timeout=60s"]);
    let jobs = f.kubectl(&["get", "jobs", "--no-headers"]);
    assert_eq!(jobs.lines().count(), 2, "{jobs}");
    assert!(jobs.lines().all(|l| l.contains("Complete") && l.contains("1/1")), "{jobs}");
    let uid = f.runs().get("demo").await.unwrap().uid().unwrap();
    let job = format!("job/{}", ids::job_name("demo", &uid, "say", None, 1));
    assert!(f.kubectl(&["logs", &job]).contains("I say good morning about the weather"));

    let found = |selector: &str| f.kubectl(&["get", "mcr", "-o", "name", "--field-selector", selector]);
    assert_eq!(found("status.phase=Succeeded").trim(), "workflowrun.missioncontrol.dev/demo");
    assert_eq!(found("spec.workflowRef.name=greet").trim(), "workflowrun.missioncontrol.dev/demo");
    assert_eq!(found("status.phase=Running").trim(), "");

    let table = f.kubectl(&["get", "mcr"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "WORKFLOW", "STEP", "PROGRESS", "PHASE", "REASON", "AGE"]);
    assert_eq!(rows[1][..5], ["demo", "greet", "2/2", "Succeeded", "Succeeded"]);
    let all = f.kubectl(&["get", "mission-control", "-o", "name"]);
    for kind in ["workflow.", "workflowrun.", "runrecord."] {
        assert!(all.contains(kind), "{all}");
    }
    let retry = f.kubectl(&["explain", "workflow.spec.steps.retry"]);
    for word in ["backoff", "limit", "lostLimit", "2 means at most 3 attempts"] {
        assert!(
            retry.split_whitespace().collect::<Vec<_>>().join(" ").contains(word),
            "no {word} in {retry}"
        );
    }
    assert!(
        f.kubectl(&["get", "mcw"]).lines().nth(1).is_some_and(|l| l.contains("True")),
        "the workflow is not Ready"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_deleted_and_is_applied_again_executes_nothing() {
    let f = Fixture::new().await;
    f.apply(&manifest());
    f.until("demo", "its end", is(Phase::Succeeded)).await;
    f.kubectl(&["delete", "mcr/demo"]);
    f.apply(&manifest());

    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.reason, Some(Reason::AlreadyRan), "{status:?}");
    let run = f.runs().get("demo").await.unwrap();
    assert!(has_condition(&run, "Finished", "True") && has_condition(&run, "Ready", "True"));
    let mine = ListParams::default().labels(&format!("{}={}", labels::RUN_UID, run.uid().unwrap()));
    assert_eq!(f.api::<Job>().list(&mine).await.unwrap().items.len(), 0);
    assert_eq!(f.records().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_run_id_is_another_execution() {
    let f = Fixture::new().await;
    f.apply(&manifest());
    f.until("demo", "its end", is(Phase::Succeeded)).await;
    f.kubectl(&["delete", "mcr/demo"]);
    f.apply(&format!("{}  runID: again\n", manifest()));

    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!((status.reason, status.totals.unwrap().attempts), (Some(Reason::Succeeded), 2));
    assert_eq!(f.records().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_run_in_the_middle_of_a_step_leaves_nothing_behind() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("long", &ends_by_term("begun"))])).await;
    let run = f.run("demo", "w").await;
    f.running_pod(&ids::job_name("demo", &run.uid().unwrap(), "long", None, 1)).await;
    f.runs().delete("demo", &DeleteParams::default()).await.unwrap();

    f.until_true("namespace without Jobs and Pods", async || {
        f.jobs().await.is_empty() && f.pods().await.is_empty()
    })
    .await;
    assert_eq!(f.records().await.len(), 0, "a run that was deleted before its end leaves no record");
    assert_eq!(f.runs().list(&ListParams::default()).await.unwrap().items.len(), 0);

    // Applied again it starts anew.
    f.run("demo", "w").await;
    f.until_status("demo", "second start", |s| {
        s.phase == Some(Phase::Running) && s.steps[0].work.current.is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_stops_the_running_pod_before_the_run_ends() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("long", &ends_by_term("begun")), step("after", "echo STATUS: done")]))
        .await;
    let run = f.run("demo", "w").await;
    f.running_pod(&ids::job_name("demo", &run.uid().unwrap(), "long", None, 1)).await;
    let decision = f.abort("demo").await;

    let status = f.until("demo", "its end", is(Phase::Cancelled)).await;
    assert_eq!(status.reason, Some(Reason::Aborted));
    let pods = f.pods().await;
    assert_eq!(pods.len(), 1);
    let over = pods[0].status.as_ref().and_then(|s| s.phase.clone());
    assert_eq!(over.as_deref(), Some("Failed"), "the Pod was still alive when the run ended");
    assert_eq!(f.result_of(&decision).await, "Applied");
    let finished =
        |r: &WorkflowRun| has_condition(r, "Finished", "True") && has_condition(r, "Stalled", "True");
    until(&f.runs(), "demo", "Finished and Stalled", PATIENCE, finished).await;
}
