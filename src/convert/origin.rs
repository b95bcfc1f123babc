//! A workflow of the TypeScript Mission Control -> a [`Draft`].

use serde_json::Value;

use crate::api::workflow::NotifyEvent;

use super::draft::{Agent, Draft, Step, TARGET, span};
use super::node::Node;
use super::report::{Notes, Owner};
use super::shape::Shape;

pub(crate) fn read(document: &Value, notes: &mut Notes) -> Option<Draft> {
    let mut top = Node::of(document, Owner::Spec)?;
    let id = top.text("id", notes).unwrap_or_default();
    let name = top.text("name", notes);
    let description = top.text("description", notes).or(name);
    let agents =
        top.list("agents", notes).iter().enumerate().filter_map(|(i, v)| agent(v, i, notes)).collect();
    let steps = top.list("steps", notes).iter().enumerate().filter_map(|(i, v)| step(v, i, notes)).collect();
    let mut events = Vec::new();
    let message = end(&mut top, "onSuccess", &[NotifyEvent::Succeeded], &mut events, notes);
    end(&mut top, "onFailure", &[NotifyEvent::Escalated, NotifyEvent::Failed], &mut events, notes);
    top.no_place("version", "keep versions in Git; a run executes the revision that it started with", notes);
    top.end(notes);
    Some(Draft { shape: Shape::Origin, id, description, agents, steps, context: Vec::new(), events, message })
}

fn agent(value: &Value, i: usize, notes: &mut Notes) -> Option<Agent> {
    let mut node = Node::of(value, Owner::Agent(i))?;
    let id = node.text("id", notes).unwrap_or_default();
    let persona = node.text("persona", notes);
    let description = node.text("description", notes).or(node.text("name", notes));
    let files = files(&mut node, notes);
    if persona.is_some() {
        notes.add(
            Owner::Agent(i).at("env"),
            "the agent gets its persona only in the variable PERSONA: add the persona's text to files, or put it into the image",
        );
    }
    let description = description.or_else(|| persona.as_ref().map(|p| format!("Persona: {p}")));
    node.end(notes);
    Some(Agent { id, description, persona, files, ..Agent::default() })
}

/// `workspace.files`.
fn files(node: &mut Node<'_>, notes: &mut Notes) -> Vec<(String, String)> {
    let Some(mut workspace) = node.child("workspace", notes) else { return Vec::new() };
    let files = workspace.child("files", notes).map(|f| f.texts(notes)).unwrap_or_default();
    workspace.end(notes);
    files
}

fn step(value: &Value, i: usize, notes: &mut Notes) -> Option<Step> {
    let owner = Owner::Step(i);
    let mut node = Node::of(value, owner)?;
    let id = node.text("id", notes).unwrap_or_default();
    let minutes = node.number("timeoutMinutes", notes);
    let timeout = minutes.and_then(|m| span(m * 60.0));
    match (minutes, timeout) {
        (None, _) => notes.add(owner.at("timeout"), "none was set: the default of 10m applies"),
        (Some(m), None) => {
            notes.add(
                owner.at("timeout"),
                format!("{m} minutes is not a valid timeout: the default of 10m applies"),
            );
        }
        _ => {}
    }
    let retries = node.count("retryLimit", notes);
    if retries.is_none() {
        notes.add(owner.at("retry.limit"), "none was set: the default of 2 applies");
    }
    node.no_place("name", "a step has only one name", notes);
    let step = Step {
        old: i,
        id,
        agent: node.text("agent", notes),
        input: node.text("input", notes),
        expects: node.text("expects", notes),
        retries,
        timeout,
        ..Step::default()
    };
    node.end(notes);
    Some(step)
}

/// `onSuccess` and `onFailure`: the notification. Returns its text.
fn end(
    top: &mut Node<'_>,
    key: &'static str,
    told: &[NotifyEvent],
    events: &mut Vec<NotifyEvent>,
    notes: &mut Notes,
) -> Option<String> {
    let mut node = top.child(key, notes)?;
    let action = node.text("action", notes).unwrap_or_default();
    let message = node.text("message", notes);
    let known = matches!(action.as_str(), "notify" | "escalate");
    let words = message.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let what = if known {
        events.extend(told);
        let asks =
            if action == "escalate" { "a step without retries left escalates in any case; " } else { "" };
        format!(
            "from `{key}`: {asks}define the target {TARGET} in the operator's installation (docs/notifications.md), or \
             use one of yours. Mission Control writes the text; it was: {words}"
        )
    } else {
        format!("`{key}` is left out: {action:?} is not a known action; see notify and finally")
    };
    notes.add(Owner::Spec.at("notify"), what);
    node.end(notes);
    message
}
