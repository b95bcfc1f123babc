//! The steps of a workflow, and what each waits for -> boxes in columns, with lines between them.
//!
//! [`layers`] says which column and row a step is in, [`place`] where that is, [`lines`] how a line gets from one to another.
//! A line points forward unless it is dashed: work that is sent back. The order of the steps is the order of the columns' rows
//! as far as lines do not cross for it.

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

/// What is drawn.
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
    /// Who does it, or another short word about it.
    pub note: String,
    /// Names of the steps that it waits for. A name that no step has is left out.
    pub after: Vec<String>,
    /// The step that does its work again when this one sends it back.
    pub sends_back_to: Option<String>,
    /// Where it is in a run; in the drawing of a workflow there is none.
    pub phase: Option<StepPhase>,
}

/// What a box looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Task,
    /// A person is asked: a diamond.
    Approval,
    /// Once per item: a stack. What it loops over, or how far it is.
    Loop(String),
    /// After all others, whatever came before.
    Finally,
}

/// Columns by what a step waits for. Wide workflows break into bands, each read from left to right.
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

/// The id of a step's part of the page, to which its box leads.
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
