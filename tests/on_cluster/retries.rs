//! Budgets, backoff, escalation and the answers to it.

use std::collections::BTreeMap;

use kube::ResourceExt;
use mission_control::api::step::{Retry, Step};
use mission_control::api::{Action, Cause, Outcome, Phase, Reason, Stamp, StepPhase};
use mission_control::engine::ids;

use crate::support::{Fixture, Recorder, has_condition, is, step, workflow};

fn failing(limit: u32) -> Step {
    let script = r#"echo "I heard: {{ human_feedback }}"; exit 3"#;
    Step { retry: Some(Retry { limit: Some(limit), ..Retry::default() }), ..step("work", script) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_always_fails_waits_longer_each_time_and_then_asks_a_person() {
    let f = Fixture::new().await;
    let recorder = Recorder::start(&f);
    f.workflow(workflow("w", [failing(3)])).await;
    f.run("demo", "w").await;

    let status = f.until("demo", "question", is(Phase::Paused)).await;
    let step = &status.steps[0];
    assert_eq!((step.work.phase, step.work.attempts), (StepPhase::Escalated, 4));
    let last = step.work.last.clone().unwrap();
    assert_eq!(
        (last.n, last.outcome, last.cause, last.exit_code),
        (4, Outcome::Failed, Some(Cause::ExitCode), Some(3))
    );
    assert_eq!(status.reason, Some(Reason::Escalated));
    assert_eq!(status.escalations.len(), 1);
    assert_eq!(status.escalations[0].actions, [Action::Retry, Action::Skip, Action::Abort]);
    let run = f.runs().get("demo").await.unwrap();
    assert!(has_condition(&run, "NeedsDecision", "True") && has_condition(&run, "Reconciling", "True"));
    assert!(has_condition(&run, "Ready", "False") && !has_condition(&run, "Stalled", "True"));
    assert_eq!(f.jobs().await.len(), 4);

    // What a watcher of the status could read: when the next attempt starts, and that it did not start before.
    let (mut promised, mut started) = (BTreeMap::new(), BTreeMap::new());
    for (seen_at, _, status) in &recorder.seen().statuses {
        let Some(step) = status.steps.first() else { continue };
        if let Some(next) = step.work.next_attempt_at {
            promised.entry(step.work.attempts).or_insert((*seen_at, next));
        }
        if let Some(current) = &step.work.current {
            started.insert(current.n, current.intent_at);
        }
    }
    assert_eq!(promised.keys().copied().collect::<Vec<u32>>(), [1, 2, 3]);
    for (n, (seen_at, next)) in promised {
        let wait = f64::from(1 << (n - 1));
        // Bounds that hold however slow the machine is: the wait began after the attempt did, and before it was seen.
        let since_start = seconds(next, started[&n]);
        assert!(since_start >= wait, "attempt {}: {since_start} s after the start of attempt {n}", n + 1);
        let left = seconds(next, seen_at);
        assert!(left <= wait, "after attempt {n} the wait is {wait} s, and {left} s of it were left");
        let late = seconds(started[&(n + 1)], next);
        assert!(late >= 0.0, "attempt {} started {late} s after its time", n + 1);
    }
    recorder.assert_single_pods();
}

fn seconds(later: Stamp, earlier: Stamp) -> f64 {
    later.0.duration_since(earlier.0).as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_grants_a_fresh_budget_its_feedback_is_rendered_and_abort_ends_the_run() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [failing(0)])).await;
    let run = f.run("demo", "w").await;
    let question = f.until("demo", "question", is(Phase::Paused)).await.escalations[0].clone();
    let decision = f.answer("demo", &question, Action::Retry, Some("Use the cache.")).await;

    let again = f
        .until_status("demo", "second question", |s| {
            s.steps[0].work.attempts == 2 && !s.escalations.is_empty()
        })
        .await;
    assert_ne!(again.escalations[0].id, question.id);
    let job = format!("job/{}", ids::job_name("demo", &run.uid().unwrap(), "work", None, 2));
    assert!(f.kubectl(&["logs", &job]).contains("I heard: Use the cache."));
    assert_eq!(f.result_of(&decision).await, "Applied");
    let recorded = &again.decisions[0];
    let by = recorded.by.as_deref();
    assert_eq!(
        (recorded.name.as_str(), recorded.action, by, recorded.result.as_str()),
        (decision.as_str(), Action::Retry, Some("alice"), "Applied")
    );

    let decision = f.answer("demo", &again.escalations[0], Action::Abort, None).await;
    let status = f.until("demo", "its end", is(Phase::Cancelled)).await;
    assert_eq!((status.reason, status.steps[0].work.attempts), (Some(Reason::Aborted), 2));
    assert_eq!(f.result_of(&decision).await, "Applied");
    assert_eq!(f.records().await[0].spec.outcome, Phase::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_is_refused_with_the_reason() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [failing(0)])).await;
    f.run("demo", "w").await;
    let question = f.until("demo", "question", is(Phase::Paused)).await.escalations[0].clone();
    f.abort("demo").await;
    f.until("demo", "its end", is(Phase::Cancelled)).await;
    let decision = f.answer("demo", &question, Action::Retry, None).await;
    let result = f.result_of(&decision).await;
    assert!(result.starts_with("Refused: "), "{result}");
    assert_eq!(f.jobs().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn skip_goes_on_with_the_next_step() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [failing(0), step("after", "echo STATUS: done")])).await;
    f.run("demo", "w").await;
    let question = f.until("demo", "question", is(Phase::Paused)).await.escalations[0].clone();
    f.answer("demo", &question, Action::Skip, None).await;
    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(
        status.steps.iter().map(|s| s.work.phase).collect::<Vec<_>>(),
        [StepPhase::Skipped, StepPhase::Succeeded]
    );
}
