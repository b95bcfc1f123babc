//! Renewals of the lease -> whether this process may act. A process that was stopped for a while and woke up again
//! learns it here, before it acts, and not from the API server afterwards.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Until when this process may act.
#[derive(Debug, Default)]
pub struct Leadership(Mutex<Term>);

#[derive(Debug, Default, Clone, Copy)]
enum Term {
    #[default]
    Never,
    Until(Instant),
    Always,
}

impl Leadership {
    /// The lease was renewed by a request that was sent at `sent`.
    pub fn extend(&self, sent: Instant, by: Duration) {
        self.set(Term::Until(sent + by));
    }

    /// There is no other process.
    pub fn alone(&self) {
        self.set(Term::Always);
    }

    pub fn end(&self) {
        self.set(Term::Never);
    }

    pub fn holds(&self) -> bool {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Term::Never => false,
            Term::Until(end) => Instant::now() < end,
            Term::Always => true,
        }
    }

    fn set(&self, term: Term) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = term;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_ends_by_itself() {
        let leadership = Leadership::default();
        assert!(!leadership.holds());
        leadership.extend(Instant::now(), Duration::from_secs(60));
        assert!(leadership.holds());
        leadership.extend(Instant::now(), Duration::ZERO);
        assert!(!leadership.holds());
        leadership.alone();
        assert!(leadership.holds());
    }
}
