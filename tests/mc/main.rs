//! `mc` without a cluster: the real program, and all that it prints. A file per verb.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod refused;
