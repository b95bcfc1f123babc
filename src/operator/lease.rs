//! The lease's rules, without a clock or a client: an observation of the lease and its age -> what to do.
//!
//! The holder's clock is never trusted: a lease has expired when it has not changed for its duration by *this*
//! process's clock, so that clock skew cannot make two leaders.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// How long a lease is valid without a renewal.
pub const DURATION: Duration = Duration::from_secs(15);
/// How often it is renewed.
pub(crate) const RENEW: Duration = Duration::from_secs(5);
/// How long renewals may fail before the holder exits: well before others may take over.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
/// How often a process that does not hold it checks it.
pub const RETRY: Duration = Duration::from_secs(2);

/// A lease as observed, and the time since when it has not changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObservedLease {
    mark: Option<(String, Option<MicroTime>, i32)>,
    since: Option<Instant>,
}

/// What to do about a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseAction {
    /// This process may take (or renew) it.
    Take,
    /// Another process holds it.
    Wait,
}

impl ObservedLease {
    /// Decides about the lease at `now`.
    pub(crate) fn observe(&mut self, lease: &Lease, me: &str, now: Instant) -> LeaseAction {
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        if holder.is_empty() || holder == me {
            return LeaseAction::Take;
        }
        let seconds = spec.lease_duration_seconds.unwrap_or_default();
        let mark = Some((holder, spec.renew_time, spec.lease_transitions.unwrap_or_default()));
        if self.mark != mark {
            *self = Self { mark, since: Some(now) };
        }
        let good = Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).max(DURATION);
        let stood = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if stood >= good { LeaseAction::Take } else { LeaseAction::Wait }
    }
}

/// The lease as `me` holds it from `now` on.
pub(crate) fn held(mut lease: Lease, me: &str, now: Timestamp) -> Lease {
    let old = lease.spec.take().unwrap_or_default();
    let same = old.holder_identity.as_deref() == Some(me);
    let transitions = old.lease_transitions.unwrap_or_default();
    lease.spec = Some(LeaseSpec {
        holder_identity: Some(me.into()),
        lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
        acquire_time: if same { old.acquire_time.clone() } else { Some(MicroTime(now)) },
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(if same { transitions } else { transitions.saturating_add(1) }),
        ..old
    });
    lease
}

/// The released lease: the next process that checks takes it at once.
pub(crate) fn released(mut lease: Lease) -> Lease {
    if let Some(spec) = lease.spec.as_mut() {
        spec.holder_identity = Some(String::new());
        spec.lease_duration_seconds = Some(1);
    }
    lease
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_lease_is_taken_when_it_has_not_changed_for_its_duration() {
        let mut observed = ObservedLease::default();
        let start = Instant::now();
        let lease = held(Lease::default(), "other", at(1));
        assert_eq!(observed.observe(&lease, "me", start), LeaseAction::Wait);
        assert_eq!(observed.observe(&lease, "me", start + Duration::from_secs(14)), LeaseAction::Wait);
        let renewed = held(lease, "other", at(2));
        assert_eq!(observed.observe(&renewed, "me", start + Duration::from_secs(16)), LeaseAction::Wait);
        assert_eq!(observed.observe(&renewed, "me", start + Duration::from_secs(31)), LeaseAction::Take);
    }

    #[test]
    fn a_released_lease_is_taken_at_once() {
        let lease = released(held(Lease::default(), "other", at(1)));
        assert_eq!(ObservedLease::default().observe(&lease, "me", Instant::now()), LeaseAction::Take);
    }

    #[test]
    fn transitions_count_changes_of_the_holder() {
        let first = held(Lease::default(), "a", at(1));
        let renewed = held(first.clone(), "a", at(2));
        let taken = held(renewed.clone(), "b", at(3));
        let summary = |l: &Lease| {
            let spec = l.spec.clone().unwrap();
            (spec.lease_transitions.unwrap(), spec.acquire_time.unwrap().0, spec.renew_time.unwrap().0)
        };
        assert_eq!(summary(&first), (1, at(1), at(1)));
        assert_eq!(summary(&renewed), (1, at(1), at(2)));
        assert_eq!(summary(&taken), (2, at(3), at(3)));
    }
}
