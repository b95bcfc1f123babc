//! Ranges -> round marks on an axis, and their labels.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::api::Stamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Usual distances between marks on a time axis, in seconds.
const ROUND: [u64; 24] = [
    1,
    2,
    5,
    10,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    5 * DAY,
    10 * DAY,
    30 * DAY,
    100 * DAY,
    365 * DAY,
];

/// Marks from 0 to at least `max`, at most five (and 0): 0, 1, 2 … or 0, 20, 40 …
pub(super) fn counts(max: u64) -> Vec<u64> {
    marks(max, counting_step(max.max(1)))
}

fn counting_step(max: u64) -> u64 {
    let mut ten = 1;
    loop {
        for step in [1, 2, 5] {
            if max.div_ceil(step * ten) <= 4 {
                return step * ten;
            }
        }
        // From here on the next step would overflow; there are no such counts.
        if ten > u64::MAX / 100 {
            return max;
        }
        ten *= 10;
    }
}

/// Marks from 0 to at least `max` seconds, at usual distances of a time axis.
pub(super) fn lengths(max: u64) -> Vec<u64> {
    let max = max.max(1);
    marks(max, ROUND.into_iter().find(|step| max.div_ceil(*step) <= 4).unwrap_or(max.div_ceil(4)))
}

fn marks(max: u64, step: u64) -> Vec<u64> {
    (0..=max.max(1).div_ceil(step)).map(|n| n.saturating_mul(step)).collect()
}

/// `0`, `30s`, `5m`, `1h30m`, `2d`: whole units only, as marks are.
pub(super) fn length(seconds: u64) -> String {
    let parts =
        [(seconds / DAY, "d"), (seconds / HOUR % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let text: String =
        parts.iter().filter(|(n, _)| *n > 0).take(2).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0".into() } else { text }
}

/// A mark on the time axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    /// From 0 at the start to 1 at the end.
    pub(super) at: f64,
    pub(super) label: String,
}

/// At most `most` marks at round clock times between two times, in UTC.
pub(super) fn moments(from: Stamp, to: Stamp, most: u64) -> Vec<Moment> {
    let (from, to) = (from.0.as_millisecond(), to.0.as_millisecond());
    let extent = to.saturating_sub(from).max(1);
    let seconds = extent.unsigned_abs().div_ceil(1000);
    let step = ROUND.into_iter().find(|step| seconds / step < most).unwrap_or(seconds.div_ceil(most));
    let step_ms = i64::try_from(step).unwrap_or(i64::MAX / 1000).saturating_mul(1000).max(1);
    let first = from.div_euclid(step_ms).saturating_mul(step_ms);
    (0..=most as i64 + 1)
        .map(|n| first.saturating_add(n.saturating_mul(step_ms)))
        .filter(|at| *at >= from && *at <= to)
        .map(|at| Moment { at: (at - from) as f64 / extent as f64, label: clock(at, step) })
        .collect()
}

fn clock(ms: i64, step: u64) -> String {
    let Ok(at) = Timestamp::from_millisecond(ms) else { return String::new() };
    let form = match step {
        s if s < MINUTE => "%H:%M:%S",
        s if s < DAY => "%H:%M",
        _ => "%-d %b",
    };
    at.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

/// The position of a time between two others, from 0 to 1; a time outside is at the edge.
pub(super) fn place(at: Stamp, from: Stamp, to: Stamp) -> f64 {
    let ms = |stamp: Stamp| stamp.0.as_millisecond() as f64;
    let extent = (ms(to) - ms(from)).max(1.0);
    ((ms(at) - ms(from)) / extent).clamp(0.0, 1.0)
}

/// `12.34%`: a position or a size relative to the width of a drawing.
pub(super) fn percent(share: f64) -> String {
    format!("{:.3}%", share.clamp(0.0, 1.0) * 100.0)
}

/// `0`, `500`, `20k`, `1.5M`: short enough for the side of a drawing.
pub(super) fn compact(n: u64) -> String {
    let units = [
        (1_000_000_000_000_000, "P"),
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1_000, "k"),
    ];
    let Some((unit, letter)) = units.into_iter().find(|(unit, _)| n >= *unit) else { return n.to_string() };
    let text = format!("{:.1}", n as f64 / unit as f64);
    format!("{}{letter}", text.strip_suffix(".0").unwrap_or(&text))
}

/// `1,204`
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let first = digits.len() % 3;
    digits.char_indices().fold(String::new(), |mut out, (at, digit)| {
        if at > 0 && at % 3 == first {
            out.push(',');
        }
        out.push(digit);
        out
    })
}

#[cfg(test)]
mod tests;
