//! PURE. A toy cluster that answers a [`crate::engine::effect::Plan`] with facts, so that a run can be rehearsed without a
//! cluster: scenario tests and offline commands use it.
//!
//! It obeys plans as the shell does (`before`, status, `after`), keeps time only when told, and never decides anything.
//! [`cluster`] is the toy cluster, [`script`] reads scenarios: an event a line, `->` what must follow. [`player`] plays a run to its
//! end with a source of answers, and tells what happened ([`timeline`]); [`answers`] is the source that people write,
//! [`synthesize`] makes up what they leave out.

pub mod answers;
pub mod cluster;
pub mod player;
pub mod synthesize;
pub mod timeline;
