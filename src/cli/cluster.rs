//! Access to the cluster: a session with the caller's rights, and the objects that verbs look up in it. Prints notes
//! only.

pub(super) mod fault;
pub(super) mod find;
pub(super) mod installed;
pub(super) mod pages;
pub(super) mod run;
pub(super) mod server_table;
pub(super) mod session;
