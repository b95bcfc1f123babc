//! A workflow's spec -> what the engine executes: every default filled in, every name resolved.
//!
//! It reports every problem of the structure; [`super::lint`] checks the texts (templates, conditions). Start reading
//! at [`Definition`], then [`read`].

mod keys;
mod read;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::api::Span;
use crate::api::agent::{Agent, WorkspaceAccess};
use crate::api::step::{OnExhausted, OnItemFailure, StepOutput};
use crate::api::workflow::{Escalation, Param, RunOutput, Workspace};

use super::retry::Policy;

pub use keys::key_of;

/// What the engine executes: the steps, and after them those of `finally`.
#[derive(Clone, Debug)]
pub struct Definition {
    pub steps: Vec<StepDef>,
    pub params: Vec<Param>,
    pub outputs: Vec<RunOutput>,
    pub workspace: Option<Workspace>,
    pub timeout: Option<Span>,
    pub escalation: Escalation,
    keys_read: OnceLock<BTreeSet<String>>,
}

/// One step with everything that it inherits.
#[derive(Clone, Debug)]
pub struct StepDef {
    pub name: String,
    pub kind: StepKind,
    /// Positions of the steps that must be finished first.
    pub needs: Vec<usize>,
    pub when: Option<String>,
    pub each: Option<Loop>,
    /// The loop whose items this step verifies; such a step is never started on its own.
    pub verifies: Option<usize>,
    pub on_retry: Option<Rework>,
    pub outputs: Vec<StepOutput>,
    pub finally: bool,
    pub timeout: Span,
    pub pending_timeout: Span,
    pub retry: Policy,
    pub on_exhausted: OnExhausted,
}

/// What a step is.
#[derive(Clone, Debug)]
pub enum StepKind {
    Task(Box<Task>),
    /// A question to a person.
    Approval {
        message: String,
        expires_after: Option<Span>,
    },
}

/// Work for an agent.
#[derive(Clone, Debug)]
pub struct Task {
    pub agent: Agent,
    pub input: String,
    pub expects: Option<String>,
}

/// The field that contains a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextField<'a> {
    /// The agent's input.
    Input,
    /// The question to a person.
    Message,
    /// A variable of the agent's environment.
    Env { agent: &'a str, name: &'a str },
}

/// A loop: a step with an item for each entry of a list.
#[derive(Clone, Debug)]
pub struct Loop {
    pub list: String,
    /// The item's name in templates.
    pub name: String,
    pub parallelism: u32,
    pub verifier: Option<usize>,
    pub max_items: u32,
    pub on_item_failure: OnItemFailure,
    pub allow_empty: bool,
}

/// Where rejected work goes back to.
#[derive(Clone, Debug)]
pub struct Rework {
    pub target: usize,
    pub limit: u32,
    pub feedback: Option<String>,
}

impl StepDef {
    pub fn task(&self) -> Option<&Task> {
        match &self.kind {
            StepKind::Task(task) => Some(task),
            StepKind::Approval { .. } => None,
        }
    }

    /// Every template of the step, with the field that contains it.
    pub fn templates(&self) -> Vec<(TextField<'_>, &str)> {
        match &self.kind {
            StepKind::Approval { message, .. } => vec![(TextField::Message, message)],
            StepKind::Task(task) => {
                let env = task.agent.env.iter().filter_map(|var| {
                    let field = TextField::Env { agent: &task.agent.name, name: &var.name };
                    var.value.as_deref().map(|v| (field, v))
                });
                std::iter::once((TextField::Input, task.input.as_str())).chain(env).collect()
            }
        }
    }

    /// The access of its Pod to the workspace.
    pub fn workspace_access(&self) -> WorkspaceAccess {
        let own = self.task().and_then(|t| t.agent.workspace_access);
        match self.kind {
            StepKind::Task(_) => own.unwrap_or(WorkspaceAccess::ReadWrite),
            StepKind::Approval { .. } => WorkspaceAccess::None,
        }
    }
}

impl Definition {
    pub fn position(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|s| s.name == name)
    }

    /// Every step that is finished before the step at `i` can start, in list order. For a step of `finally` none is
    /// certain and all are possible: all steps before it.
    pub fn ancestors(&self, i: usize) -> Vec<usize> {
        if self.steps.get(i).is_some_and(|s| s.finally) {
            return (0..i).collect();
        }
        let mut seen = vec![false; self.steps.len()];
        let mut open = vec![i];
        while let Some(at) = open.pop() {
            for &need in self.steps.get(at).map_or(&[][..], |s| &s.needs) {
                if let Some(mark) = seen.get_mut(need).filter(|m| !**m) {
                    *mark = true;
                    open.push(need);
                }
            }
        }
        seen.iter().enumerate().filter_map(|(k, yes)| yes.then_some(k)).collect()
    }

    /// The loop that the step runs in: as its work, or as its verifier.
    pub fn loop_of(&self, i: usize) -> Option<usize> {
        let step = self.steps.get(i)?;
        step.verifies.or_else(|| step.each.is_some().then_some(i))
    }

    /// Steps that run again when the step at `verifier` sends work back to `target`: both, and every step on a path
    /// from one to the other. A loop includes its verifier.
    pub fn between(&self, target: usize, verifier: usize) -> Vec<usize> {
        let before = self.ancestors(verifier);
        let on_the_way = |k: usize| {
            k == target || k == verifier || (before.contains(&k) && self.ancestors(k).contains(&target))
        };
        (0..self.steps.len())
            .filter(|&k| on_the_way(k) || self.steps.get(k).and_then(|s| s.verifies).is_some_and(on_the_way))
            .collect()
    }

    /// The maximum number of stories for a loop after the step at `i`; `None`: nothing reads its stories.
    pub fn stories_limit(&self, i: usize) -> Option<u32> {
        self.steps
            .iter()
            .enumerate()
            .filter_map(|(k, s)| s.each.as_ref().map(|e| (k, e)))
            .filter(|(k, e)| e.list == "stories" && self.ancestors(*k).contains(&i))
            .map(|(_, e)| e.max_items)
            .min()
    }
}
