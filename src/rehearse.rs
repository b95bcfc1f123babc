//! PURE. A simulated cluster that answers a [`crate::engine::effect::Plan`] with facts, so that a run can be
//! rehearsed without a cluster. Scenario tests and offline commands use it.
//!
//! It obeys plans as the shell does (`before`, status, `after`), moves its clock only on request, and never decides
//! anything. [`cluster`] is the simulated cluster. [`player`] plays a run to its end with a source of answers, and
//! reports what happened ([`timeline`]). [`answers`] is the source that people write; [`synthesize`] generates what
//! they leave out.

pub mod answers;
pub mod cluster;
pub mod player;
pub mod synthesize;
pub mod timeline;
