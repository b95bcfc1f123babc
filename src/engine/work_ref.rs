//! A piece of work in a run's status: a step, or one item of a step.

use crate::api::{StepStatus, Work, WorkflowRunStatus};

/// A step, or one item of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkRef {
    pub step: usize,
    pub item: Option<usize>,
}

impl WorkRef {
    pub const fn step(step: usize) -> Self {
        Self { step, item: None }
    }

    pub const fn item(step: usize, item: usize) -> Self {
        Self { step, item: Some(item) }
    }

    pub fn of(self, status: &WorkflowRunStatus) -> Option<&Work> {
        let step = status.steps.get(self.step)?;
        match self.item {
            None => Some(&step.work),
            Some(k) => step.items.get(k).map(|i| &i.work),
        }
    }

    pub fn of_mut(self, status: &mut WorkflowRunStatus) -> Option<&mut Work> {
        let step = status.steps.get_mut(self.step)?;
        match self.item {
            None => Some(&mut step.work),
            Some(k) => step.items.get_mut(k).map(|i| &mut i.work),
        }
    }

    /// The item's name within its step: a new list may have an item with the same id.
    pub fn item_key(self, status: &WorkflowRunStatus) -> Option<String> {
        let item = status.steps.get(self.step)?.items.get(self.item?)?;
        Some(if item.listed == 0 { item.id.clone() } else { format!("{}~{}", item.id, item.listed) })
    }

    /// For people: `step a` or `step a, item s-1`.
    pub fn words(self, status: &WorkflowRunStatus) -> String {
        let Some(step) = status.steps.get(self.step) else { return "a step".into() };
        match self.item.and_then(|k| step.items.get(k)) {
            None => format!("step {}", step.name),
            Some(item) => format!("step {}, item {}", step.name, item.id),
        }
    }

    /// The work that an escalation is about.
    pub fn find(status: &WorkflowRunStatus, step: &str, item: Option<&str>) -> Option<Self> {
        let i = status.steps.iter().position(|s| s.name == step)?;
        match item {
            None => Some(Self::step(i)),
            Some(id) => {
                let k = status.steps.get(i)?.items.iter().position(|x| x.id == id)?;
                Some(Self::item(i, k))
            }
        }
    }
}

/// Every piece of work of a step that may have an attempt.
pub fn work_refs_of(i: usize, step: &StepStatus) -> Vec<WorkRef> {
    if step.items.is_empty() {
        vec![WorkRef::step(i)]
    } else {
        (0..step.items.len()).map(|k| WorkRef::item(i, k)).collect()
    }
}

/// Every piece of work of a run that may have an attempt.
pub fn work_refs(status: &WorkflowRunStatus) -> Vec<WorkRef> {
    status.steps.iter().enumerate().flat_map(|(i, s)| work_refs_of(i, s)).collect()
}
