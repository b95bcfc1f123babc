//! Agents print more than a status can hold. [`Stage`] checks its size after every event.

use std::collections::BTreeMap;

use mission_control::api::decision::{Action, WorkflowDecisionSpec};
use mission_control::api::{Cause, Phase, StepPhase};
use mission_control::engine::status_size::DROPPED;

use super::{Stage, stories, words};

fn dropped(stage: &Stage, step: &str) -> usize {
    let items = stage.cluster.step(step).unwrap().items.clone();
    items.iter().filter(|i| i.work.output.as_deref() == Some(DROPPED)).count()
}

#[test]
fn twenty_stories_in_three_rounds_of_16_kib_each_fit_and_what_was_dropped_is_marked() {
    let mut stage = Stage::of(
        "plan | impl forEach=stories verifyWith=check input=\"{{ verify_feedback }}\" | check onRetry=impl:2 input=\"{{ implOutput }}\"",
        "",
    );
    stage.says("plan", &stories(20));
    let long = words(16);
    for k in 1..=20 {
        for round in 0..3 {
            stage.says(&format!("impl/s{k}"), &format!("{long}\nround {round} of s{k}\nSTATUS: done"));
            let input = stage.input();
            assert!(input.contains(&format!("round {round} of s{k}")) && input.len() > 16 * 1024, "{input}");
            let word = if round < 2 { "retry" } else { "done" };
            stage.says(&format!("check/s{k}"), &format!("{long}\nno. {round} of s{k}\nSTATUS: {word}"));
            if round < 2 {
                assert!(stage.input().contains(&format!("no. {round} of s{k}")), "{}", stage.input());
            }
        }
    }
    assert_eq!(stage.phase(), Some(Phase::Succeeded));
    assert_eq!(stage.status().totals.unwrap().attempts, 121);
    assert_eq!(dropped(&stage, "impl"), 0, "a later template names it");
    let gone = dropped(&stage, "check");
    assert!((5..20).contains(&gone), "{gone}");
    let first_kept = stage.cluster.step("check").unwrap().items[gone].work.output.clone().unwrap();
    assert!(first_kept.starts_with("[the beginning was cut off]"), "the oldest go first");
}

#[test]
fn what_later_templates_name_is_not_dropped_a_person_is_asked() {
    let mut stage = Stage::of("plan | impl forEach=stories maxItems=40 | end input=\"{{ implOutput }}\"", "");
    stage.says("plan", &stories(40));
    for k in 1..=40 {
        if stage.phase() != Some(Phase::Running) {
            break;
        }
        stage.says(&format!("impl/s{k}"), &format!("{}\nSTATUS: done", words(16)));
    }
    assert_eq!(stage.phase(), Some(Phase::Paused));
    assert_eq!(stage.status().escalations[0].cause, Cause::StatusTooLarge);
    assert!(stage.question().contains("512 KiB"), "{}", stage.question());
    assert_eq!(dropped(&stage, "impl"), 0);
}

#[test]
fn a_hundred_values_of_10_kib_do_not_fit_and_cost_no_further_attempt() {
    let mut stage = Stage::of("a | b", "");
    let values: String = (0..100).map(|i| format!("KEY_{i}: {}\n", "v".repeat(10 * 1024))).collect();
    stage.says("a", &format!("STATUS: done\n{values}"));
    assert_eq!((stage.phase(), stage.step_phase("a")), (Some(Phase::Paused), StepPhase::Escalated));
    assert_eq!(stage.status().escalations[0].cause, Cause::StatusTooLarge);
    assert!(stage.work("a").outputs.is_empty());
    stage.happens("decide Retry a");
    assert!(stage.answer().starts_with("Refused: StatusTooLarge"), "{}", stage.answer());
    stage.happens("decide Skip a");
    assert_eq!(stage.under_way(), ["b"]);
}

#[test]
fn a_value_of_more_than_16_kib_that_something_reads_fails_the_attempt_and_is_named() {
    let mut stage = Stage::of("a limit=1 | b input=\"{{ plan }}\"", "");
    let value = "v".repeat(16 * 1024);
    stage.says("a", &format!("STATUS: done\nSHORT: x\nPLAN: {value}v\n"));
    let last = stage.last("a");
    assert_eq!(last.cause, Some(Cause::ValueTooLong));
    assert_eq!(last.message.as_deref(), Some("The value of PLAN is longer than 16 KiB"));
    stage.happens("after 1s");
    stage.says("a", &format!("STATUS: done\nPLAN: {value}\n"));
    assert_eq!(stage.under_way(), ["b"]);
    assert_eq!(stage.work("a").outputs["plan"], value);
}

#[test]
fn a_value_of_more_than_16_kib_that_nothing_reads_is_cut_and_marked() {
    let mut stage = Stage::of("a", "");
    stage.says("a", &format!("WARNING: {}\nSTATUS: done\n", "v".repeat(24 * 1024)));
    assert_eq!(stage.phase(), Some(Phase::Succeeded));
    let value = &stage.work("a").outputs["warning"];
    assert_eq!((value.len(), value.ends_with("v\n[the rest was cut off]")), (16 * 1024, true));
}

