//! Renewals of the lease -> whether this process may act. A process that was stopped for a while and woke up again
//! learns it here, before it acts, and not from the API server afterwards.
//!
//! It may wake up anywhere: in the middle of a pass, between two requests. So the client checks every request
//! ([`guard`]), and checks it once more before it is sent ([`Leadership::is_over`]).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::http::Request;
use kube::client::Body;
use tower::filter::FilterLayer;

/// Until when this process may act.
#[derive(Debug, Default)]
pub(crate) struct Leadership(Mutex<LeaseState>);

#[derive(Debug, Default, Clone, Copy)]
enum LeaseState {
    #[default]
    Never,
    Until(Instant),
    Always,
    Over,
}

impl LeaseState {
    fn holds(self) -> bool {
        match self {
            LeaseState::Never | LeaseState::Over => false,
            LeaseState::Until(end) => Instant::now() < end,
            LeaseState::Always => true,
        }
    }
}

impl Leadership {
    /// The lease was renewed by a request that was sent at `sent`.
    pub(crate) fn extend(&self, sent: Instant, by: Duration) {
        self.set(LeaseState::Until(sent + by));
    }

    /// There is no other process.
    pub(crate) fn alone(&self) {
        self.set(LeaseState::Always);
    }

    pub(crate) fn end(&self) {
        self.set(LeaseState::Over);
    }

    pub(crate) fn holds(&self) -> bool {
        self.state().holds()
    }

    /// This process led and no longer does: nothing that it has started may continue.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.state();
        !matches!(state, LeaseState::Never) && !state.holds()
    }

    fn state(&self) -> LeaseState {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: LeaseState) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Lets a request pass that changes nothing, and any other while this process may act.
    fn admit<B>(&self, request: Request<B>) -> Result<Request<B>, NotLeading> {
        if request.method().is_safe() || self.holds() { Ok(request) } else { Err(NotLeading) }
    }
}

/// A request that would have changed something was not sent.
#[derive(Debug, thiserror::Error)]
#[error("not sent: this process does not lead")]
pub(crate) struct NotLeading;

/// A layer of a client: a request that changes something is sent only while this process may act.
pub(crate) fn guard(
    leadership: &Arc<Leadership>,
) -> FilterLayer<impl Fn(Request<Body>) -> Admitted + Clone + use<>> {
    let leadership = Arc::clone(leadership);
    FilterLayer::new(move |request: Request<Body>| leadership.admit(request))
}

type Admitted = Result<Request<Body>, NotLeading>;

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

    #[test]
    fn a_term_is_over_once_it_was_there_and_is_no_more() {
        let leadership = Leadership::default();
        assert!(!leadership.is_over());
        leadership.extend(Instant::now(), Duration::from_secs(60));
        assert!(!leadership.is_over());
        leadership.extend(Instant::now(), Duration::ZERO);
        assert!(leadership.is_over());
        leadership.alone();
        assert!(!leadership.is_over());
        leadership.end();
        assert!(leadership.is_over());
        assert!(!leadership.holds());
    }

    #[test]
    fn a_process_that_does_not_lead_reads_and_writes_nothing() {
        let leadership = Leadership::default();
        let may =
            |method: &str| leadership.admit(Request::builder().method(method).body(()).unwrap()).is_ok();
        assert_eq!(["GET", "POST", "PUT", "PATCH", "DELETE"].map(may), [true, false, false, false, false]);
        leadership.extend(Instant::now(), Duration::from_secs(60));
        assert_eq!(["GET", "POST", "PUT", "PATCH", "DELETE"].map(may), [true; 5]);
    }
}
