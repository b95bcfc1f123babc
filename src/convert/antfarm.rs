//! A workflow of antfarm -> a [`Draft`].

use serde_json::Value;

use crate::api::Span;
use crate::api::workflow::NotifyEvent;

use super::draft::{Agent, Back, Draft, Each, Step, TARGET, span};
use super::node::Node;
use super::report::{Notes, Owner};
use super::shape::Shape;

pub(crate) fn read(document: &Value, notes: &mut Notes) -> Option<Draft> {
    let mut top = Node::of(document, Owner::Spec)?;
    let id = top.text("id", notes).unwrap_or_default();
    let name = top.text("name", notes);
    let description = top.text("description", notes).or(name);
    let read: Vec<(Agent, Span)> =
        top.list("agents", notes).iter().enumerate().filter_map(|(i, v)| agent(v, i, notes)).collect();
    let steps =
        top.list("steps", notes).iter().enumerate().filter_map(|(i, v)| step(v, i, &read, notes)).collect();
    let context = top.child("context", notes).map(|c| c.texts(notes)).unwrap_or_default();
    let events = notifications(&mut top, notes);
    top.no_place("version", "keep versions in Git; a run executes the revision that it started with", notes);
    top.no_place("polling", "there is no polling; the image chooses its model, for example by env", notes);
    top.end(notes);
    Some(Draft {
        shape: Shape::Antfarm,
        id,
        description,
        agents: read.into_iter().map(|(agent, _)| agent).collect(),
        steps: super::loops::arrange(steps, notes),
        context,
        events,
        message: None,
    })
}

/// An agent, and its timeout.
fn agent(value: &Value, i: usize, notes: &mut Notes) -> Option<(Agent, Span)> {
    let owner = Owner::Agent(i);
    let mut node = Node::of(value, owner)?;
    let id = node.text("id", notes).unwrap_or_default();
    let name = node.text("name", notes);
    let description = node.text("description", notes).or(name);
    let role = node.text("role", notes).unwrap_or_default();
    let (minutes, judges) = match role.as_str() {
        "" | "coding" | "testing" => (30, false),
        "verification" => (20, true),
        "analysis" | "pr" | "scanning" => (20, false),
        _ => {
            notes.add(
                owner.at(""),
                format!("role {role:?} is not known: it is treated as coding, with a timeout of 30m"),
            );
            (30, false)
        }
    };
    if judges {
        notes.add(
            owner.at("workspaceAccess"),
            "an agent with the role verification gets a ReadOnly workspace. If a check has to write, let it work on a copy in /tmp",
        );
    }
    let given = node.number("timeoutSeconds", notes).and_then(span);
    node.no_place("model", "the image chooses its model, for example by env", notes);
    let mut files = Vec::new();
    if let Some(mut workspace) = node.child("workspace", notes) {
        files = workspace.child("files", notes).map(|f| f.texts(notes)).unwrap_or_default();
        workspace.no_place("baseDir", "an agent's files are in /mission/files", notes);
        workspace.no_place("skills", "install skills in the image", notes);
        workspace.end(notes);
    }
    node.end(notes);
    Some((Agent { id, description, judges, files, persona: None }, given.unwrap_or(Span::mins(minutes))))
}

fn step(value: &Value, i: usize, agents: &[(Agent, Span)], notes: &mut Notes) -> Option<Step> {
    let owner = Owner::Step(i);
    let mut node = Node::of(value, owner)?;
    let id = node.text("id", notes).unwrap_or_default();
    let agent = node.text("agent", notes);
    let expects = node.text("expects", notes);
    if expects.as_deref().is_some_and(|e| !super::build::is_default(e)) {
        notes.add(
            owner.at("expects"),
            "antfarm ignored it; here an attempt fails if its output does not have it",
        );
    }
    let (back, of_fail) = on_fail(&mut node, owner, notes);
    let each = each(&mut node, owner, notes);
    let retries = node.count("max_retries", notes).or(of_fail);
    node.no_place("name", "a step has only one name", notes);
    let timeout = agents.iter().find(|(a, _)| Some(&a.id) == agent.as_ref()).map(|(_, t)| *t);
    let step =
        Step { old: i, id, agent, input: node.text("input", notes), expects, retries, timeout, back, each };
    node.end(notes);
    Some(step)
}

