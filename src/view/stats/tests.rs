use serde_json::{Value, json};

use super::*;
use crate::api::Cause;

fn at(text: &str) -> Stamp {
    Stamp(text.parse().unwrap())
}

/// The start of the window.
fn since() -> Stamp {
    at("2026-01-01T00:00:00Z")
}

/// A run of `flow` that ended in the window, with this duration.
fn record(uid: &str, outcome: &str, seconds: i64, steps: Value) -> RunRecord {
    let retries: u64 = steps.as_array().unwrap().iter().filter_map(|s| s["retries"].as_u64()).sum();
    serde_json::from_value(json!({
        "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "RunRecord",
        "metadata": {"name": format!("r-{uid}"), "namespace": "team"},
        "spec": {
            "run": "r", "runUID": uid, "specHash": "h", "workflow": "flow", "outcome": outcome,
            "reason": "Succeeded", "startedAt": "2026-01-02T00:00:00Z",
            "finishedAt": "2026-01-02T01:00:00Z", "activeSeconds": seconds,
            "totals": {"attempts": 3, "retries": retries, "lost": 1, "escalations": 1, "rounds": 2},
            "steps": steps,
        },
    }))
    .unwrap()
}

fn step(name: &str, phase: &str, retries: u32, cause: Option<Cause>) -> Value {
    let cause = cause.map_or(json!({}), |c| json!({"cause": c}));
    let mut step =
        json!({"name": name, "phase": phase, "attempts": retries + 1, "retries": retries, "lost": 0});
    step.as_object_mut().unwrap().extend(cause.as_object().unwrap().clone());
    step
}

fn run(uid: &str, status: Value) -> WorkflowRun {
    serde_json::from_value(json!({
        "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun",
        "metadata": {"name": format!("r-{uid}"), "namespace": "team", "uid": uid},
        "spec": {"workflowRef": {"name": "flow"}}, "status": status,
    }))
    .unwrap()
}

fn counts(figures: &Figures) -> Vec<(&str, usize)> {
    figures.phases.iter().filter(|(_, n)| **n > 0).map(|(p, n)| (p.as_str(), *n)).collect()
}

fn ended(outcomes: &[&str]) -> Figures {
    let records: Vec<RunRecord> =
        outcomes.iter().enumerate().map(|(i, o)| record(&i.to_string(), o, 1, json!([]))).collect();
    Stats::of(&records, &[], since()).all
}

#[test]
fn what_ended_before_the_window_does_not_count() {
    let mut old = record("a", "Failed", 5, json!([]));
    old.spec.finished_at = at("2025-12-31T23:59:59Z");
    let new = record("b", "Succeeded", 7, json!([]));
    let stats = Stats::of(&[old, new], &[], since());
    assert_eq!((stats.all.total, stats.all.success_rate), (1, Some(1.0)));
}

#[test]
fn live_runs_are_counted_by_phase_and_lower_no_rate() {
    let live = [
        run(
            "1",
            json!({"phase": "Running", "totals": {"attempts": 4, "retries": 3, "lost": 0, "escalations": 0}}),
        ),
        run(
            "2",
            json!({"phase": "Paused", "totals": {"attempts": 1, "retries": 0, "lost": 0, "escalations": 1}}),
        ),
        run("3", json!({"observedGeneration": -1})),
    ];
    let all = Stats::of(&[record("0", "Succeeded", 1, json!([]))], &live, since()).all;
    assert_eq!((all.total, all.ended, all.live), (4, 1, 3));
    assert_eq!(counts(&all), [("Pending", 1), ("Running", 1), ("Paused", 1), ("Succeeded", 1)]);
    assert_eq!(all.success_rate, Some(1.0));
    // Events include those of live runs.
    assert_eq!((all.retries, all.lost, all.rounds, all.escalations), (3, 1, 2, 2));
}

#[test]
fn a_run_counts_once_while_its_status_is_older_than_its_record() {
    let live = [run("a", json!({"phase": "Running"}))];
    let all = Stats::of(&[record("a", "Failed", 1, json!([]))], &live, since()).all;
    assert_eq!((all.total, all.live), (1, 0));
}

