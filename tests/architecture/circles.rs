//! Arrows between modules → the circles among the children of each module, as a way and its lines.
//!
//! What counts is siblings: a room of `src`, or a file of a room, with all that is below it. If a file of `a/` names one of
//! `b/` and another file of `b/` names one of `a/`, `a` and `b` cannot be understood one after the other.
//! A child may name what its parent defines, and the parent calls its children: that is how a module with a front works, and
//! no circle. Two children that reach each other through their parent's own code are not found.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::modules::{Arrow, Modules};

/// From each child, the children that it names, with one line for each.
pub(crate) type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// Who names whom among the children of `parent`.
pub(crate) fn siblings(arrows: &[Arrow], parent: &[String]) -> Graph {
    let mut graph = Graph::new();
    let n = parent.len();
    for arrow in arrows.iter().filter(|a| a.from.starts_with(parent) && a.to.starts_with(parent)) {
        let (Some(from), Some(to)) = (arrow.from.get(n), arrow.to.get(n)) else { continue };
        if from != to {
            graph.entry(from.clone()).or_default().entry(to.clone()).or_insert_with(|| arrow.line.clone());
        }
    }
    graph
}

/// The shortest circle of each knot: `engine: a → b → a`, and the lines that make it.
pub(crate) fn circles(graph: &Graph, parent: &str) -> Vec<String> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = graph.keys().map(|n| (n, reached(graph, n))).collect();
    let mut done: BTreeSet<&String> = BTreeSet::new();
    let mut found = Vec::new();
    for node in graph.keys() {
        if done.contains(node) || !reach[node].contains(node) {
            continue;
        }
        let knot: Vec<&String> = reach[node]
            .iter()
            .filter(|other| reach.get(*other).is_some_and(|back| back.contains(node)))
            .copied()
            .collect();
        done.extend(&knot);
        let shortest = knot.iter().filter_map(|n| circle(graph, n)).min_by_key(Vec::len).unwrap_or_default();
        found.push(written(graph, parent, &shortest, &knot));
    }
    found
}

fn reached<'g>(graph: &'g Graph, from: &str) -> BTreeSet<&'g String> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&String> = graph.get(from).into_iter().flat_map(BTreeMap::keys).collect();
    while let Some(node) = next.pop() {
        if seen.insert(node) {
            next.extend(graph.get(node).into_iter().flat_map(BTreeMap::keys));
        }
    }
    seen
}

/// The shortest way from a node back to itself.
fn circle<'g>(graph: &'g Graph, start: &'g String) -> Option<Vec<&'g String>> {
    let mut queue = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = queue.pop_front() {
        for next in graph.get(*way.last()?).into_iter().flat_map(BTreeMap::keys) {
            let longer: Vec<&String> = way.iter().copied().chain([next]).collect();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next) {
                queue.push_back(longer);
            }
        }
    }
    None
}

fn written(graph: &Graph, parent: &str, way: &[&String], knot: &[&String]) -> String {
    let names: Vec<&str> = way.iter().map(|n| n.as_str()).collect();
    let mut text = format!("{parent}: {}", names.join(" → "));
    for step in way.windows(2) {
        text += &format!("\n    {}", graph[step[0]][step[1]]);
    }
    if knot.len() + 1 > way.len() {
        let all: Vec<&str> = knot.iter().map(|n| n.as_str()).collect();
        text += &format!("\n    and more: {} modules reach each other: {}", knot.len(), all.join(" "));
    }
    text
}

/// Every circle of the crate, between its modules and inside of each.
pub(crate) fn all(modules: &Modules) -> Vec<String> {
    let arrows = modules.arrows();
    let inside = modules.names().flat_map(|parent| {
        let name = if parent.is_empty() { "src".to_string() } else { parent.join("::") };
        circles(&siblings(&arrows, parent), &name)
    });
    inside.collect()
}

#[test]
fn a_circle_is_found_and_shown_with_its_lines() {
    let modules = crate::modules::of_texts(&[
        ("lib.rs", "mod m;"),
        ("m.rs", "mod a; mod b; mod c; mod d;"),
        ("m/a.rs", "use super::b::B;"),
        ("m/b.rs", "mod low; use super::d;"),
        ("m/b/low.rs", "fn f() {\n    super::super::c::x();\n}"),
        ("m/c.rs", "use crate::m::{d::{D}, a::A};"),
        ("m/d.rs", "pub struct D;"),
    ]);
    let want = "m: a → b → c → a\n    src/m/a.rs:1: use super::b::B;\n    \
                src/m/b/low.rs:2: super::super::c::x();\n    src/m/c.rs:1: use crate::m::{d::{D}, a::A};";
    assert_eq!(all(&modules), [want]);
}

#[test]
fn an_arrow_that_is_turned_around_makes_a_circle_between_modules() {
    let texts = |low: &str| {
        let files = [("lib.rs", "mod high; mod low;"), ("high.rs", "use crate::low;"), ("low.rs", low)];
        all(&crate::modules::of_texts(&files))
    };
    assert!(texts("pub fn f() {}").is_empty());
    assert_eq!(texts("fn f() { crate::high::g() }").len(), 1);
}

#[test]
fn a_front_and_its_children_are_no_circle() {
    let modules = crate::modules::of_texts(&[
        ("lib.rs", "mod m;"),
        ("m.rs", "mod a; mod b; pub use b::B; pub struct Context; fn f() { a::run() }"),
        ("m/a.rs", "use super::{B, Context};"),
        ("m/b.rs", "use super::Context;"),
    ]);
    assert!(all(&modules).is_empty());
}
