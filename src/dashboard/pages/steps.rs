//! The steps and items of a run, each with its attempts, its output, and why it waits.

use maud::{Markup, html};

use crate::api::work::ItemStatus;
use crate::api::{StepPhase, StepStatus, Work};
use crate::dashboard::parts::{
    self, Head, badge, command, definitions, details, folds, output, table, time, until, words,
};
use crate::view::commands::quoted;
use crate::view::run::StepView;
use crate::view::shape::{ShapeKind, StepShape};
use crate::view::time::short;

use super::attempts::{Attempt, AttemptEnd};
use super::run_detail::RunDetail;
use super::{at, length, many, step_id};

/// Items shown in full; the drawing and its table have all.
const ITEMS: usize = 100;

pub(super) fn all(s: &RunDetail<'_>) -> Markup {
    html! {
        @if s.status.steps.is_empty() { p.quiet-text { "The run has not started: there are no steps yet." } }
        @for step in &s.status.steps { (one(s, step)) }
    }
}

fn one(s: &RunDetail<'_>, step: &StepStatus) -> Markup {
    let shape = s.shapes.as_ref().and_then(|all| all.iter().find(|x| x.name == step.name));
    let here = step_id(&step.name, None);
    let head = html! {
        (words(&step.name)) " " (badge(step.work.phase.as_str(), step.work.phase))
        @if step.finally { " " small { "finally" } }
    };
    let content = html! {
        (work(s, &step.name, None, &step.work, shape, asked_for(&here, shape)))
        @if !step.items.is_empty() {
            h4 { (many(step.items.len(), "item")) }
            @for item in step.items.iter().take(ITEMS) { (one_item(s, &step.name, item, shape)) }
            @if step.items.len() > ITEMS { p.quiet-text { (step.items.len() - ITEMS) " more are not shown." } }
        }
    };
    parts::step(&here, head, content)
}

fn one_item(s: &RunDetail<'_>, step: &str, item: &ItemStatus, shape: Option<&StepShape>) -> Markup {
    let head = html! {
        (words(&item.id)) " " (badge(item.work.phase.as_str(), item.work.phase))
        @if let Some(title) = &item.title { " " (words(title)) }
    };
    parts::item(
        &step_id(step, Some(&item.id)),
        head,
        work(s, step, Some(&item.id), &item.work, shape, html! {}),
    )
}

/// The step's definition in the workflow.
fn asked_for(here: &str, shape: Option<&StepShape>) -> Markup {
    let Some(StepShape { kind: ShapeKind::Task { input, .. }, .. }) = shape else { return html! {} };
    details(&format!("{here}-input"), html! { "Input template" }, output(input), false)
}

fn work(
    s: &RunDetail<'_>,
    step: &str,
    item: Option<&str>,
    work: &Work,
    shape: Option<&StepShape>,
    more: Markup,
) -> Markup {
    let line = s.view.steps.iter().find(|v| v.step == step && v.item.as_deref() == item);
    let here = step_id(step, item);
    html! {
        (definitions(&facts(work, line, shape)))
        @if let Some(said) = &work.verify_feedback { (fold(&here, "sent-back", "Sent back with", said, true)) }
        @if let Some(said) = &work.feedback { (fold(&here, "feedback", "Feedback of a person", said, true)) }
        (tried(s, step, item, work))
        (folds(html! {
            @if !work.outputs.is_empty() { (details(&format!("{here}-outputs"), html! { "Outputs" }, values(work), false)) }
            @if let Some(said) = &work.output {
                (fold(&here, "output", "Output (the end)", said, work.phase == StepPhase::Escalated))
            }
            (more)
        }))
    }
}

fn fold(here: &str, part: &str, title: &str, text: &str, open: bool) -> Markup {
    details(&format!("{here}-{part}"), html! { (title) }, output(text), open)
}

fn values(work: &Work) -> Markup {
    html! {
        dl.pairs { @for (name, value) in &work.outputs { div { dt { (words(name)) } dd { (output(value)) } } } }
    }
}

fn facts(work: &Work, line: Option<&StepView>, shape: Option<&StepShape>) -> Vec<(&'static str, Markup)> {
    let mut facts = Vec::new();
    if let Some(line) = line {
        if !line.agent.is_empty() {
            facts.push(("Agent", words(&line.agent)));
        }
        facts.push(("Duration", html! { (length(line.duration)) }));
        if !line.note.is_empty() {
            facts.push(("Why", words(&line.note)));
        }
    }
    facts.push(("Attempts", counted(work, shape)));
    if let Some(next) = work.next_attempt_at {
        facts.push(("Next attempt", until(next, &next.0.strftime("%H:%M:%S UTC").to_string())));
    }
    facts
}

/// `3; 2 of 3 retries used, 1 lost, sent back 1 time`
fn counted(work: &Work, shape: Option<&StepShape>) -> Markup {
    let granted = shape.map(|s| format!(" of {}", s.retries)).unwrap_or_default();
    html! {
        (work.attempts) "; " (work.retries) (granted) " retries used"
        @if work.lost > 0 { ", " (work.lost) " lost" }
        @if work.rounds > 0 { ", sent back " (many(work.rounds as usize, "time")) }
    }
}

fn tried(s: &RunDetail<'_>, step: &str, item: Option<&str>, work: &Work) -> Markup {
    let known = s.attempts.get(&(step.to_string(), item.map(String::from)));
    let known = known.map(Vec::as_slice).unwrap_or_default();
    let heads = [
        Head::text("Attempt"),
        Head::text("Result"),
        Head::text("Message"),
        Head::text("Started"),
        Head::figures("Duration"),
        Head::text("Job"),
    ];
    let rows: Vec<Vec<Markup>> = known.iter().map(|a| row(s, &step_id(step, item), a)).collect();
    html! {
        @if !rows.is_empty() { (table("Attempts", &heads, &rows)) }
        @if work.current.is_some() { (command(&log(s, step, item))) }
    }
}

fn row(s: &RunDetail<'_>, here: &str, attempt: &Attempt) -> Vec<Markup> {
    let message = match &attempt.end {
        AttemptEnd::Known(last) => last.message.as_deref().unwrap_or("–"),
        _ => "–",
    };
    let lasted = attempt.from.map(|from| attempt.to.unwrap_or(s.now).since(from));
    let lasted = lasted.filter(|_| attempt.to.is_some() || attempt.end == AttemptEnd::Running);
    vec![
        html! { span id={ (here) "-attempt-" (attempt.n) } { (attempt.n) } },
        badge(&attempt.end.words(), attempt.end.tone()),
        words(message),
        html! { @if let Some(at) = attempt.from { (time(at, &at.0.strftime("%-d %b %H:%M:%S").to_string())) } @else { "–" } },
        html! { (lasted.map_or("–".into(), short)) },
        html! { @if let Some(job) = &attempt.job { code { (words(job)) } } @else { "–" } },
    ]
}

/// Readers who may read logs get a live attempt's log with this command.
fn log(s: &RunDetail<'_>, step: &str, item: Option<&str>) -> String {
    let run = at(&s.view.name, &s.view.namespace);
    let item = item.map(|i| format!(" --item {}", quoted(i))).unwrap_or_default();
    format!("mc workflow logs {run} --step {step}{item} --follow")
}