/// `on_fail`: the step to which work is sent back, and its `max_retries`.
fn on_fail(node: &mut Node<'_>, owner: Owner, notes: &mut Notes) -> (Option<Back>, Option<u32>) {
    let Some(mut fail) = node.child("on_fail", notes) else { return (None, None) };
    let limit = fail.count("max_retries", notes);
    let back = fail.text("retry_step", notes).map(|to| Back { to, limit });
    let mut people = vec![fail.text("escalate_to", notes)];
    if let Some(mut spent) = fail.child("on_exhausted", notes) {
        people.push(spent.text("escalate_to", notes));
        spent.end(notes);
    }
    for person in people.into_iter().flatten().filter(|p| p != "human") {
        notes.add(
            owner.at("onExhausted"),
            format!("`escalate_to: {person}`: every user with permission can answer a question; docs/notifications.md shows how to notify people"),
        );
    }
    fail.end(notes);
    (back, limit)
}

fn each(node: &mut Node<'_>, owner: Owner, notes: &mut Notes) -> Option<Each> {
    let kind = node.text("type", notes);
    let rule = node.child("loop", notes);
    match (kind.as_deref(), &rule) {
        (Some("loop"), None) => {
            notes.add(owner.at("forEach"), "`type: loop` without a `loop`: it loops over stories")
        }
        (Some("single"), Some(_)) => {
            notes.add(owner.at(""), "`loop` is left out: the step has `type: single`");
            return None;
        }
        (None | Some("single"), None) => return None,
        (None | Some("loop"), Some(_)) => {}
        (Some(other), _) => {
            notes.add(owner.at(""), format!("`type: {other}` is not known: it is an ordinary step"));
            return None;
        }
    }
    let Some(mut rule) = rule else { return Some(Each { list: "stories".into(), verifier: None }) };
    let list = rule.text("over", notes).unwrap_or_else(|| "stories".into());
    if list != "stories" {
        notes.add(
            owner.at("forEach.in"),
            format!("antfarm supports only stories; {list} must be a JSON array that an earlier step prints"),
        );
    }
    if rule.text("completion", notes).is_some_and(|c| c != "all_done") {
        notes.add(owner.at("forEach"), "`loop.completion` is ignored: a loop ends when all items have ended");
    }
    if rule.yes("fresh_session", notes) == Some(false) {
        notes.add(
            owner.at("forEach"),
            "`loop.fresh_session: false` is ignored: every attempt runs in a new container; pass on what it needs to know",
        );
    }
    let wanted = rule.yes("verify_each", notes);
    let verifier = rule.text("verify_step", notes);
    let verifier = match (wanted, verifier) {
        (Some(true), None) => {
            notes.add(
                owner.at("forEach.verifyWith"),
                "`verify_each` without a `verify_step`: set the step that verifies each story",
            );
            None
        }
        (Some(false), _) | (None, None) => None,
        (_, verifier) => verifier,
    };
    rule.end(notes);
    Some(Each { list, verifier })
}

fn notifications(top: &mut Node<'_>, notes: &mut Notes) -> Vec<NotifyEvent> {
    let Some(mut node) = top.child("notifications", notes) else { return Vec::new() };
    let url = node.text("url", notes);
    node.end(notes);
    if url.is_none() {
        return Vec::new();
    }
    // The URL may contain a password: it is not repeated.
    notes.add(
        Owner::Spec.at("notify"),
        format!(
            "from `notifications`: a Workflow has no URLs. Define the target {TARGET} (kind: Webhook) with the URL in \
             the operator's installation (docs/notifications.md). It receives events of runs and questions, not of steps"
        ),
    );
    vec![NotifyEvent::Escalated, NotifyEvent::Failed, NotifyEvent::Succeeded, NotifyEvent::Cancelled]
}
