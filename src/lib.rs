//! Mission Control: declarative agent workflows on Kubernetes. Start reading at ARCHITECTURE.md.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod api;
pub mod cli;
pub mod cluster;
pub mod convert;
pub mod dashboard;
pub mod engine;
pub mod job;
pub mod metrics;
pub mod operator;
pub mod reconcile;
pub mod rehearse;
pub mod view;
