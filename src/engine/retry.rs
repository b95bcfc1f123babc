//! Retry budgets: how often an attempt is repeated, and the backoff between attempts.

use std::time::Duration;

use crate::api::Span;
use crate::api::step::{Defaults, Retry, Step};

/// The budgets of a step: its own settings, else the workflow's, else the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub limit: u32,
    pub lost_limit: u32,
    pub initial: Span,
    pub factor: u32,
    pub max: Span,
    pub no_retry_exit_codes: Vec<i32>,
}

impl Policy {
    pub fn of(step: &Step, defaults: &Defaults) -> Self {
        let own = step.retry.clone().unwrap_or_default();
        let inherited = defaults.retry.clone().unwrap_or_default();
        let backoff = |r: &Retry| r.backoff.clone().unwrap_or_default();
        let (mine, theirs) = (backoff(&own), backoff(&inherited));
        let codes = if own.no_retry_exit_codes.is_empty() {
            inherited.no_retry_exit_codes
        } else {
            own.no_retry_exit_codes
        };
        Self {
            limit: own.limit.or(inherited.limit).unwrap_or(2),
            lost_limit: own.lost_limit.or(inherited.lost_limit).unwrap_or(5),
            initial: mine.initial.or(theirs.initial).unwrap_or(Span::secs(1)),
            factor: mine.factor.or(theirs.factor).unwrap_or(2),
            max: mine.max.or(theirs.max).unwrap_or(Span::secs(30)),
            no_retry_exit_codes: codes,
        }
    }

    /// The wait before repetition `k` (from 0): min(initial · factor^k, max).
    pub fn wait(&self, k: u32) -> Duration {
        let factor = u128::from(self.factor).saturating_pow(k);
        let millis = self.initial.as_duration().as_millis().saturating_mul(factor);
        let capped = millis.min(self.max.as_duration().as_millis());
        Duration::from_millis(u64::try_from(capped).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_maximum() {
        let policy = Policy::of(&Step::default(), &Defaults::default());
        let waits: Vec<u64> = (0..7).map(|k| policy.wait(k).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(policy.wait(u32::MAX).as_secs(), 30);
    }
}
