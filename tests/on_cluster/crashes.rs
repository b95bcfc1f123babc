//! The operator is killed repeatedly, and restarted under its name. Two at once: see [`crate::leaders`].

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kube::api::ListParams;
use mission_control::api::{Cause, Outcome, Phase, WorkflowRun, WorkflowRunStatus};

use crate::support::{Fixture, Recorder, is, is_kubernetes, step, workflow};

const CRASHES: u32 = 20;
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_crashes_at_random_moments_double_nothing_and_lose_nothing() {
    let mut f = Fixture::new().await;
    let recorder = Recorder::start(&f);
    let steps = ["one", "two", "three"].map(|name| step(name, "sleep 0.3; echo STATUS: done"));
    f.workflow(workflow("w", steps)).await;
    let made = AtomicUsize::new(0);
    for _ in 0..CRASHES {
        let before = recorder.seen().jobs.len();
        f.until_true("operator that goes on", async || {
            keep_alive(&f, &made).await;
            recorder.seen().jobs.len() > before
        })
        .await;
        // Not a wait for anything: the moment itself is what is tried.
        tokio::time::sleep(Duration::from_millis(random(1500))).await;
        f.crash();
    }
    let made = made.into_inner();
    for n in 1..=made {
        f.until(&format!("run-{n}"), "its end", is(Phase::Succeeded)).await;
    }

    recorder.assert_single_pods();
    let runs = f.runs().list(&ListParams::default()).await.unwrap().items;
    let total = |count: fn(&WorkflowRunStatus) -> u32| -> usize {
        runs.iter().filter_map(|r| r.status.as_ref()).map(|s| count(s) as usize).sum()
    };
    let (attempts, lost) = (
        total(|s| s.steps.iter().map(|s| s.work.attempts).sum()),
        total(|s| s.totals.as_ref().map_or(0, |t| t.lost)),
    );
    let jobs = f.jobs().await.len();
    assert_eq!(attempts, jobs, "attempts counted, Jobs made");
    assert_eq!(attempts, total(|s| s.totals.as_ref().map_or(0, |t| t.attempts)));
    assert_eq!(attempts, made * 3 + lost, "an attempt more than the steps and the losses need");
    assert_eq!(recorder.seen().jobs.len(), jobs, "a Job was deleted");
    assert_eq!(f.records().await.len(), made);

    for (_, run, status) in &recorder.seen().statuses {
        for last in
            status.steps.iter().filter_map(|s| s.work.last.as_ref()).filter(|l| l.outcome != Outcome::Done)
        {
            assert_eq!(
                (last.outcome, last.cause),
                (Outcome::Lost, Some(Cause::NeverStarted)),
                "{run}: {last:?}"
            );
        }
    }
    if is_kubernetes() {
        assert_eq!(lost, 0, "the built-in Job controller makes the Pod of every Job");
    }
    eprintln!("{made} runs, {attempts} attempts, {lost} lost between a Job and its Pod, {CRASHES} crashes");
}

/// There are always some runs that go on.
async fn keep_alive(f: &Fixture, made: &AtomicUsize) {
    let runs = f.runs().list(&ListParams::default()).await.unwrap().items;
    for _ in runs.iter().filter(|r| !is_over(r)).count()..AT_ONCE {
        let n = made.fetch_add(1, Ordering::Relaxed) + 1;
        f.run(&format!("run-{n}"), "w").await;
    }
}

fn is_over(run: &WorkflowRun) -> bool {
    run.status.as_ref().and_then(|s| s.phase).is_some_and(Phase::is_terminal)
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}
