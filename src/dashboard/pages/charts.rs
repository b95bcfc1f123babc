//! Figures by day -> drawings.

use std::time::Duration;

use jiff::civil::Date;
use maud::{Markup, html};

use crate::dashboard::draw::{Caption, Day as Bar, DayDurations, days, durations, sparkline};
use crate::dashboard::parts::{Head, columns, section, share, table, words};
use crate::view::stats::{Day, Seconds, StepTrend};

use super::length;

/// The number of runs that ended on each day, and their durations.
pub(super) fn by_day(all: &[Day]) -> Markup {
    let bars: Vec<Bar> = all
        .iter()
        .filter_map(|d| {
            let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            let (succeeded, failed, cancelled) = (count(d.succeeded), count(d.failed), count(d.cancelled));
            Some(Bar { date: date(&d.day)?, succeeded, failed, cancelled })
        })
        .collect();
    let took: Vec<DayDurations> = all
        .iter()
        .filter_map(|d| {
            let (p50, p95) = (d.seconds.map(|s| s.p50), d.seconds.map(|s| s.p95));
            Some(DayDurations { date: date(&d.day)?, p50, p95 })
        })
        .collect();
    columns(&[
        section(
            "per-day",
            "Runs per day",
            html! { "by their end, UTC" },
            days(&Caption { id: "days", title: "Runs that ended" }, &bars),
        ),
        section(
            "took",
            "Duration",
            html! { "of runs that ended" },
            durations(&Caption { id: "durations", title: "Duration of runs" }, &took),
        ),
    ])
}

fn date(day: &str) -> Option<Date> {
    day.parse().ok()
}

/// Each step's figures, with a line for its days.
pub(super) fn steps(all: &[StepTrend]) -> Markup {
    let heads = [
        Head::text("Step"),
        Head::figures("Executions"),
        Head::figures("Failure"),
        Head::figures("Retries on average"),
        Head::figures("p50"),
        Head::figures("p95"),
        Head::text("Failure by day"),
    ];
    let rows: Vec<Vec<Markup>> = all.iter().map(step).collect();
    table("Steps in the last 30 days", &heads, &rows)
}

fn step(step: &StepTrend) -> Vec<Markup> {
    let of = &step.whole;
    let seconds =
        |pick: fn(&Seconds) -> u64| length(of.seconds.as_ref().map(|s| Duration::from_secs(pick(s))));
    let rates: Vec<Option<f64>> = step.days.iter().map(|d| Some(d.of.failure_rate)).collect();
    let says = match (step.days.first(), step.days.last()) {
        (Some(first), Some(last)) => {
            let (before, now) = (share(first.of.failure_rate), share(last.of.failure_rate));
            format!("{before} on {}, {now} on {}", first.day, last.day)
        }
        _ => "no figures".into(),
    };
    vec![
        html! { a href={ "#" (super::step_id(&step.step, None)) } { (words(&step.step)) } },
        html! { (of.executions) },
        html! { (share(of.failure_rate)) },
        html! { (format!("{:.1}", of.average_retries)) },
        html! { (seconds(|s| s.p50)) },
        html! { (seconds(|s| s.p95)) },
        sparkline(&says, &rates),
    ]
}
