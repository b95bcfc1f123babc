//! A converted Workflow -> what it does differently than before, and what is not valid yet. Pure.

use std::collections::BTreeMap;

use crate::api::WorkflowSpec;
use crate::api::step::Step;
use crate::engine::lint;

use super::draft::Draft;
use super::keys::asks_for;
use super::report::{Entry, Notes, Owner};

/// Limits of the API's schema: lint checks what the schema does not.
const AGENTS: usize = 32;
const STEPS: usize = 64;
const INPUT: usize = 65_536;
/// Above this size client-side `kubectl apply` cannot store its annotation.
const APPLIED: usize = 256 * 1024;

/// Advice about the interaction of steps.
pub(crate) fn about(
    spec: &WorkflowSpec,
    draft: &Draft,
    files: &[BTreeMap<String, String>],
    notes: &mut Notes,
) {
    let read = |step: &Step| {
        let agent = spec.agents.iter().position(|a| Some(&a.name) == step.agent.as_ref());
        let files = agent.and_then(|i| files.get(i)).into_iter().flat_map(BTreeMap::values);
        let texts = step.input.iter().chain(files);
        texts.fold(String::new(), |all, text| all + text + "\n")
    };
    let judged: Vec<&str> =
        spec.steps.iter().filter_map(|s| s.on_retry.as_ref().map(|r| r.rerun.as_str())).collect();
    let plans = spec.steps.iter().any(|s| read(s).contains("STORIES_JSON"));
    for (step, old) in spec.steps.iter().zip(&draft.steps) {
        let owner = Owner::Step(old.old);
        let text = read(step);
        if asks_for(step.input.as_deref().unwrap_or_default(), "retry") && step.on_retry.is_none() {
            notes.add(owner.at("onRetry"), "its prompt mentions STATUS: retry, but nothing is sent back: such an attempt fails here. Add onRetry: {rerun: STEP, feedback: ISSUES}");
        }
        if step.expects.is_none() && !text.to_ascii_uppercase().contains("STATUS:") {
            notes.add(owner.at("input"), "the prompt asks for no STATUS: line, and an attempt without one fails. Ask for it, or set expects: \"\" (the exit code alone decides)");
        }
        if judged.contains(&step.name.as_str())
            && !step.input.as_deref().unwrap_or_default().contains("verify_feedback")
        {
            notes.add(owner.at("input"), "work can be sent back to this step, but its prompt does not give the reason: add {{ verify_feedback }}, which is empty at first");
        }
        if step.for_each.as_ref().is_some_and(|e| e.list == "stories") && !plans {
            notes.add(
                owner.at("forEach.in"),
                "no step says that it prints STORIES_JSON: tell the planning step to",
            );
        }
    }
}

/// Why the API server or the operator would refuse it.
pub(crate) fn problems(spec: &WorkflowSpec) -> Vec<Entry> {
    let mut all: Vec<Entry> = lint::problems(spec)
        .into_iter()
        .map(|problem| Entry { field: problem.field(), message: problem.message_with_position() })
        .collect();
    let mut too_many = |what: &str, have: usize, most: usize| {
        if have > most {
            all.push(Entry {
                field: format!("spec.{what}"),
                message: format!("{have}; the maximum is {most}"),
            });
        }
    };
    too_many("agents", spec.agents.len(), AGENTS);
    too_many("steps", spec.steps.len(), STEPS);
    for (i, step) in spec.steps.iter().enumerate() {
        let length = step.input.as_ref().map_or(0, |t| t.chars().count());
        too_many(&format!("steps[{i}] ({}).input", step.name), length, INPUT);
    }
    all
}

/// Advice for applying it.
pub(crate) fn applied(manifest: &str) -> Option<Entry> {
    (manifest.len() > APPLIED).then(|| Entry {
        field: "spec".into(),
        message: format!(
            "the manifest has {} KiB: apply it with kubectl apply --server-side",
            manifest.len() / 1024
        ),
    })
}
