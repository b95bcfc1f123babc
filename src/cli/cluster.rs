//! What verbs ask of a cluster: a session with the caller's rights, and objects found in it. It prints nothing but notes.

pub(super) mod fault;
pub(super) mod find;
pub(super) mod installed;
pub(super) mod pages;
pub(super) mod run;
pub(super) mod server_table;
pub(super) mod session;
