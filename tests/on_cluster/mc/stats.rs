//! Figures of runs whose ends are known.

use mission_control::api::Phase;
use mission_control::api::step::{OnExhausted, Retry, Step};
use serde_json::{Value, json};

use crate::support::mc::mc;
use crate::support::{Fixture, ends_by_term, is, step, workflow};

/// A step that fails until its attempt `n`.
fn passes_at(n: u32) -> Step {
    let script = format!("[ $MISSION_ATTEMPT = {n} ] || exit 1; echo STATUS: done");
    Step {
        retry: Some(Retry { limit: Some(1), ..Retry::default() }),
        on_exhausted: Some(OnExhausted::Fail),
        ..step("work", &script)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_records_and_of_what_is_live() {
    let f = Fixture::new().await;
    let ok = || step("first", "echo STATUS: done");
    f.workflow(workflow("fine", [ok()])).await;
    f.workflow(workflow("retries", [ok(), passes_at(2)])).await;
    f.workflow(workflow("fails", [ok(), passes_at(9)])).await;
    f.workflow(workflow("long", [step("long", &ends_by_term("begun"))])).await;
    for (run, of) in [("a", "fine"), ("b", "retries"), ("c", "fails"), ("d", "long")] {
        f.run(run, of).await;
    }
    for (run, end) in
        [("a", Phase::Succeeded), ("b", Phase::Succeeded), ("c", Phase::Failed), ("d", Phase::Running)]
    {
        f.until(run, "its end", is(end)).await;
    }
    // Answered by its record: it counts once.
    f.kubectl(&["delete", "mcr/a"]);
    f.run("a", "fine").await;
    f.until("a", "its end", is(Phase::Succeeded)).await;

    let stats = |more: &[&str]| mc(&[&["stats", "-n", &f.namespace], more].concat());
    let read = |more: &[&str]| -> Value {
        serde_json::from_str(&stats(&[&["-o", "json"], more].concat()).ended(0)).unwrap()
    };
    let seen = read(&[]);
    let all = &seen["all"];
    assert_eq!((&all["total"], &all["ended"], &all["live"]), (&json!(4), &json!(3), &json!(1)));
    let phases =
        json!({"Pending": 0, "Running": 1, "Paused": 0, "Succeeded": 2, "Failed": 1, "Cancelled": 0});
    assert_eq!(all["phases"], phases);
    assert_eq!(all["successRate"], json!(2.0 / 3.0));
    assert_eq!((&all["retries"], &all["lost"], &all["escalations"]), (&json!(2), &json!(0), &json!(0)));
    assert_eq!(all["stepsCompleted"], json!(4.0 / 3.0));
    let bottleneck = |workflow: &str| {
        json!({"namespace": f.namespace, "workflow": workflow, "step": "work", "executions": 1,
               "failureRate": 1.0, "averageRetries": 1.0})
    };
    assert_eq!(all["bottlenecks"], json!([bottleneck("fails"), bottleneck("retries")]));
    let names: Vec<&str> =
        seen["workflows"].as_array().unwrap().iter().filter_map(|w| w["workflow"].as_str()).collect();
    assert_eq!(names, ["fails", "fine", "long", "retries"]);
    assert_eq!(read(&["retries"])["all"]["bottlenecks"], json!([bottleneck("retries")]));

    let said = stats(&[]);
    assert_eq!(said.err, "note:  fewer than 10 runs have ended: the figures are not meaningful yet\n");
    let text = said.ended(0);
    for line in [
        "Runs that ended in the last 30 days; live now",
        "Ended        3: 2 Succeeded, 1 Failed, 0 Cancelled",
        "Live         1: 0 Pending, 1 Running, 0 Paused",
        "Success      67%",
        "Retries      2; 0 lost, 0 sent back",
        "  retries/work: 100% failure, 1.0 avg retries",
    ] {
        assert!(text.lines().any(|l| l == line), "no {line:?} in\n{text}");
    }
    assert!(text.lines().all(|l| l.len() <= 80), "{text}");
    let said = mc(&["workflow", "refresh-metrics", "-n", &f.namespace]);
    assert!(said.err.contains("there is nothing to refresh"), "{}", said.err);
    assert_eq!(said.ended(0), text);

    let said = stats(&["nothing"]);
    assert!(said.err.contains("there is no workflow nothing"), "{}", said.err);
    said.ended(3);
}