#[test]
fn a_run_that_an_earlier_record_answered_counts_nowhere() {
    let answered = [run("b", json!({"phase": "Succeeded", "reason": "AlreadyRan"}))];
    let all = Stats::of(&[record("a", "Succeeded", 1, json!([]))], &answered, since()).all;
    assert_eq!((all.total, all.ended), (1, 1));
}

#[test]
fn an_execution_that_is_on_record_twice_counts_once() {
    let mut copy = record("a", "Failed", 1, json!([]));
    copy.metadata.name = Some("r-a-copy".into());
    let all = Stats::of(&[record("a", "Failed", 1, json!([])), copy], &[], since()).all;
    assert_eq!((all.total, all.escalations), (1, 1));
}

#[test]
fn cancelled_runs_are_neither_a_success_nor_a_failure() {
    assert_eq!(
        ended(&["Succeeded", "Failed", "Cancelled", "Succeeded", "Succeeded"]).success_rate,
        Some(0.75)
    );
    assert_eq!(ended(&["Cancelled"]).success_rate, None);
    assert_eq!(ended(&[]).success_rate, None);
}

#[test]
fn durations_are_of_runs_that_started_and_ended() {
    let mut records: Vec<RunRecord> =
        (1..=20).map(|n| record(&n.to_string(), "Succeeded", n * 10, json!([]))).collect();
    let mut never = record("never", "Failed", 0, json!([]));
    never.spec.started_at = None;
    records.push(never);
    let all = Stats::of(&records, &[], since()).all;
    let seconds = Seconds { average: 105.0, min: 10, max: 200, p50: 100, p95: 190 };
    assert_eq!((all.seconds, all.ended), (Some(seconds), 21));
}

#[test]
fn a_percentile_of_few_is_one_of_them() {
    let of = |all: &[u64]| Seconds::of(all.iter().copied()).map(|s| (s.p50, s.p95));
    assert_eq!(of(&[7]), Some((7, 7)));
    assert_eq!(of(&[9, 1]), Some((1, 9)));
    assert_eq!(of(&[]), None);
}

#[test]
fn a_completed_step_is_one_that_lets_the_next_start() {
    let records = [
        record("a", "Succeeded", 1, json!([step("x", "Succeeded", 0, None), step("y", "Skipped", 0, None)])),
        record(
            "b",
            "Failed",
            1,
            json!([step("x", "Failed", 2, Some(Cause::ExitCode)), step("y", "Cancelled", 0, None)]),
        ),
    ];
    assert_eq!(Stats::of(&records, &[], since()).all.steps_completed, Some(1.0));
}

#[test]
fn figures_per_workflow_are_those_of_its_own_runs() {
    let mut other = record("b", "Failed", 9, json!([step("x", "Failed", 2, Some(Cause::ExitCode))]));
    other.metadata.namespace = Some("other".into());
    let records = [record("a", "Succeeded", 1, json!([])), other];
    let stats = Stats::of(&records, &[run("c", json!({"phase": "Running"}))], since());
    let seen: Vec<_> = stats
        .workflows
        .iter()
        .map(|w| (w.namespace.as_str(), w.workflow.as_str(), w.figures.total, w.figures.success_rate))
        .collect();
    assert_eq!(seen, [("other", "flow", 1, Some(0.0)), ("team", "flow", 2, Some(1.0))]);
    assert_eq!(
        (stats.workflows[0].figures.bottlenecks.len(), stats.workflows[1].figures.bottlenecks.len()),
        (1, 0)
    );
}

fn found(steps: &[Value]) -> Vec<String> {
    let records: Vec<RunRecord> =
        steps.iter().enumerate().map(|(i, s)| record(&i.to_string(), "Succeeded", 1, s.clone())).collect();
    Stats::of(&records, &[], since()).all.bottlenecks.iter().map(ToString::to_string).collect()
}

#[test]
fn a_step_that_failed_first_and_passed_later_has_failed() {
    let twice = json!([step("implement", "Succeeded", 2, None)]);
    let once = json!([step("implement", "Succeeded", 0, None)]);
    assert_eq!(found(&[twice, once.clone(), once]), ["implement: 33% failure, 0.7 avg retries"]);
}

