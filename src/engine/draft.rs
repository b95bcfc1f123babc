//! What one pass has decided so far: the status as it becomes, and what is to be done before and after it is written.

use crate::api::{Stamp, Work, WorkflowRunStatus};

use super::effect::{Before, Effect};
use super::ids;
use super::snapshot::{Refusal, Snapshot};
use super::work_ref::WorkRef;

/// What one pass has decided so far.
#[derive(Debug)]
pub struct Draft<'a> {
    pub snapshot: &'a Snapshot<'a>,
    pub status: WorkflowRunStatus,
    pub before: Vec<Before>,
    pub after: Vec<Effect>,
    pub wake: Option<Stamp>,
    /// A step whose attempt does not get on, and why.
    pub trouble: Option<(usize, String)>,
}

impl<'a> Draft<'a> {
    pub fn new(snapshot: &'a Snapshot<'a>) -> Self {
        let mut status = snapshot.run.status.clone().unwrap_or_default();
        status.observed_generation = snapshot.run.metadata.generation.unwrap_or_default();
        Self { snapshot, status, before: Vec::new(), after: Vec::new(), wake: None, trouble: None }
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
    /// Look again at `at` (or earlier, if something else asks for it).
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

/// Hash of what the run asks for.
pub fn spec_hash(draft: &Draft<'_>) -> String {
    ids::spec_hash(&draft.snapshot.run.spec)
}
