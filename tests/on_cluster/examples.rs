//! Every file of examples/ applied as it is (but for the image) and run to its end in real containers.
//!
//! [`ENDS`] says how each run ends. Where a person answers, the test answers as the head of the file says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mission_control::api::status::EscalationStatus;
use mission_control::api::{Action, Phase, WorkflowRun, WorkflowRunStatus};
use serde_json::Value;

use crate::support::{Fixture, PATIENCE, agent, is, until};

/// The image that the examples name; the tests replace it with their own.
const IMAGE: &str = "missioncontrol.dev/agents/scripted:v1";

/// What a run comes to.
struct End {
    file: &'static str,
    run: &'static str,
    /// `None`: all of its steps, however the loop's verifier and `finally` are counted.
    progress: Option<&'static str>,
    /// JSON pointers into the run, and what they must show; `""`: nothing is there.
    shows: &'static [(&'static str, &'static str)],
}

const fn end(
    file: &'static str,
    run: &'static str,
    progress: Option<&'static str>,
    shows: &'static [(&'static str, &'static str)],
) -> End {
    End { file, run, progress, shows }
}

const ENDS: &[End] = &[
    end("hello.yaml", "hello-world", Some("2/2"), &[("/status/steps/0/outputs/greeting", "hello, world")]),
    end(
        "retry.yaml",
        "retry-demo",
        Some("1/1"),
        &[("/status/steps/0/attempts", "3"), ("/status/outputs/answer", "the weather, at attempt 3")],
    ),
    end(
        "escalation.yaml",
        "escalation-demo",
        Some("2/2"),
        &[
            ("/status/steps/0/attempts", "3"),
            ("/status/steps/0/outputs/note", "the window is open until noon"),
            ("/status/outputs/announcement", "Shop 2.4 is at https://shop.example/escalation-demo"),
        ],
    ),
    end(
        "approval.yaml",
        "approval-demo",
        Some("3/3"),
        &[
            ("/status/steps/0/attempts", "2"),
            ("/status/outputs/published", "We present Shop 2.4. (Changed: say that it is free of charge.)"),
        ],
    ),
    end(
        "graph.yaml",
        "graph-demo",
        Some("5/5"),
        &[
            ("/status/steps/3/phase", "Skipped"),
            (
                "/status/outputs/report",
                "- lint has no complaint\n- unit has no complaint\n- browser was skipped",
            ),
        ],
    ),
    end(
        "fan-out.yaml",
        "fan-out-demo",
        Some("3/3"),
        &[
            ("/status/steps/1/items/1/attempts", "2"),
            ("/status/steps/1/items/3/phase", "Succeeded"),
            ("/status/steps/1/items/4", ""),
            ("/status/outputs/report", r#"checked ["cart", "payment", "search", "login"], Succeeded"#),
        ],
    ),
    end(
        "stories.yaml",
        "stories-demo",
        None,
        &[
            ("/status/steps/1/items/0/attempts", "1"),
            ("/status/steps/1/items/1/id", "S2"),
            ("/status/steps/1/items/1/attempts", "2"),
            ("/status/steps/1/items/2/phase", "Succeeded"),
            ("/status/steps/1/items/3", ""),
            ("/status/outputs/summary", "a dark theme: Succeeded"),
        ],
    ),
    end(
        "rework.yaml",
        "rework-demo",
        Some("3/3"),
        &[
            ("/status/steps/0/attempts", "2"),
            ("/status/steps/1/attempts", "2"),
            ("/status/steps/2/outputs/tested", "3 cases"),
            (
                "/status/outputs/code",
                r#"[ "$1" -eq 0 ] && echo zero || { [ "$1" -gt 0 ] && echo positive || echo negative; }"#,
            ),
        ],
    ),
    end(
        "workspace.yaml",
        "workspace-demo",
        Some("3/3"),
        &[("/status/outputs/note", "a note from the first step"), ("/status/outputs/seen", "nothing")],
    ),
    end(
        "secrets.yaml",
        "secrets-demo",
        Some("1/1"),
        &[("/status/outputs/tokenLength", "21"), ("/status/outputs/asked", "Tell me $(API_TOKEN)")],
    ),
    end(
        "concurrency.yaml",
        "concurrency-first",
        Some("1/1"),
        &[("/status/outputs/deployed", "Version 1 in staging")],
    ),
    end(
        "concurrency.yaml",
        "concurrency-second",
        Some("1/1"),
        &[("/status/outputs/deployed", "Version 2 in staging")],
    ),
    end(
        "notify.yaml",
        "notify-demo",
        Some("1/1"),
        &[("/status/outputs/result", "the nightly report is done")],
    ),
    end("data-migration.yaml", "data-migration-demo", None, &[("/status/outputs/verified", "4 of 4 rows")]),
    end(
        "documentation.yaml",
        "documentation-demo",
        Some("4/4"),
        &[("/status/steps/1/attempts", "2"), ("/status/outputs/published", "3 sections")],
    ),
    end(
        "dependency-update.yaml",
        "dependency-update-demo",
        None,
        &[
            ("/status/steps/1/items/0/attempts", "1"),
            ("/status/steps/1/items/1/attempts", "2"),
            ("/status/outputs/lock", "yaml 1.3.1, http 2.9.4, log 4.0.3"),
        ],
    ),
    end(
        "performance.yaml",
        "performance-demo",
        Some("6/6"),
        &[
            ("/status/steps/1/attempts", "1"),
            ("/status/steps/2/attempts", "2"),
            ("/status/steps/3/attempts", "2"),
            ("/status/outputs/gain", "99"),
        ],
    ),
    end(
        "refactoring.yaml",
        "refactoring-demo",
        None,
        &[
            ("/status/steps/2/items/0/attempts", "1"),
            ("/status/steps/2/items/1/attempts", "2"),
            ("/status/outputs/lines", "6 before, 6 after"),
        ],
    ),
    end(
        "api-integration.yaml",
        "api-integration-demo",
        Some("5/5"),
        &[
            ("/status/steps/1/attempts", "2"),
            ("/status/steps/2/attempts", "1"),
            ("/status/outputs/summary", "the pet shop API: 3 operations, each answer handled"),
        ],
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The file's text with the tests' image.
fn example(file: &str) -> String {
    let text = std::fs::read_to_string(folder().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    assert!(text.contains(IMAGE), "{file} does not use {IMAGE}");
    text.replace(IMAGE, &agent().image)
}

/// Waits until the run has ended (or asks, which no more answer is meant for), and holds it against the table.
async fn assert_end(f: &Fixture, file: &str) {
    for end in ENDS.iter().filter(|e| e.file == file) {
        let over = |run: &WorkflowRun| {
            run.status.as_ref().and_then(|s| s.phase).is_some_and(|p| p.is_terminal() || p == Phase::Paused)
        };
        // Up to ten containers, one after the other, and other examples beside them.
        until(&f.runs(), end.run, "its end", PATIENCE * 3, over).await;
        let run: Value = serde_json::from_str(&f.kubectl(&["get", "mcr", end.run, "-o", "json"])).unwrap();
        let shown = |at: &str| run.pointer(at).map_or(String::new(), text);
        assert_eq!(shown("/status/phase"), "Succeeded", "{file}: {}", shown("/status/message"));
        let progress = shown("/status/progress");
        match end.progress {
            Some(expected) => assert_eq!(progress, expected, "{file}"),
            None => assert!(progress.split_once('/').is_some_and(|(n, of)| n == of), "{file}: {progress}"),
        }
        for (at, expected) in end.shows {
            assert_eq!(shown(at), *expected, "{file}: {at}");
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// Applies the files, and waits for the end of all their runs.
async fn end_as_the_table_says(files: &[&str]) -> Fixture {
    let f = Fixture::new().await;
    for file in files {
        f.apply(&example(file));
    }
    for file in files {
        assert_end(&f, file).await;
    }
    f
}

async fn question(f: &Fixture, run: &str, not: &str) -> EscalationStatus {
    let open = |s: &WorkflowRunStatus| s.escalations.first().is_some_and(|e| e.id != not);
    f.until_status(run, "question", open).await.escalations.remove(0)
}

#[test]
fn every_example_has_its_end_in_the_table() {
    // Folders are whole repositories: tests/gitops runs those.
    let there = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file());
    let name = |p: PathBuf| p.file_name().unwrap().to_string_lossy().into_owned();
    let there: BTreeSet<String> = there.map(name).collect();
    assert_eq!(there, ENDS.iter().map(|e| e.file.to_owned()).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_hello_retry_graph_and_fan_out_end_as_the_table_says() {
    end_as_the_table_says(&["hello.yaml", "retry.yaml", "graph.yaml", "fan-out.yaml"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_stories_rework_and_notify_end_as_the_table_says() {
    end_as_the_table_says(&["stories.yaml", "rework.yaml", "notify.yaml"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn example_secrets_uses_its_token_and_the_run_does_not_show_it() {
    let f = end_as_the_table_says(&["secrets.yaml"]).await;
    let seen = f.kubectl(&["get", "mcr,mcrec,jobs,pods", "-o", "yaml"]);
    assert!(!seen.contains("not-a-real-token"), "an object contains the token");
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_documentation_performance_and_api_integration_end_as_the_table_says() {
    end_as_the_table_says(&["documentation.yaml", "performance.yaml", "api-integration.yaml"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_with_a_workspace_end_as_the_table_says() {
    end_as_the_table_says(&["workspace.yaml", "dependency-update.yaml", "refactoring.yaml"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn example_data_migration_puts_the_data_back_only_when_a_row_is_lost() {
    let f = end_as_the_table_says(&["data-migration.yaml"]).await;
    let faulty = example("data-migration.yaml")
        .replace(r#"params: {fault: "no"}"#, r#"params: {fault: "yes"}"#)
        .replace("name: data-migration-demo", "name: data-migration-fault");
    f.apply(&faulty);
    until(&f.runs(), "data-migration-fault", "its failure", PATIENCE * 2, is(Phase::Failed)).await;
    // From the status: a workspace that is not kept takes its Pods, and their logs, with it.
    let said = async |run: &str| {
        let status = f.runs().get(run).await.unwrap().status.unwrap();
        let rollback = status.steps.into_iter().find(|s| s.name == "rollback").unwrap();
        rollback.work.output.unwrap_or_default()
    };
    let (well, ill) = (said("data-migration-demo").await, said("data-migration-fault").await);
    assert!(well.contains("ROLLBACK: not needed"), "{well}");
    assert!(ill.contains("ROLLBACK: 4 rows restored"), "{ill}");
}

#[tokio::test(flavor = "multi_thread")]
async fn example_escalation_goes_on_with_the_feedback_of_a_person() {
    let f = Fixture::new().await;
    f.apply(&example("escalation.yaml"));
    let asked = question(&f, "escalation-demo", "").await;
    assert_eq!(asked.actions, [Action::Retry, Action::Skip, Action::Abort]);
    f.until("escalation-demo", "its pause", is(Phase::Paused)).await;
    let answer =
        f.answer("escalation-demo", &asked, Action::Retry, Some("the window is open until noon")).await;
    assert_eq!(f.result_of(&answer).await, "Applied");
    f.until("escalation-demo", "its end", is(Phase::Succeeded)).await;
    assert_end(&f, "escalation.yaml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn example_approval_is_written_again_after_a_reject_and_published_after_an_approve() {
    let f = Fixture::new().await;
    f.apply(&example("approval.yaml"));
    let first = question(&f, "approval-demo", "").await;
    assert!(first.message.contains("Publish this? We present Shop 2.4."), "{}", first.message);
    assert!(first.actions.contains(&Action::Approve) && first.actions.contains(&Action::Reject));
    let reject =
        f.answer("approval-demo", &first, Action::Reject, Some("say that it is free of charge")).await;
    assert_eq!(f.result_of(&reject).await, "Applied");
    let second = question(&f, "approval-demo", &first.id).await;
    assert!(second.message.contains("(Changed: say that it is free of charge.)"), "{}", second.message);
    let approve = f.answer("approval-demo", &second, Action::Approve, None).await;
    assert_eq!(f.result_of(&approve).await, "Applied");
    f.until("approval-demo", "its end", is(Phase::Succeeded)).await;
    assert_end(&f, "approval.yaml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn example_concurrency_never_has_two_runs_at_once() {
    let f = end_as_the_table_says(&["concurrency.yaml"]).await;
    let mut times = Vec::new();
    for run in ["concurrency-first", "concurrency-second"] {
        let status = f.runs().get(run).await.unwrap().status.unwrap();
        let begun = status.steps.iter().filter_map(|s| s.work.started_at).min().unwrap();
        times.push((begun, status.finished_at.unwrap()));
    }
    times.sort();
    let [(_, first_end), (second_start, _)] = times[..] else { panic!("{times:?}") };
    assert!(
        first_end <= second_start,
        "the second started at {second_start}, the first ended at {first_end}"
    );
}
