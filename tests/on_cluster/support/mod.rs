//! The room of a test: a namespace, an operator process, and words to make, watch and wait for objects.

mod cluster;
mod fixture;
mod make;
pub mod mc;
mod operator;
mod recorder;
mod wait;

pub use cluster::is_kubernetes;
pub use fixture::{Fixture, to};
pub use make::{agent, ends_by_term, step, workflow};
pub use recorder::Recorder;
pub use wait::{PATIENCE, has_condition, is, until};
