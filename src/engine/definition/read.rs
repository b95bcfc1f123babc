//! Resolves names and fills in defaults, step by step.

use std::collections::BTreeMap;

use crate::api::agent::Agent;
use crate::api::step::{Defaults, ForEach, OnExhausted, OnItemFailure, OnRetry, Step};
use crate::api::{Span, WorkflowSpec};

use super::super::path::Path;
use super::super::problem::Problem;
use super::super::retry::Policy;
use super::{Definition, Loop, Rework, StepDef, StepKind, Task};

/// The default for the maximum number of items in a list.
const MAX_ITEMS: u32 = 20;
/// The default for how often work is sent back.
const ROUNDS: u32 = 2;

struct Reader<'a> {
    spec: &'a WorkflowSpec,
    agents: BTreeMap<&'a str, &'a Agent>,
    defaults: Defaults,
    problems: Vec<Problem>,
}

impl Definition {
    /// Reads a spec, or reports every problem of its structure.
    pub fn read(spec: &WorkflowSpec) -> Result<Self, Vec<Problem>> {
        read(spec)
    }
}

fn read(spec: &WorkflowSpec) -> Result<Definition, Vec<Problem>> {
    let mut reader = Reader {
        spec,
        agents: spec.agents.iter().map(|a| (a.name.as_str(), a)).collect(),
        defaults: spec.defaults.clone().unwrap_or_default(),
        problems: Vec::new(),
    };
    let main = spec.steps.iter().enumerate().map(|(i, step)| {
        let at = Path::default().fields("spec.steps").named(i, &step.name);
        let needs = reader.needs(i, step, &at);
        reader.step(step, &at, needs, false)
    });
    let mut steps: Vec<Option<StepDef>> = main.collect();
    for (k, step) in spec.finally.iter().enumerate() {
        let at = Path::default().fields("spec.finally").named(k, &step.name);
        reader.only_plain(step, &at);
        let needs = k.checked_sub(1).map(|before| spec.steps.len() + before).into_iter().collect();
        steps.push(reader.step(step, &at, needs, true));
    }
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    Ok(Definition {
        steps: steps.into_iter().flatten().collect(),
        params: spec.params.clone(),
        outputs: spec.outputs.clone(),
        workspace: spec.workspace.clone(),
        timeout: spec.timeout,
        escalation: spec.escalation.clone().unwrap_or_default(),
        keys_read: std::sync::OnceLock::new(),
    })
}

