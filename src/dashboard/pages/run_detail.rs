//! The data of one run's page: the run itself, the shapes and attempts of its steps, and what its reader may do.
//!
//! [`super::run`] collects it; [`super::steps`] and [`super::drawings`] show parts of it.

use std::collections::BTreeMap;

use crate::api::{Stamp, WorkflowRun, WorkflowRunStatus};
use crate::view::run::RunView;
use crate::view::shape::StepShape;

use super::attempts::{Attempt, WorkKey};

/// The data of the page.
#[derive(Debug)]
pub(super) struct RunDetail<'a> {
    pub(super) run: &'a WorkflowRun,
    pub(super) status: WorkflowRunStatus,
    pub(super) view: RunView,
    /// The steps of the revision that the run executes, if it is available and the reader may see it.
    pub(super) shapes: Option<Vec<StepShape>>,
    pub(super) attempts: BTreeMap<WorkKey, Vec<Attempt>>,
    /// The reader may list Jobs.
    pub(super) jobs_seen: bool,
    /// The CSRF token of the reader's forms, if the reader may create decisions here.
    pub(super) csrf: Option<&'a str>,
    pub(super) now: Stamp,
}
