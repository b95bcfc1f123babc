use proptest::prelude::*;

use super::*;

fn status(text: &str) -> Status {
    parse(text, None).status
}

fn values(text: &str) -> Vec<(String, String)> {
    parse(text, None).values.into_iter().collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
}

#[test]
fn the_status_word_is_read_in_any_case() {
    for (text, expected) in [
        ("STATUS: done", Status::Done),
        ("STATUS: DONE", Status::Done),
        ("STATUS:Failed", Status::Failed),
        ("STATUS: ReTry  ", Status::Retry),
        ("STATUS: banana", Status::Unclear),
        ("STATUS:", Status::Unclear),
        ("status: done", Status::Unclear),
        ("Status: done", Status::Unclear),
        ("", Status::Absent),
        ("I am done", Status::Absent),
    ] {
        assert_eq!(status(text), expected, "{text:?}");
    }
}

#[test]
fn the_last_status_wins_an_unclear_one_too() {
    assert_eq!(status("STATUS: failed\nI try again\nSTATUS: done"), Status::Done);
    assert_eq!(status("STATUS: done\nSTATUS: failed"), Status::Failed);
    assert_eq!(status("STATUS: retry\nSTATUS: whatever"), Status::Unclear);
}

#[test]
fn an_unclear_status_is_told_apart_from_none_and_both_name_a_line() {
    let line = |text| parse(text, None).line;
    assert_eq!(line("STATUS: Banana\nbye").as_deref(), Some("STATUS: Banana"));
    assert_eq!(line("Its status is fine.\nbye").as_deref(), Some("Its status is fine."));
    assert_eq!(line("nothing"), None);
}

#[test]
fn prose_on_the_line_after_the_status_does_not_change_it() {
    assert_eq!(status("STATUS: retry\nThe tests do not pass.\nISSUES: two"), Status::Retry);
    assert_eq!(values("STATUS: retry\nThe tests do not pass.\nISSUES: two"), pairs(&[("ISSUES", "two")]));
}

#[test]
fn a_status_is_one_word_on_its_own_line() {
    assert_eq!(status("STATUS: done or failed, I cannot say"), Status::Unclear);
    assert_eq!(status("STATUS:\ndone"), Status::Unclear);
    assert_eq!(status("Reply with STATUS: done"), Status::Absent);
    assert_eq!(status("  STATUS: done"), Status::Unclear);
    assert_eq!(status("- STATUS: done"), Status::Unclear);
}

#[test]
fn emphasis_around_a_key_is_fine() {
    for text in [
        "**STATUS**: done",
        "**STATUS:** done",
        "**STATUS: done**",
        "`STATUS`: `done`",
        "__STATUS__: done",
        "`STATUS: done`",
    ] {
        assert_eq!(status(text), Status::Done, "{text:?}");
    }
    assert_eq!(
        values("**PLAN:** a\n`REPO`: b\n__X_Y__: c"),
        pairs(&[("PLAN", "a"), ("REPO", "b"), ("X_Y", "c")])
    );
}

#[test]
fn an_unfenced_status_beats_a_fenced_one_which_counts_at_the_end_alone() {
    assert_eq!(status("STATUS: failed\nIt should have said\n```\nSTATUS: done\n```\n"), Status::Failed);
    assert_eq!(status("~~~\nSTATUS: done\n~~~"), Status::Done);
    assert_eq!(status("```text\nSTATUS: done\nPLAN: x\n```"), Status::Done);
    assert_eq!(status("```\nSTATUS: done\n```\nTOKENS_IN: 5\n\n"), Status::Done);
    assert_eq!(status("```\nSTATUS: done\n```\nSo much for that."), Status::Absent);
    assert_eq!(status("```\nSTATUS: done\nSTATUS: not done\n```"), Status::Unclear);
}

#[test]
fn an_unclosed_fence_is_no_fence() {
    assert_eq!(status("STATUS: failed\n```\ncode\nSTATUS: done"), Status::Done);
    assert_eq!(status("````\nSTATUS: failed\n```\nSTATUS: done"), Status::Done);
}

