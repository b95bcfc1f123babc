//! The small parts: figures, badges, notices, commands.

use maud::{Markup, html};

use crate::dashboard::ansi;

use super::text::words;
use super::tone::Tone;

/// A figure with its name, to be read at a glance.
pub fn card(label: &str, value: &str, note: Markup, tone: Tone) -> Markup {
    html! {
        div.card.(tone.class()) {
            dt { (label) }
            dd.value { (value) }
            dd.note { (note) }
        }
    }
}

/// Cards side by side, as many as fit.
pub fn cards(all: &[Markup]) -> Markup {
    html! { dl.cards { @for one in all { (one) } } }
}

/// A phase, or another short word with a tone: its symbol and the word itself.
pub fn badge(word: &str, tone: impl Into<Tone>) -> Markup {
    let tone = tone.into();
    html! {
        span.badge.(tone.class()) { span.symbol aria-hidden="true" { (tone.symbol()) } (word) }
    }
}

/// The head of a page: its object, the state, and the actions. `lead` may be a task of many lines.
pub fn page_head(title: &str, state: Markup, aside: Markup, lead: &str) -> Markup {
    html! {
        div.page-head {
            h1 { (words(title)) }
            (state)
            div.aside { (aside) }
            @if !lead.is_empty() { p.lead dir="auto" { (ansi::inert(lead)) } }
        }
    }
}

/// Sections side by side if there is room, otherwise one below the other.
pub fn columns(all: &[Markup]) -> Markup {
    html! { div.columns { @for one in all { (one) } } }
}

/// A section of a page with a heading.
pub fn section(id: &str, title: &str, aside: Markup, content: Markup) -> Markup {
    html! {
        section.part aria-labelledby=(id) {
            div.part-head { h2 id=(id) { (title) } div.aside { (aside) } }
            (content)
        }
    }
}

/// A step of a run or a workflow, which `#step-NAME` links to.
pub fn step(id: &str, head: Markup, content: Markup) -> Markup {
    html! { article.step id=(id) { h3 { (head) } (content) } }
}

/// An item within its step.
pub fn item(id: &str, head: Markup, content: Markup) -> Markup {
    html! { article.item id=(id) { h5 { (head) } (content) } }
}

/// The text of an empty section: the reason, and the command that changes it.
pub fn empty(title: &str, text: &str, try_this: Option<&str>) -> Markup {
    html! {
        div.empty {
            p.empty-title { (title) }
            p { (text) }
            @if let Some(line) = try_this { (command(line)) }
        }
    }
}

/// A command to copy. live.js shows the button; without JavaScript the text can still be selected.
pub fn command(text: &str) -> Markup {
    html! {
        div.command {
            pre tabindex="0" { code { (ansi::inert(text)) } }
            button.quiet.copy type="button" hidden { "Copy" }
        }
    }
}

/// A rate from 0 to 1 as a bar with its figure, or a note that there is none yet.
pub fn meter(rate: Option<f64>, tone: Tone) -> Markup {
    let Some(rate) = rate.filter(|r| r.is_finite()).map(|r| r.clamp(0.0, 1.0)) else {
        return html! { span.meter.none { "no figure yet" } };
    };
    html! {
        span.meter.(tone.class()) {
            svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                rect.track x="0" y="0" width="100" height="6" {}
                rect.fill x="0" y="0" width=(format!("{:.1}", rate * 100.0)) height="6" {}
            }
            span.num { (share(rate)) }
        }
    }
}

/// `99.9 %` is not rounded to `100 %`: that would hide the one failure.
pub fn share(rate: f64) -> String {
    let whole = (rate * 100.0).round();
    match whole {
        w if (w >= 100.0 && rate < 1.0) || (w <= 0.0 && rate > 0.0) => format!("{:.1} %", rate * 100.0),
        w => format!("{w:.0} %"),
    }
}

/// A notice that a reader must see before the rest.
pub fn notice(tone: Tone, title: &str, body: Markup) -> Markup {
    html! {
        div.notice.(tone.class()) role="note" {
            span.symbol aria-hidden="true" { (tone.symbol()) }
            div { p.notice-title { (title) } (body) }
        }
    }
}
