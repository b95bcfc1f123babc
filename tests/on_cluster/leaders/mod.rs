//! Two operators for one namespace: the leader gets SIGTERM, is killed, or is stopped and wakes up again. The lease has
//! its real times (src/operator/lease.rs).
//!
//! Every test ends with [`busy::assert_whole`]: the invariants, and what the agents did, counted.

mod busy;
mod handover;
mod lease;
mod woken;
