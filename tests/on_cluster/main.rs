//! What the operator does on a real API server with real containers. Each test has a namespace and an operator of its
//! own.
//!
//! `tests/on_cluster/run` brings a cluster up, runs this and takes it down. Start reading at [`support::Fixture`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

mod bad_input;
mod builtins;
mod crashes;
mod dashboard;
mod definition;
mod examples;
mod identity;
#[cfg(feature = "browser")]
mod in_browser;
mod leaders;
mod lifecycle;
mod mc;
mod metrics;
mod mounts;
mod notify;
mod pods;
mod refusals;
mod refusals_of_children;
mod retention;
mod retries;
mod rights;
mod scope;
mod support;
