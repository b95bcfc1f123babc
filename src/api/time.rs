//! Durations and points in time as the API writes them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time such as `30s`, `10m`, `1h30m` or `250ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(Duration);

impl Span {
    pub const fn secs(s: u64) -> Self {
        Self(Duration::from_secs(s))
    }
    pub const fn millis(ms: u64) -> Self {
        Self(Duration::from_millis(ms))
    }
    pub const fn mins(m: u64) -> Self {
        Self::secs(m * 60)
    }
    pub const fn hours(h: u64) -> Self {
        Self::secs(h * 3600)
    }
    pub const fn as_duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Span {
    fn from(d: Duration) -> Self {
        Self(d)
    }
}

/// The longest time that the API accepts: ten years, so that no sum of times can overflow.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// Why a text is no length of time.
enum Unread {
    Malformed,
    TooLong,
}

/// Adds up numbers with units. `days`: the first unit may be `d`.
fn total(text: &str, days: bool) -> Result<Duration, Unread> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return Err(Unread::Malformed);
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(Unread::Malformed)?;
        let (number, tail) = rest.split_at(digits);
        let unit_len = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        let number: u64 = number.parse().map_err(|_| Unread::Malformed)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" if days && rest.len() == text.len() => 86_400_000,
            _ => return Err(Unread::Malformed),
        };
        let part = number.checked_mul(millis).map(Duration::from_millis).ok_or(Unread::Malformed)?;
        total = total.checked_add(part).filter(|t| *t <= LONGEST).ok_or(Unread::TooLong)?;
        rest = tail;
    }
    Ok(total)
}

impl Span {
    /// The same with days in front, such as `30d` or `1d12h`, as options of programs take it. Fields of the API know no
    /// days: in a workflow they would be misread as working days.
    pub fn with_days(text: &str) -> Result<Self, String> {
        total(text, true).map(Self).map_err(|why| match why {
            Unread::Malformed => {
                format!("{text:?} is not a length of time; write it like 30d, 12h or 1d12h")
            }
            Unread::TooLong => format!("{text:?} is too long; 3660d is the most"),
        })
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        total(s, false).map(Self).map_err(|why| match why {
            Unread::Malformed => format!("{s:?} is not a length of time; write it like 30s, 10m or 1h30m"),
            Unread::TooLong => format!("{s:?} is too long; ten years (87840h) is the most"),
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
        for (n, unit) in [(h, "h"), (m, "m"), (s, "s"), (ms, "ms")] {
            if n > 0 {
                write!(f, "{n}{unit}")?;
            }
        }
        if self.0.is_zero() { f.write_str("0s") } else { Ok(()) }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(d)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": 32, "pattern": "^([0-9]+(ms|s|m|h))+$" })
    }
}

/// A point in time, kept to the millisecond (a backoff of one second must not become half a second by rounding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub Timestamp);

impl Stamp {
    /// The same moment without the digits that the API does not keep.
    pub fn of(t: Timestamp) -> Self {
        Self(Timestamp::from_millisecond(t.as_millisecond()).unwrap_or(t))
    }
    /// This moment plus `span`; the end of time where that would pass it.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.checked_add(span).unwrap_or(Timestamp::MAX))
    }
    /// How long after `earlier` this is; zero if it is before it (clocks of two machines may disagree).
    pub fn since(self, earlier: Stamp) -> Duration {
        Duration::try_from(self.0.duration_since(earlier.0)).unwrap_or(Duration::ZERO)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(d).map(Self::of)
    }
}

impl JsonSchema for Stamp {
    fn schema_name() -> Cow<'static, str> {
        "Stamp".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_write_alike() {
        for text in ["30s", "10m", "1h30m", "250ms", "1m0s"] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
        assert_eq!("90s".parse::<Span>().unwrap().to_string(), "1m30s");
    }

    #[test]
    fn a_span_says_what_is_wrong_with_it() {
        for text in ["", "5", "5d", "-1s", "s", "99999999999999999999h", "100000h"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_come_first_where_they_are_taken_at_all() {
        let hours = |text: &str| Span::with_days(text).map(|s| s.as_duration().as_secs() / 3600);
        assert_eq!([hours("30d"), hours("1d12h"), hours("12h")], [Ok(720), Ok(36), Ok(12)]);
        for text in ["", "d", "-1d", "1w", "30", "1d2", "12h1d", "1d1d", "3661d"] {
            assert!(Span::with_days(text).is_err(), "{text}");
        }
    }

    #[test]
    fn stamps_keep_milliseconds() {
        let t: Timestamp = "2026-01-01T00:00:00.123456Z".parse().unwrap();
        assert_eq!(serde_json::to_value(Stamp::of(t)).unwrap(), "2026-01-01T00:00:00.123Z");
    }
}
