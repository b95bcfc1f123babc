//! The points of a line -> its path. Forward lines are solid, lines that send work back are dashed.

use std::fmt::Write;

use maud::{Markup, html};

use crate::dashboard::draw::frame::{Caption, px};
use crate::dashboard::draw::graph::Node;

use super::place::{At, BETWEEN, Back, HEIGHT, LANE, Layout, Line, WIDTH};

/// The arrowheads that the lines refer to.
pub(super) fn heads(caption: &Caption) -> Markup {
    let head = |name: &str, class: &str| {
        html! {
            marker.(class) id={ (caption.id) "-" (name) } viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"
                markerHeight="8" orient="auto-start-reverse" { path d="M0 0.5L7.5 4L0 7.5z" {} }
        }
    };
    html! { defs { (head("on", "head-on")) (head("back", "head-back")) } }
}

pub(super) fn all(caption: &Caption, nodes: &[Node], layout: &Layout) -> Markup {
    let name = |n: usize| nodes.get(n).map(|n| n.name.as_str()).unwrap_or_default();
    html! {
        @for line in &layout.lines {
            path.edge d=(forward(line, layout)) marker-end={ "url(#" (caption.id) "-on)" } {}
        }
        @for back in &layout.backs {
            path.edge-back d=(backward(back, layout)) marker-end={ "url(#" (caption.id) "-back)" } {
                title { (name(back.from)) " can send work back to " (name(back.to)) }
            }
        }
    }
}

fn at(layout: &Layout, node: usize) -> At {
    layout.boxes.get(node).copied().unwrap_or_default()
}

fn forward(line: &Line, layout: &Layout) -> String {
    let (from, to) = (at(layout, line.edge.from), at(layout, line.edge.to));
    let middle = HEIGHT / 2.0;
    let mut path = format!("M{} {}", px(from.x + WIDTH), px(from.y + middle));
    let mut here = At { x: from.x + WIDTH, y: from.y + middle, band: from.band };
    for pass in &line.passes {
        join(&mut path, here, *pass, layout);
        // Straight within its slot.
        let _ = write!(path, "H{}", px(pass.x + WIDTH));
        here = At { x: pass.x + WIDTH, ..*pass };
    }
    join(&mut path, here, At { y: to.y + middle, ..to }, layout);
    path
}

/// From the right side of a column to the left side of the next, which may be the first column of the next band.
fn join(path: &mut String, from: At, to: At, layout: &Layout) {
    if from.band == to.band {
        let bend = BETWEEN * 0.5;
        let _ = write!(
            path,
            "C{} {} {} {} {} {}",
            px(from.x + bend),
            px(from.y),
            px(to.x - bend),
            px(to.y),
            px(to.x),
            px(to.y)
        );
        return;
    }
    let between = layout.bands.get(to.band).copied().unwrap_or_default() - 22.0;
    // Bands leave room for the turns at both edges of the drawing.
    let _ =
        write!(path, "H{}V{}H{}V{}H{}", px(from.x + 8.0), px(between), px(to.x - 10.0), px(to.y), px(to.x));
}

/// Up into its lane, along it, and down to the target; beside the column if another box is above it.
fn backward(back: &Back, layout: &Layout) -> String {
    let (from, to) = (at(layout, back.from), at(layout, back.to));
    let lane = |at: At| layout.bands.get(at.band).copied().unwrap_or_default() + back.lane as f64 * LANE;
    // Spreads lines that share a gap.
    let aside = 10.0 + (back.lane % 4) as f64 * 4.0;
    let mut path = if is_open_above(layout, from) {
        format!("M{} {}V{}", px(from.x + WIDTH * 0.35), px(from.y), px(lane(from)))
    } else {
        let y = from.y + HEIGHT - 10.0;
        format!("M{} {}H{}V{}", px(from.x), px(y), px((from.x - aside).max(2.0)), px(lane(from)))
    };
    if from.band != to.band {
        let _ = write!(path, "H6V{}", px(lane(to)));
    }
    if is_open_above(layout, to) {
        let _ = write!(path, "H{}V{}", px(to.x + WIDTH * 0.65), px(to.y));
    } else {
        // The last column has as much room on its right as the drawing has at its edge.
        let beside = (to.x + WIDTH + aside).min(layout.width - 2.0);
        let _ = write!(path, "H{}V{}H{}", px(beside), px(to.y + 10.0), px(to.x + WIDTH));
    }
    path
}

fn is_open_above(layout: &Layout, at: At) -> bool {
    !layout.boxes.iter().any(|b| b.band == at.band && b.x == at.x && b.y < at.y)
}
