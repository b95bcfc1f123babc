use super::*;
use crate::api::Stamp;

const RULES: Rules<'static> =
    Rules { timeout: Span::mins(10), stopped: None, expects: None, rendered_input: None, definition: None };

fn exit(code: i32, text: &str) -> Exit {
    let output = AgentOutput::Text { text: text.into(), cut: false };
    Exit {
        code,
        out_of_memory: false,
        disrupted: false,
        deleted: false,
        started: None,
        finished: None,
        output,
    }
}

fn lasted(seconds: u64, exit: Exit) -> Exit {
    let start: Stamp = serde_json::from_str("\"2026-01-01T00:00:00Z\"").unwrap();
    Exit { started: Some(start), finished: Some(start.plus(Span::secs(seconds).as_duration())), ..exit }
}

type Short = (Outcome, Option<Cause>, Option<String>);

fn short(exit: &Exit, rules: &Rules<'_>) -> Short {
    let verdict = evaluate(exit, rules);
    (verdict.outcome, verdict.cause, verdict.message)
}

fn cause(text: &str, rules: &Rules<'_>) -> Option<Cause> {
    evaluate(&exit(0, text), rules).cause
}

fn failure(cause: Cause, message: &str) -> Short {
    (Outcome::Failed, Some(cause), Some(message.into()))
}

fn expects(text: &str) -> Rules<'_> {
    Rules { expects: Some(text), ..RULES }
}

#[test]
fn an_attempt_that_says_done_is_done() {
    let verdict = evaluate(&exit(0, "PLAN: x\nSTATUS: done\n"), &RULES);
    assert_eq!(
        verdict,
        Verdict {
            outcome: Outcome::Done,
            cause: None,
            exit_code: Some(0),
            message: None,
            output: Some(output::parse("PLAN: x\nSTATUS: done\n", None)),
            text: "PLAN: x\nSTATUS: done\n".into(),
            cut: false,
            retry_requested: false,
        }
    );
}

#[test]
fn an_exit_code_other_than_0_beats_what_was_said() {
    assert_eq!(short(&exit(3, "STATUS: done"), &RULES), failure(Cause::ExitCode, "Exit code 3"));
    assert_eq!(cause("", &expects("")), None);
    assert_eq!(evaluate(&exit(1, ""), &expects("")).cause, Some(Cause::ExitCode));
}

#[test]
fn a_disruption_is_a_loss_unless_the_work_was_finished() {
    let taken = |code| Exit { disrupted: true, ..exit(code, "STATUS: done") };
    let verdict = evaluate(&taken(143), &Rules { stopped: Some(Cause::Timeout), ..RULES });
    assert_eq!((verdict.outcome, verdict.cause), (Outcome::Lost, Some(Cause::Disrupted)));
    assert_eq!(evaluate(&taken(0), &RULES).outcome, Outcome::Done);
}

#[test]
fn an_attempt_that_was_stopped_for_its_timeout_timed_out() {
    let expected = (Outcome::TimedOut, Some(Cause::Timeout), Some("Timeout after 10m".into()));
    let stopped = Rules { stopped: Some(Cause::Timeout), ..RULES };
    assert_eq!(short(&exit(137, ""), &stopped), expected);
    assert_eq!(short(&lasted(601, exit(0, "STATUS: done")), &RULES), expected);
}

#[test]
fn a_timeout_never_turns_work_done_in_time_into_a_failure() {
    let stopped = Rules { stopped: Some(Cause::Timeout), ..RULES };
    assert_eq!(evaluate(&lasted(600, exit(0, "STATUS: done")), &stopped).outcome, Outcome::Done);
}

#[test]
fn an_attempt_that_was_stopped_with_its_run_is_stopped() {
    let ended = Rules { stopped: Some(Cause::RunEnded), ..RULES };
    let verdict = evaluate(&exit(143, ""), &ended);
    assert_eq!((verdict.outcome, verdict.cause), (Outcome::Stopped, Some(Cause::RunEnded)));
    assert_eq!(evaluate(&exit(0, "STATUS: done"), &ended).outcome, Outcome::Done);
    let pending = Rules { stopped: Some(Cause::PendingTimeout), ..RULES };
    assert_eq!(evaluate(&exit(143, ""), &pending).cause, Some(Cause::PendingTimeout));
}

#[test]
fn too_much_memory_is_a_failure_and_not_a_loss() {
    let verdict = evaluate(&Exit { out_of_memory: true, ..exit(137, "") }, &RULES);
    assert_eq!((verdict.outcome, verdict.cause), (Outcome::Failed, Some(Cause::OutOfMemory)));
}

