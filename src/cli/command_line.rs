//! All verbs as one clap command, its reference page in docs/, and shell completion. Nothing here runs a verb.

pub(super) mod completion;
pub(super) mod docs;
pub(super) mod tree;
