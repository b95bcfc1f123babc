//! `mc` as its users call it: the real binary, its whole output and its exit code. No cluster. A file per verb.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod completion;
mod convert;
mod docs;
mod golden;
mod help;
mod lint;
mod no_cluster;
mod parse;
mod plan;
mod program;
mod refused;
mod render;
#[path = "../support/script/script.rs"]
#[allow(dead_code, reason = "every target uses another part")]
mod script;
