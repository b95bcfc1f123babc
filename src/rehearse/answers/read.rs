//! A file with answers, parsed as a value -> a [`Script`] for one workflow, or all of its problems.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::api::{Action, Span};
use crate::engine::definition::{Definition, StepKind};

use super::super::cluster::{LOSSES, loss};
use super::super::player::DecisionInput;
use super::script::{Attempt, Decision, Script};

/// The name of the list that belongs to no step.
const DECISIONS: &str = "decisions";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttemptText {
    exit: Option<i32>,
    says: Option<String>,
    lost: Option<String>,
    unreadable: Option<bool>,
    after: Option<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionText {
    step: Option<String>,
    item: Option<String>,
    action: Action,
    feedback: Option<String>,
    #[serde(default)]
    outputs: BTreeMap<String, String>,
    by: Option<String>,
    after: Option<Span>,
}

impl DecisionText {
    fn input(&self) -> DecisionInput {
        DecisionInput {
            after: self.after.map(Span::as_duration).unwrap_or_default(),
            action: self.action,
            feedback: self.feedback.clone(),
            outputs: self.outputs.clone(),
            by: self.by.clone(),
        }
    }
}

/// Reads the answers. Each problem names its place.
pub fn read(value: &Value, all: &Definition) -> Result<Script, Vec<String>> {
    let Value::Object(lists) = value else {
        return Err(vec!["it is no map: write `step: [\"STATUS: done\"]`".into()]);
    };
    let mut script = Script::default();
    let mut problems = Vec::new();
    for (name, list) in lists {
        let one = std::slice::from_ref(list);
        let list = list.as_array().map_or(one, Vec::as_slice);
        if list.is_empty() {
            problems.push(format!("{name}: the list is empty; say something or leave it out"));
        }
        for (i, entry) in list.iter().enumerate() {
            if let Err(problem) = add(&mut script, all, name, entry) {
                problems.push(format!("{name}[{i}]: {problem}"));
                // Report an unknown name once, not for every entry.
                if place(all, name).is_err() && name != DECISIONS {
                    break;
                }
            }
        }
    }
    if problems.is_empty() { Ok(script) } else { Err(problems) }
}

fn add(script: &mut Script, all: &Definition, name: &str, entry: &Value) -> Result<(), String> {
    if name == DECISIONS {
        script.decisions.push(decision(all, entry)?);
        return Ok(());
    }
    let (step, item) = place(all, name)?;
    let of = all.position(step).and_then(|i| all.steps.get(i)).map(|s| &s.kind);
    match of {
        Some(StepKind::Approval { .. }) => {
            script.approvals.entry(step.into()).or_default().push(approval(entry)?);
        }
        Some(StepKind::Task(_)) | None => {
            let name = item.map_or_else(|| step.to_string(), |item| format!("{step}/{item}"));
            script.attempts.entry(name).or_default().push(attempt(entry)?);
        }
    }
    Ok(())
}

/// `step` or `step/item`. A step that has the name of the list of decisions is written `decisions/`.
fn place<'n>(all: &Definition, name: &'n str) -> Result<(&'n str, Option<&'n str>), String> {
    let (step, item) = name.split_once('/').map_or((name, None), |(s, i)| (s, Some(i)));
    let item = item.filter(|i| !i.is_empty());
    let Some(at) = all.position(step) else {
        let known: Vec<&str> = all.steps.iter().map(|s| s.name.as_str()).collect();
        return Err(format!("there is no step {step:?}; there are {}", known.join(", ")));
    };
    match item {
        Some(_) if all.loop_of(at).is_none() => Err(format!("step {step} has no items (forEach)")),
        _ => Ok((step, item)),
    }
}

fn attempt(entry: &Value) -> Result<Attempt, String> {
    if let Value::String(says) = entry {
        return Ok(Attempt { says: Some(says.clone()), ..Attempt::default() });
    }
    if entry.get("action").is_some() {
        return Err("the step is an agent's; answers to its questions stand in `decisions`".into());
    }
    map(entry)?;
    let text: AttemptText = serde_json::from_value(entry.clone()).map_err(|e| e.to_string())?;
    let lost = match text.lost.as_deref() {
        None => None,
        Some(word) => Some(loss(word).ok_or_else(|| {
            let known: Vec<&str> = LOSSES.iter().map(|(name, _)| *name).collect();
            format!("lost: there is no {word:?}; there are {}", known.join(", "))
        })?),
    };
    let unreadable = text.unreadable == Some(true);
    if (lost.is_some() && (text.says.is_some() || text.exit.is_some() || unreadable))
        || (unreadable && text.says.is_some())
    {
        return Err("what is lost or unreadable says nothing: give one of lost, unreadable and says".into());
    }
    let after = text.after.map(Span::as_duration);
    Ok(Attempt { exit: text.exit, says: text.says, lost, unreadable, after })
}

fn map(entry: &Value) -> Result<(), String> {
    if entry.is_object() { Ok(()) } else { Err(format!("{entry} is no map")) }
}

fn approval(entry: &Value) -> Result<DecisionInput, String> {
    if !entry.is_object() {
        return Err("the step asks a person: write {action: Approve} or {action: Reject}".into());
    }
    let text: DecisionText = serde_json::from_value(entry.clone()).map_err(|e| e.to_string())?;
    match text.action {
        _ if text.step.is_some() || text.item.is_some() => Err("leave out step and item".into()),
        Action::Approve | Action::Reject | Action::Abort => Ok(text.input()),
        Action::Retry | Action::Skip | Action::Pause | Action::Resume => {
            Err(format!("{} is no answer to an approval: Approve, Reject or Abort", text.action.as_str()))
        }
    }
}

fn decision(all: &Definition, entry: &Value) -> Result<Decision, String> {
    map(entry)?;
    let text: DecisionText = serde_json::from_value(entry.clone()).map_err(|e| e.to_string())?;
    let input = text.input();
    let name = match (&text.step, &text.item) {
        (Some(step), Some(item)) => format!("{step}/{item}"),
        (Some(step), None) => step.clone(),
        (None, _) => {
            return match text.action {
                Action::Abort | Action::Pause | Action::Resume => {
                    Ok(Decision { step: None, item: None, input })
                }
                Action::Retry | Action::Skip | Action::Approve | Action::Reject => {
                    Err(format!("{} answers a question: name its step", text.action.as_str()))
                }
            };
        }
    };
    let (step, item) = place(all, &name)?;
    Ok(Decision { step: Some(step.into()), item: item.map(String::from), input })
}