#[test]
fn only_upper_case_names_at_the_start_of_a_line_are_keys() {
    let text = "lowercase: a\nMixedCase: b\n1: x\n2026-02-09T12:00\n- [ ]: y\n_X: z\nA-B: c\nOK_2: yes";
    assert_eq!(values(text), pairs(&[("OK_2", "yes")]));
    assert_eq!(values(&format!("{}: a", "K".repeat(64))).len(), 1);
    assert_eq!(values(&format!("{}: a", "K".repeat(65))).len(), 0);
}

#[test]
fn a_value_may_hold_colons() {
    assert_eq!(values("PLAN: Story 1: x"), pairs(&[("PLAN", "Story 1: x")]));
}

#[test]
fn a_value_runs_to_the_next_key_line_or_the_end() {
    let text = "PLAN: first\nsecond\n\nthird\nREPO: /r\n\nlast\n\n";
    assert_eq!(values(text), pairs(&[("PLAN", "first\nsecond\n\nthird"), ("REPO", "/r\n\nlast")]));
}

#[test]
fn a_value_may_start_on_the_next_line() {
    assert_eq!(values("FINDINGS:\n- a\n- b\nSTATUS: done"), pairs(&[("FINDINGS", "- a\n- b")]));
}

#[test]
fn indented_and_listed_keys_belong_to_the_value() {
    let text = "FINDINGS:\n- SEVERITY: high\n  FILE: a.rs\nSTATUS: done";
    assert_eq!(values(text), pairs(&[("FINDINGS", "- SEVERITY: high\n  FILE: a.rs")]));
}

#[test]
fn json_over_several_lines_survives_fenced_or_not() {
    let json = "[\n  {\"id\": \"US-1\",\n   \"title\": \"A: b\"}\n]";
    assert_eq!(values(&format!("STORIES_JSON:{json}\nSTATUS: done")), pairs(&[("STORIES_JSON", json)]));
    let fenced = format!("```json\n{json}\n```");
    assert_eq!(
        values(&format!("STORIES_JSON:\n{fenced}\nSTATUS: done")),
        pairs(&[("STORIES_JSON", &fenced)])
    );
}

#[test]
fn a_fenced_key_stays_part_of_the_value_around_it_and_never_beats_an_unfenced_one() {
    let text = "PLAN: p\nNOTES: see\n```\nPLAN: quoted\n```\nend";
    assert_eq!(values(text), pairs(&[("NOTES", "see\n```\nPLAN: quoted\n```\nend"), ("PLAN", "p")]));
}

#[test]
fn windows_line_ends_are_fine() {
    let output = parse("STATUS: done\r\nPLAN: a\r\nb\r\nREPO: r\r\n", None);
    assert_eq!(output.status, Status::Done);
    assert_eq!(output.values.into_iter().collect::<Vec<_>>(), pairs(&[("PLAN", "a\nb"), ("REPO", "r")]));
}

#[test]
fn an_empty_value_is_a_value() {
    assert_eq!(values("ISSUES:\nSTATUS: done"), pairs(&[("ISSUES", "")]));
}

#[test]
fn the_last_of_two_equal_keys_wins() {
    assert_eq!(values("PLAN: a\nPLAN: b"), pairs(&[("PLAN", "b")]));
}

#[test]
fn an_empty_output_has_no_status_and_no_values() {
    assert_eq!(parse("", None), Output { text: String::new(), ..Output::default() });
}

/// A text that says nothing.
fn is_silent(output: &Output) -> bool {
    output.status == Status::Absent && output.values.is_empty()
}

#[test]
fn an_echo_of_the_input_does_not_count() {
    let input = "Fix the bug.\nThen reply with:\nSTATUS: done\nCHANGES: what you did\n";
    for text in [
        input.to_string(),
        format!("Prompt: {input}\nI cannot."),
        format!("{}\r\nI cannot.", input.replace('\n', "\r\n")),
        format!("\u{1b}[2m{input}\u{1b}[0m\nI cannot."),
    ] {
        assert!(is_silent(&parse(&text, Some(input))), "{text:?}");
    }
    assert_eq!(parse(&format!("{input}\nSTATUS: failed\n{input}"), Some(input)).status, Status::Failed);
    let honest = parse(&format!("{input}\nSTATUS: done\nCHANGES: all"), Some(input));
    assert_eq!(
        (honest.status, honest.values.get("CHANGES").map(String::as_str)),
        (Status::Done, Some("all"))
    );
}