impl Reader<'_> {
    fn say(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.spec.steps.iter().position(|s| s.name == name)
    }

    /// The loop that names the step in its `verifyWith`.
    fn loop_verified_by(&self, name: &str) -> Option<usize> {
        let names = |s: &Step| s.for_each.as_ref().is_some_and(|f| f.verify_with.as_deref() == Some(name));
        self.spec.steps.iter().position(names)
    }

    /// Without `dependsOn` a step depends on the step above it. A verifier runs in its loop and follows only the loop's
    /// work.
    fn needs(&mut self, i: usize, step: &Step, at: &Path) -> Vec<usize> {
        if let Some(of) = self.loop_verified_by(&step.name).filter(|of| *of != i) {
            let only = self.spec.steps.get(of).map(|s| s.name.clone()).unwrap_or_default();
            if step.depends_on.as_ref().is_some_and(|names| names.iter().any(|n| *n != only)) {
                self.say(Problem::value(
                    at.fields("dependsOn"),
                    format!("the step verifies the items of {only} and runs in its loop; remove dependsOn"),
                ));
            }
            return vec![of];
        }
        let Some(names) = &step.depends_on else {
            return i.checked_sub(1).into_iter().collect();
        };
        let mut needs = Vec::new();
        for name in names {
            match self.position(name) {
                Some(k) => needs.push(k),
                None => {
                    self.say(Problem::value(at.fields("dependsOn"), format!("there is no step {name:?}")))
                }
            }
        }
        needs
    }

    fn step(&mut self, step: &Step, at: &Path, needs: Vec<usize>, finally: bool) -> Option<StepDef> {
        let kind = match &step.approval {
            Some(approval) => {
                self.no_agent(step, at);
                Some(StepKind::Approval {
                    message: approval.message.clone(),
                    expires_after: approval.expires_after,
                })
            }
            None => self.task(step, at),
        };
        let each = step.for_each.as_ref().and_then(|each| self.each(each, step, at));
        let on_retry = step.on_retry.as_ref().and_then(|rule| self.rework(rule, at));
        let exhausted = step.on_exhausted.or(self.defaults.on_exhausted);
        // A gate that a person rejected never passes by itself.
        let exhausted = match (step.approval.is_some(), exhausted) {
            (true, Some(OnExhausted::Continue)) => Some(OnExhausted::Escalate),
            (_, exhausted) => exhausted,
        };
        Some(StepDef {
            name: step.name.clone(),
            kind: kind?,
            needs,
            when: step.when.clone(),
            each,
            verifies: if finally { None } else { self.loop_verified_by(&step.name) },
            on_retry,
            outputs: step.outputs.clone(),
            finally,
            timeout: step.timeout.or(self.defaults.timeout).unwrap_or(Span::mins(10)),
            pending_timeout: step.pending_timeout.or(self.defaults.pending_timeout).unwrap_or(Span::mins(15)),
            retry: Policy::of(step, &self.defaults),
            on_exhausted: exhausted.unwrap_or(OnExhausted::Escalate),
        })
    }

    fn task(&mut self, step: &Step, at: &Path) -> Option<StepKind> {
        let agent = match step.agent.as_deref().map(|name| (name, self.agents.get(name))) {
            Some((_, Some(agent))) => Some((*agent).clone()),
            Some((name, None)) => {
                let known: Vec<&str> = self.agents.keys().copied().collect();
                self.problems.push(Problem::value(
                    at.fields("agent"),
                    format!("there is no agent {name:?}; spec.agents has {}", known.join(", ")),
                ));
                None
            }
            None => {
                self.say(Problem::value(at.fields("agent"), "missing; name one of spec.agents"));
                None
            }
        };
        if step.input.is_none() {
            self.say(Problem::value(at.fields("input"), "missing; say what the agent is asked to do"));
        }
        Some(StepKind::Task(Box::new(Task {
            agent: agent?,
            input: step.input.clone()?,
            expects: step.expects.clone(),
        })))
    }

    fn no_agent(&mut self, step: &Step, at: &Path) {
        let extra = [
            ("agent", step.agent.is_some()),
            ("input", step.input.is_some()),
            ("expects", step.expects.is_some()),
            ("forEach", step.for_each.is_some()),
            ("retry", step.retry.is_some()),
            ("timeout", step.timeout.is_some()),
            ("outputs", !step.outputs.is_empty()),
        ];
        for (field, _) in extra.into_iter().filter(|(_, given)| *given) {
            self.say(Problem::value(
                at.fields(field),
                "an approval step is a question to a person; remove the field",
            ));
        }
    }

    /// Steps of `finally` run one after the other and never escalate.
    fn only_plain(&mut self, step: &Step, at: &Path) {
        let extra = [
            ("dependsOn", step.depends_on.is_some()),
            ("when", step.when.is_some()),
            ("forEach", step.for_each.is_some()),
            ("approval", step.approval.is_some()),
            ("onRetry", step.on_retry.is_some()),
            ("onExhausted", step.on_exhausted.is_some()),
        ];
        for (field, _) in extra.into_iter().filter(|(_, given)| *given) {
            self.say(Problem::value(
                at.fields(field),
                "steps of finally run one after the other and never escalate; remove the field",
            ));
        }
    }

    fn each(&mut self, each: &ForEach, step: &Step, at: &Path) -> Option<Loop> {
        let verifier = match each.verify_with.as_deref().map(|name| (name, self.position(name))) {
            None => None,
            Some((name, None)) => {
                self.say(Problem::value(
                    at.fields("forEach.verifyWith"),
                    format!("there is no step {name:?}"),
                ));
                return None;
            }
            Some((name, Some(k))) => {
                let other = self.spec.steps.get(k);
                if name == step.name
                    || other.is_some_and(|s| s.for_each.is_some() || s.approval.is_some() || s.when.is_some())
                {
                    self.say(Problem::value(
                        at.fields("forEach.verifyWith"),
                        format!("{name} must be another step that runs an agent, without forEach and when"),
                    ));
                }
                Some(k)
            }
        };
        let stories = each.list == "stories";
        Some(Loop {
            list: each.list.clone(),
            name: each.item.clone().unwrap_or_else(|| if stories { "story" } else { "item" }.into()),
            parallelism: each.parallelism.unwrap_or(1).max(1),
            verifier,
            max_items: each.max_items.unwrap_or(MAX_ITEMS),
            on_item_failure: each.on_item_failure.unwrap_or(OnItemFailure::Stop),
            allow_empty: each.allow_empty.unwrap_or(false),
        })
    }

    fn rework(&mut self, rule: &OnRetry, at: &Path) -> Option<Rework> {
        let Some(target) = self.position(&rule.rerun) else {
            self.say(Problem::value(
                at.fields("onRetry.rerun"),
                format!("there is no step {:?}", rule.rerun),
            ));
            return None;
        };
        Some(Rework { target, limit: rule.limit.unwrap_or(ROUNDS), feedback: rule.feedback.clone() })
    }
}
