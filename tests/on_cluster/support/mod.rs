//! The environment of a test: a namespace, an operator process, and functions to create, watch and wait for objects.

pub mod audit;
pub mod browser;
mod cluster;
mod fixture;
mod invariants;
mod make;
pub mod mc;
mod operator;
mod recorder;
pub mod rights;
mod wait;

pub use cluster::{client, install, is_kubernetes, kubectl};
pub use fixture::{Fixture, delete_namespace, make_namespace, to};
pub use invariants::{Tally, assert_invariants};
pub use make::{agent, ends_by_term, step, workflow};
pub use operator::Operator;
pub use recorder::Recorder;
pub use wait::{PATIENCE, has_condition, is, until, until_true};
