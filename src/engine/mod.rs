//! PURE. Facts in, decisions out: [`plan::plan`] turns a [`snapshot::Snapshot`] of one run into a [`effect::Plan`].
//!
//! No async, no clock, no client, no environment: `now` is a field of the snapshot. A problem of a run is data in its
//! status, never an `Err`. Start reading at [`snapshot`], [`effect`], then [`plan`].

pub mod admit;
pub mod answer;
pub mod budget;
pub mod condition;
pub mod context;
pub mod decide;
pub mod definition;
pub mod effect;
pub mod end;
pub mod escalate;
pub mod finally;
pub mod gate;
pub mod ids;
pub mod launch;
pub mod lint;
pub mod list;
pub mod loops;
pub mod output;
pub mod outputs;
pub mod params;
pub mod place;
pub mod plan;
pub mod retry;
pub mod rework;
pub mod schema;
pub mod snapshot;
pub mod step;
pub mod stop;
pub mod summary;
pub mod template;
pub mod transition;
pub mod turn;
pub mod verdict;
pub mod volume;
