//! The number of runs that ended on each day, by outcome -> stacked bars.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::api::Phase;
use crate::dashboard::parts::{Head, Tone, table};

use super::frame::{Caption, grid, px, with_axis};
use super::scale::{compact, counts, grouped, percent};

/// The runs that ended on one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    pub date: Date,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
}

impl Day {
    fn parts(&self) -> [(Phase, u64); 3] {
        [(Phase::Succeeded, self.succeeded), (Phase::Failed, self.failed), (Phase::Cancelled, self.cancelled)]
    }

    fn sum(&self) -> u64 {
        self.parts().iter().fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    fn words(&self) -> String {
        let parts = self.parts().into_iter().filter(|(_, n)| *n > 0);
        let parts: Vec<String> = parts.map(|(phase, n)| format!("{} {phase}", grouped(n))).collect();
        if parts.is_empty() { "none".into() } else { parts.join(", ") }
    }
}

const HEIGHT: f64 = 168.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 144.0;

/// Bars from the oldest day to the newest. The caller passes them in this order.
pub fn days(caption: &Caption, days: &[Day]) -> Markup {
    let most = days.iter().map(Day::sum).max().unwrap_or(0);
    let marks = counts(most);
    let top = marks.last().copied().unwrap_or(1).max(1);
    let y = |n: u64| BOTTOM - (BOTTOM - TOP) * (n as f64 / top as f64);
    let axis: Vec<(f64, String)> = marks.iter().map(|n| (y(*n), compact(*n))).collect();
    let drawing = caption.wide(
        HEIGHT,
        &says(days),
        html! {
            (caption.hatching()) (grid(&axis))
            @for (n, day) in days.iter().enumerate() { (bar(caption, n, days.len(), day, &y)) }
        },
    );
    caption
        .figure(html! { (legend(caption, days)) (with_axis(HEIGHT, &axis, drawing)) }, table_fallback(days))
}

fn says(days: &[Day]) -> String {
    let sum = |of: fn(&Day) -> u64| grouped(days.iter().map(of).fold(0, u64::saturating_add));
    let all = (sum(|d| d.succeeded), sum(|d| d.failed), sum(|d| d.cancelled));
    format!("In {} days: {} Succeeded, {} Failed, {} Cancelled.", days.len(), all.0, all.1, all.2)
}

fn legend(caption: &Caption, days: &[Day]) -> Markup {
    let all = [Phase::Succeeded, Phase::Failed, Phase::Cancelled];
    html! {
        ul.legend {
            @for (n, phase) in all.into_iter().enumerate() {
                @let sum = days.iter().filter_map(|d| d.parts().get(n).map(|p| p.1)).fold(0, u64::saturating_add);
                li { (caption.swatch(phase.into())) (phase.as_str()) " " b.num { (grouped(sum)) } }
            }
        }
    }
}

fn bar(caption: &Caption, n: usize, of: usize, day: &Day, y: &impl Fn(u64) -> f64) -> Markup {
    let each = 1.0 / of as f64;
    let left = n as f64 * each;
    // The widest bar: a few days must not fill the drawing.
    let wide = (each * 0.72).min(0.06);
    let (x, width) = (percent(left + (each - wide) / 2.0), percent(wide));
    let mut from = 0_u64;
    html! {
        g.day {
            title { (date(day.date)) ": " (day.words()) }
            // The whole column reacts to the pointer, even if it is empty.
            rect.hit x=(percent(left)) y=(px(TOP)) width=(percent(each)) height=(px(BOTTOM - TOP)) {}
            @for (phase, count) in day.parts().into_iter().filter(|(_, count)| *count > 0) {
                @let below = y(from);
                @let above = y({ from = from.saturating_add(count); from });
                // One pixel of space between two parts, unless a part would disappear.
                (caption.block(&x, above, &width, (below - above - 1.0).max(1.0), Tone::from(phase)))
            }
        }
        @if labelled(n, of) { text.tick x=(percent(left + each / 2.0)) y=(px(HEIGHT - 8.0)) text-anchor="middle" { (date(day.date)) } }
    }
}

/// One label per week, counted from the newest day, without labels that the edge would cut off.
pub(super) fn labelled(n: usize, of: usize) -> bool {
    let every = of.div_ceil(5).max(1);
    of <= 1 || ((of - 1 - n) % every == every / 2 && n > 0)
}

pub(super) fn date(date: Date) -> String {
    date.strftime("%-d %b").to_string()
}

fn table_fallback(days: &[Day]) -> Markup {
    let heads =
        [Head::text("Day"), Head::figures("Succeeded"), Head::figures("Failed"), Head::figures("Cancelled")];
    let rows = days.iter().rev().map(|day| {
        let figures = day.parts().map(|(_, n)| html! { (grouped(n)) });
        std::iter::once(html! { (day.date) }).chain(figures).collect()
    });
    table("Runs that ended, by day", &heads, &rows.collect::<Vec<_>>())
}
