//! An open question to a person: what happened, the possible answers, and the equivalent command.

use maud::{Markup, html};

use super::card::{badge, command};
use super::text::{anchor, words};
use super::tone::Tone;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The escalation's id.
    pub id: &'a str,
    /// The step, and the item where there is one.
    pub about: &'a str,
    pub cause: &'a str,
    /// The message of the workflow or the operator, with its line breaks.
    pub message: &'a str,
    /// How to answer with an object; absent in a status that an older operator wrote.
    pub hint: Option<&'a str>,
    /// Since when, until when: made by [`super::since`] and [`super::until`].
    pub times: Markup,
    /// None: the reader may not answer here.
    pub answer: Option<Answer<'a>>,
    /// The equivalent command.
    pub command: &'a str,
}

/// How to answer it.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The form's target.
    pub url: &'a str,
    pub csrf: &'a str,
    /// The legal actions, as the API writes them, the most likely first.
    pub actions: &'a [&'a str],
    /// Whether the answer may supply values.
    pub outputs: bool,
}

pub fn question(question: &Question) -> Markup {
    let id = anchor(&format!("question-{}", question.id));
    html! {
        article.question.(Tone::Ask.class()) aria-labelledby=(id) {
            div.question-head {
                (badge(question.cause, Tone::Ask))
                h2 id=(id) { (words(question.about)) }
                span.quiet-text { (question.times) }
            }
            p.question-text dir="auto" { (crate::dashboard::ansi::inert(question.message)) }
            @if let Some(hint) = question.hint { p.quiet-text { (words(hint)) } }
            @if let Some(answer) = &question.answer { (form(question.id, answer)) }
            (command(question.command))
        }
    }
}

/// Fields: `csrf`, `escalation`, `feedback`, `outputs`, and the button's `action`.
fn form(escalation: &str, answer: &Answer) -> Markup {
    html! {
        form method="post" action=(answer.url) {
            input type="hidden" name="csrf" value=(answer.csrf);
            input type="hidden" name="escalation" value=(escalation);
            label { span { "Feedback for the step" } textarea name="feedback" rows="2" dir="auto" {} }
            @if answer.outputs {
                label { span { "Values to supply, one KEY=value per line" } textarea name="outputs" rows="2" spellcheck="false" {} }
            }
            div.actions {
                @for (n, action) in answer.actions.iter().enumerate() {
                    button type="submit" name="action" value=(action) class=[class_of(n, action)] { (action) }
                }
            }
        }
    }
}

fn class_of(n: usize, action: &str) -> Option<&'static str> {
    match action {
        "Abort" | "Reject" => Some("danger"),
        _ if n == 0 => Some("primary"),
        _ => None,
    }
}
