//! Columns -> pixels: the position of each box, and the points of each line.

use super::layers::{Edge, Layers, Slot, layers};
use super::{Node, Shape};

pub(super) const WIDTH: f64 = 160.0;
pub(super) const HEIGHT: f64 = 52.0;
/// Room for lines between two columns.
pub(super) const BETWEEN: f64 = 40.0;
const ROW_GAP: f64 = 20.0;
/// The height of a line's slot, and the space around it.
const PASS: f64 = 4.0;
const EDGE: f64 = 16.0;
/// The gap between two bands, for lines from the end of one to the start of the next.
const BAND_GAP: f64 = 44.0;
/// The height of a lane for work that is sent back.
pub(super) const LANE: f64 = 12.0;
/// Columns per band: the number that fits on a usual screen.
const COLUMNS: usize = 6;

/// The top left corner of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct At {
    pub x: f64,
    pub y: f64,
    pub band: usize,
}

/// A forward line: its edge, and its points in the columns that it passes.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub edge: Edge,
    pub passes: Vec<At>,
}

/// A line that sends work back: from, to, and its lane above the band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Back {
    pub from: usize,
    pub to: usize,
    pub lane: usize,
}

#[derive(Debug, Default)]
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    /// In the order of the nodes.
    pub boxes: Vec<At>,
    pub lines: Vec<Line>,
    pub backs: Vec<Back>,
    /// The top edge of each band, where its lanes start.
    pub bands: Vec<f64>,
}

pub(super) fn layout(nodes: &[Node]) -> Layout {
    let layers = layers(nodes);
    let mut layout = Layout { boxes: vec![At::default(); nodes.len()], ..Layout::default() };
    layout.lines = layers.edges.iter().map(|edge| Line { edge: edge.clone(), passes: Vec::new() }).collect();
    layout.backs = backs(nodes, &layers);
    let mut top = EDGE;
    for (band, columns) in layers.columns.chunks(COLUMNS).enumerate() {
        if band > 0 {
            top += BAND_GAP;
        }
        layout.bands.push(top);
        let lanes = layout
            .backs
            .iter()
            .filter(|b| band_of(&layers, b.from) == band || band_of(&layers, b.to) == band);
        let rows = top + lanes.map(|b| b.lane + 1).max().unwrap_or(0) as f64 * LANE;
        top = rows + put_band(nodes, columns, band, rows, &mut layout);
        layout.width = layout.width.max(EDGE * 2.0 + columns.len() as f64 * (WIDTH + BETWEEN) - BETWEEN);
    }
    layout.height = top + EDGE;
    layout
}

fn band_of(layers: &Layers, node: usize) -> usize {
    layers.depth.get(node).copied().unwrap_or_default() / COLUMNS
}

/// The height of a slot with the space below it.
fn extent(nodes: &[Node], slot: Slot) -> f64 {
    match slot {
        Slot::Box(n) if nodes.get(n).is_some_and(|n| matches!(n.shape, Shape::Loop(_))) => {
            HEIGHT + ROW_GAP + 8.0
        }
        Slot::Box(_) => HEIGHT + ROW_GAP,
        Slot::Pass(_) => PASS + ROW_GAP,
    }
}

/// Returns the height of the band. The middles of all columns are on one line, so that a chain is straight.
fn put_band(nodes: &[Node], columns: &[Vec<Slot>], band: usize, top: f64, layout: &mut Layout) -> f64 {
    let high = |column: &Vec<Slot>| column.iter().map(|slot| extent(nodes, *slot)).sum::<f64>() - ROW_GAP;
    let height = columns.iter().map(high).fold(0.0, f64::max);
    for (n, column) in columns.iter().enumerate() {
        let x = EDGE + n as f64 * (WIDTH + BETWEEN);
        let mut y = top + (height - high(column)) / 2.0;
        for slot in column {
            put_slot(*slot, At { x, y, band }, layout);
            y += extent(nodes, *slot);
        }
    }
    height
}

fn put_slot(slot: Slot, at: At, layout: &mut Layout) {
    match slot {
        Slot::Box(n) => {
            if let Some(place) = layout.boxes.get_mut(n) {
                *place = at;
            }
        }
        Slot::Pass(n) => {
            if let Some(line) = layout.lines.get_mut(n) {
                line.passes.push(At { y: at.y + PASS / 2.0, ..at });
            }
        }
    }
}

/// Each line has a lane of its own among those of its band.
fn backs(nodes: &[Node], layers: &Layers) -> Vec<Back> {
    let mut backs: Vec<Back> = Vec::new();
    for (from, node) in nodes.iter().enumerate() {
        let target = node.sends_back_to.as_deref();
        let Some(to) = nodes.iter().position(|n| Some(n.name.as_str()) == target) else { continue };
        let bands = [band_of(layers, from), band_of(layers, to)];
        let taken: Vec<usize> = backs
            .iter()
            .filter(|b| bands.contains(&band_of(layers, b.from)) || bands.contains(&band_of(layers, b.to)))
            .map(|b| b.lane)
            .collect();
        let lane = (0..).find(|lane| !taken.contains(lane)).unwrap_or_default();
        backs.push(Back { from, to, lane });
    }
    backs
}
