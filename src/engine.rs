//! PURE. Facts in, decisions out: [`plan::plan`] turns a [`snapshot::Snapshot`] of one run into a [`effect::Plan`].
//!
//! No async, no clock, no client, no environment: `now` is a field of the snapshot. A problem of a run is data in its
//! status, never an `Err`. Start reading at [`snapshot`], [`effect`], then [`plan`].

mod admit;
pub mod answer;
mod approval;
mod budget;
mod concurrency;
mod condition;
pub mod context;
mod decide;
pub mod definition;
mod draft;
pub mod effect;
mod end;
mod ending;
mod escalate;
mod finally;
pub mod ids;
mod launch;
pub mod lint;
pub mod list;
mod loops;
pub mod output;
pub mod params;
pub mod path;
pub mod plan;
pub mod preview;
pub mod problem;
mod ready;
mod retry;
mod rework;
pub mod schema;
mod scope;
pub mod snapshot;
mod start;
pub mod status_size;
mod step;
mod stop;
mod summary;
pub mod template;
pub mod transition;
pub mod verdict;
mod work;
pub mod work_ref;
