//! The live view without a terminal: a line per change. And Ctrl-C.

use std::process::Stdio;
use std::time::Duration;

use mission_control::api::Phase;
use serde_json::json;

use crate::mc::timeless;
use crate::support::mc::command;
use crate::support::{Fixture, is, step, workflow};

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_a_line_and_the_end_is_shown_in_full() {
    let f = Fixture::new().await;
    let mut second = step("b", r#"[ "$MISSION_ATTEMPT" -gt 1 ] && echo STATUS: done || echo STATUS: failed"#);
    second.retry = serde_json::from_value(json!({"limit": 1, "backoff": {"initial": "1s"}})).unwrap();
    f.workflow(workflow("w", [step("a", "echo STATUS: done"), second])).await;
    let shown = timeless(&f.mc(&["run", "w", "--name", "one", "--watch"]).ended(0));
    for line in ["a Running", "a Succeeded", "b Backoff", "b Succeeded, attempt 2", "run Succeeded 2/2"] {
        assert!(
            shown.lines().any(|l| l.trim_start_matches(['*', ' ', '-']).starts_with(line)),
            "no '{line}' in\n{shown}"
        );
    }
    assert!(shown.contains("\n\nRun:       one in namespace"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_the_run_alone_and_says_so() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("a", "sleep 5; echo STATUS: done")])).await;
    f.run("one", "w").await;
    for verb in ["wait", "status"] {
        let watch: &[&str] = if verb == "status" { &["--watch"] } else { &[] };
        let mut mc = command();
        mc.args(["-n", &f.namespace, "workflow", verb, "one"]).args(watch);
        let mc = mc.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Long enough to have begun: earlier it would end by the signal alone, which is no fault either.
        tokio::time::sleep(Duration::from_millis(800)).await;
        std::process::Command::new("kill").args(["-INT", &mc.id().to_string()]).status().unwrap();
        let output = mc.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), err.contains("The run continues")),
            (Some(130), true),
            "{verb}: {output:?}"
        );
    }
    f.until("one", "its end", is(Phase::Succeeded)).await;
}
