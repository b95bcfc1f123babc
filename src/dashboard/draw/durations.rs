//! The duration of runs by day -> two lines: p50 and p95.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::dashboard::parts::{Head, table};

use super::days::{date, labelled};
use super::frame::{Caption, grid, px, with_axis};
use super::scale::{length, lengths, percent};

/// The durations of the runs that ended on one day, in seconds. A day without a run has neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayDurations {
    pub date: Date,
    pub p50: Option<u64>,
    pub p95: Option<u64>,
}

const HEIGHT: f64 = 168.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 140.0;

/// Lines from the oldest day to the newest. The caller passes them in this order. A day without a run is a gap.
pub fn durations(caption: &Caption, days: &[DayDurations]) -> Markup {
    let most = days.iter().flat_map(|d| [d.p50, d.p95]).flatten().max().unwrap_or(0);
    let marks = lengths(most);
    let top = marks.last().copied().unwrap_or(1).max(1);
    let y = |s: u64| BOTTOM - (BOTTOM - TOP) * (s as f64 / top as f64);
    let axis: Vec<(f64, String)> = marks.iter().map(|s| (y(*s), length(*s))).collect();
    let x = |n: usize| (n as f64 + 0.5) / days.len() as f64;
    let points = |of: fn(&DayDurations) -> Option<u64>| -> Vec<Option<(f64, f64)>> {
        days.iter().enumerate().map(|(n, day)| of(day).map(|s| (x(n), y(s)))).collect()
    };
    let drawing = caption.wide(
        HEIGHT,
        &says(days),
        html! {
            (grid(&axis))
            (line("p95", &points(|d| d.p95))) (line("p50", &points(|d| d.p50)))
            @for (n, day) in days.iter().enumerate() { (answers(n, days.len(), day)) }
        },
    );
    caption.figure(html! { (legend()) (with_axis(HEIGHT, &axis, drawing)) }, table_fallback(days))
}

fn says(days: &[DayDurations]) -> String {
    let newest = days.iter().rev().find(|d| d.p50.is_some() || d.p95.is_some());
    newest.map_or("No run ended in this time.".into(), |day| {
        format!(
            "Most recently, on {}: half within {}, 95 % within {}.",
            day.date,
            words(day.p50),
            words(day.p95)
        )
    })
}

fn words(seconds: Option<u64>) -> String {
    seconds.map_or("–".into(), length)
}

fn line(class: &str, points: &[Option<(f64, f64)>]) -> Markup {
    let pairs = points.iter().zip(points.iter().skip(1));
    html! {
        g.line.(class) {
            @for (from, to) in pairs.filter_map(|(a, b)| a.zip(*b)) {
                line x1=(percent(from.0)) y1=(px(from.1)) x2=(percent(to.0)) y2=(px(to.1)) {}
            }
            @for (x, y) in points.iter().flatten() { circle cx=(percent(*x)) cy=(px(*y)) r="2.5" {} }
        }
    }
}

fn answers(n: usize, of: usize, day: &DayDurations) -> Markup {
    let each = 1.0 / of as f64;
    let left = n as f64 * each;
    html! {
        g.day {
            title { (date(day.date)) ": p50 " (words(day.p50)) ", p95 " (words(day.p95)) }
            rect.hit x=(percent(left)) y=(px(TOP)) width=(percent(each)) height=(px(BOTTOM - TOP)) {}
        }
        @if labelled(n, of) { text.tick x=(percent(left + each / 2.0)) y=(px(HEIGHT - 8.0)) text-anchor="middle" { (date(day.date)) } }
    }
}

fn legend() -> Markup {
    let entry = |class: &str, words: &str| {
        html! {
            li {
                svg.swatch-line width="24" height="12" aria-hidden="true" focusable="false" {
                    g.line.(class) { line x1="0" y1="6" x2="24" y2="6" {} circle cx="12" cy="6" r="2.5" {} }
                }
                (words)
            }
        }
    };
    html! { ul.legend { (entry("p50", "p50: half were faster")) (entry("p95", "p95: 1 in 20 was slower")) } }
}

fn table_fallback(days: &[DayDurations]) -> Markup {
    let heads = [Head::text("Day"), Head::figures("p50"), Head::figures("p95")];
    let rows = days
        .iter()
        .rev()
        .map(|d| vec![html! { (d.date) }, html! { (words(d.p50)) }, html! { (words(d.p95)) }]);
    table("Duration of runs, by the day they ended", &heads, &rows.collect::<Vec<_>>())
}