#[test]
fn a_result_that_cannot_be_read_is_judged_by_its_exit_code_unless_that_is_0() {
    let output = AgentOutput::Unreadable { message: "log is gone".into() };
    let unreadable = |code| Exit { output: output.clone(), ..exit(code, "") };
    assert_eq!(short(&unreadable(0), &RULES), failure(Cause::ResultUnreadable, "log is gone"));
    assert_eq!(short(&unreadable(2), &RULES), failure(Cause::ExitCode, "Exit code 2"));
    assert_eq!(evaluate(&unreadable(0), &RULES).output, None);
    assert_eq!(short(&unreadable(0), &expects("")), (Outcome::Done, None, None));
}

#[test]
fn a_value_that_something_reads_and_that_is_too_long_fails_the_attempt_by_name() {
    let spec = serde_json::json!({
        "agents": [{"name": "a", "image": "i"}],
        "steps": [{"name": "a", "agent": "a", "input": "x"}, {"name": "b", "agent": "a", "input": "{{ plan }}"}],
    });
    let definition = Definition::read(&serde_json::from_value(spec).unwrap()).unwrap();
    let long = "x".repeat(output::VALUE_LIMIT + 1);
    let rules = Rules { definition: Some(&definition), ..RULES };
    let text = |key: &str| format!("{key}: {long}\nSTATUS: done");
    let expected = failure(Cause::ValueTooLong, "The value of PLAN is longer than 16 KiB");
    assert_eq!(short(&exit(0, &text("PLAN")), &rules), expected);
    let stories = format!("STORIES_JSON: {}\nSTATUS: done", "x".repeat(output::STORIES_LIMIT + 1));
    assert_eq!(cause(&stories, &RULES), Some(Cause::ValueTooLong));
    // Nobody reads it: a line of a log that looks like a key.
    for rules in [rules, Rules { expects: Some(""), ..rules }] {
        assert_eq!(cause(&text("WARNING"), &rules), None);
    }
}

#[test]
fn a_log_line_that_looks_like_a_key_fails_nothing() {
    let numbers: String = (1..=5000).map(|n| format!("{n}\n")).collect();
    for rules in [RULES, expects("")] {
        assert_eq!(cause(&format!("WARNING: x\n{numbers}STATUS: done"), &rules), None);
    }
}

#[test]
fn the_order_of_the_verdict_is_kept() {
    let long = format!("STORIES_JSON: {}\n", "x".repeat(output::STORIES_LIMIT + 1));
    for (said, expected) in [
        ("STATUS: failed", Cause::StatusFailed),
        ("STATUS: retry", Cause::NoRetryTarget),
        ("STATUS: maybe", Cause::StatusUnclear),
        ("needle", Cause::ValueTooLong),
        ("nothing", Cause::ExpectationNotMet),
    ] {
        assert_eq!(
            cause(&format!("{long}STATUS: done\n{said}"), &expects("needle")),
            Some(expected),
            "{said}"
        );
    }
    assert_eq!(cause(&long, &RULES), Some(Cause::NoStatus));
}

#[test]
fn an_unclear_status_is_quoted_with_what_to_write() {
    let write = "write STATUS: done, STATUS: failed or STATUS: retry and nothing else, at the very start of the last line";
    for (text, line) in [
        ("STATUS: done\nSTATUS: not done\nbye", "STATUS: not done"),
        ("STATUS: blocked", "STATUS: blocked"),
        ("Status: done", "Status: done"),
        ("STATUS: done\n- status: partially", "- status: partially"),
    ] {
        let expected = failure(Cause::StatusUnclear, &format!("The line \"{line}\" is not clear; {write}"));
        assert_eq!(short(&exit(0, text), &RULES), expected, "{text}");
    }
    let thinking = evaluate(&exit(0, "STATUS: done\n<think>Or is it"), &RULES);
    assert_eq!(thinking.cause, Some(Cause::StatusUnclear));
    assert!(thinking.message.unwrap().contains("thinking block"));
}

#[test]
fn without_a_status_the_last_line_that_has_the_word_is_quoted() {
    let message = |text: &str| evaluate(&exit(0, text), &RULES).message.unwrap();
    let plain = "Output has no STATUS line; expected \"STATUS: done\"";
    assert_eq!(message("done"), plain);
    let quoted = "; the last line that has the word is \"My STATUS: done\"";
    assert_eq!(message("Its status is fine\n  My STATUS: done\nbye"), format!("{plain}{quoted}"));
    let utf16: Vec<u8> = "\u{feff}STATUS: done".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(message(&String::from_utf8_lossy(&utf16)), "The output is UTF-16; print UTF-8");
}

