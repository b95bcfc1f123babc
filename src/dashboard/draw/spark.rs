//! A few figures in order -> a line as small as a word, for a table cell.

use maud::{Markup, html};

use super::frame::px;

const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 24.0;
const EDGE: f64 = 3.0;

/// Oldest first; a missing figure is a gap. `words` is the text alternative, which the cell or its neighbor shows: a
/// line this small needs no table.
pub fn sparkline(words: &str, values: &[Option<f64>]) -> Markup {
    let known: Vec<(usize, f64)> =
        values.iter().enumerate().filter_map(|(n, v)| v.filter(|v| v.is_finite()).map(|v| (n, v))).collect();
    let points = places(&known, values.len());
    html! {
        svg.spark role="img" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) {
            title { (words) }
            @if points.len() > 1 { path.spark-line d=(path(&known, &points)) {} }
            @if let Some((x, y)) = points.last() { circle.spark-end cx=(px(*x)) cy=(px(*y)) r="2.5" {} }
        }
    }
}

fn places(known: &[(usize, f64)], count: usize) -> Vec<(f64, f64)> {
    let least = known.iter().map(|k| k.1).fold(f64::INFINITY, f64::min);
    let most = known.iter().map(|k| k.1).fold(f64::NEG_INFINITY, f64::max);
    let (extent, across) = (most - least, count.saturating_sub(1).max(1) as f64);
    let place = |(n, v): &(usize, f64)| {
        // All values are equal, or their range overflows: a line in the middle.
        let up = if extent > 0.0 && extent.is_finite() { (v - least) / extent } else { 0.5 };
        (EDGE + (WIDTH - 2.0 * EDGE) * *n as f64 / across, HEIGHT - EDGE - (HEIGHT - 2.0 * EDGE) * up)
    };
    known.iter().map(place).collect()
}

fn path(known: &[(usize, f64)], points: &[(f64, f64)]) -> String {
    let before = std::iter::once(None).chain(known.iter().map(|(n, _)| Some(n + 1)));
    let step = |((n, _), (x, y)): (&(usize, f64), &(f64, f64)), expected: Option<usize>| {
        let letter = if expected == Some(*n) { 'L' } else { 'M' };
        format!("{letter}{} {}", px(*x), px(*y))
    };
    known.iter().zip(points).zip(before).map(|(at, expected)| step(at, expected)).collect::<Vec<_>>().join("")
}
