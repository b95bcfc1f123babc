//! A file per verb: its arguments, and what it does.

pub(super) mod convert;
pub(super) mod dashboard;
pub(super) mod decide;
pub(super) mod delete;
pub(super) mod doctor;
pub(super) mod lint;
pub(super) mod list;
pub(super) mod logs;
pub(super) mod parse;
pub(super) mod plan;
pub(super) mod render;
pub(super) mod resume;
pub(super) mod revisions;
pub(super) mod run;
pub(super) mod runs;
pub(super) mod stats;
pub(super) mod status;
pub(super) mod version;
pub(super) mod wait;
pub(super) mod watch;
