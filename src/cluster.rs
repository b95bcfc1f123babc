//! The one layer between this program and the API server: bounded requests, the meaning of a failure, lists in pages,
//! and names.
//!
//! It knows no kind and keeps nothing. It never retries a request: the caller decides what follows a failure. Start
//! reading at [`request()`].

mod list;
mod name;
mod report;
mod request;

use kube::api::PostParams;

pub(crate) use list::{each_page, list_all};
pub use name::Name;
pub(crate) use report::report;
pub(crate) use request::{ErrorKind, Failure, request, request_opt};

/// The Lease that the acting process holds.
pub(crate) const LEASE: &str = "mission-control";
/// The field manager of all writes and the reporter of Events.
pub(crate) const FIELD_MANAGER: &str = "mission-control";

/// Parameters of a create or replace, with the field manager.
pub(crate) fn post_params() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.into()), ..PostParams::default() }
}