#[test]
fn a_value_may_repeat_an_input_that_has_no_keys() {
    assert_eq!(parse("GREETING:\nhello\nSTATUS: done", Some("hello")).values.len(), 1);
    assert_eq!(parse("STATUS: done", Some("done")).status, Status::Done);
    let repeated = parse("GREETING:\nhello\nSTATUS: done", Some("hello"));
    assert_eq!(
        (repeated.values["GREETING"].as_str(), repeated.text.as_str()),
        ("hello", "GREETING:\n\nSTATUS: done")
    );
}

#[test]
fn a_value_past_its_limit_is_cut_and_named() {
    let just = "x".repeat(VALUE_LIMIT);
    assert!(parse(&format!("PLAN: {just}"), None).too_long.is_empty());
    let output = parse(&format!("REPO: r\nPLAN: {just}x"), None);
    assert_eq!(output.too_long, ["PLAN".to_string()].into());
    assert_eq!(output.values["REPO"], "r");
    let plan = &output.values["PLAN"];
    assert_eq!((plan.len(), plan.ends_with("x\n[the rest was cut off]")), (VALUE_LIMIT, true));
    assert!(parse(&format!("STORIES_JSON: {just}x"), None).too_long.is_empty());
    assert!(!parse(&format!("STORIES_JSON: {}", "x".repeat(STORIES_LIMIT + 1)), None).too_long.is_empty());
}

#[test]
fn names_of_the_run_are_reserved_in_any_case() {
    for name in ["task", "TASK", "Params", "RUN", "VERIFY_FEEDBACK", "current_story", "LAST_FAILURE"] {
        assert!(is_reserved(name), "{name}");
    }
    assert!(!is_reserved("REPO") && !is_reserved("RUN_ID"));
}

#[test]
fn the_tail_is_kept_from_the_start_of_a_character() {
    assert_eq!(keep_tail("short"), ("short".into(), false));
    let (tail, cut) = keep_tail(&"é".repeat(TAIL_LIMIT));
    assert!(cut && tail.len() <= TAIL_LIMIT && tail.chars().all(|c| c == 'é'));
    let (tail, cut) = keep_tail(&format!("x{}a", "é".repeat(TAIL_LIMIT / 2)));
    assert!(cut && tail.len() == TAIL_LIMIT - 1);
}

#[test]
fn a_text_full_of_open_fences_near_echoes_or_tags_is_read_in_one_pass() {
    let fences: String = (3..1500).rev().map(|n| "`".repeat(n) + "a\n").collect();
    assert_eq!(status(&(fences + "STATUS: done")), Status::Done);
    let input = "STATUS: a\n".repeat(40_000) + "STATUS: done";
    assert_eq!(parse(&"STATUS: a\n".repeat(100_000), Some(&input)).status, Status::Unclear);
    for piece in ["<think>\n</think>\n", "\u{1b}]", "\u{9d}", "\r", "A:\n", "# ", "> "] {
        let text = piece.repeat((1 << 20) / piece.len());
        assert_eq!(status(&text), Status::Absent, "{piece:?}");
    }
}

/// What the rules are for: each answer with what it says.
#[test]
fn what_goes_wrong_in_ordinary_answers_is_seen() {
    for (text, expected) in [
        ("STATUS: done\nSTATUS: failed (2 checks)", Status::Failed),
        ("STATUS: done\n### STATUS: failed", Status::Failed),
        ("STATUS: done\nSTATUS: not done", Status::Unclear),
        ("STATUS: done\nSTATUS: blocked", Status::Unclear),
        ("STATUS: done\n**Status:** failed", Status::Failed),
        ("STATUS: done\n- status: partially", Status::Unclear),
        ("STATUS: done\nStatus = incomplete", Status::Unclear),
        ("STATUS: done\n<think>\nSTATUS: done", Status::Unclear),
        ("<think>\nI will say\nSTATUS: done\n</think>\nHm.", Status::Absent),
        ("<think>\nSTATUS: done", Status::Unclear),
        ("so I say\nSTATUS: done\n</think>\nI could not.", Status::Absent),
        ("STATUS: failed\r\u{200b}\n", Status::Failed),
    ] {
        assert_eq!(status(text), expected, "{text:?}");
    }
}

