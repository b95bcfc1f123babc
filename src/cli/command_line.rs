//! All verbs as one command of clap, its page in docs/, and its completion in shells. Nothing here runs a verb.

pub(super) mod completion;
pub(super) mod docs;
pub(super) mod tree;
