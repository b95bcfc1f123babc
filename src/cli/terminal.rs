//! What every verb shares towards its caller: options that are read, tables, colours and exit codes that are given.

pub(super) mod arguments;
pub(super) mod exit;
pub(super) mod out;
pub(super) mod paint;
pub(super) mod program;
pub(super) mod run_status;
pub(super) mod table;
