//! The real `mc` without a cluster: whole outputs and exit codes. A file per verb.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod completion;
mod docs;
mod help;
mod no_cluster;
mod program;
