//! The environment of a test: a namespace, an operator process, and functions to create, watch and wait for objects.

pub(crate) mod audit;
pub(crate) mod browser;
mod cluster;
mod fixture;
mod invariants;
mod make;
pub(crate) mod mc;
mod operator;
mod recorder;
pub(crate) mod rights;
mod wait;

pub(crate) use cluster::{client, install, is_kubernetes, kubectl};
pub(crate) use fixture::{Fixture, delete_namespace, make_namespace, to};
pub(crate) use invariants::{Tally, assert_invariants};
pub(crate) use make::{agent, ends_by_term, step, workflow};
pub(crate) use operator::Operator;
pub(crate) use recorder::Recorder;
pub(crate) use wait::{PATIENCE, has_condition, is, until, until_true};
