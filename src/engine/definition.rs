//! A workflow's spec -> what the engine executes: every default filled in, every name resolved.

use std::collections::BTreeMap;

use crate::api::agent::Agent;
use crate::api::step::{OnExhausted, Step};
use crate::api::workflow::{Escalation, Param};
use crate::api::{Span, WorkflowSpec};

use super::retry::Policy;

/// What the engine executes.
#[derive(Clone, Debug)]
pub struct Definition {
    pub steps: Vec<StepDef>,
    pub params: Vec<Param>,
    pub timeout: Option<Span>,
    pub escalation: Escalation,
}

/// One step with everything that it inherits.
#[derive(Clone, Debug)]
pub struct StepDef {
    pub name: String,
    pub agent: Agent,
    pub input: String,
    /// Positions of the steps that must be finished first.
    pub needs: Vec<usize>,
    pub expects: Option<String>,
    pub timeout: Span,
    pub pending_timeout: Span,
    pub retry: Policy,
    pub on_exhausted: OnExhausted,
}

impl Definition {
    /// Reads a spec, or says every problem of its structure (templates are checked by [`super::lint`]).
    pub fn read(spec: &WorkflowSpec) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let agents: BTreeMap<&str, &Agent> = spec.agents.iter().map(|a| (a.name.as_str(), a)).collect();
        let steps = spec
            .steps
            .iter()
            .enumerate()
            .filter_map(|(i, step)| read_step(spec, i, step, &agents, &mut problems))
            .collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            steps,
            params: spec.params.clone(),
            timeout: spec.timeout,
            escalation: spec.escalation.clone().unwrap_or_default(),
        })
    }

    pub fn position(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|s| s.name == name)
    }

    /// Every step that is finished before the step at `i` can start, in list order.
    pub fn ancestors(&self, i: usize) -> Vec<usize> {
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
}

fn read_step(
    spec: &WorkflowSpec,
    i: usize,
    step: &Step,
    agents: &BTreeMap<&str, &Agent>,
    problems: &mut Vec<String>,
) -> Option<StepDef> {
    let at = format!("spec.steps[{i}] ({})", step.name);
    let defaults = spec.defaults.clone().unwrap_or_default();
    let agent = match step.agent.as_deref().map(|name| (name, agents.get(name))) {
        Some((_, Some(agent))) => Some((*agent).clone()),
        Some((name, None)) => {
            let known: Vec<&str> = agents.keys().copied().collect();
            problems.push(format!(
                "{at}.agent: there is no agent {name:?}; spec.agents has {}",
                known.join(", ")
            ));
            None
        }
        None => {
            problems.push(format!("{at}.agent: missing; name one of spec.agents"));
            None
        }
    };
    if step.input.is_none() {
        problems.push(format!("{at}.input: missing; say what the agent is asked to do"));
    }
    let needs = needs_of(spec, i, step, &at, problems);
    Some(StepDef {
        name: step.name.clone(),
        agent: agent?,
        input: step.input.clone()?,
        needs,
        expects: step.expects.clone(),
        timeout: step.timeout.or(defaults.timeout).unwrap_or(Span::mins(10)),
        pending_timeout: step.pending_timeout.or(defaults.pending_timeout).unwrap_or(Span::mins(15)),
        retry: Policy::of(step, &defaults),
        on_exhausted: step.on_exhausted.or(defaults.on_exhausted).unwrap_or(OnExhausted::Escalate),
    })
}

/// No `dependsOn` means the step above.
fn needs_of(spec: &WorkflowSpec, i: usize, step: &Step, at: &str, problems: &mut Vec<String>) -> Vec<usize> {
    let Some(names) = &step.depends_on else {
        return i.checked_sub(1).into_iter().collect();
    };
    let mut needs = Vec::new();
    for name in names {
        match spec.steps.iter().position(|s| &s.name == name) {
            Some(k) => needs.push(k),
            None => problems.push(format!("{at}.dependsOn: there is no step {name:?}")),
        }
    }
    needs
}
