//! A file in which people write how a rehearsal goes -> a [`Source`]. [`super::synthesize`] generates what they leave
//! out.
//!
//! ```yaml
//! plan: ["SUMMARY: ok\nSTATUS: done"]           # what successive attempts say; the last repeats
//! build/story-1: [{exit: 1}, {lost: node}]
//! gate: [{action: Reject, feedback: no}, {action: Approve}]
//! decisions: [{step: build, action: Retry}]     # one for each question
//! ```
//! It tracks which answers were used. Start reading at [`read`] (the text), then [`Answers`].

mod read;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::api::status::EscalationStatus;
use crate::api::{Action, Cause};
use crate::engine::effect::Launch;

use super::player::{AttemptEnd, AttemptResult, DecisionInput, Source};
use super::synthesize::Synthesized;

pub use read::read;
pub use script::{Attempt, Decision, Script};

/// The default duration of an attempt.
const RUNS: Duration = Duration::from_secs(1);

/// A script with generated values, and a record of what was used.
#[derive(Clone, Debug)]
pub struct Answers {
    script: Script,
    synthesized: Synthesized,
    used: BTreeSet<(String, usize)>,
    decided: BTreeSet<usize>,
    /// How often each approval step was answered, and the last answered question.
    approved: BTreeMap<String, (usize, String)>,
}

impl Answers {
    pub fn new(script: Script, synthesized: Synthesized) -> Self {
        Self {
            script,
            synthesized,
            used: BTreeSet::new(),
            decided: BTreeSet::new(),
            approved: BTreeMap::new(),
        }
    }

    /// Unused answers, by place.
    pub fn unused(&self) -> Vec<String> {
        let lists = self.script.attempts.iter().map(|(name, list)| (name, list.len()));
        let lists = lists.chain(self.script.approvals.iter().map(|(name, list)| (name, list.len())));
        let of_lists = lists.flat_map(|(name, count)| {
            let unused = (0..count).filter(|i| !self.used.contains(&(name.clone(), *i)));
            unused.map(|i| format!("{name}[{i}]")).collect::<Vec<_>>()
        });
        let decisions = (0..self.script.decisions.len()).filter(|i| !self.decided.contains(i));
        of_lists.chain(decisions.map(|i| format!("decisions[{i}]"))).collect()
    }

    /// The answer to the `n`th attempt (from 1) at a place. The answer for an item takes precedence over that for its
    /// step.
    fn scripted(&mut self, step: &str, item: Option<&str>, n: u32) -> Option<Attempt> {
        let of_item = item.map(|item| format!("{step}/{item}"));
        let name = of_item.filter(|n| self.script.attempts.contains_key(n)).unwrap_or_else(|| step.into());
        let list = self.script.attempts.get(&name)?;
        let i = (n as usize).saturating_sub(1).min(list.len().saturating_sub(1));
        let found = list.get(i)?.clone();
        self.used.insert((name, i));
        Some(found)
    }

    /// The next decision that fits the question.
    fn decision(&mut self, question: &EscalationStatus) -> Option<DecisionInput> {
        let meant = |d: &Decision| {
            d.step.as_ref() == Some(&question.step) && (d.item.is_none() || d.item == question.item)
        };
        let all = self.script.decisions.iter().enumerate();
        let (i, found) = all.into_iter().find(|(i, d)| !self.decided.contains(i) && meant(d))?;
        let input = found.input.clone();
        self.decided.insert(i);
        Some(input)
    }

    /// The answer to an approval; the default is Approve.
    fn approval(&mut self, question: &EscalationStatus) -> Option<DecisionInput> {
        let step = &question.step;
        let (count, last) = self.approved.get(step).cloned().unwrap_or_default();
        if last == question.id {
            // The answer was refused, and would be refused again.
            return None;
        }
        self.approved.insert(step.clone(), (count + 1, question.id.clone()));
        let Some(list) = self.script.approvals.get(step) else {
            let outputs = self.synthesized.step(step).map(|s| s.values.clone()).unwrap_or_default();
            let by = Some("nobody (made up)".into());
            return Some(DecisionInput {
                after: Duration::ZERO,
                action: Action::Approve,
                feedback: None,
                outputs,
                by,
            });
        };
        let i = count.min(list.len().saturating_sub(1));
        self.used.insert((step.clone(), i));
        list.get(i).cloned()
    }
}

impl Source for Answers {
    fn attempt(&mut self, launch: &Launch) -> AttemptResult {
        let scripted = self.scripted(&launch.step, launch.item.as_deref(), launch.n).unwrap_or_default();
        let after = scripted.after.unwrap_or(RUNS);
        let code = scripted.exit.unwrap_or(0);
        let (end, made_up) = match (scripted.lost, scripted.unreadable, scripted.says, scripted.exit) {
            (Some(loss), ..) => (AttemptEnd::Loses(loss), BTreeMap::new()),
            (None, true, ..) => (AttemptEnd::Unreadable { code }, BTreeMap::new()),
            (None, false, Some(text), _) => (AttemptEnd::Exits { code, text }, BTreeMap::new()),
            (None, false, None, Some(_)) => {
                (AttemptEnd::Exits { code, text: String::new() }, BTreeMap::new())
            }
            (None, false, None, None) => {
                let step = self.synthesized.step(&launch.step).cloned().unwrap_or_default();
                (AttemptEnd::Exits { code, text: step.text }, step.values)
            }
        };
        AttemptResult { after, end, made_up }
    }

    fn question(&mut self, question: &EscalationStatus) -> Option<DecisionInput> {
        let decision = self.decision(question);
        if decision.is_some() || question.cause != Cause::Approval {
            return decision;
        }
        self.approval(question)
    }

    fn orders(&mut self) -> Vec<DecisionInput> {
        let mut inputs = Vec::new();
        for (i, decision) in self.script.decisions.iter().enumerate().filter(|(_, d)| d.step.is_none()) {
            self.decided.insert(i);
            inputs.push(decision.input.clone());
        }
        inputs
    }
}
