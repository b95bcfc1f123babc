//! The steps of a workflow and their dependencies -> boxes in columns, with lines between them.
//!
//! [`layers`] assigns columns and rows, [`place`] computes positions, [`lines`] draws the lines. A line points
//! forward unless it is dashed: a dashed line sends work back. The rows of a column follow the order of the steps,
//! except where another order has fewer crossings.

mod layers;
mod lines;
mod nodes;
mod place;
#[cfg(test)]
mod tests;

use maud::{Markup, html};

use crate::api::StepPhase;
use crate::dashboard::parts::{Head, anchor, badge, table, words};

use super::frame::{Caption, px};

/// The data of the drawing.
#[derive(Clone, Copy, Debug)]
pub struct Graph<'a> {
    /// In the order of the workflow.
    pub nodes: &'a [Node],
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub name: String,
    pub shape: Shape,
    /// The agent, or another short note.
    pub note: String,
    /// Names of the steps that it depends on. Unknown names are ignored.
    pub after: Vec<String>,
    /// The step that this one sends work back to.
    pub sends_back_to: Option<String>,
    /// The phase in a run; None in the drawing of a workflow.
    pub phase: Option<StepPhase>,
}

/// The shape of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Task,
    /// An approval: a diamond.
    Approval,
    /// A loop: a stack. The list, or the progress.
    Loop(String),
    /// Runs after all others, whatever their result.
    Finally,
}

/// Columns by dependency. Wide workflows break into bands, each read from left to right.
pub fn graph(caption: &Caption, graph: &Graph) -> Markup {
    let layout = place::layout(graph.nodes);
    let (width, height) = (layout.width, layout.height);
    let drawing = html! {
        // Not an image: its boxes are links.
        div.scroll tabindex="0" role="region" aria-label={ (caption.title) ": the drawing" } {
            svg viewBox={ "0 0 " (px(width)) " " (px(height)) } width=(px(width)) height=(px(height))
                role="group" aria-labelledby={ (caption.id) "-title" } aria-describedby={ (caption.id) "-desc" } {
                title id={ (caption.id) "-title" } { (caption.title) }
                desc id={ (caption.id) "-desc" } { (says(graph)) }
                (lines::heads(caption))
                (lines::all(caption, graph.nodes, &layout))
                @for (node, at) in graph.nodes.iter().zip(&layout.boxes) { (nodes::node(node, at)) }
            }
        }
    };
    caption.figure(drawing, table_fallback(graph))
}

/// The id of a step's section of the page, which its box links to.
pub(super) fn step_id(name: &str) -> String {
    format!("step-{}", anchor(name))
}

fn says(graph: &Graph) -> String {
    let back = graph.nodes.iter().filter(|n| n.sends_back_to.is_some()).count();
    let asks = graph.nodes.iter().filter(|n| n.shape == Shape::Approval).count();
    format!("{} steps; {asks} ask a person, {back} can send work back.", graph.nodes.len())
}

fn table_fallback(graph: &Graph) -> Markup {
    let heads = [
        Head::text("Step"),
        Head::text("What"),
        Head::text("After"),
        Head::text("Sends back to"),
        Head::text("Phase"),
    ];
    let rows = graph.nodes.iter().map(|node| {
        vec![
            html! { a href={ "#" (step_id(&node.name)) } { (words(&node.name)) } },
            words(&what(node)),
            words(&if node.after.is_empty() { "–".into() } else { node.after.join(", ") }),
            words(node.sends_back_to.as_deref().unwrap_or("–")),
            html! { @match node.phase { Some(phase) => (badge(phase.as_str(), phase)), None => "–" } },
        ]
    });
    table("Steps, in the order of the workflow", &heads, &rows.collect::<Vec<_>>())
}

fn what(node: &Node) -> String {
    let kind = match &node.shape {
        Shape::Task => return node.note.clone(),
        Shape::Approval => "approval".to_string(),
        Shape::Loop(over) => format!("for each: {over}"),
        Shape::Finally => "finally".to_string(),
    };
    if node.note.is_empty() { kind } else { format!("{kind}, {}", node.note) }
}
