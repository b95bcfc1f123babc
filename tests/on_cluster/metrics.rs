//! Metrics, Events and records of runs, with operators that die in between.

use std::collections::BTreeMap;

use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt;
use kube::api::ListParams;
use mission_control::api::step::{OnExhausted, Retry, Step};
use mission_control::api::{Action, Phase, RunRecord, Stamp, labels};
use mission_control::view::stats::Stats;
use serde_json::json;

use crate::support::{Fixture, is, step, workflow};

/// A step that fails until its attempt `n`, with `limit` retries, and fails its run when they are spent.
fn passes_at(n: u32, limit: u32) -> Step {
    let script = format!("sleep 0.2; [ $MISSION_ATTEMPT -ge {n} ] || exit 1; echo STATUS: done");
    Step {
        retry: Some(Retry { limit: Some(limit), ..Retry::default() }),
        on_exhausted: Some(OnExhausted::Fail),
        ..step("work", &script)
    }
}

/// The value of one series in a text of metrics.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|l| l.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

/// Gives the metrics in which the series has come to `wanted`: the operator counts what it wrote once the API server
/// has answered, which is after the test may have seen it.
async fn counted_to(f: &Fixture, wanted: f64, series: &str) -> String {
    let is_there = async || value(&f.operator.metrics().await, series) == wanted;
    f.until_true(series, is_there).await;
    f.operator.metrics().await
}

fn finished(text: &str) -> f64 {
    let of = |phase| value(text, &format!("mission_control_runs_finished_total{{phase=\"{phase}\"}}"));
    of("Succeeded") + of("Failed") + of("Cancelled")
}

