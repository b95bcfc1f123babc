//! What one pass has decided so far: the new status, and what is done before and after it is written.

use crate::api::{Stamp, Work, WorkflowRunStatus, WorkflowSpec};

use super::effect::{Before, Effect};
use super::ids;
use super::snapshot::{Refusal, RevisionFact, Snapshot, WorkflowFact};
use super::work_ref::WorkRef;

/// What one pass has decided so far.
#[derive(Debug)]
pub struct Draft<'a> {
    pub snapshot: &'a Snapshot<'a>,
    pub status: WorkflowRunStatus,
    pub before: Vec<Before>,
    pub after: Vec<Effect>,
    pub wake: Option<Stamp>,
    /// The latest end of a container that is judged in this pass.
    pub last_exit: Option<Stamp>,
    /// A step whose attempt makes no progress, and the reason.
    pub trouble: Option<(usize, String)>,
}

impl<'a> Draft<'a> {
    pub fn new(snapshot: &'a Snapshot<'a>) -> Self {
        let mut status = snapshot.run.status.clone().unwrap_or_default();
        status.observed_generation = snapshot.run.metadata.generation.unwrap_or_default();
        Self {
            snapshot,
            status,
            before: Vec::new(),
            after: Vec::new(),
            wake: None,
            last_exit: None,
            trouble: None,
        }
    }

    pub fn now(&self) -> Stamp {
        self.snapshot.now
    }
    pub fn run_name(&self) -> &'a str {
        self.snapshot.run.metadata.name.as_deref().unwrap_or_default()
    }
    pub fn run_uid(&self) -> &'a str {
        self.snapshot.run.metadata.uid.as_deref().unwrap_or_default()
    }
    /// Why a step of `before` of that kind was not carried out.
    pub fn refused(&self, what: Refusal) -> Option<&'a str> {
        self.snapshot.refused.as_ref().filter(|r| r.what == what).map(|r| r.message.as_str())
    }
    /// Requests another pass at `at`, or earlier if something else needs one.
    pub fn wake_at(&mut self, at: Stamp) {
        self.wake = Some(self.wake.map_or(at, |w| w.min(at)));
    }
}

impl Draft<'_> {
    pub fn work(&self, work_ref: WorkRef) -> Option<&Work> {
        work_ref.of(&self.status)
    }

    pub fn work_mut(&mut self, work_ref: WorkRef) -> Option<&mut Work> {
        work_ref.of_mut(&mut self.status)
    }
}

/// The spec that the run executes: its revision, or if that is gone, the Workflow if it still has the same content.
pub(super) fn executed_spec<'a>(draft: &Draft<'a>) -> Option<&'a WorkflowSpec> {
    let snapshot = draft.snapshot;
    match (&snapshot.revision, snapshot.workflow) {
        (RevisionFact::Found(spec), _) => Some(&**spec),
        (RevisionFact::Missing, WorkflowFact::Present(workflow)) => {
            let pinned = draft.status.workflow.as_ref()?;
            (ids::revision_hash(&workflow.spec) == pinned.revision).then_some(&workflow.spec)
        }
        (RevisionFact::NotAsked | RevisionFact::Missing | RevisionFact::Tampered, _) => None,
    }
}

/// Hash of the run's spec.
pub(super) fn spec_hash(draft: &Draft<'_>) -> String {
    ids::spec_hash(&draft.snapshot.run.spec)
}
