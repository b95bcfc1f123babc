use proptest::prelude::*;

use super::place::{HEIGHT, Layout, WIDTH, layout};
use super::*;
use crate::dashboard::markup::{nested, tags};

fn node(n: usize, after: Vec<usize>, back: Option<usize>) -> Node {
    Node {
        name: format!("step-{n}"),
        shape: [Shape::Task, Shape::Approval, Shape::Loop("stories".into()), Shape::Finally][n % 4].clone(),
        note: String::new(),
        after: after.into_iter().map(|n| format!("step-{n}")).collect(),
        sends_back_to: back.map(|n| format!("step-{n}")),
        phase: None,
    }
}

fn chain(count: usize) -> Vec<Node> {
    (0..count).map(|n| node(n, n.checked_sub(1).into_iter().collect(), None)).collect()
}

fn overlap(layout: &Layout) -> Option<(usize, usize)> {
    let all: Vec<_> = layout.boxes.iter().enumerate().collect();
    all.iter().enumerate().find_map(|(i, (n, a))| {
        let apart = |b: &super::place::At| (a.x - b.x).abs() >= WIDTH || (a.y - b.y).abs() >= HEIGHT;
        all[i + 1..].iter().find(|(_, b)| !apart(b)).map(|(m, _)| (*n, *m))
    })
}

/// The absolute coordinates of a path.
fn points(path: &str) -> (Vec<f64>, Vec<f64>) {
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    let mut rest = path;
    while let Some(letter) = rest.chars().next() {
        let end = rest[1..].find(|c: char| c.is_ascii_alphabetic()).map_or(rest.len(), |e| e + 1);
        let numbers: Vec<f64> = rest[1..end].split_whitespace().map(|n| n.parse().unwrap()).collect();
        match letter {
            'H' => xs.extend(numbers),
            'V' => ys.extend(numbers),
            _ => numbers.chunks(2).for_each(|pair| {
                xs.push(pair[0]);
                ys.push(pair[1]);
            }),
        }
        rest = &rest[end..];
    }
    (xs, ys)
}

#[test]
fn a_chain_is_a_straight_line_until_its_band_ends() {
    let layout = layout(&chain(4));
    let ys: Vec<f64> = layout.boxes.iter().map(|b| b.y + if b.y > 0.0 { 0.0 } else { 1.0 }).collect();
    assert!(layout.boxes.windows(2).all(|w| w[0].x < w[1].x), "{layout:?}");
    // The stack of a loop is slightly higher than other boxes.
    assert!(ys.iter().all(|y| (y - ys[0]).abs() <= 4.0), "{ys:?}");
}

#[test]
fn a_long_chain_breaks_into_bands_that_fit_a_screen() {
    let sixty = layout(&chain(60));
    assert!(sixty.width <= 1232.0, "{}", sixty.width);
    assert_eq!(sixty.boxes.iter().map(|b| b.band).max(), Some(9));
    assert_eq!(overlap(&sixty), None);
}

#[test]
fn one_step_and_none_are_drawn_too() {
    for count in [0, 1] {
        let html = graph(&Caption { id: "g", title: "Steps" }, &Graph { nodes: &chain(count) }).into_string();
        assert_eq!(html.matches("class=\"node ").count(), count);
    }
}

#[test]
fn a_step_leads_to_its_part_of_the_page() {
    let html = graph(&Caption { id: "g", title: "Steps" }, &Graph { nodes: &chain(1) }).into_string();
    assert!(html.contains("href=\"#step-step-0\""), "{html}");
    assert_eq!(step_id("a b"), "step-a~20b");
}

#[test]
fn a_name_that_no_step_has_draws_no_line() {
    let mut only = node(0, vec![], None);
    only.after = vec!["absent".into(), "step-0".into()];
    only.sends_back_to = Some("absent".into());
    let html = graph(&Caption { id: "g", title: "Steps" }, &Graph { nodes: &[only] }).into_string();
    assert!(!html.contains("class=\"edge\"") && !html.contains("class=\"edge-back\""), "{html}");
}

#[test]
fn a_circle_is_drawn_somehow() {
    let html = graph(
        &Caption { id: "g", title: "x" },
        &Graph { nodes: &[node(0, vec![1], None), node(1, vec![0], None)] },
    );
    assert_eq!(nested(&tags(&html.into_string())), Ok(()));
}

#[test]
fn a_long_name_is_cut_and_stands_in_the_title() {
    assert_eq!(super::nodes::cut("short", 16), "short");
    assert_eq!(super::nodes::cut("abcdefghijklmnopqrstuvwxyz", 16), "abcdefghijklmno…");
    assert_eq!(super::nodes::cut("漢字漢字漢字漢字漢字", 16), "漢字漢字漢字漢…");
    let mut long = node(0, vec![], None);
    long.name = "implement-the-whole-thing".into();
    let html = graph(&Caption { id: "g", title: "x" }, &Graph { nodes: &[long] }).into_string();
    assert!(html.contains("<title>implement-the-whole-thing</title>"), "{html}");
}

/// Any workflow without cycles.
fn workflows() -> impl Strategy<Value = Vec<Node>> {
    let step = (
        proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
        any::<Option<proptest::sample::Index>>(),
    );
    proptest::collection::vec(step, 1..40).prop_map(|steps| {
        let all = steps.into_iter().enumerate();
        all.map(|(n, (after, back))| {
            let before = after.into_iter().filter(|_| n > 0).map(|i| i.index(n)).collect();
            node(n, before, back.map(|i| i.index(n + 1)))
        })
        .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_two_boxes_overlap_and_nothing_leaves_the_drawing(nodes in workflows()) {
        let layout = layout(&nodes);
        prop_assert_eq!(overlap(&layout), None);
        for at in &layout.boxes {
            prop_assert!(at.x >= 0.0 && at.x + WIDTH <= layout.width && at.y >= 0.0 && at.y + HEIGHT <= layout.height);
        }
        let html = graph(&Caption { id: "g", title: "x" }, &Graph { nodes: &nodes }).into_string();
        let paths: Vec<_> = tags(&html).into_iter().filter(|t| t.get("class").is_some_and(|c| c.starts_with("edge") && t.name == "path")).collect();
        for path in paths {
            let (xs, ys) = points(path.get("d").unwrap());
            prop_assert!(xs.iter().all(|x| (0.0..=layout.width).contains(x)), "{path:?} of {}", layout.width);
            prop_assert!(ys.iter().all(|y| (0.0..=layout.height).contains(y)), "{path:?} of {}", layout.height);
        }
    }

    #[test]
    fn a_step_stands_right_of_all_that_it_waits_for(nodes in workflows()) {
        let layout = layout(&nodes);
        for line in &layout.lines {
            let (from, to) = (layout.boxes[line.edge.from], layout.boxes[line.edge.to]);
            prop_assert!((from.band, from.x) < (to.band, to.x), "{line:?}");
        }
    }
}