#[test]
fn status_failed_is_a_failure_though_the_text_also_says_done() {
    let text = "Earlier I printed STATUS: done\nREASON: no tests\nSTATUS: failed";
    assert_eq!(short(&exit(0, text), &RULES), failure(Cause::StatusFailed, "no tests"));
    assert_eq!(short(&exit(0, text), &expects("STATUS: done")), failure(Cause::StatusFailed, "no tests"));
    assert_eq!(cause(text, &expects("no tests")), Some(Cause::StatusFailed));
}

#[test]
fn a_failure_is_told_in_the_agents_words() {
    let message = |text| evaluate(&exit(0, text), &RULES).message.unwrap_or_default();
    assert_eq!(message("ISSUES: two\nERROR: one\nSTATUS: failed"), "one");
    assert_eq!(message("STATUS: failed\nthe build broke\n\n"), "the build broke");
}

#[test]
fn status_retry_without_a_target_is_a_failed_attempt() {
    let verdict = evaluate(&exit(0, "STATUS: retry\nISSUES: two"), &RULES);
    assert_eq!((verdict.outcome, verdict.cause), (Outcome::Failed, Some(Cause::NoRetryTarget)));
    assert!(verdict.retry_requested);
    assert!(!evaluate(&exit(1, "STATUS: retry"), &RULES).retry_requested);
    assert_eq!(cause("STATUS: retry\nand prose", &expects("prose")), Some(Cause::NoRetryTarget));
}

#[test]
fn no_status_is_a_failure_where_one_is_asked_for() {
    assert_eq!(cause("I did it all", &RULES), Some(Cause::NoStatus));
    assert_eq!(cause("", &expects("status:  shipped")), Some(Cause::NoStatus));
    assert_eq!(cause("I did it all", &expects("DID it")), None);
}

#[test]
fn an_expected_status_is_compared_with_the_word_that_was_said() {
    assert_eq!(cause("STATUS: Shipped", &expects("status:  shipped")), None);
    assert_eq!(cause("STATUS: done", &expects("STATUS: shipped")), Some(Cause::StatusUnclear));
    assert_eq!(cause("STATUS: reviewed", &expects("STATUS: reviewed")), None);
    assert_eq!(cause("STATUS: almost", &RULES), Some(Cause::StatusUnclear));
}

#[test]
fn another_expectation_is_sought_in_the_output_in_any_case_and_spacing() {
    assert_eq!(cause("All  tests\n pass.\nSTATUS: done", &expects("all tests PASS")), None);
    let expected = failure(Cause::ExpectationNotMet, "Output doesn't meet expectations: \"PR:\"");
    assert_eq!(short(&exit(0, "STATUS: done"), &expects("PR:")), expected);
}

#[test]
fn an_echo_of_the_prompt_meets_no_expectation() {
    let input = "Do it. Reply with\nSTATUS: done\nPR: the link";
    let echo = |expects| Rules { rendered_input: Some(input), expects, ..RULES };
    assert_eq!(cause(input, &echo(None)), Some(Cause::NoStatus));
    assert_eq!(cause(input, &echo(Some("PR:"))), Some(Cause::ExpectationNotMet));
    assert_eq!(cause("Reply with STATUS: done", &RULES), Some(Cause::NoStatus));
    let cut = Exit {
        output: AgentOutput::Text { text: "with\nSTATUS: done\nPR: the link\n".into(), cut: true },
        ..exit(0, "")
    };
    assert_eq!(evaluate(&cut, &echo(None)).cause, Some(Cause::NoStatus));
}

#[test]
fn an_empty_expectation_leaves_it_to_the_exit_code() {
    for text in ["", "STATUS: failed", "STATUS: retry"] {
        assert_eq!(cause(text, &expects("")), None, "{text}");
    }
}

#[test]
fn a_message_is_cut_between_characters() {
    let message =
        evaluate(&exit(0, &format!("REASON: {}\nSTATUS: failed", "é".repeat(400))), &RULES).message.unwrap();
    assert_eq!(message.chars().count(), MESSAGE_LIMIT);
    assert!(message.ends_with('…'));
}

#[test]
fn what_was_said_is_kept_unchanged_up_to_its_last_16_kib() {
    let verdict = evaluate(&exit(0, "a\r\nSTATUS: done\r\n"), &RULES);
    assert_eq!((verdict.text.as_str(), verdict.cut), ("a\r\nSTATUS: done\r\n", false));
    let long = evaluate(&exit(0, &("x".repeat(output::TAIL_LIMIT) + "\nSTATUS: done")), &RULES);
    assert_eq!((long.text.len(), long.cut, long.outcome), (output::TAIL_LIMIT, true, Outcome::Done));
}
