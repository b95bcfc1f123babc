//! Scenarios in text: an event a line, `->` what must follow.
//!
//! ```text
//! == a failed step waits for its backoff
//! workflow: a limit=2 | b
//! run
//!   -> Running a=Running#1 b=Pending
//! a exits 1
//!   -> a=Backoff#1 a.retries=1 a.next=+1s
//! after 1s
//!   -> a=Running#2
//! ```
//! An expectation is a list of words; each must be among the words that describe the world. `~ text` instead asks that
//! the text occurs in a message, a `waiting`, or the input of the last launch.

mod describe;
mod happens;
mod workflow;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::decision::{Action, WorkflowDecisionSpec};
use crate::api::run::WorkflowRef;
use crate::api::status::EscalationStatus;
use crate::api::{Phase, Reason, Span, Stamp, WorkflowRun, WorkflowRunSpec, WorkflowRunStatus};
use crate::engine::lint;

use super::world::World;
use describe::prose;
use happens::happens;

pub use describe::describe;
pub use workflow::workflow;

/// Runs every scenario of a text; the errors name scenario, line and what was there instead.
pub fn run(text: &str) -> Vec<String> {
    let mut failures = Vec::new();
    let mut world = World::new();
    let mut title = String::new();
    for (number, line) in text.lines().enumerate().map(|(i, l)| (i + 1, l.trim())) {
        let result = match line {
            "" => Ok(()),
            _ if line.starts_with('#') => Ok(()),
            _ if line.starts_with("== ") => {
                title = line.trim_start_matches("== ").to_string();
                world = World::new();
                Ok(())
            }
            _ => match line.strip_prefix("->") {
                Some(expected) => check(&world, expected.trim()),
                None => event(&mut world, line).and_then(|()| {
                    if world.settle() { Ok(()) } else { Err("the plan never came to rest".into()) }
                }),
            },
        };
        if let Err(problem) = result {
            failures.push(format!("line {number}, {title}: {line}\n  {problem}"));
        }
    }
    failures
}

fn check(world: &World, expected: &str) -> Result<(), String> {
    let words = describe(world);
    if let Some(text) = expected.strip_prefix("~ ") {
        let prose = prose(world);
        return if prose.contains(text) { Ok(()) } else { Err(format!("not found in:\n{prose}")) };
    }
    let missing: Vec<&str> =
        expected.split_whitespace().filter(|w| !words.iter().any(|have| have == w)).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("missing {}; there is: {}", missing.join(" "), words.join(" ")))
    }
}

/// One line of a scenario happens. What follows from it is the caller's to wait for.
pub fn event(world: &mut World, line: &str) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let rest = line.strip_prefix(first).unwrap_or_default().trim();
    match first {
        "workflow:" => {
            let spec = workflow(rest)?;
            world.problems = lint::problems(&spec).iter().map(ToString::to_string).collect();
            world.apply_workflow(spec);
        }
        "delete" if rest == "workflow" => world.workflow = None,
        "delete" if rest == "run" => world.run = None,
        "delete" if rest == "revision" => world.lost.append(&mut world.revisions),
        "restore" if rest == "revision" => world.revisions.append(&mut world.lost),
        "delete" if rest == "record" => world.records.clear(),
        "run" => world.apply_run(run_spec(rest)),
        "suspend" | "unsuspend" => suspend(world, rest, first == "suspend"),
        "crash" => world.crash = true,
        "conflict" => (world.conflict, world.forgets) = (true, rest == "forgets"),
        "rereads" => world.attempts.append(&mut world.unread),
        "operator" => world.away = rest == "away",
        "slow" => world.slow_start = true,
        "namesake" => world.namesakes = if rest == "gone" { Vec::new() } else { vec![rest.to_string()] },
        "other" => other(world, rest)?,
        "after" => world.advance(rest.parse::<Span>()?.as_duration()),
        "decide" => decide(world, rest)?,
        step => happens(world, step, rest)?,
    }
    Ok(())
}

