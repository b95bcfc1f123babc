//! Open questions of runs: what is asked, and the commands and forms that answer.

use maud::{Markup, html};

use crate::api::status::EscalationStatus;
use crate::api::{Action, Stamp, WorkflowRun};
use crate::dashboard::Dashboard;
use crate::dashboard::access::rights::Visibility;
use crate::dashboard::cluster_view::readable;
use crate::dashboard::parts::{
    Answer, Question, Tone, anchor, badge, command, details, empty, question, section, since, until, words,
};
use crate::view::commands;
use crate::view::time::{age, short};

use super::{at, many, run_url};

/// Questions shown; the rest are counted.
const MOST: usize = 20;

/// The runs that wait for a person, the longest wait first.
pub(super) fn needs_you(d: &Dashboard, visibility: &Visibility, now: Stamp) -> Markup {
    let runs = d.cluster.visible_runs_unsorted(visibility);
    let mut open: Vec<(&WorkflowRun, &EscalationStatus)> = runs
        .iter()
        .filter_map(|r| readable::<WorkflowRun>(r))
        .flat_map(|r| r.status.iter().flat_map(|s| &s.escalations).map(move |q| (r, q)))
        .collect();
    let name = |run: &WorkflowRun| (run.metadata.namespace.clone(), run.metadata.name.clone());
    open.sort_unstable_by(|(a, p), (b, q)| p.since.cmp(&q.since).then_with(|| name(a).cmp(&name(b))));
    let content = html! {
        @if open.is_empty() { (empty("No open questions", "No run that you may see waits for a person.", None)) }
        @for (run, question) in open.iter().take(MOST) { (in_short(run, question, now)) }
        @if open.len() > MOST { p.quiet-text { (open.len() - MOST) " more questions are open." } }
    };
    section("needs-you", "Needs you", html! { (many(open.len(), "question")) }, content)
}

fn in_short(run: &WorkflowRun, question: &EscalationStatus, now: Stamp) -> Markup {
    let meta = &run.metadata;
    let (namespace, name) =
        (meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default());
    html! {
        article.question.(Tone::Ask.class()) {
            div.question-head {
                (badge(question.cause.as_str(), Tone::Ask))
                h3 { a href={ (run_url(namespace, name)) "#" (anchor(&format!("question-{}", question.id))) } { (words(name)) } }
                span.quiet-text { (namespace) " · " (words(&run.spec.workflow_ref.name)) " · " (times(question, now)) }
            }
            p.question-text { b { (words(&place(&question.step, question.item.as_deref()))) } ": " (words(&question.message)) }
        }
    }
}

fn times(question: &EscalationStatus, now: Stamp) -> Markup {
    html! {
        "for " (since(question.since, &age(question.since, now)))
        @if let Some(end) = question.expires_at { ", expires in " (until(end, &short(end.since(now)))) }
    }
}

/// The run, and whether and how its reader may answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuestionContext<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    /// The CSRF token of the reader's forms, if the reader may create decisions here.
    pub(super) csrf: Option<&'a str>,
    pub(super) now: Stamp,
}

/// Every open question of a run, with its answers.
pub(super) fn all(context: &QuestionContext<'_>, open: &[EscalationStatus]) -> Markup {
    html! { @for q in open { (one(context, q, open.len() == 1)) } }
}

fn one(context: &QuestionContext<'_>, q: &EscalationStatus, alone: bool) -> Markup {
    let about = place(&q.step, q.item.as_deref());
    let actions: Vec<&str> = q.actions.iter().map(|a| a.as_str()).collect();
    let url = decisions_url(context);
    let outputs = q.cause.needs_outputs() || q.actions.contains(&Action::Skip);
    let commands = commands::answers("mc", &at(context.name, context.namespace), q, alone);
    let (first, others) = commands.split_first().map_or(("", [].as_slice()), |(f, o)| (f.as_str(), o));
    let shown = question(&Question {
        id: &q.id,
        about: &about,
        cause: q.cause.as_str(),
        message: &q.message,
        hint: q.hint.as_deref(),
        times: times(q, context.now),
        answer: context.csrf.map(|csrf| Answer { url: &url, csrf, actions: &actions, outputs }),
        command: first,
    });
    // One block per command: pasting all of them at once would give every answer.
    html! {
        (shown)
        @if !others.is_empty() {
            (details(&format!("commands-{}", q.id), html! { "Other answers, as commands" },
                html! { @for line in others { (command(line)) } }, false))
        }
    }
}

/// Orders to the run itself.
pub(super) fn orders(context: &QuestionContext<'_>, orders: &[Action]) -> Markup {
    html! {
        @if let Some(csrf) = context.csrf {
            form method="post" action=(decisions_url(context)) {
                input type="hidden" name="csrf" value=(csrf);
                div.actions {
                    @for order in orders {
                        button type="submit" name="action" value=(order) class=[(*order == Action::Abort).then_some("danger")] { (order) }
                    }
                }
            }
        }
    }
}

fn decisions_url(context: &QuestionContext<'_>) -> String {
    format!("{}/decisions", run_url(context.namespace, context.name))
}

/// `step` or `step/item`.
pub(super) fn place(step: &str, item: Option<&str>) -> String {
    item.map_or_else(|| step.to_string(), |item| format!("{step}/{item}"))
}
