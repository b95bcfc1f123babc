//! Steps -> columns: each step is to the right of all its dependencies. A line that passes a column has a slot of its
//! own in it, so that it runs between the boxes and not behind them.

use std::collections::HashMap;

use super::Node;

/// A row of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    Box(usize),
    /// A line that passes, by its number.
    Pass(usize),
}

/// A line from a step to one that depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    pub columns: Vec<Vec<Slot>>,
    pub edges: Vec<Edge>,
    /// The column of each step.
    pub depth: Vec<usize>,
}

/// The number of ordering rounds. Each reduces crossings; after a few rounds nothing changes.
const SWEEPS: usize = 4;

pub(super) fn layers(nodes: &[Node]) -> Layers {
    let edges = edges(nodes);
    let depth = depths(nodes.len(), &edges);
    let mut columns = vec![Vec::new(); depth.iter().max().map_or(0, |d| d + 1)];
    for (n, depth) in depth.iter().enumerate() {
        put(&mut columns, *depth, Slot::Box(n));
    }
    for (n, edge) in edges.iter().enumerate() {
        let (from, to) = (of(&depth, edge.from), of(&depth, edge.to));
        (from + 1..to).for_each(|column| put(&mut columns, column, Slot::Pass(n)));
    }
    for _ in 0..SWEEPS {
        for column in 1..columns.len() {
            order(&mut columns, column, column - 1, &edges);
        }
    }
    Layers { columns, edges, depth }
}

fn put(columns: &mut [Vec<Slot>], column: usize, slot: Slot) {
    if let Some(column) = columns.get_mut(column) {
        column.push(slot);
    }
}

fn of(depth: &[usize], node: usize) -> usize {
    depth.get(node).copied().unwrap_or_default()
}

/// Lines between steps that exist.
fn edges(nodes: &[Node]) -> Vec<Edge> {
    let by_name: HashMap<&str, usize> =
        nodes.iter().enumerate().map(|(n, node)| (node.name.as_str(), n)).collect();
    let mut edges = Vec::new();
    for (to, node) in nodes.iter().enumerate() {
        let mut before: Vec<usize> =
            node.after.iter().filter_map(|name| by_name.get(name.as_str()).copied()).collect();
        before.sort_unstable();
        before.dedup();
        edges.extend(before.into_iter().filter(|from| *from != to).map(|from| Edge { from, to }));
    }
    edges
}

/// The longest path to each step. A cycle, which no valid workflow has, is cut after as many rounds as there are
/// steps.
fn depths(count: usize, edges: &[Edge]) -> Vec<usize> {
    let mut depth = vec![0; count];
    for _ in 0..count {
        let mut moved = false;
        for edge in edges {
            let wanted = (of(&depth, edge.from) + 1).min(count.saturating_sub(1));
            if let Some(at) = depth.get_mut(edge.to).filter(|at| **at < wanted) {
                *at = wanted;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    depth
}

/// Orders a column by the mean position of each slot's neighbors in another column; a slot without neighbors stays.
fn order(columns: &mut [Vec<Slot>], column: usize, other: usize, edges: &[Edge]) {
    let Some(rows) = columns.get(other) else { return };
    let row: HashMap<Slot, usize> = rows.iter().enumerate().map(|(row, slot)| (*slot, row)).collect();
    let Some(slots) = columns.get_mut(column) else { return };
    let mut keyed: Vec<(f64, usize, Slot)> = slots
        .iter()
        .enumerate()
        .map(|(at, slot)| {
            let rows: Vec<usize> = before(*slot, edges).filter_map(|slot| row.get(&slot).copied()).collect();
            let middle = rows.iter().sum::<usize>() as f64 / rows.len().max(1) as f64;
            (if rows.is_empty() { at as f64 } else { middle }, at, *slot)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    *slots = keyed.into_iter().map(|(_, _, slot)| slot).collect();
}

/// The neighbors of a slot in the column before it.
fn before(slot: Slot, edges: &[Edge]) -> impl Iterator<Item = Slot> + '_ {
    edges
        .iter()
        .enumerate()
        .filter(move |(n, edge)| match slot {
            Slot::Box(node) => edge.to == node,
            Slot::Pass(line) => *n == line,
        })
        .flat_map(|(n, edge)| [Slot::Pass(n), Slot::Box(edge.from)])
}
