//! `mc workflow retry`, `skip`, `approve`, `reject`, `abort`, `pause` and `resume`.

use mission_control::api::{Phase, WorkflowDecision, WorkflowRun};
use serde_json::json;

use crate::support::{Fixture, is, step, workflow};

/// Fails until a person gives a word; the next step says which.
async fn asking(f: &Fixture) {
    let script = r#"[ -n "{{ human_feedback }}" ] && echo STATUS: done || echo STATUS: failed"#;
    let mut first = step("a", script);
    first.retry = serde_json::from_value(json!({"limit": 0})).unwrap();
    let flow = workflow("asks", [first, step("b", "echo STATUS: done")]);
    f.workflow(flow).await;
}

async fn asked(f: &Fixture, run: &str) {
    f.run(run, "asks").await;
    f.until(run, "its question", is(Phase::Paused)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_written_in_the_callers_name_and_move_the_run() {
    let f = Fixture::new().await;
    asking(&f).await;
    asked(&f, "one").await;
    let said = f.mc(&["retry", "one", "--feedback", "please"]);
    assert_eq!((said.code, said.err.as_str()), (0, "one: Retry of a was applied\n"), "{said:?}");
    let status = f.until("one", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.decisions[0].by.as_deref(), Some("admin"));

    asked(&f, "two").await;
    assert_eq!(f.mc(&["skip", "two", "--set", "WORD=given"]).err, "two: Skip of a was applied\n");
    f.until("two", "its end", is(Phase::Succeeded)).await;

    asked(&f, "three").await;
    assert_eq!(f.mc(&["resume", "three", "--feedback", "again"]).err, "three: Retry of a was applied\n");
    f.until("three", "its end", is(Phase::Succeeded)).await;
    let over = f.mc(&["resume", "three"]);
    assert_eq!((over.code, over.err.contains("run three has ended (Succeeded)")), (1, true), "{over:?}");
    let nothing = f.mc(&["retry", "three"]);
    assert_eq!(
        (nothing.code, nothing.err.contains("has no open question (Succeeded)")),
        (3, true),
        "{nothing:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_answer_the_question_is_told_what_does() {
    let mut f = Fixture::new().await;
    asking(&f).await;
    asked(&f, "one").await;
    let wrong = f.mc(&["approve", "one"]);
    assert_eq!(wrong.code, 3);
    assert!(
        wrong.err.contains("Approve is no answer to this question. Use one of:\n  mc workflow retry one"),
        "{}",
        wrong.err
    );
    let other = f.mc(&["retry", "one", "--step", "b"]);
    assert!(
        other.err.contains("run one has no such question. It asks:")
            && other.err.contains(" a (StatusFailed)"),
        "{}",
        other.err
    );
    let status = f.runs().get("one").await.unwrap().status.unwrap();
    // Nobody applies the first answer, and the second meets it.
    f.operator.kill();
    let id = &status.escalations[0].id;
    let manifest = json!({
        "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowDecision",
        "metadata": {"name": format!("one-{id}")},
        "spec": {"run": "one", "escalation": id, "action": "Abort", "by": "admin"},
    });
    f.apply(&manifest.to_string());
    let late = f.mc(&["retry", "one"]);
    assert_eq!(
        (late.code, late.err.contains("this question was already answered by")),
        (1, true),
        "{late:?}"
    );
    f.crash();
    f.until("one", "its end", is(Phase::Cancelled)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_given_or_refused() {
    let f = Fixture::new().await;
    let mut gate = step("gate", "");
    gate.agent = None;
    gate.input = None;
    gate.approval = serde_json::from_value(json!({"message": "Publish it?"})).unwrap();
    f.workflow(workflow("gated", [step("a", "echo STATUS: done"), gate])).await;
    for run in ["yes", "no"] {
        f.run(run, "gated").await;
        f.until(run, "its question", is(Phase::Paused)).await;
    }
    let unsure = f.mc(&["resume", "yes"]);
    assert!(
        unsure.err.contains("gate (Approval) needs your answer") && unsure.err.contains("Publish it?"),
        "{}",
        unsure.err
    );
    assert!(unsure.ended(2).contains("  mc workflow approve yes\n"));
    assert_eq!(f.mc(&["approve", "yes"]).err, "yes: Approve of gate was applied\n");
    f.until("yes", "its end", is(Phase::Succeeded)).await;
    assert_eq!(
        f.mc(&["reject", "no", "--feedback", "not like this"]).err,
        "no: Reject of gate was applied\n"
    );
    f.until("no", "its end", is(Phase::Failed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_the_run_until_resume_takes_it_back() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("a", "sleep 2; echo STATUS: done"), step("b", "echo STATUS: done")]))
        .await;
    f.run("one", "w").await;
    // A run that is paused before it starts is Pending.
    f.until_status("one", "first attempt", |s| s.steps.first().is_some_and(|s| s.work.current.is_some()))
        .await;
    assert_eq!(f.mc(&["pause", "one"]).err, "one: Pause was applied\n");
    f.until("one", "its pause", is(Phase::Paused)).await;
    f.patch::<WorkflowRun>("one", json!({"spec": {"suspend": true}})).await.unwrap();
    let said = f.mc(&["resume", "one"]);
    assert!(
        said.err.contains("spec.suspend is now false") && said.err.contains("Resume was applied"),
        "{}",
        said.err
    );
    f.until("one", "its end", is(Phase::Succeeded)).await;
    let json = f.mc(&["abort", "one"]);
    assert_eq!((json.code, json.err.contains("run one has ended (Succeeded)")), (3, true), "{json:?}");
    let made: Vec<WorkflowDecision> = f.api().list(&Default::default()).await.unwrap().items;
    assert!(made.iter().all(|d| d.spec.by.as_deref() == Some("admin")), "{made:?}");
}
