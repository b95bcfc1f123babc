//! Output of agents that is wrong by mistake or on purpose.

use mission_control::api::{Cause, Outcome, Phase, StepPhase};

use super::Stage;

#[test]
fn an_agent_cannot_change_what_the_run_was_asked_for() {
    let mut stage = Stage::of(
        "a | b input=\"{{ task }}; {{ params.repo }}; {{ run.name }}; {{ note }}\" | spec param=repo",
        "repo=good",
    );
    stage.says("a", "TASK: evil\nPARAMS: evil\nRUN: evil\nSTEPS: evil\nREPO: evil\nNOTE: mine\nSTATUS: done");
    assert_eq!(stage.input(), "the task; good; demo; mine");
}

#[test]
fn a_quoted_example_of_success_is_none() {
    let mut stage = Stage::of("a limit=0", "");
    stage.says("a", "STATUS: failed\nFor the next time:\n```\nSTATUS: done\n```\nGood luck.");
    assert_eq!(stage.last("a").cause, Some(Cause::StatusFailed));
}

#[test]
fn an_echo_of_the_input_is_no_answer() {
    let mut stage =
        Stage::of("a limit=0 input=\"Do {{ task }}.\nReply with\nSTATUS: done\nNOTE: nothing\"", "");
    let asked = stage.input().to_string();
    stage.says("a", &format!("You asked me:\n{asked}\nI could not do it."));
    assert_eq!(stage.last("a").cause, Some(Cause::NoStatus));
    assert!(stage.work("a").outputs.is_empty());
}

#[test]
fn an_echo_before_the_answer_does_no_harm() {
    let mut stage = Stage::of("a input=\"Do {{ task }}.\nReply with\nSTATUS: done\nNOTE: nothing\" | b", "");
    let asked = stage.input().to_string();
    stage.says("a", &format!("{asked}\nNOTE: something\nSTATUS: done"));
    assert_eq!(stage.work("a").outputs["note"], "something");
    assert_eq!(stage.under_way(), ["b"]);
}

#[test]
fn a_template_in_a_value_is_passed_on_as_it_is() {
    let mut stage = Stage::of("a | b input=\"{{ note }}/{{ aOutput }}\" | c input=\"{{ note }}\"", "");
    stage.says("a", "NOTE: {{ task }} {% for x in steps %}\nSTATUS: done");
    let note = "{{ task }} {% for x in steps %}";
    assert_eq!(stage.input(), format!("{note}/NOTE: {note}\nSTATUS: done"));
    stage.says("b", "STATUS: done");
    assert_eq!(stage.input(), note);
}

#[test]
fn prose_after_retry_sends_the_work_back_and_a_sentence_in_its_place_passes_nothing() {
    let mut stage = Stage::of("fix | verify onRetry=fix limit=0", "");
    stage.says("fix", "STATUS: done");
    stage.says("verify", "STATUS: retry\nThe tests fail, though fix said STATUS: done");
    assert_eq!(stage.last("verify").outcome, Outcome::SentBack);
    assert_eq!(stage.under_way(), ["fix"]);
    stage.says("fix", "STATUS: done");
    stage.says("verify", "STATUS: the tests fail");
    assert_eq!(stage.last("verify").cause, Some(Cause::StatusUnclear));
    assert_eq!(stage.step_phase("verify"), StepPhase::Escalated);
}

#[test]
fn a_retry_in_a_quote_does_not_send_work_back() {
    let mut stage = Stage::of("fix | verify onRetry=fix", "");
    stage.says("fix", "STATUS: done");
    stage.says("verify", "```\nSTATUS: retry\n```\nSTATUS: done");
    assert_eq!(stage.phase(), Some(Phase::Succeeded));
}

#[test]
fn a_later_status_beats_an_earlier_one_and_a_bad_exit_beats_both() {
    let mut stage = Stage::of("a limit=0 | b limit=0", "");
    stage.says("a", "STATUS: failed\nthen it worked\nSTATUS: done");
    stage.happens("b exits 3 \"STATUS: done\"");
    let last = stage.last("b");
    assert_eq!((last.cause, last.exit_code), (Some(Cause::ExitCode), Some(3)));
}