#[test]
fn what_fifty_failed_attempts_said_does_not_burst_the_status() {
    let steps: Vec<String> =
        (0..50).map(|i| format!("s{i:02} dependsOn= limit=0 onExhausted=Continue")).collect();
    let mut stage = Stage::of(&format!("ask dependsOn= limit=0 | {}", steps.join(" | ")), "");
    stage.says("ask", &words(16));
    for i in 0..50 {
        stage.says(&format!("s{i:02}"), &words(16));
    }
    assert_eq!(stage.work("s00").output.as_deref(), Some(DROPPED));
    assert_eq!(stage.work("s49").output.unwrap().len(), 16 * 1024, "the newest is kept");
}

#[test]
fn what_open_failures_said_is_dropped_where_nothing_else_is_left() {
    let steps: Vec<String> = (0..50).map(|i| format!("s{i:02} dependsOn= limit=0")).collect();
    let mut stage = Stage::of(&steps.join(" | "), "");
    for i in 0..50 {
        stage.says(&format!("s{i:02}"), &words(16));
    }
    assert_eq!(stage.status().escalations.len(), 16);
    assert_eq!(stage.work("s00").output.as_deref(), Some(DROPPED));
}

#[test]
fn characters_that_json_writes_as_six_count_as_six() {
    let mut stage = Stage::of("a | b | c | d | e | f | g | h", "");
    for step in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        stage.says(step, &format!("{}\nSTATUS: done", "\u{1}".repeat(16 * 1024)));
    }
    assert_eq!(stage.phase(), Some(Phase::Succeeded));
    assert_eq!(stage.work("a").output.as_deref(), Some(DROPPED));
}

#[test]
fn feedback_that_goes_back_over_fifty_steps_is_shortened_and_marked() {
    let names: Vec<String> = (0..50).map(|i| format!("s{i:02}")).collect();
    let mut stage = Stage::of(&format!("{} | judge onRetry=s00", names.join(" | ")), "");
    for name in &names {
        stage.says(name, "STATUS: done");
    }
    stage.says("judge", &format!("the end is missing\n{}\nSTATUS: retry", words(15)));
    assert_eq!(stage.under_way(), ["s00"]);
    for name in &names {
        let feedback = stage.work(name).verify_feedback.unwrap();
        assert!(feedback.starts_with("the end is missing"), "{feedback}");
        assert!(feedback.ends_with("[cut: the run's status reached its limit]"), "{feedback}");
        stage.says(name, "STATUS: done");
    }
    stage.says("judge", "STATUS: done");
    assert_eq!(stage.phase(), Some(Phase::Succeeded));
}

#[test]
fn what_a_run_gives_back_fits_too() {
    let outputs: Vec<String> = (0..32).map(|i| format!("outputs=all{i}:steps.impl.output")).collect();
    let mut stage = Stage::of(&format!("plan | impl forEach=stories | spec {}", outputs.join(" ")), "");
    stage.says("plan", &stories(20));
    for k in 1..=20 {
        stage.says(&format!("impl/s{k}"), &format!("{}\nthis is s{k}\nSTATUS: done", words(15)));
    }
    assert_eq!(stage.phase(), Some(Phase::Succeeded));
    let outputs = stage.status().outputs;
    assert_eq!(outputs.len(), 32);
    let kept: Vec<&String> = outputs.values().filter(|v| *v != DROPPED).collect();
    assert!(!kept.is_empty() && kept.len() < 32, "{}", kept.len());
    assert!(
        kept[0].starts_with("[the beginning was cut off]") && kept[0].ends_with("this is s20\nSTATUS: done")
    );
}

#[test]
fn a_person_who_gives_more_than_fits_is_told() {
    let mut stage = Stage::of("a limit=0 | b", "");
    stage.says("a", "no");
    let id = stage.status().escalations[0].id.clone();
    let answer = |id: &str, values: usize| WorkflowDecisionSpec {
        run: "demo".into(),
        escalation: Some(id.into()),
        action: Action::Skip,
        feedback: None,
        outputs: (0..values).map(|i| (format!("KEY_{i}"), "v".repeat(65_536))).collect::<BTreeMap<_, _>>(),
        by: None,
    };
    stage.cluster.decide(&format!("demo-{id}"), answer(&id, 64));
    stage.settle("64 values");
    assert!(
        stage.answer().contains("outputs: 4097 KiB do not fit into the run's status (512 KiB in all)"),
        "{}",
        stage.answer()
    );
    assert_eq!(stage.step_phase("a"), StepPhase::Escalated);
    let next = stage.status().escalations[0].id.clone();
    assert_ne!(next, id, "a refused answer closes its question");
    stage.cluster.decide(&format!("demo-{next}"), answer(&next, 4));
    stage.settle("4 values");
    assert_eq!(stage.step_phase("a"), StepPhase::Skipped);
    assert_eq!(stage.under_way(), ["b"]);
}

#[test]
fn lists_of_more_items_than_the_status_can_follow_ask_before_they_begin() {
    let loops: Vec<String> = (0..6)
        .map(|i| {
            format!("l{i} forEach=stories maxItems=100 verifyWith=c{i} dependsOn=plan | c{i} onRetry=l{i}")
        })
        .collect();
    let mut stage = Stage::of(&format!("plan | {}", loops.join(" | ")), "");
    stage.says("plan", &stories(100));
    let questions = stage.status().escalations;
    assert!(
        !questions.is_empty() && questions.iter().all(|q| q.cause == Cause::StatusTooLarge),
        "{questions:?}"
    );
    assert!(questions[0].message.contains("100 items do not fit"), "{}", questions[0].message);
    assert!(!stage.under_way().is_empty(), "the others go on");
}
