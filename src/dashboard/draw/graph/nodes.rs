//! A step -> its box: shape, name, and in a run its phase.

use maud::{Markup, html};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::dashboard::ansi;
use crate::dashboard::draw::frame::px;
use crate::dashboard::parts::Tone;

use super::place::{At, HEIGHT, WIDTH};
use super::{Node, Shape, step_id};

/// Characters that fit into a box, for its name and for the smaller line below it.
const NAME: usize = 16;
const NOTE: usize = 20;

pub(super) fn node(node: &Node, at: &At) -> Markup {
    let tone = node.phase.map_or(Tone::Neutral, Tone::from);
    let name = ansi::inert_line(&node.name);
    html! {
        a.node.(tone.class()) href={ "#" (step_id(&node.name)) } {
            title { (name) @if let Some(phase) = node.phase { ": " (phase) } @if !node.note.is_empty() { " · " (ansi::inert_line(&node.note)) } }
            (shape(&node.shape, at))
            @let left = at.x + if node.shape == Shape::Approval { 36.0 } else { 14.0 };
            text.node-name x=(px(left)) y=(px(at.y + 22.0)) { (cut(&name, room(node, NAME))) }
            (second_line(node, tone, left, at.y + 40.0))
        }
    }
}

fn room(node: &Node, columns: usize) -> usize {
    if node.shape == Shape::Approval { columns - 3 } else { columns }
}

fn second_line(node: &Node, tone: Tone, x: f64, y: f64) -> Markup {
    let note = match &node.shape {
        Shape::Loop(over) => format!("× {over}"),
        Shape::Task | Shape::Approval | Shape::Finally => node.note.clone(),
    };
    html! {
        text.node-note x=(px(x)) y=(px(y)) {
            @if let Some(phase) = node.phase {
                tspan.node-phase { (tone.symbol()) " " (phase) }
            } @else { (cut(&ansi::inert_line(&note), room(node, NOTE))) }
        }
    }
}

fn shape(shape: &Shape, at: &At) -> Markup {
    match shape {
        Shape::Task => html! { (plate(at, 0.0, 4.0, "box")) (edge(at)) },
        Shape::Loop(_) => {
            html! { (plate(at, 8.0, 4.0, "box stack")) (plate(at, 4.0, 4.0, "box stack")) (plate(at, 0.0, 4.0, "box")) (edge(at)) }
        }
        Shape::Finally => html! { (plate(at, 0.0, HEIGHT / 2.0, "box")) },
        Shape::Approval => html! { (plate(at, 0.0, 4.0, "box")) (diamond(at)) },
    }
}

fn plate(at: &At, off: f64, radius: f64, class: &str) -> Markup {
    html! {
        rect class=(class) x=(px(at.x + off)) y=(px(at.y + off)) width=(px(WIDTH)) height=(px(HEIGHT)) rx=(px(radius)) {}
    }
}

/// The left edge has the color of the phase.
fn edge(at: &At) -> Markup {
    html! { rect.edge-mark x=(px(at.x)) y=(px(at.y)) width="4" height=(px(HEIGHT)) rx="2" {} }
}

fn diamond(at: &At) -> Markup {
    let (x, y, r) = (at.x + 19.0, at.y + HEIGHT / 2.0, 9.0);
    html! {
        path.diamond d={ "M" (px(x - r)) " " (px(y)) "L" (px(x)) " " (px(y - r)) "L" (px(x + r)) " " (px(y)) "L" (px(x)) " " (px(y + r)) "z" } {}
    }
}

/// SVG does not truncate text. The full text is the box's title.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_string();
    }
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used < columns
    });
    kept.collect::<String>() + "…"
}
