//! Mission Control: declarative agent workflows on Kubernetes. ARCHITECTURE.md is the way in.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

// Files that tests of the pages share with those in `tests/` name the crate by its name.
#[cfg(test)]
extern crate self as mission_control;

pub mod api;
pub mod cli;
pub mod cluster;
pub mod dashboard;
pub mod engine;
pub mod job;
pub mod metrics;
pub mod operator;
pub mod reconcile;
pub mod rehearse;
pub mod view;