fn suspend(world: &mut World, what: &str, value: bool) {
    if what == "workflow" {
        if let Some(workflow) = world.workflow.as_mut() {
            workflow.spec.suspend = Some(value);
        }
    } else if let Some(run) = world.run.as_mut() {
        run.spec.suspend = Some(value);
        run.metadata.generation = run.metadata.generation.map(|g| g + 1);
    }
}

fn run_spec(text: &str) -> WorkflowRunSpec {
    let mut spec = WorkflowRunSpec {
        workflow_ref: WorkflowRef { name: "flow".into(), revision: None },
        task: Some("the task".into()),
        ..WorkflowRunSpec::default()
    };
    for (key, value) in pairs(text) {
        match key.as_str() {
            "id" => spec.run_id = Some(value),
            "task" => spec.task = Some(value),
            "revision" => spec.workflow_ref.revision = Some(value),
            _ => {
                spec.params.insert(key, value);
            }
        }
    }
    spec
}

/// Another run of the workflow: `other older running key=x`, `other younger waits`, `other older ends`.
fn other(world: &mut World, text: &str) -> Result<(), String> {
    let mut words = text.split_whitespace();
    let (name, what) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let key = words.next().and_then(|w| w.strip_prefix("key=")).unwrap_or_default();
    world.peers.retain(|p| p.metadata.name.as_deref() != Some(name));
    let mut run = WorkflowRun::new(name, run_spec(""));
    let now = world.now;
    let at = if name == "younger" {
        now.plus(std::time::Duration::from_secs(3600))
    } else {
        Stamp(jiff::Timestamp::UNIX_EPOCH)
    };
    run.metadata.creation_timestamp = Some(Time(at.0));
    let status = WorkflowRunStatus { concurrency_key: Some(key.into()), ..WorkflowRunStatus::default() };
    run.status = Some(match what {
        "runs" => WorkflowRunStatus { phase: Some(Phase::Running), started_at: Some(at), ..status },
        "pauses" => WorkflowRunStatus { phase: Some(Phase::Paused), started_at: Some(at), ..status },
        "waits" => WorkflowRunStatus { phase: Some(Phase::Pending), reason: Some(Reason::Queued), ..status },
        "ends" => return Ok(()),
        _ => return Err("runs, pauses, waits or ends".into()),
    });
    world.peers.push(run);
    Ok(())
}

/// `Retry a feedback="…" KEY=value`, `Abort`, `Retry e1-123456`
fn decide(world: &mut World, text: &str) -> Result<(), String> {
    let mut words = text.splitn(3, ' ');
    let (action, target, rest) =
        (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let action: Action = serde_json::from_value(serde_json::json!(action)).map_err(|e| e.to_string())?;
    let status = world.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default();
    let place = |e: &EscalationStatus| match &e.item {
        None => e.step.clone(),
        Some(item) => format!("{}/{item}", e.step),
    };
    let escalation = status.escalations.iter().find(|e| place(e) == target).map(|e| e.id.clone());
    let escalation =
        escalation.or_else(|| Some(target.to_string()).filter(|t| t.starts_with('e') && t.contains('-')));
    let mut spec = WorkflowDecisionSpec {
        run: "demo".into(),
        escalation: escalation.clone(),
        action,
        feedback: None,
        outputs: BTreeMap::new(),
        by: Some("alice".into()),
    };
    for (key, value) in pairs(rest) {
        if key == "feedback" {
            spec.feedback = Some(value);
        } else {
            spec.outputs.insert(key, value);
        }
    }
    let name =
        escalation.map_or_else(|| format!("order-{}", world.decisions.len()), |id| format!("demo-{id}"));
    world.decide(&name, spec);
    Ok(())
}

/// `key=value` pairs; a value in double quotes may hold blanks, `\n` is a new line.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while let Some((key, tail)) = rest.split_once('=') {
        let (value, after) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => tail.split_once(' ').unwrap_or((tail, "")),
        };
        found.push((key.trim().to_string(), value.replace("\\n", "\n")));
        rest = after.trim();
    }
    found
}
