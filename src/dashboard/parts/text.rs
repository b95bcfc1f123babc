//! Times, name-value pairs, and the output of agents.

use std::fmt::Write;

use maud::{Markup, html};

use crate::api::Stamp;
use crate::dashboard::ansi;

/// A time: `words` are for reading, the exact time is for machines and on hovering.
pub fn time(at: Stamp, words: &str) -> Markup {
    let iso = at.0.to_string();
    html! { time.num datetime=(iso) title=(iso) { (words) } }
}

/// The time since something started. `words` is valid when the page was made; live.js counts on.
pub fn since(at: Stamp, words: &str) -> Markup {
    let iso = at.0.to_string();
    html! { time.num datetime=(iso) data-since=(iso) title={ "since " (iso) } { (words) } }
}

/// The time until something happens. `words` is valid when the page was made; live.js counts on.
pub fn until(at: Stamp, words: &str) -> Markup {
    let iso = at.0.to_string();
    html! { time.num datetime=(iso) data-until=(iso) title={ "at " (iso) } { (words) } }
}

/// Name-value pairs, one below the other.
pub fn definitions(pairs: &[(&str, Markup)]) -> Markup {
    html! {
        dl.pairs {
            @for (name, value) in pairs { div { dt { (name) } dd { (value) } } }
        }
    }
}

/// A long text, folded at first. live.js keeps open what a reader opened, by `id`.
pub fn details(id: &str, summary: Markup, content: Markup, open: bool) -> Markup {
    html! {
        details.fold id=(anchor(id)) open[open] {
            summary { (summary) }
            div.fold-body { (content) }
        }
    }
}

/// Folds side by side, as long as they are closed.
pub fn folds(all: Markup) -> Markup {
    html! { @if !all.0.is_empty() { div.folds { (all) } } }
}

/// The output of an agent, with its colors and without anything else that acts.
pub fn output(text: &str) -> Markup {
    html! {
        @if text.trim().is_empty() { p.quiet-text { "No output." } }
        @else { pre.output tabindex="0" dir="auto" { (ansi::html(text)) } }
    }
}

/// A name, title or message that somebody else wrote, within a line of ours: it cannot reorder the line.
pub fn words(text: &str) -> Markup {
    html! { bdi { (ansi::inert_line(text)) } }
}

/// Text as an id of an element and as a fragment of an address: letters, digits, `-`, `_` and `.` stay as they are,
/// so `step-implement` is readable; every other character is written as its number.
pub fn anchor(name: &str) -> String {
    name.chars().fold(String::new(), |mut id, c| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
            id.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(id, "~{:x}", u32::from(c));
        }
        id
    })
}
