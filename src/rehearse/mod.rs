//! PURE. A toy cluster that answers a [`crate::engine::effect::Plan`] with facts, so that a run can be rehearsed without a
//! cluster: scenario tests and offline commands use it.
//!
//! It obeys plans as the shell does (`before`, status, `after`), keeps time only when told, and never decides anything.
//! [`world`] is the toy cluster, [`script`] reads scenarios: an event a line, `->` what must follow.

pub mod script;
pub mod world;
