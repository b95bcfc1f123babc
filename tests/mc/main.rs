//! `mc` as people call it: the real binary, without a cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod convert;
