//! Rehearsals of runs with known answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answers;
mod player;
#[path = "../support/script/script.rs"]
#[allow(dead_code, reason = "every target uses another part")]
mod script;
