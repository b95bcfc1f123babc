//! Times, names with their values, and what agents said.

use std::fmt::Write;

use maud::{Markup, html};

use crate::api::Stamp;
use crate::dashboard::ansi;

/// A moment: `words` are for reading, the moment itself is for machines and on hovering.
pub fn time(at: Stamp, words: &str) -> Markup {
    let iso = at.0.to_string();
    html! { time.num datetime=(iso) title=(iso) { (words) } }
}

/// How long something has been going on. `words` is true at the time of the page; live.js goes on counting.
pub fn since(at: Stamp, words: &str) -> Markup {
    let iso = at.0.to_string();
    html! { time.num datetime=(iso) data-since=(iso) title={ "since " (iso) } { (words) } }
}

/// How long it is until something happens. `words` is true at the time of the page; live.js goes on counting.
pub fn until(at: Stamp, words: &str) -> Markup {
    let iso = at.0.to_string();
    html! { time.num datetime=(iso) data-until=(iso) title={ "at " (iso) } { (words) } }
}

/// Names with their values, below each other.
pub fn definitions(pairs: &[(&str, Markup)]) -> Markup {
    html! {
        dl.pairs {
            @for (name, value) in pairs { div { dt { (name) } dd { (value) } } }
        }
    }
}

/// Something long that is closed at first. live.js keeps open what a reader opened, by `id`.
pub fn details(id: &str, summary: Markup, content: Markup, open: bool) -> Markup {
    html! {
        details.fold id=(anchor(id)) open[open] {
            summary { (summary) }
            div.fold-body { (content) }
        }
    }
}

/// Those beside each other, as far as they are closed.
pub fn folds(all: Markup) -> Markup {
    html! { @if !all.0.is_empty() { div.folds { (all) } } }
}

/// What an agent said, with its colours, and nothing else that it may have tried.
pub fn output(text: &str) -> Markup {
    html! {
        @if text.trim().is_empty() { p.quiet-text { "It said nothing." } }
        @else { pre.output tabindex="0" dir="auto" { (ansi::html(text)) } }
    }
}

/// A name, title or message that somebody else wrote, in a line of ours: it cannot turn the line around.
pub fn words(text: &str) -> Markup {
    html! { bdi { (ansi::inert_line(text)) } }
}

/// What can be the id of an element, and stand behind `#` in an address: letters, digits, `-`, `_` and `.` stay as they are,
/// so `step-implement` is readable; all else is written as its number.
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
