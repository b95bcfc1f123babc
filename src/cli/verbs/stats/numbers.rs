//! A figure -> its text and colour.

use std::time::Duration;

use anstyle::Style;

use crate::cli::terminal::paint;
use crate::view::stats::Band;
use crate::view::time::short;

/// A rate and its colour.
pub(crate) fn percent(rate: Option<f64>) -> (String, Style) {
    let Some(rate) = rate else { return ("-".into(), paint::FAINT) };
    let colour = match Band::of(rate) {
        Band::Green => paint::GOOD,
        Band::Amber => paint::WAITS,
        Band::Red => paint::BAD,
    };
    (format!("{:.0}%", rate * 100.0), colour)
}

/// A duration.
pub(crate) fn shown(seconds: f64) -> String {
    short(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

#[allow(clippy::cast_precision_loss, reason = "a run is shorter than 2^52 seconds")]
pub(crate) fn seconds(whole: u64) -> f64 {
    whole as f64
}
