//! What all verbs share at the terminal: common options, output, tables, colours and exit codes.

pub(super) mod arguments;
pub(super) mod exit;
pub(super) mod out;
pub(super) mod paint;
pub(super) mod program;
pub(super) mod run_status;
pub(super) mod table;
