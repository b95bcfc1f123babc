//! Random outputs, made of lines of known kinds: a clear status, one that takes it back, prose.

use mission_control::engine::output::{Output, Reading, Status, parse, read};
use proptest::prelude::*;
use proptest::sample::select;

/// A part of an output.
#[derive(Clone, Debug)]
enum Part {
    /// A line outside fences, which counts.
    Status(&'static str, Status),
    /// A line that says nothing about the status.
    Prose(String),
    /// A closed fence with lines in it.
    Fence(&'static str, Vec<String>),
    /// A closed block of thinking, and what follows its tag.
    Thinking(Vec<String>),
    /// A closing tag without an opening tag.
    Stray,
}

const STATUSES: &[(&str, Status)] = &[
    ("STATUS: done", Status::Done),
    ("**STATUS:** Done.", Status::Done),
    ("### STATUS: \u{1b}[32mdone\u{1b}[0m ✅", Status::Done),
    ("50%\rSTATUS\u{a0}: \"done\"", Status::Done),
    ("STATUS: failed (2 checks)", Status::Failed),
    ("`STATUS: failed`", Status::Failed),
    ("> status: failed", Status::Failed),
    ("STATUS: retry, please", Status::Retry),
    ("- Status = retry", Status::Retry),
    ("STATUS: not done", Status::Unclear),
    ("STATUS:", Status::Unclear),
    ("STATUS: done, mostly", Status::Unclear),
    ("STATUS: blocked", Status::Unclear),
    ("1. **status** — partially", Status::Unclear),
    ("Status: not finished", Status::Unclear),
];

const NEITHER: &[&str] = &[
    "I am done.",
    "My STATUS: done",
    "Status: the service is up",
    "status: Running",
    "status: 200",
    "    STATUS: failed",
    "STATUSES: failed",
    "WARNING: x",
    "PLAN: a",
    "",
    "- one",
    "a <think> b",
    "a </think> b",
    "```x```",
    "\u{1b}[1mbold\u{1b}[0m",
    "\u{200b}",
];

fn status() -> impl Strategy<Value = (&'static str, Status)> {
    select(STATUSES)
}

/// A line of a log, without the characters that status lines, tags and fences need.
fn prose() -> impl Strategy<Value = String> {
    prop_oneof![select(NEITHER).prop_map(String::from), "[ a-rA-R0-9.,:=*#|-]{0,12}"]
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![status().prop_map(|(line, _)| line.to_string()), prose()]
}

/// A line that does not end its block.
fn thought() -> impl Strategy<Value = String> {
    any_line().prop_filter("it ends the block", |line| !line.contains("</think"))
}

fn part() -> impl Strategy<Value = Part> {
    let several = || proptest::collection::vec(any_line(), 0..4);
    prop_oneof![
        3 => status().prop_map(|(line, says)| Part::Status(line, says)),
        4 => prose().prop_map(Part::Prose),
        1 => (select(&["```", "````", "~~~"][..]), several()).prop_map(|(mark, lines)| Part::Fence(mark, lines)),
        1 => proptest::collection::vec(thought(), 0..4).prop_map(Part::Thinking),
        1 => Just(Part::Stray),
    ]
}

fn text(parts: &[Part]) -> String {
    let one = |part: &Part| match part {
        Part::Status(line, _) => format!("{line}\n"),
        Part::Prose(line) => format!("{line}\n"),
        Part::Fence(mark, lines) => format!("{mark}\n{}{mark}\n", joined(lines)),
        Part::Thinking(lines) => format!("<think>\n{}</think>\n", joined(lines)),
        Part::Stray => "</think>\n".to_string(),
    };
    parts.iter().map(one).collect()
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The verdict of the last line that counts.
fn last_counting(parts: &[Part]) -> Option<Status> {
    let own = parts.iter().rev().take_while(|part| !matches!(part, Part::Stray));
    own.filter_map(|part| if let Part::Status(_, says) = part { Some(*says) } else { None }).next()
}

proptest! {
    #[test]
    fn the_last_line_that_counts_is_the_status(parts in proptest::collection::vec(part(), 0..12)) {
        let output = parse(&text(&parts), None);
        match last_counting(&parts) {
            Some(says) => prop_assert_eq!(output.status, says),
            // A fence at the end may contain it.
            None => prop_assert!(output.status != Status::Done || ends_in_a_fence(&parts)),
        }
    }

    #[test]
    fn a_text_that_ends_inside_of_a_thinking_block_is_never_done(
        parts in proptest::collection::vec(part(), 0..8),
        rest in proptest::collection::vec(thought(), 0..4),
        tag in select(&["<think>", "<Thinking>", " <think>"][..]),
    ) {
        let output = parse(&format!("{}{tag}\n{}", text(&parts), joined(&rest)), None);
        prop_assert_eq!((output.status, output.thinking), (Status::Unclear, true));
    }

    #[test]
    fn a_line_that_is_neither_never_changes_what_the_others_say(
        parts in proptest::collection::vec(part(), 1..10),
        line in prose(),
        at in any::<prop::sample::Index>(),
    ) {
        let mut more = parts.clone();
        more.insert(at.index(parts.len() + 1), Part::Prose(line));
        let (before, after) = (parse(&text(&parts), None).status, parse(&text(&more), None).status);
        // Prose below a fence makes it a mere example.
        prop_assert!(before == after || (last_counting(&parts).is_none() && after == Status::Absent));
    }

    #[test]
    fn an_echo_of_the_input_changes_nothing(
        parts in proptest::collection::vec(part(), 0..8),
        input in proptest::collection::vec(any_line(), 1..6),
    ) {
        let input = format!("Do it.\n{}That is all.", joined(&input));
        let (plain, echoed) = (text(&parts), format!("Prompt: {input}\n{}", text(&parts)));
        let read = |text: &str| read(text, &Reading { rendered_input: Some(&input), ..Reading::default() }).status;
        prop_assert_eq!(read(&plain), read(&echoed));
    }
}

fn ends_in_a_fence(parts: &[Part]) -> bool {
    let blank =
        |part: &&Part| matches!(part, Part::Prose(line) if line.trim_matches(['\u{200b}', ' ']).is_empty());
    let last = parts.iter().rev().find(|part| !blank(part) && !matches!(part, Part::Thinking(_)));
    matches!(last, Some(Part::Fence(..)))
}

/// The time to read an output: the best of three.
fn time(text: &str, input: &str) -> std::time::Duration {
    let once = || {
        let start = std::time::Instant::now();
        let _: Output = parse(text, Some(input));
        start.elapsed()
    };
    (0..3).map(|_| once()).min().unwrap()
}

#[test]
fn eight_times_the_text_takes_about_eight_times_as_long() {
    let pieces: &[(&str, &str, &str)] = &[
        ("ab\n", "ab\n", "a"),
        ("STATUS: a\n", "STATUS: a\n", "STATUS: done"),
        ("<think>a</think>", "<", ">"),
        ("```\n", "```\n", "x"),
        ("\u{1b}]0;", "\u{1b}]", ""),
        ("KEY: a\n", "KEY: a\n", "b"),
        ("> ", "STATUS: > ", ""),
        ("status ", "status ", "done"),
    ];
    for (piece, asked, end) in pieces {
        let of = |size: usize| {
            let input = format!("{}{end}", asked.repeat(size / 2 / asked.len()));
            time(&piece.repeat(size / piece.len()), &input)
        };
        let (small, large) = (of(64 * 1024), of(512 * 1024));
        // Quadratic time would be 64 times as long.
        assert!(large < 32 * small + std::time::Duration::from_millis(5), "{piece:?}: {small:?}, {large:?}");
    }
}