#[test]
fn a_step_whose_only_failure_a_person_made_good_has_failed() {
    let mut made_good = step("implement", "Succeeded", 0, None);
    made_good["failures"] = 1.into();
    assert_eq!(found(&[json!([made_good])]), ["implement: 100% failure, 0.0 avg retries"]);
}

#[test]
fn a_step_that_a_person_skipped_after_it_failed_has_failed() {
    let skipped = json!([step("test", "Skipped", 0, Some(Cause::StatusFailed))]);
    assert_eq!(found(&[skipped]), ["test: 100% failure, 0.0 avg retries"]);
}

#[test]
fn what_the_cluster_took_away_or_the_end_of_the_run_stopped_is_no_failure() {
    let stopped = json!([step("test", "Cancelled", 0, Some(Cause::RunEnded))]);
    let lost = json!([step("test", "Cancelled", 0, Some(Cause::PodDeleted))]);
    assert_eq!(found(&[stopped, lost]), Vec::<String>::new());
    let for_good = json!([step("test", "Failed", 0, Some(Cause::PodDeleted))]);
    assert_eq!(found(&[for_good]), ["test: 100% failure, 0.0 avg retries"]);
}

#[test]
fn a_step_without_attempts_is_no_execution() {
    let mut rejected = step("gate", "Failed", 0, None);
    rejected["attempts"] = 0.into();
    assert_eq!(found(&[json!([rejected])]), Vec::<String>::new());
}

#[test]
fn a_tenth_of_failures_and_half_a_retry_are_not_too_much() {
    let mut all = vec![json!([step("a", "Succeeded", 0, None)]); 9];
    all.push(json!([step("a", "Succeeded", 5, None)]));
    assert_eq!(found(&all), Vec::<String>::new());
    all.push(json!([step("a", "Succeeded", 1, None)]));
    assert_eq!(found(&all), ["a: 18% failure, 0.5 avg retries"]);
}

#[test]
fn the_five_worst_steps_are_named_worst_first() {
    let failed = |name: &str| step(name, "Succeeded", 1, None);
    let often = |name: &str| step(name, "Succeeded", 3, None);
    let fine = |name: &str| step(name, "Succeeded", 0, None);
    let one = json!([failed("a"), often("b"), failed("c"), failed("d"), failed("e"), failed("f")]);
    let two = json!([failed("a"), often("b"), fine("c"), fine("d"), fine("e"), fine("f")]);
    assert_eq!(
        found(&[one, two]),
        [
            "b: 100% failure, 3.0 avg retries",
            "a: 100% failure, 1.0 avg retries",
            "c: 50% failure, 0.5 avg retries",
            "d: 50% failure, 0.5 avg retries",
            "e: 50% failure, 0.5 avg retries",
        ]
    );
}

#[test]
fn a_rate_is_green_above_80_per_cent_and_amber_above_50() {
    let bands = [0.81, 0.8, 0.51, 0.5].map(Band::of);
    assert_eq!(bands, [Band::Green, Band::Amber, Band::Amber, Band::Red]);
}

#[test]
fn under_ten_ended_runs_are_few() {
    assert!(ended(&["Succeeded"; 9]).are_few());
    assert!(!ended(&["Succeeded"; 10]).are_few());
}

#[test]
fn the_json_has_the_words_of_the_api() {
    let stats = Stats::of(&[record("a", "Succeeded", 30, json!([]))], &[], since());
    let json = serde_json::to_value(&stats).unwrap();
    assert_eq!(json["workflows"][0]["workflow"], "flow");
    assert_eq!(json["workflows"][0]["successRate"], 1.0);
    assert_eq!(
        json["all"],
        json!({
            "total": 1, "ended": 1, "live": 0,
            "phases": {"Pending": 0, "Running": 0, "Paused": 0, "Succeeded": 1, "Failed": 0, "Cancelled": 0},
            "successRate": 1.0, "seconds": {"average": 30.0, "min": 30, "max": 30, "p50": 30, "p95": 30},
            "retries": 0, "lost": 1, "rounds": 2, "escalations": 1, "stepsCompleted": 0.0, "bottlenecks": [],
        })
    );
}
