//! The four shipped workflows, applied unchanged and run to their end in real containers by the scripted agents.

use std::path::Path;
use std::time::Duration;

use mission_control::api::status::StepStatus;
use mission_control::api::{Action, Cause, Phase, WorkflowRunStatus};

use crate::support::{Fixture, is, until};

const PATIENCE: Duration = Duration::from_secs(240);

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The workflow, and the run that the demo makes of it.
async fn start(workflow: &str) -> Fixture {
    let f = Fixture::new().await;
    f.apply(&read(&format!("workflows/{workflow}.yaml")));
    let mut run = read(&format!("tests/demo/runs/{workflow}.yaml"));
    if workflow == "code-review" {
        let diff = read("workflows/agents/scripted/lib/code-review/sample.diff");
        let lines: String = diff.lines().map(|l| format!("      {l}\n")).collect();
        run.push_str(&format!("    diff: |\n{lines}"));
    }
    f.apply(&run);
    f
}

async fn succeeded(f: &Fixture, run: &str) -> WorkflowRunStatus {
    until(&f.runs(), run, "its success", PATIENCE, is(Phase::Succeeded)).await.status.unwrap()
}

fn step<'s>(status: &'s WorkflowRunStatus, name: &str) -> &'s StepStatus {
    status.steps.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no step {name}"))
}

/// (id, attempts, rounds) of each item.
fn items(step: &StepStatus) -> Vec<(&str, u32, u32)> {
    step.items.iter().map(|i| (i.id.as_str(), i.work.attempts, i.work.rounds)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn code_review_sends_a_weak_review_back_and_decides() {
    let f = start("code-review").await;
    let status = succeeded(&f, "demo-review").await;
    assert_eq!((step(&status, "review").work.attempts, step(&status, "review").work.rounds), (2, 1));
    assert!(step(&status, "approve").work.outputs.contains_key("decision"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_fix_does_the_fix_again_until_it_is_verified() {
    let f = start("bug-fix").await;
    let status = succeeded(&f, "demo-bug").await;
    assert_eq!((step(&status, "fix").work.attempts, step(&status, "fix").work.rounds), (2, 1));
    assert!(status.outputs.values().any(|v| v.starts_with("https://git.example/")), "{:?}", status.outputs);
}

#[tokio::test(flavor = "multi_thread")]
async fn feature_dev_does_three_stories_of_which_one_is_sent_back_once() {
    let f = start("feature-dev").await;
    let status = succeeded(&f, "demo-feature").await;
    let stories = [("story-1", 1, 0), ("story-2", 2, 1), ("story-3", 1, 0)];
    assert_eq!(items(step(&status, "implement")), stories);
    assert!(status.steps.iter().all(|s| s.work.phase.is_satisfied()), "{:?}", status.steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_audit_asks_about_a_fix_that_fails_and_goes_on_with_the_answer() {
    let f = start("security-audit").await;
    let asked = f.until_status("demo-audit", "question", |s| !s.escalations.is_empty()).await;
    let asked = asked.escalations.first().unwrap();
    assert_eq!(
        (asked.step.as_str(), asked.item.as_deref(), asked.cause),
        ("fix", Some("sec-2"), Cause::StatusFailed)
    );
    let words = read("tests/demo/runs/security-audit.answer");
    let answer = f.answer("demo-audit", asked, Action::Retry, Some(words.trim())).await;
    assert_eq!(f.result_of(&answer).await, "Applied");
    let status = succeeded(&f, "demo-audit").await;
    assert_eq!(items(step(&status, "fix")), [("sec-1", 1, 0), ("sec-2", 4, 0), ("sec-3", 1, 0)]);
}
