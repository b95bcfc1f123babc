//! All that the page of one run is made of: the run itself, its steps' shapes and attempts, and what its reader may do.
//!
//! [`super::run`] collects it; [`super::steps`] and [`super::drawings`] show their parts of it.

use std::collections::BTreeMap;

use crate::api::{Stamp, WorkflowRun, WorkflowRunStatus};
use crate::view::run::RunView;
use crate::view::shape::StepShape;

use super::attempts::{Attempt, WorkKey};

/// All that the page is made of.
#[derive(Debug)]
pub(super) struct RunDetail<'a> {
    pub(super) run: &'a WorkflowRun,
    pub(super) status: WorkflowRunStatus,
    pub(super) view: RunView,
    /// The steps of the revision that the run executes, where that is at hand and may be seen.
    pub(super) shapes: Option<Vec<StepShape>>,
    pub(super) attempts: BTreeMap<WorkKey, Vec<Attempt>>,
    /// The reader may list Jobs.
    pub(super) jobs_seen: bool,
    /// The word of the reader's forms, where the reader may decide here.
    pub(super) csrf: Option<&'a str>,
    pub(super) now: Stamp,
}
