//! A run that does not exist, as the engine would see it: for texts that are rendered before anything runs.
//!
//! The status is the caller's; the context is the engine's own. It decides nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::{Cause, Stamp, StepStatus, WorkflowRun, WorkflowRunStatus};

use super::definition::Definition;
use super::draft::Draft;
use super::list::Item;
use super::snapshot::{RecordFact, RevisionFact, Snapshot, WorkflowFact};
use super::work_ref::WorkRef;
use super::{context, scope};

/// A run with a hand-written status.
#[derive(Debug)]
pub struct Preview<'a> {
    snapshot: Snapshot<'a>,
    definition: &'a Definition,
    pub status: WorkflowRunStatus,
}

impl<'a> Preview<'a> {
    pub fn new(run: &'a WorkflowRun, definition: &'a Definition, now: Stamp, steps: Vec<StepStatus>) -> Self {
        let snapshot = Snapshot {
            now,
            run,
            workflow: WorkflowFact::Absent,
            revision: RevisionFact::NotAsked,
            decisions: Vec::new(),
            attempts: BTreeMap::new(),
            record: RecordFact::None,
            peers: Vec::new(),
            namesake_pods: Vec::new(),
            has_children: false,
            open_jobs: Vec::new(),
            refused: None,
        };
        let status = WorkflowRunStatus { steps, ..WorkflowRunStatus::default() };
        Self { snapshot, definition, status }
    }

    fn draft(&self) -> Draft<'_> {
        let mut draft = Draft::new(&self.snapshot);
        draft.status = self.status.clone();
        draft
    }

    /// The context of a step, without the variables of a loop.
    pub fn plain_context(&self, work_ref: WorkRef) -> Map<String, Value> {
        context::plain_context(&self.draft(), self.definition, work_ref)
    }

    /// The context of a piece of work.
    pub fn context_of(&self, work_ref: WorkRef) -> Result<Value, (Cause, String)> {
        scope::context_of(&self.draft(), self.definition, work_ref)
    }

    /// The items of the loop at `i`, as the steps before it name them.
    pub fn items(&self, i: usize) -> Result<Vec<Item>, (Cause, String)> {
        scope::source(&self.draft(), self.definition, i)
    }
}