/// Each error of `STORIES_JSON`, and the words that name it.
const FAULTS: &[(&str, &str)] = &[
    ("do it", "STORIES_JSON is not JSON"),
    ("[{\"id\":\"a\"", "STORIES_JSON is not JSON"),
    (r#"{"id":"a"}"#, "STORIES_JSON is an object, not a list"),
    (r#""none""#, "STORIES_JSON is a string, not a list"),
    (r#"["one"]"#, "STORIES_JSON[0]: it is a string, not an object"),
    (r#"[{"title":"t","description":"d","acceptanceCriteria":["c"]}]"#, "STORIES_JSON[0]: id is missing"),
    (
        r#"[{"id":"","title":"t","description":"d","acceptanceCriteria":["c"]}]"#,
        "STORIES_JSON[0]: id is empty",
    ),
    (
        r#"[{"id":"a b","title":"t","description":"d","acceptanceCriteria":["c"]}]"#,
        "id \"a b\" is not usable",
    ),
    (r#"[{"id":"a","description":"d","acceptanceCriteria":["c"]}]"#, "STORIES_JSON[0]: title is missing"),
    (r#"[{"id":"a","title":" ","description":"d","acceptanceCriteria":["c"]}]"#, "title is empty"),
    (r#"[{"id":"a","title":"t","acceptanceCriteria":["c"]}]"#, "description is missing"),
    (r#"[{"id":"a","title":"t","description":"d"}]"#, "acceptanceCriteria is missing"),
    (r#"[{"id":"a","title":"t","description":"d","acceptanceCriteria":[]}]"#, "acceptanceCriteria is empty"),
    (
        r#"[{"id":"a","title":"t","description":"d","acceptanceCriteria":"c"}]"#,
        "acceptanceCriteria is a string, not a list",
    ),
    (
        r#"[{"id":"a","title":"t","description":"d","acceptanceCriteria":[1]}]"#,
        "acceptanceCriteria[0] is a number, not a string",
    ),
    (
        r#"[{"id":"a","title":"t","description":"d","acceptanceCriteria":["c"]},{"id":"a","title":"t","description":"d","acceptanceCriteria":["c"]}]"#,
        "STORIES_JSON[1]: id a is also that of STORIES_JSON[0]",
    ),
];

#[test]
fn each_fault_of_the_stories_is_named_and_costs_their_author_an_attempt() {
    for (list, words) in FAULTS {
        let mut stage = Stage::of("plan limit=1 | impl forEach=stories", "");
        stage.says("plan", &format!("STATUS: done\nSTORIES_JSON: {list}"));
        let last = stage.last("plan");
        assert_eq!(last.cause, Some(Cause::StoriesInvalid), "{list}");
        assert!(last.message.as_ref().unwrap().contains(words), "{list}: {last:?}");
        assert_eq!(
            (stage.step_phase("plan"), stage.step_phase("impl")),
            (StepPhase::Backoff, StepPhase::Pending)
        );
    }
}

#[test]
fn more_stories_than_are_allowed_are_a_fault_too() {
    let mut stage = Stage::of("plan | impl forEach=stories", "");
    stage.says("plan", &super::stories(21));
    let message = stage.last("plan").message.unwrap();
    assert_eq!(message, "STORIES_JSON has 21 items, and at most 20 are allowed (maxItems)");
}

#[test]
fn stories_of_more_than_64_kib_fail_the_attempt() {
    let mut stage = Stage::of("plan limit=0 | impl forEach=stories", "");
    stage.says("plan", &format!("STATUS: done\nSTORIES_JSON: [\"{}\"]", "x".repeat(64 * 1024)));
    let last = stage.last("plan");
    assert_eq!(last.cause, Some(Cause::ValueTooLong));
    assert_eq!(last.message.as_deref(), Some("The value of STORIES_JSON is longer than 64 KiB"));
}

#[test]
fn an_input_of_more_than_96_kib_asks_a_person_and_costs_no_attempt() {
    let parts: Vec<String> = (0..7).map(|i| format!("s{i} | ")).collect();
    let input: Vec<String> = (0..7).map(|i| format!("{{{{ s{i}Output }}}}")).collect();
    let mut stage = Stage::of(&format!("{}end input=\"{}\"", parts.concat(), input.concat()), "");
    for i in 0..7 {
        stage.says(&format!("s{i}"), &format!("{}\nSTATUS: done", super::words(16)));
    }
    assert_eq!(stage.status().escalations[0].cause, Cause::InputTooLarge);
    assert_eq!(stage.work("end").attempts, 0);
}
