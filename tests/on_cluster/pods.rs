//! What happens to the Pod of a step: too slow, deleted, stopped.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::DeleteParams;
use mission_control::api::step::{Retry, Step};
use mission_control::api::{Cause, Outcome, Phase, Span, StepPhase, WorkflowRun};
use mission_control::engine::ids;

use crate::support::{Fixture, PATIENCE, Recorder, ends_by_term, is, is_kubernetes, step, until, workflow};

fn with_timeout(seconds: u64, retries: u32, script: &str) -> Step {
    Step {
        timeout: Some(Span::secs(seconds)),
        retry: Some(Retry { limit: Some(retries), ..Retry::default() }),
        ..step("slow", script)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_sleeps_is_stopped_at_its_timeout_and_never_runs_twice_at_once() {
    let f = Fixture::new().await;
    let recorder = Recorder::start(&f);
    f.workflow(workflow("w", [with_timeout(3, 1, &ends_by_term("PROGRESS: reading chapter 7"))])).await;
    let run = f.run("demo", "w").await;

    let status = f.until("demo", "question", is(Phase::Paused)).await;
    let step = &status.steps[0];
    assert_eq!((step.work.attempts, step.work.phase), (2, StepPhase::Escalated));
    let last = step.work.last.clone().unwrap();
    assert_eq!((last.outcome, last.cause), (Outcome::TimedOut, Some(Cause::Timeout)), "{last:?}");
    let tail = format!("{:?} {:?}", last.message, step.work.output);
    assert!(tail.contains("reading chapter 7"), "what it said before it was stopped is lost: {tail}");
    recorder.assert_single_pods();
    let job = format!("job/{}", ids::job_name("demo", &run.uid().unwrap(), "slow", None, 1));
    assert!(f.kubectl(&["logs", &job]).contains("reading chapter 7"), "the Pod's log is gone");
    f.kubectl(&["wait", "--for=condition=Failed", &job, "--timeout=60s"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_ignores_its_end_is_read_and_killed() {
    let f = Fixture::new().await;
    let recorder = Recorder::start(&f);
    f.workflow(workflow(
        "w",
        [with_timeout(2, 0, "trap '' TERM; echo still here; while :; do sleep 1; done")],
    ))
    .await;
    f.run("demo", "w").await;

    let asked =
        until(&f.runs(), "demo", "question", PATIENCE + Duration::from_secs(60), is(Phase::Paused)).await;
    let step = &asked.status.unwrap().steps[0];
    let last = step.work.last.clone().unwrap();
    assert_eq!((last.outcome, last.cause), (Outcome::TimedOut, Some(Cause::Timeout)), "{last:?}");
    let tail = format!("{:?} {:?}", last.message, step.work.output);
    assert!(tail.contains("still here"), "{tail}");
    recorder.assert_single_pods();
    let live = f.pods().await.into_iter().filter(|p| p.metadata.deletion_timestamp.is_none());
    let phases: Vec<_> = live.map(|p| p.status.and_then(|s| s.phase)).collect();
    assert!(phases.iter().all(|p| p.as_deref() == Some("Failed")), "a stopped step still runs: {phases:?}");
}

async fn delete_running_pod(f: &Fixture, run: &WorkflowRun, grace: Option<u32>) {
    let pod = f.running_pod(&ids::job_name(&run.name_any(), &run.uid().unwrap(), "work", None, 1)).await;
    let how = DeleteParams { grace_period_seconds: grace, ..DeleteParams::default() };
    f.api::<Pod>().delete(&pod.name_any(), &how).await.unwrap();
}

/// The first attempt waits for a signal, the second is done at once.
fn second_is_done(told: &str) -> String {
    format!(
        "[ $MISSION_ATTEMPT = 2 ] && {{ echo STATUS: done; exit 0; }}; trap '{told}' TERM; sleep 3600 & wait"
    )
}

async fn a_deleted_pod_is_lost(grace: Option<u32>) {
    let f = Fixture::new().await;
    let recorder = Recorder::start(&f);
    let once = Retry { limit: Some(0), lost_limit: Some(1), ..Retry::default() };
    f.workflow(workflow("w", [Step { retry: Some(once), ..step("work", &second_is_done("exit 143")) }]))
        .await;
    let run = f.run("demo", "w").await;
    delete_running_pod(&f, &run, grace).await;

    let status = f
        .until_status("demo", "end or question", |s| {
            matches!(s.phase, Some(Phase::Succeeded | Phase::Paused))
        })
        .await;
    let step = &status.steps[0];
    assert_eq!((status.phase, step.work.attempts), (Some(Phase::Succeeded), 2), "{step:?}");
    assert_eq!(status.totals.map(|t| (t.lost, t.retries)), Some((1, 0)));
    let ends: Vec<_> =
        recorder.seen().statuses.iter().filter_map(|(_, _, s)| s.steps.first()?.work.last.clone()).collect();
    let first = ends.iter().find(|l| l.n == 1).unwrap();
    assert_eq!((first.outcome, first.cause), (Outcome::Lost, Some(Cause::PodDeleted)), "{first:?}");
    recorder.assert_single_pods();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_pod_is_deleted_is_lost_not_failed() {
    a_deleted_pod_is_lost(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_pod_is_deleted_by_force_is_lost_not_failed() {
    a_deleted_pod_is_lost(Some(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_ends_well_while_its_pod_is_being_deleted_is_done() {
    let f = Fixture::new().await;
    // In the termination message, which the Pod's status carries: a log may go with its container before it is read.
    let script =
        "trap '(echo ANSWER: 42; echo STATUS: done) > /dev/termination-log; exit 0' TERM; sleep 3600 & wait";
    f.workflow(workflow("w", [step("work", script)])).await;
    let run = f.run("demo", "w").await;
    delete_running_pod(&f, &run, None).await;

    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    let step = &status.steps[0];
    assert_eq!((step.work.attempts, step.work.phase), (1, StepPhase::Succeeded));
    assert_eq!(step.work.outputs.get("answer").map(String::as_str), Some("42"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_cannot_be_had_is_said_and_given_up_in_time() {
    let f = Fixture::new().await;
    let mut w = workflow(
        "w",
        [Step { pending_timeout: Some(Span::secs(15)), ..with_timeout(60, 0, "echo STATUS: done") }],
    );
    w.spec.agents[0].image = "missioncontrol.dev/agents/nowhere:v1".into();
    w.spec.agents[0].image_pull_policy = Some(mission_control::api::agent::ImagePullPolicy::Never);
    f.workflow(w).await;
    f.run("demo", "w").await;
    f.until_status("demo", "word about the image", |s| {
        s.waiting.as_deref().is_some_and(|w| w.contains("nowhere") || w.contains("Image"))
    })
    .await;
    let status = f.until("demo", "question", is(Phase::Paused)).await;
    assert_eq!(
        status.steps[0].work.last.as_ref().and_then(|l| l.cause),
        Some(Cause::PendingTimeout),
        "{:?}",
        status.steps[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_is_aborted_before_it_has_a_pod_never_gets_one() {
    let f = Fixture::new().await;
    f.apply("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none}\nspec: {hard: {pods: 0}}\n");
    f.until_true("quota in force", async || {
        f.kubectl(&["get", "resourcequota", "none", "-o", "jsonpath={.status.hard}"]).contains('0')
    })
    .await;
    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    f.run("demo", "w").await;
    f.until_true("Job without a Pod", async || f.jobs().await.len() == 1).await;
    f.abort("demo").await;
    f.until("demo", "its end", is(Phase::Cancelled)).await;
    f.kubectl(&["delete", "resourcequota", "none"]);

    // The Job says for itself that there is nothing to come: the operator's has ended, the cluster's own is suspended.
    f.until_true("Job that is over", async || {
        let job = f.jobs().await.remove(0);
        if is_kubernetes() {
            job.spec.and_then(|s| s.suspend) == Some(true)
        } else {
            let conditions = job.status.and_then(|s| s.conditions).unwrap_or_default();
            conditions.iter().any(|c| c.type_ == "Failed" && c.status == "True")
        }
    })
    .await;
    assert_eq!(f.pods().await.len(), 0);
}