#[test]
fn ordinary_answers_stay_done() {
    for text in [
        "\u{1b}[32mSTATUS: done\u{1b}[0m",
        "10%\r100%\rSTATUS: done",
        "<think>\nSTATUS: failed?\n</think>\nSTATUS: done",
        "STATUS: done\n\nStatus: the service is up",
        "kind: Pod\nstatus: Running\nSTATUS: done\nstatus: Running",
        "STATUS: done\nHTTP/2 200\nstatus: 200",
        "STATUS: done\nFINDINGS:\n- a\n  STATUS: open",
        "STATUS: done\nDigest: sha256:1\nStatus: Downloaded newer image for busybox:latest",
        "STATUS: done ✅\u{fe0f}",
        "STATUS\u{a0}:\u{a0}done",
        "### **STATUS**: `done`.",
        "```\nSTATUS: done\n```\nTOKENS_OUT: 12",
    ] {
        assert_eq!(status(text), Status::Done, "{text:?}");
    }
}

#[test]
fn the_word_that_a_step_expects_is_the_only_one_that_is_done() {
    let read = |text: &str| read(text, &Reading { wanted: "reviewed", ..Reading::default() }).status;
    assert_eq!((read("STATUS: reviewed"), read("STATUS: done")), (Status::Done, Status::Unclear));
    assert_eq!(wanted("status:  Shipped").as_deref(), Some("shipped"));
    assert_eq!((wanted("PR:"), wanted("STATUS:"), wanted("All good")), (None, None, None));
}

#[test]
fn a_text_without_its_beginning_may_start_in_a_fence() {
    let read = |text: &str| read(text, &Reading { cut: true, ..Reading::default() }).status;
    assert_eq!(read("STATUS: done\n```\nI could not."), Status::Absent);
    assert_eq!(read("a\n```\nSTATUS: done"), Status::Done);
    assert_eq!(read("<think>\n```\nSTATUS: done"), Status::Unclear);
}

#[test]
fn a_loose_line_belongs_to_the_value_and_a_status_line_ends_it() {
    assert_eq!(values("PLAN: a\nstatus: failed\nb"), pairs(&[("PLAN", "a\nstatus: failed\nb")]));
    assert_eq!(values("PLAN: a\n### STATUS: failed\nb"), pairs(&[("PLAN", "a")]));
    assert_eq!(values("PLAN: a\n<think>x\nREPO: y\n</think>\nb"), pairs(&[("PLAN", "a\n\nb")]));
}

#[test]
fn utf_16_that_was_read_as_utf_8_is_noticed_and_says_nothing() {
    let bytes: Vec<u8> = "\u{feff}STATUS: done".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(status(&decode(&bytes)), Status::Done);
    let output = parse(&String::from_utf8_lossy(&bytes), None);
    assert_eq!((output.status, output.garbled), (Status::Absent, true));
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("STATUS: done".to_string()),
        Just("<think>".into()),
        Just("</think>".into()),
        Just("\u{1b}[1m".into()),
        Just("**".into()),
        Just("`".into()),
        Just("```".into()),
        Just("~~~".into()),
        Just("__".into()),
        Just("KEY:".into()),
        Just("\n".into()),
        Just("\r\n".into()),
        Just("é".into()),
        ".{0,6}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_text_has_an_answer(text in text(), input in text(), cut: bool) {
        let output = read(&text, &Reading { rendered_input: Some(&input), cut, ..Reading::default() });
        prop_assert!(output.values.keys().all(|k| k != "STATUS" && k.starts_with(|c: char| c.is_ascii_uppercase())));
        prop_assert!(without_echo(&text, &input, cut).len() <= text.len());
        let _ = keep_tail(&text);
    }

    #[test]
    fn arbitrary_bytes_have_an_answer(bytes: Vec<u8>) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = (parse(&text, None), parse(&text, Some(&text)));
    }
}
