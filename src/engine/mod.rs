//! PURE. Facts in, decisions out: [`plan::plan`] turns a [`snapshot::Snapshot`] of one run into a [`effect::Plan`].
//!
//! No async, no clock, no client, no environment: `now` is a field of the snapshot. A problem of a run is data in its
//! status, never an `Err`. Start reading at [`snapshot`], [`effect`], then [`plan`].

pub mod effect;
pub mod ids;
pub mod output;
pub mod snapshot;
pub mod template;
pub mod verdict;
