//! `mc workflow runs` and `status`: which runs, and one in full.

use mission_control::api::{Phase, WorkflowRunSpec};
use serde_json::Value;

use crate::mc::timeless;
use crate::support::{Fixture, is, step, to, workflow};

async fn some_runs() -> Fixture {
    let f = Fixture::new().await;
    f.workflow(workflow(
        "good",
        [step("a", "echo STATUS: done; echo KEY: value"), step("b", "echo STATUS: done")],
    ))
    .await;
    f.workflow(workflow("asks", [step("a", "echo STATUS: failed; exit 3")])).await;
    for (name, flow, task) in [
        ("alpha-1", "good", "Mend the tax"),
        ("alpha-2", "good", "Mend the roof"),
        ("beta", "asks", "Something else"),
    ] {
        f.run_of(name, WorkflowRunSpec { task: Some(task.into()), ..to(flow) }).await;
    }
    f.mc(&["abort", "beta"]).ended(0);
    f.until("alpha-1", "its end", is(Phase::Succeeded)).await;
    f.until("alpha-2", "its end", is(Phase::Succeeded)).await;
    f.until("beta", "its end", is(Phase::Cancelled)).await;
    f
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_filtered_by_status_and_workflow_at_once() {
    let f = some_runs().await;
    let all = f.mc(&["runs"]);
    assert_eq!(all.err, "Total: 3 runs\n");
    let head = all.out.lines().next().unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(head, ["RUN", "WORKFLOW", "STATUS", "PROGRESS", "STEP", "REASON", "AGE"]);

    let names = |args: &[&str]| {
        let said = f.mc(&[&["runs", "-o", "name"], args].concat()).ended(0);
        let mut names: Vec<String> =
            said.lines().map(|l| l.rsplit('/').next().unwrap().to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&["-s", "COMPLETED"]), ["alpha-1", "alpha-2"]);
    assert_eq!(names(&["-s", "cancelled", "-w", "asks"]), ["beta"]);
    assert_eq!(names(&["-s", "cancelled", "-w", "good"]), Vec::<String>::new());
    assert_eq!(names(&["--limit", "1"]).len(), 1);
    assert_eq!(names(&["--since", "1d"]).len(), 3);

    let json: Value = serde_json::from_str(&f.mc(&["runs", "-o", "json"]).ended(0)).unwrap();
    assert_eq!((&json["kind"], json["items"].as_array().unwrap().len()), (&Value::from("List"), 3));
    assert_eq!(json["items"][0]["apiVersion"], "missioncontrol.dev/v1alpha1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_found_by_its_name_the_start_of_it_or_its_task() {
    let f = some_runs().await;
    let shown = timeless(&f.mc(&["status", "alpha-1"]).ended(0));
    let expected = format!(
        "\
Run:       alpha-1 in namespace {}
Workflow:  good
Task:      Mend the tax
Status:    Succeeded: all 2 steps are finished
Progress:  2/2
Time:      Completed in *

#   STEP   STATUS      AGENT   TRIES   RETRIES   DURATION   NOTE
1   a      Succeeded   sh   1       -         *
2   b      Succeeded   sh   1       -         *",
        f.namespace
    );
    assert_eq!(squeezed(&shown), squeezed(&expected));
    assert!(f.mc(&["status", "bet"]).ended(1).starts_with("Run:       beta in"));
    assert!(f.mc(&["status", "the ROOF"]).ended(0).starts_with("Run:       alpha-2 in"));

    let two = f.mc(&["status", "alpha"]);
    assert_eq!(two.code, 3);
    assert!(
        two.err.starts_with("error: 'alpha' matches 2 runs:\n") && two.err.contains("  alpha-1\n"),
        "{}",
        two.err
    );
    let task = f.mc(&["status", "mend"]);
    assert!(task.err.contains("  alpha-2  Mend the roof\n"), "{}", task.err);
    let none = f.mc(&["status", "gamma"]);
    let expected =
        format!("error: there is no run 'gamma' in namespace {}\nnext:  mc workflow runs\n", f.namespace);
    assert_eq!((none.code, none.err), (3, expected));
    let json: Value = serde_json::from_str(&f.mc(&["status", "alpha-1", "-o", "json"]).ended(0)).unwrap();
    assert_eq!(json.pointer("/status/steps/0/outputs/key"), Some(&Value::from("value")));
}

/// Column widths follow the lengths of time in them.
fn squeezed(text: &str) -> String {
    text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}
