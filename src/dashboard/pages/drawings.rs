//! A run -> its graph, and its attempts on a time axis.

use maud::{Markup, html};

use crate::api::{Phase, Stamp, StepPhase, StepStatus, Work};
use crate::dashboard::draw::{Bar, BarKind, Caption, Gantt, Graph, Lane, Node, Shape, gantt, graph};
use crate::dashboard::parts::{Tone, section};
use crate::view::shape::{ShapeKind, StepShape};

use super::attempts::Attempt;
use super::run_detail::RunDetail;
use super::step_id;

/// Both, as far as there is anything to draw.
pub(super) fn of(s: &RunDetail<'_>) -> Markup {
    let nodes = s.shapes.as_deref().map(|all| nodes(all, &s.status.steps));
    let lanes = lanes(s);
    let (Some(from), to) = (s.status.started_at, s.status.finished_at.unwrap_or(s.now)) else {
        return html! { @if let Some(nodes) = &nodes { (graph_section(nodes)) } };
    };
    let live = s.view.phase.is_some_and(|p| p == Phase::Running || p == Phase::Paused);
    let time = Gantt { lanes: &lanes, from, to, now: live.then_some(s.now) };
    html! {
        @if let Some(nodes) = &nodes { (graph_section(nodes)) }
        @if !lanes.is_empty() {
            (section("time", "Attempts over time", html! {}, html! {
                (gantt(&Caption { id: "gantt", title: "Attempts at each step" }, &time))
                (missing_attempts(s))
            }))
        }
    }
}

fn graph_section(nodes: &[Node]) -> Markup {
    section(
        "graph-part",
        "Graph",
        html! {},
        graph(&Caption { id: "graph", title: "Order of the steps" }, &Graph { nodes }),
    )
}

/// The attempts that cannot be drawn.
fn missing_attempts(s: &RunDetail<'_>) -> Markup {
    let begun: usize = s.status.works().map(|w| w.attempts as usize).sum();
    let known: usize = s.attempts.values().flatten().filter(|a| a.from.is_some()).count();
    let missing = begun.saturating_sub(known);
    html! {
        @if missing > 0 {
            p.quiet-text {
                (missing) " of " (begun) " attempts are not drawn: "
                @if s.jobs_seen { "their Jobs are deleted, and the status keeps only the last attempt." }
                @else { "your token may not list Jobs, and the status keeps only the last attempt." }
            }
        }
    }
}

/// The boxes of a workflow's graph; in a run each has the phase of its step.
pub(super) fn nodes(shapes: &[StepShape], steps: &[StepStatus]) -> Vec<Node> {
    let node = |shape: &StepShape| {
        let step = steps.iter().find(|s| s.name == shape.name);
        let (kind, note) = match &shape.kind {
            ShapeKind::Approval { .. } => (Shape::Approval, "a person".to_string()),
            ShapeKind::Task { agent, .. } if shape.finally => (Shape::Finally, agent.clone()),
            ShapeKind::Task { agent, .. } => match &shape.over {
                Some(list) => (Shape::Loop(step.map_or_else(|| list.clone(), counted)), agent.clone()),
                None => (Shape::Task, agent.clone()),
            },
        };
        Node {
            name: shape.name.clone(),
            shape: kind,
            note,
            after: shape.after.clone(),
            sends_back_to: shape.sends_back_to.clone(),
            phase: step.map(|s| s.work.phase),
        }
    };
    shapes.iter().map(node).collect()
}

/// `3/7`: finished items of all items.
fn counted(step: &StepStatus) -> String {
    let over = step.items.iter().filter(|i| i.work.phase.is_finished()).count();
    format!("{over}/{}", step.items.len())
}

fn lanes(s: &RunDetail<'_>) -> Vec<Lane> {
    let mut lanes = Vec::new();
    for step in &s.status.steps {
        lanes.push(lane(s, &step.name, None, &step.work));
        for item in &step.items {
            lanes.push(lane(s, &step.name, Some(&item.id), &item.work));
        }
    }
    lanes
}

fn lane(s: &RunDetail<'_>, step: &str, item: Option<&str>, work: &Work) -> Lane {
    let place = (step.to_string(), item.map(String::from));
    let known = s.attempts.get(&place).map(Vec::as_slice).unwrap_or_default();
    let mut bars: Vec<Bar> = known.iter().filter_map(bar).collect();
    bars.extend(waits(s, step, item, work));
    Lane {
        name: item.unwrap_or(step).into(),
        indented: item.is_some(),
        tone: Tone::from(work.phase),
        href: Some(format!("#{}", step_id(step, item))),
        bars,
    }
}

fn bar(attempt: &Attempt) -> Option<Bar> {
    Some(Bar {
        from: attempt.from?,
        to: attempt.to,
        kind: BarKind::Work(attempt.end.tone()),
        words: format!("attempt {}: {}", attempt.n, attempt.end.words()),
    })
}

/// What the step waits for now: a person, or the next attempt.
fn waits(s: &RunDetail<'_>, step: &str, item: Option<&str>, work: &Work) -> Vec<Bar> {
    let wait = |from: Stamp, words: String| Bar { from, to: None, kind: BarKind::Wait, words };
    let open = s.status.escalations.iter().find(|q| q.step == step && q.item.as_deref() == item);
    let asked = open.map(|q| wait(q.since, format!("waits for a person: {}", q.cause)));
    let backoff = (work.phase == StepPhase::Backoff).then_some(work.next_attempt_at).flatten();
    let last = s.attempts.get(&(step.into(), item.map(String::from))).and_then(|all| all.last()?.to);
    let next = backoff.and(last).map(|from| wait(from, "waits for its next attempt".into()));
    asked.into_iter().chain(next).collect()
}
