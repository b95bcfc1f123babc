//! Scenarios as text: one event per line, `->` for what must follow.
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
//! An expectation is a list of words; each must be among the words that describe the cluster. `~ text` instead
//! requires that the text occurs in a message, a `waiting`, or the input of the last launch.

mod describe;
mod events;
mod workflow;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use mission_control::api::decision::{Action, WorkflowDecisionSpec};
use mission_control::api::run::WorkflowRef;
use mission_control::api::status::EscalationStatus;
use mission_control::api::{Phase, Reason, Span, Stamp, WorkflowRun, WorkflowRunSpec, WorkflowRunStatus};
use mission_control::engine::lint;
use mission_control::engine::snapshot::{Refusal, Refused};

use describe::prose;
use events::attempt_event;
use mission_control::rehearse::cluster::SimulatedCluster;

pub(crate) use describe::describe;
use workflow::pairs;
pub(crate) use workflow::workflow;

/// Runs every scenario of a text; an error names the scenario, the line and the actual words.
pub(crate) fn run(text: &str) -> Vec<String> {
    let mut failures = Vec::new();
    let mut cluster = SimulatedCluster::new();
    let mut title = String::new();
    for (number, line) in text.lines().enumerate().map(|(i, l)| (i + 1, l.trim())) {
        let result = match line {
            "" => Ok(()),
            _ if line.starts_with('#') => Ok(()),
            _ if line.starts_with("== ") => {
                title = line.trim_start_matches("== ").to_string();
                cluster = SimulatedCluster::new();
                Ok(())
            }
            _ => match line.strip_prefix("->") {
                Some(expected) => check(&cluster, expected.trim()),
                None => event(&mut cluster, line).and_then(|()| {
                    if cluster.settle() { Ok(()) } else { Err("the plan never came to rest".into()) }
                }),
            },
        };
        if let Err(problem) = result {
            failures.push(format!("line {number}, {title}: {line}\n  {problem}"));
        }
    }
    failures
}

fn check(cluster: &SimulatedCluster, expected: &str) -> Result<(), String> {
    let words = describe(cluster);
    if let Some(text) = expected.strip_prefix("~ ") {
        let prose = prose(cluster);
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

/// Applies one line of a scenario. The caller waits for what follows.
pub(crate) fn event(cluster: &mut SimulatedCluster, line: &str) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let rest = line.strip_prefix(first).unwrap_or_default().trim();
    match first {
        "workflow:" => {
            let spec = workflow(rest)?;
            cluster.problems = lint::problems(&spec).iter().map(ToString::to_string).collect();
            cluster.apply_workflow(spec);
        }
        "delete" if rest == "workflow" => cluster.workflow = None,
        "delete" if rest == "run" => cluster.run = None,
        "delete" if rest == "revision" => cluster.lost.append(&mut cluster.revisions),
        "restore" if rest == "revision" => cluster.revisions.append(&mut cluster.lost),
        "delete" if rest == "record" => cluster.records.clear(),
        "run" => cluster.apply_run(run_spec(rest)),
        "suspend" | "unsuspend" => suspend(cluster, rest, first == "suspend"),
        "crash" => cluster.crash = true,
        "conflict" => (cluster.conflict, cluster.forgets) = (true, rest == "forgets"),
        "rereads" => cluster.attempts.append(&mut cluster.unread),
        "operator" => cluster.away = rest == "away",
        "slow" => cluster.slow_start = true,
        "namesake" => cluster.namesakes = if rest == "gone" { Vec::new() } else { vec![rest.to_string()] },
        "other" => other(cluster, rest)?,
        "refuse" => refuse(cluster, rest)?,
        "accept" => cluster.refuses = None,
        "after" => cluster.advance(rest.parse::<Span>()?.as_duration()),
        "decide" => decide(cluster, rest)?,
        step => attempt_event(cluster, step, rest)?,
    }
    Ok(())
}

/// The API server refuses something: `refuse revision "exceeded quota"`.
fn refuse(cluster: &mut SimulatedCluster, text: &str) -> Result<(), String> {
    let (what, words) = text.split_once(' ').unwrap_or((text, ""));
    let what = match what {
        "revision" => Refusal::Revision,
        "record" => Refusal::Record,
        "claim" => Refusal::Claim,
        _ => return Err("revision, record or claim".into()),
    };
    cluster.refuses = Some(Refused { what, message: words.trim_matches('"').into() });
    Ok(())
}

fn suspend(cluster: &mut SimulatedCluster, what: &str, value: bool) {
    if what == "workflow" {
        if let Some(workflow) = cluster.workflow.as_mut() {
            workflow.spec.suspend = Some(value);
        }
    } else if let Some(run) = cluster.run.as_mut() {
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
fn other(cluster: &mut SimulatedCluster, text: &str) -> Result<(), String> {
    let mut words = text.split_whitespace();
    let (name, what) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let key = words.next().and_then(|w| w.strip_prefix("key=")).unwrap_or_default();
    cluster.peers.retain(|p| p.metadata.name.as_deref() != Some(name));
    let mut run = WorkflowRun::new(name, run_spec(""));
    let now = cluster.now;
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
    cluster.peers.push(run);
    Ok(())
}

/// `Retry a feedback="…" KEY=value`, `Abort`, `Retry e1-123456`, `Pause order name=x`
fn decide(cluster: &mut SimulatedCluster, text: &str) -> Result<(), String> {
    let mut words = text.splitn(3, ' ');
    let (action, target, rest) =
        (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let action: Action = serde_json::from_value(serde_json::json!(action)).map_err(|e| e.to_string())?;
    let status = cluster.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default();
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
    let mut name =
        escalation.map_or_else(|| format!("order-{}", cluster.decisions.len()), |id| format!("demo-{id}"));
    for (key, value) in pairs(rest) {
        match key.as_str() {
            "feedback" => spec.feedback = Some(value),
            "name" => name = value,
            _ => {
                spec.outputs.insert(key, value);
            }
        }
    }
    cluster.decide(&name, spec);
    Ok(())
}
