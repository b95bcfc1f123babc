//! The answers that people wrote for a rehearsal: by step, in the order of use.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::snapshot::Loss;

use super::super::player::DecisionInput;

/// All answers.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// By `step` or `step/item`.
    pub attempts: BTreeMap<String, Vec<Attempt>>,
    /// Answers of approval steps.
    pub approvals: BTreeMap<String, Vec<DecisionInput>>,
    /// Answers to other questions, and orders to the run.
    pub decisions: Vec<Decision>,
}

/// The course of one attempt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    pub exit: Option<i32>,
    pub says: Option<String>,
    pub lost: Option<Loss>,
    pub unreadable: bool,
    pub after: Option<Duration>,
}

/// One answer to one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// `None`: an order to the run.
    pub step: Option<String>,
    /// `None`: any item of the step.
    pub item: Option<String>,
    pub input: DecisionInput,
}
