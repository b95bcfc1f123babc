//! The attempts of a run's steps and items -> a bar per attempt, on one time axis.
//!
//! Names and durations are text beside the drawing, so that they can be read, truncated and linked at any width.

use maud::{Markup, html};

use crate::api::Stamp;
use crate::dashboard::ansi;
use crate::dashboard::parts::{Head, Tone, table, words};
use crate::view::time::short;

use super::frame::{Caption, px};
use super::scale::{Moment, moments, percent, place};

/// The data of the drawing.
#[derive(Clone, Copy, Debug)]
pub struct Gantt<'a> {
    pub lanes: &'a [Lane],
    pub from: Stamp,
    pub to: Stamp,
    /// Where the line of the present is, while the run is live. Bars without an end reach up to it, otherwise up to
    /// `to`.
    pub now: Option<Stamp>,
}

/// A step, or (`indented`) one of its items.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    pub name: String,
    pub indented: bool,
    pub tone: Tone,
    /// The link target, such as `#step-plan`.
    pub href: Option<String>,
    pub bars: Vec<Bar>,
}

/// A time span.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub from: Stamp,
    /// None: ongoing.
    pub to: Option<Stamp>,
    pub kind: BarKind,
    /// The label, such as `attempt 2: Failed (ExitCode)`.
    pub words: String,
}

/// The kind of a time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarKind {
    /// Work, and its result.
    Work(Tone),
    /// Waiting: for a backoff, a node, or a person.
    Wait,
}

const ROW: f64 = 28.0;
const AXIS: f64 = 24.0;
/// The number of lanes drawn; the table has all.
const MOST: usize = 200;
/// The number of labels that fit on a phone.
const LABELS: u64 = 5;

pub fn gantt(caption: &Caption, gantt: &Gantt) -> Markup {
    let drawn = gantt.lanes.get(..MOST).unwrap_or(gantt.lanes);
    let height = AXIS + drawn.len() as f64 * ROW + 4.0;
    let marks = moments(gantt.from, gantt.to, LABELS);
    let drawing = caption.wide(
        height,
        &says(gantt),
        html! {
            (caption.hatching())
            @for n in (0..drawn.len()).step_by(2) { rect.stripe x="0" width="100%" y=(px(AXIS + n as f64 * ROW)) height=(px(ROW)) {} }
            (axis(&marks, height))
            @for (n, lane) in drawn.iter().enumerate() {
                @let top = AXIS + n as f64 * ROW;
                @for bar in &lane.bars { (bar_of(caption, gantt, bar, top)) }
            }
            @if let Some(now) = gantt.now { (now_line(place(now, gantt.from, gantt.to), height)) }
        },
    );
    let left_out = gantt.lanes.len() - drawn.len();
    caption.figure(
        html! {
            (legend(caption))
            div.gantt { (names(drawn)) div.gantt-plot { (drawing) } (lengths(gantt, drawn)) }
            @if left_out > 0 { p.quiet-text { (left_out) " more are in the table." } }
            p.quiet-text { "Times are in UTC; the axis starts at " (gantt.from.0.strftime("%-d %b %Y %H:%M:%S").to_string()) "." }
        },
        table_fallback(gantt),
    )
}

fn says(gantt: &Gantt) -> String {
    let bars: usize = gantt.lanes.iter().map(|l| l.bars.len()).sum();
    format!(
        "{} rows with {bars} bars, from {} to {}, {} in all.",
        gantt.lanes.len(),
        gantt.from.0,
        gantt.to.0,
        short(gantt.to.since(gantt.from))
    )
}

fn axis(marks: &[Moment], height: f64) -> Markup {
    html! {
        @for mark in marks {
            line.grid x1=(percent(mark.at)) x2=(percent(mark.at)) y1="4" y2=(px(height)) {}
            // Skips a label that the edge would cut off.
            @if mark.at < 0.86 { text.tick x=(percent(mark.at)) dx="4" y="14" { (mark.label) } }
        }
    }
}

fn now_line(at: f64, height: f64) -> Markup {
    html! { line.now x1=(percent(at)) x2=(percent(at)) y1="0" y2=(px(height)) { title { "now" } } }
}

fn end_of(gantt: &Gantt, bar: &Bar) -> Stamp {
    bar.to.or(gantt.now).unwrap_or(gantt.to)
}

fn bar_of(caption: &Caption, gantt: &Gantt, bar: &Bar, top: f64) -> Markup {
    let left = place(bar.from, gantt.from, gantt.to);
    let right = place(end_of(gantt, bar), gantt.from, gantt.to).max(left);
    // Widens a bar that would be too narrow to see; to the left if there is no room on the right.
    let width = (right - left).max(0.003);
    let x = percent(left.min(1.0 - width));
    html! {
        g {
            title { (ansi::inert_line(&bar.words)) " · " (short(end_of(gantt, bar).since(bar.from))) }
            @match bar.kind {
                BarKind::Work(tone) => (caption.block(&x, top + 7.0, &percent(width), ROW - 14.0, tone)),
                BarKind::Wait => rect.wait x=(x) y=(px(top + ROW / 2.0 - 1.0)) width=(percent(width)) height="2" {},
            }
        }
    }
}

fn names(lanes: &[Lane]) -> Markup {
    html! {
        ul.gantt-names {
            @for lane in lanes {
                li.item[lane.indented] title=(ansi::inert_line(&lane.name)) {
                    span.symbol.(lane.tone.class()) aria-hidden="true" { (lane.tone.symbol()) }
                    @if let Some(href) = &lane.href { a href=(href) { (words(&lane.name)) } }
                    @else { (words(&lane.name)) }
                }
            }
        }
    }
}

/// The sum of the work.
fn lengths(gantt: &Gantt, lanes: &[Lane]) -> Markup {
    html! {
        ul.gantt-lengths.num {
            @for lane in lanes { li { (worked(gantt, lane)) } }
        }
    }
}

fn worked(gantt: &Gantt, lane: &Lane) -> String {
    let work = lane.bars.iter().filter(|b| matches!(b.kind, BarKind::Work(_)));
    let sum = work
        .map(|b| end_of(gantt, b).since(b.from))
        .fold(std::time::Duration::ZERO, |a, b| a.saturating_add(b));
    if sum.is_zero() { "–".into() } else { short(sum) }
}

fn legend(caption: &Caption) -> Markup {
    let entries = [
        (Tone::Good, "done"),
        (Tone::Bad, "failed"),
        (Tone::Ask, "sent back"),
        (Tone::Over, "stopped"),
        (Tone::Live, "running"),
    ];
    html! {
        ul.legend {
            @for (tone, name) in entries { li { (caption.swatch(tone)) (name) } }
            li {
                svg.swatch width="12" height="12" aria-hidden="true" focusable="false" { rect.wait x="0" y="5" width="12" height="2" {} }
                "waiting"
            }
        }
    }
}

fn table_fallback(gantt: &Gantt) -> Markup {
    let heads = [
        Head::text("Step"),
        Head::text("What"),
        Head::text("From"),
        Head::text("To"),
        Head::figures("Duration"),
    ];
    let all = gantt.lanes.iter().flat_map(|lane| lane.bars.iter().map(move |bar| (lane, bar)));
    let rows = all.map(|(lane, bar)| {
        vec![
            words(&lane.name),
            words(&bar.words),
            html! { (bar.from.0) },
            html! { @match bar.to { Some(to) => (to.0), None => "ongoing" } },
            html! { (short(end_of(gantt, bar).since(bar.from))) },
        ]
    });
    table("Attempts, in the order of the rows", &heads, &rows.collect::<Vec<_>>())
}