async fn figures(f: &Fixture) -> Stats {
    let runs = f.runs().list(&ListParams::default()).await.unwrap().items;
    Stats::of(&f.records().await, &runs, Stamp(jiff::Timestamp::UNIX_EPOCH))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_execution_counts_once_though_operators_die_at_many_points() {
    let mut f = Fixture::new().await;
    f.workflow(workflow("w", [passes_at(2, 2), step("last", "echo STATUS: done")])).await;
    const RUNS: usize = 8;
    for n in 0..RUNS {
        f.run(&format!("run-{n}"), "w").await;
    }
    // Each process is killed as soon as one more run has ended, which is a point that no schedule could hit: between a
    // record, the status that follows and the counter.
    let (mut counted, mut crashes) = (0.0, 0);
    while crashes < 4 {
        let before = f.records().await.len();
        if before == RUNS {
            break;
        }
        f.until_true("another record", async || f.records().await.len() > before).await;
        counted += f.operator.try_metrics().map_or(0.0, |text| finished(&text));
        f.crash();
        crashes += 1;
    }
    for n in 0..RUNS {
        f.until(&format!("run-{n}"), "its end", is(Phase::Succeeded)).await;
    }
    counted += finished(&f.operator.metrics().await);
    // A counter may miss what was committed just before a crash, and never counts twice.
    assert!(counted <= RUNS as f64, "{counted} of {RUNS} runs counted");

    let stats = figures(&f).await;
    let all = &stats.all;
    assert_eq!((all.total, all.ended, all.live), (RUNS, RUNS, 0));
    assert_eq!((all.phases[&Phase::Succeeded], all.success_rate), (RUNS, Some(1.0)));
    for record in f.records().await {
        let sum: u32 = record.spec.steps.iter().map(|s| s.retries).sum();
        assert_eq!(sum, record.spec.totals.retries, "{record:?}");
    }

    // Applied again, they are answered: nothing changes but that the runs are new.
    f.kubectl(&["delete", "mcr", "--all"]);
    for n in 0..RUNS {
        f.run(&format!("run-{n}"), "w").await;
        f.until(&format!("run-{n}"), "its record's answer", is(Phase::Succeeded)).await;
    }
    assert_eq!(figures(&f).await, stats);
    eprintln!("{counted} of {RUNS} runs counted over {} processes", crashes + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_execution_stays_in_the_figures_when_its_run_executes_again() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [passes_at(9, 1)])).await;
    f.run("demo", "w").await;
    f.until("demo", "its failure", is(Phase::Failed)).await;
    f.kubectl(&["delete", "mcr/demo"]);
    let mended = serde_json::to_value(workflow("w", [passes_at(1, 1)]).spec).unwrap();
    f.patch::<mission_control::api::Workflow>("w", json!({"spec": {"steps": mended["steps"]}}))
        .await
        .unwrap();
    f.run("demo", "w").await;
    f.until("demo", "its success", is(Phase::Succeeded)).await;

    let records: Vec<RunRecord> = f.records().await;
    let aside: Vec<bool> = records.iter().map(|r| r.labels().contains_key(labels::SUPERSEDED)).collect();
    assert_eq!((records.len(), aside.iter().filter(|a| **a).count()), (2, 1), "{records:?}");
    let all = figures(&f).await.all;
    assert_eq!((all.ended, all.success_rate, all.retries), (2, Some(0.5), 1));
    let text = counted_to(&f, 1.0, "mission_control_runs_finished_total{phase=\"Succeeded\"}").await;
    assert_eq!(value(&text, "mission_control_runs_finished_total{phase=\"Failed\"}"), 1.0);
    assert_eq!(value(&text, "mission_control_run_duration_seconds_count{phase=\"Failed\"}"), 1.0);
    assert_eq!(value(&text, "mission_control_attempts_total{outcome=\"Failed\"}"), 2.0);
    assert_eq!(value(&text, "mission_control_retries_total"), 1.0);

    // Applied a third time it is answered by the newer record.
    f.kubectl(&["delete", "mcr/demo"]);
    f.run("demo", "w").await;
    f.until("demo", "its answer", is(Phase::Succeeded)).await;
    assert_eq!((figures(&f).await.all, f.records().await.len()), (all, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_process_that_leads_shows_the_runs() {
    let mut f = Fixture::new().await;
    let asks = Step { retry: Some(Retry { limit: Some(0), ..Retry::default() }), ..step("work", "exit 1") };
    f.workflow(workflow("w", [asks])).await;
    f.run("demo", "w").await;
    f.until("demo", "question", is(Phase::Paused)).await;
    // Only now is it certain which of two leads.
    let second = f.another_operator("operator-1");
    counted_to(&f, 1.0, "mission_control_runs{phase=\"Paused\"}").await;
    let text = counted_to(&f, 1.0, "mission_control_escalations_total{cause=\"ExitCode\"}").await;
    assert_eq!(value(&text, "mission_control_runs{phase=\"Running\"}"), 0.0);
    assert_eq!(value(&text, "mission_control_escalations_open"), 1.0);
    assert!(value(&text, "mission_control_escalation_oldest_age_seconds") < 3600.0);
    assert!(
        value(&text, "mission_control_api_requests_total{verb=\"update\",code=\"200\"}") >= 2.0,
        "{text}"
    );
    assert!(value(&text, "mission_control_queue_wait_seconds_count") >= 2.0);
    let standby = second.metrics().await;
    assert_eq!(
        (value(&text, "mission_control_leader"), value(&standby, "mission_control_leader")),
        (1.0, 0.0)
    );
    for gauge in ["mission_control_runs{", "mission_control_escalation"] {
        let shown = |l: &&str| l.starts_with(gauge) && !l.starts_with("mission_control_escalations_total");
        assert_eq!(standby.lines().find(shown), None);
    }
    assert!(
        f.operator.health("/metrics").await.starts_with("HTTP/1.0 404"),
        "health and metrics share a port"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_too_many_records_the_oldest_go_but_for_those_whose_run_exists() {
    let f = Fixture::with_arguments(&["--record-limit", "2", "--record-retention", "Keep"]).await;
    f.workflow(workflow("w", [step("a", "echo STATUS: done")])).await;
    for run in ["r1", "r2", "r3", "r4"] {
        f.run(run, "w").await;
        f.until(run, "its end", is(Phase::Succeeded)).await;
    }
    f.kubectl(&["delete", "mcr/r2", "mcr/r3", "mcr/r4"]);
    let left = async || {
        let mut left: Vec<String> = f.records().await.into_iter().map(|r| r.spec.run).collect();
        left.sort();
        left
    };
    f.until_true("sweep of the records", async || left().await.len() == 2).await;
    assert_eq!(left().await, ["r1", "r4"]);
    counted_to(&f, 2.0, "mission_control_records_removed_total{reason=\"Count\"}").await;
    // The run that is still there is answered by its record, wherever it comes from.
    f.kubectl(&["delete", "mcr/r1"]);
    f.run("r1", "w").await;
    let status = f.until("r1", "its answer", is(Phase::Succeeded)).await;
    assert_eq!(status.reason.map(|r| r.as_str()), Some("AlreadyRan"));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_what_went_wrong_once_each_and_nothing_that_an_agent_said() {
    let f = Fixture::new().await;
    let script = "echo 'KEY: said by an agent'; [ $MISSION_ATTEMPT -ge 4 ] || exit 1; echo STATUS: done";
    let work = Step { retry: Some(Retry { limit: Some(2), ..Retry::default() }), ..step("work", script) };
    f.workflow(workflow("w", [work, step("after", "echo STATUS: done")])).await;
    f.run("demo", "w").await;
    let status = f.until("demo", "question", is(Phase::Paused)).await;
    f.answer("demo", &status.escalations[0], Action::Retry, Some("try again")).await;
    f.until("demo", "its end", is(Phase::Succeeded)).await;

    let read = async || -> Vec<Event> { f.api::<Event>().list(&ListParams::default()).await.unwrap().items };
    let of_run = |e: &Event| e.regarding.as_ref().and_then(|r| r.kind.as_deref()) == Some("WorkflowRun");
    let told = async || {
        let mut told: BTreeMap<String, i32> = BTreeMap::new();
        for event in read().await.iter().filter(|e| of_run(e)) {
            let count = event.series.as_ref().map_or(1, |s| s.count);
            *told.entry(event.reason.clone().unwrap_or_default()).or_default() += count;
        }
        told
    };
    let expected: BTreeMap<String, i32> = [
        // It started, went on after the answer, and ended.
        ("Running", 2),
        ("AttemptFailed", 3),
        ("NeedsDecision", 1),
        ("Escalated", 1),
        ("Decided", 1),
        ("Succeeded", 1),
    ]
    .map(|(reason, n)| (reason.to_string(), n))
    .into();
    // Events are written beside the passes.
    f.until_true("last Event", async || told().await.get("Succeeded") == Some(&1)).await;
    f.until_true("all Events", async || told().await.values().sum::<i32>() >= expected.values().sum()).await;
    assert_eq!(told().await, expected);
    let failed: Vec<Event> =
        read().await.into_iter().filter(|e| e.reason.as_deref() == Some("AttemptFailed")).collect();
    assert_eq!(failed.len(), 1, "the same trouble is one Event: {failed:?}");
    assert_eq!(failed[0].series.as_ref().map(|s| s.count), Some(3));
    let text = serde_json::to_string(&read().await).unwrap();
    assert!(!text.contains("said by an agent"), "{text}");
}
