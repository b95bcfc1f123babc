//! What `mc` says and does without a cluster: the real program, its whole output, its exit code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod golden;
mod lint;
mod parse;
mod render;
