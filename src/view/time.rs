//! Durations -> short text.

use std::time::Duration;

use crate::api::Stamp;

/// `0.4s`, `12s`, `3m12s`, `2h05m`, `3d4h`: at most two units.
pub fn short(duration: Duration) -> String {
    let s = duration.as_secs();
    match s {
        0..10 => format!("{}.{}s", s, duration.subsec_millis() / 100),
        10..60 => format!("{s}s"),
        60..3600 => format!("{}m{:02}s", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        _ => format!("{}d{}h", s / 86_400, s % 86_400 / 3600),
    }
}

/// The age in one unit, as kubectl prints it: `12s`, `3m`, `2h`, `5d`.
pub fn age(at: Stamp, now: Stamp) -> String {
    let s = now.since(at).as_secs();
    match s {
        0..120 => format!("{s}s"),
        120..7200 => format!("{}m", s / 60),
        7200..172_800 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_two_units_at_most() {
        let of = |ms| short(Duration::from_millis(ms));
        assert_eq!([of(0), of(1_250), of(59_900)], ["0.0s", "1.2s", "59s"]);
        assert_eq!([of(192_000), of(7_500_000), of(273_600_000)], ["3m12s", "2h05m", "3d4h"]);
    }

    #[test]
    fn an_age_has_one() {
        let now = Stamp("2026-01-03T00:00:00Z".parse().unwrap());
        let of = |text: &str| age(Stamp(text.parse().unwrap()), now);
        assert_eq!(of("2026-01-02T23:59:48Z"), "12s");
        assert_eq!(of("2026-01-02T23:00:00Z"), "60m");
        assert_eq!(of("2026-01-01T00:00:00Z"), "2d");
    }
}
