//! Lengths of time that people give: those of the API, and days.

use std::time::Duration;

use crate::api::Span;

/// A length of time as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Length {
    pub words: String,
    pub length: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// `Span` knows no days: in a workflow they would be misread as working days.
pub fn length(text: &str) -> Result<Length, String> {
    let wrong = || format!("{text:?} is not a length of time; write it like 30d, 12h or 1d12h");
    let (days, rest) = text.split_once('d').map_or(("0", text), |(days, rest)| (days, rest));
    let days: u32 = days.parse().map_err(|_| wrong())?;
    let rest = match rest {
        "" if text.is_empty() => return Err(wrong()),
        "" => Duration::ZERO,
        rest => rest.parse::<Span>().map_err(|_| wrong())?.as_duration(),
    };
    if days > 3660 {
        return Err(format!("{text:?} is too long; 3660d is the most"));
    }
    let words = match rest {
        Duration::ZERO if days != 1 => format!("{days} days"),
        _ => text.to_string(),
    };
    Ok(Length { words, length: DAY * days + rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_have_days() {
        let of = |text: &str| length(text).map(|b| (b.words, b.length.as_secs() / 3600));
        assert_eq!(of("30d"), Ok(("30 days".into(), 720)));
        assert_eq!(of("1d12h"), Ok(("1d12h".into(), 36)));
        assert_eq!(of("12h"), Ok(("12h".into(), 12)));
        for wrong in ["", "d", "-1d", "1w", "30", "1d2"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
