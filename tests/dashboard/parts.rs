//! The parts of pages, one by one.

use maud::{Markup, html};

use crate::markup::{tags, text};
use mission_control::api::{Outcome, Phase, StepPhase};
use mission_control::dashboard::parts::*;
use mission_control::view::stats::Band;

#[test]
fn every_phase_has_a_word_and_a_symbol_beside_its_colour() {
    let phases = Phase::ALL.iter().map(|(p, _)| (p.as_str(), Tone::from(*p)));
    let steps = StepPhase::ALL.iter().map(|(p, _)| (p.as_str(), Tone::from(*p)));
    let outcomes = Outcome::ALL.iter().map(|(o, _)| (o.as_str(), Tone::from(*o)));
    for (word, tone) in phases.chain(steps).chain(outcomes) {
        let html = badge(word, tone).into_string();
        assert_eq!(text(&html), format!("{}{word}", tone.symbol()));
        assert!(html.contains(tone.class()), "{html}");
    }
    let symbols: std::collections::BTreeSet<_> = Tone::ALL.iter().map(|t| t.symbol()).collect();
    assert_eq!(symbols.len(), Tone::ALL.len(), "two tones look the same without colour");
}

#[test]
fn a_band_has_the_tone_of_its_name() {
    assert_eq!([0.9, 0.6, 0.2].map(|r| Tone::from(Band::of(r))), [Tone::Good, Tone::Ask, Tone::Bad]);
}

#[test]
fn a_share_is_not_rounded_to_perfect() {
    let of = |rate| text(&meter(Some(rate), Tone::Good).into_string());
    assert_eq!(
        [of(1.0), of(0.9991), of(0.914), of(0.0), of(0.001)],
        ["100 %", "99.9 %", "91 %", "0 %", "0.1 %"]
    );
    assert_eq!(text(&meter(None, Tone::Neutral).into_string()), "no figure yet");
    assert_eq!(text(&meter(Some(f64::NAN), Tone::Neutral).into_string()), "no figure yet");
    assert_eq!(of(7.0), "100 %");
}

#[test]
fn a_cell_says_the_name_of_its_column() {
    let rows = [vec![html! { "demo" }, html! { "3" }, html! { "too many" }]];
    let html = table("Runs", &[Head::text("Run"), Head::figures("Steps")], &rows).into_string();
    let found = tags(&html);
    let labels: Vec<_> = found.iter().filter_map(|t| t.get("data-label")).collect();
    assert_eq!(labels, ["Run", "Steps"]);
    let scopes: Vec<_> = found.iter().filter_map(|t| t.get("scope")).collect();
    assert_eq!(scopes, ["col", "col", "row"]);
}

#[test]
fn a_page_without_a_reader_has_no_way_into_the_rest() {
    let html = page(&Shell { title: "Sign in", ..Shell::default() }, html! { "x" }).into_string();
    assert!(!html.contains(SIGN_OUT) && !html.contains(RUNS), "{html}");
    assert!(!html.contains("data-events"), "{html}");
}

#[test]
fn the_current_part_of_the_navigation_is_marked() {
    let shell = Shell { title: "Runs", reader: Some("alice"), nav: Some(Nav::Runs), ..Shell::default() };
    let html = page(&shell, html! {}).into_string();
    let current: Vec<_> = tags(&html).into_iter().filter(|t| t.get("aria-current").is_some()).collect();
    assert_eq!(current.iter().map(|t| t.get("href")).collect::<Vec<_>>(), [Some(RUNS)]);
}

#[test]
fn a_filter_keeps_what_was_chosen() {
    let choice = Way::Choice(&[("", "any"), ("Failed", "Failed")]);
    let html = filters(RUNS, &[Field { name: "status", label: "Status", value: "Failed", way: choice }])
        .into_string();
    assert!(html.contains("<option value=\"Failed\" selected>"), "{html}");
    assert!(html.contains(">Clear</a>"));
    let none =
        filters(RUNS, &[Field { name: "status", label: "Status", value: "", way: choice }]).into_string();
    assert!(!none.contains(">Clear</a>"));
}

#[test]
fn an_end_of_the_list_is_no_link() {
    let html = pager(&Pages { words: "1–50 of 60", newer: None, older: Some("/runs?page=2") }).into_string();
    let links: Vec<_> = tags(&html).into_iter().filter_map(|t| t.get("href").map(str::to_string)).collect();
    assert_eq!(links, ["/runs?page=2"]);
}

#[test]
fn a_moment_is_for_machines_too() {
    let at = crate::gallery::at("10:02:00");
    let html = [time(at, "28m ago"), since(at, "28m00s"), until(at, "2m00s")].map(Markup::into_string);
    assert!(html.iter().all(|h| h.contains("datetime=\"2026-11-25T10:02:00Z\"")), "{html:?}");
    assert!(html[1].contains("data-since=\"2026") && html[2].contains("data-until=\"2026"), "{html:?}");
}

#[test]
fn an_anchor_is_readable_and_unique() {
    assert_eq!(anchor("step-implement.1_a"), "step-implement.1_a");
    assert_eq!(anchor("a b\"<é"), "a~20b~22~3c~e9");
    assert_ne!(anchor("a~20b"), anchor("a b"));
}

#[test]
fn a_question_that_may_not_be_answered_here_has_its_command() {
    let asked = Question {
        id: "e1",
        about: "gate",
        cause: "Approval",
        message: "Go on?",
        hint: None,
        times: html! {},
        answer: None,
        command: "mc workflow approve demo",
    };
    let html = question(&asked).into_string();
    assert!(!html.contains("<form") && html.contains("mc workflow approve demo"), "{html}");
}

#[test]
fn every_legal_action_is_a_button() {
    let answer = Answer { url: "/decide", csrf: "c", actions: &["Retry", "Skip", "Abort"], outputs: false };
    let asked = Question {
        id: "e1",
        about: "build",
        cause: "ExitCode",
        message: "m",
        hint: None,
        times: html! {},
        answer: Some(answer),
        command: "mc",
    };
    let html = question(&asked).into_string();
    let values: Vec<_> = tags(&html)
        .into_iter()
        .filter(|t| t.get("name") == Some("action"))
        .filter_map(|t| t.get("value").map(str::to_string))
        .collect();
    assert_eq!(values, ["Retry", "Skip", "Abort"]);
    assert!(!html.contains("name=\"outputs\""));
}
