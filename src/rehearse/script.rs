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

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::api::agent::Agent;
use crate::api::decision::{Action, WorkflowDecisionSpec};
use crate::api::run::WorkflowRef;
use crate::api::step::{OnExhausted, Retry, Step};
use crate::api::workflow::{Escalation, OnExpiry, Param};
use crate::api::{Span, WorkflowRunSpec, WorkflowSpec};
use crate::engine::snapshot::{AttemptFact, Exit, Loss, Said};

use super::world::World;

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

/// The world in words.
pub fn describe(world: &World) -> Vec<String> {
    let Some(run) = &world.run else { return vec!["no-run".into()] };
    let status = run.status.clone().unwrap_or_default();
    let mut words = vec![
        status.phase.map_or("none".into(), |p| p.to_string()),
        status.reason.map_or("none".into(), |r| format!("reason={r}")),
        format!("progress={}", status.progress.clone().unwrap_or_default()),
        format!("launched={}", world.launched.len()),
        format!("stopped={}", world.stopped.len()),
        format!("records={}", world.records.len()),
        format!("asked={}", status.escalations.len()),
        format!("active={}s", status.active_seconds.unwrap_or(0)),
        format!("clock={}", if status.active_since.is_some() { "on" } else { "off" }),
    ];
    for step in &status.steps {
        let n = if step.attempts > 0 { format!("#{}", step.attempts) } else { String::new() };
        let name = &step.name;
        words.push(format!("{name}={}{n}", step.phase));
        words.push(format!("{name}.retries={}", step.retries));
        words.push(format!("{name}.lost={}", step.lost));
        if let Some(at) = step.next_attempt_at {
            words.push(format!("{name}.next=+{}", Span::from(at.since(world.now))));
        }
        if let Some(last) = &step.last {
            words.push(format!("{name}.last={}", last.outcome));
            words.extend(last.cause.map(|c| format!("{name}.cause={c}")));
        }
        for (key, value) in &step.outputs {
            words.push(format!("{name}.{key}={value}"));
        }
    }
    for (job, success) in &world.finished_jobs {
        if let Some(launch) = world.launched.iter().find(|l| &l.job == job) {
            words.push(format!(
                "job:{}#{}={}",
                launch.step,
                launch.n,
                if *success { "Complete" } else { "Failed" }
            ));
        }
    }
    for condition in &status.conditions {
        words.push(format!("{}={}", condition.type_, condition.status));
    }
    words
}

fn prose(world: &World) -> String {
    let mut text = String::new();
    if let Some(status) = world.run.as_ref().and_then(|r| r.status.as_ref()) {
        let _ = writeln!(text, "message: {}", status.message.as_deref().unwrap_or_default());
        let _ = writeln!(text, "waiting: {}", status.waiting.as_deref().unwrap_or_default());
        for step in &status.steps {
            let last = step.last.as_ref().and_then(|l| l.message.as_deref()).unwrap_or_default();
            let _ = writeln!(text, "{}: {last} {}", step.name, step.output.as_deref().unwrap_or_default());
        }
        for e in &status.escalations {
            let _ = writeln!(text, "asked: {}", e.message);
        }
        for d in &status.decisions {
            let _ = writeln!(text, "decision: {}", d.result);
        }
    }
    if let Some(launch) = world.launched.last() {
        let _ = writeln!(text, "input: {}", launch.input);
    }
    text
}

fn event(world: &mut World, line: &str) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let rest = line.strip_prefix(first).unwrap_or_default().trim();
    match first {
        "workflow:" => world.apply_workflow(workflow(rest)?),
        "delete" if rest == "workflow" => world.workflow = None,
        "delete" if rest == "run" => world.run = None,
        "delete" if rest == "revision" => world.revisions.clear(),
        "delete" if rest == "record" => world.records.clear(),
        "run" => world.apply_run(run_spec(rest)),
        "suspend" | "unsuspend" => suspend(world, rest, first == "suspend"),
        "crash" => world.crash = true,
        "slow" => world.slow_start = true,
        "namesake" => world.namesakes = if rest == "gone" { Vec::new() } else { vec![rest.to_string()] },
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
    }
}

/// `a limit=2 timeout=5m | b input=... | timeout=1h expires=72h param=repo!`
fn workflow(text: &str) -> Result<WorkflowSpec, String> {
    let agent = Agent { name: "x".into(), image: "x".into(), ..Agent::default() };
    let mut spec = WorkflowSpec { agents: vec![agent], ..WorkflowSpec::default() };
    for part in text.split(" | ") {
        let (name, options) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
        if name == "also" {
            for (key, value) in pairs(options) {
                also(&mut spec, &key, &value)?;
            }
            continue;
        }
        let mut step = Step {
            name: name.into(),
            agent: Some("x".into()),
            input: Some(format!("do {name}")),
            ..Step::default()
        };
        for (key, value) in pairs(options) {
            option(&mut step, &key, &value)?;
        }
        spec.steps.push(step);
    }
    Ok(spec)
}

fn also(spec: &mut WorkflowSpec, key: &str, value: &str) -> Result<(), String> {
    let escalation = spec.escalation.clone().unwrap_or_default();
    match key {
        "timeout" => spec.timeout = Some(value.parse()?),
        "expires" => spec.escalation = Some(Escalation { expires_after: Some(value.parse()?), ..escalation }),
        "expiry" => {
            let on_expiry = match value {
                "Fail" => OnExpiry::Fail,
                "Skip" => OnExpiry::Skip,
                _ => OnExpiry::Abort,
            };
            spec.escalation = Some(Escalation { on_expiry: Some(on_expiry), ..escalation });
        }
        "param" => spec.params.push(Param {
            name: value.trim_end_matches('!').into(),
            required: value.ends_with('!').then_some(true),
            ..Param::default()
        }),
        _ => return Err(format!("unknown option {key}")),
    }
    Ok(())
}

fn option(step: &mut Step, key: &str, value: &str) -> Result<(), String> {
    let number = || value.parse::<u32>().map_err(|e| e.to_string());
    let mut retry = step.retry.clone().unwrap_or_default();
    match key {
        "limit" => retry.limit = Some(number()?),
        "lost" => retry.lost_limit = Some(number()?),
        "hopeless" => retry.no_retry_exit_codes = vec![value.parse().map_err(|_| "a number")?],
        "timeout" => step.timeout = Some(value.parse()?),
        "pending" => step.pending_timeout = Some(value.parse()?),
        "input" => step.input = Some(value.into()),
        "agent" => step.agent = Some(value.into()),
        "expects" => step.expects = Some(value.into()),
        "needs" => {
            step.depends_on = Some(value.split(',').filter(|n| !n.is_empty()).map(str::to_string).collect())
        }
        "exhausted" => {
            step.on_exhausted = Some(match value {
                "Fail" => OnExhausted::Fail,
                "Continue" => OnExhausted::Continue,
                _ => OnExhausted::Escalate,
            });
        }
        _ => return Err(format!("unknown option {key}")),
    }
    if retry != Retry::default() {
        step.retry = Some(retry);
    }
    Ok(())
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

/// `Retry a feedback="…" KEY=value`, `Abort`, `Retry e1-123456`
fn decide(world: &mut World, text: &str) -> Result<(), String> {
    let mut words = text.splitn(3, ' ');
    let (action, target, rest) =
        (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let action: Action = serde_json::from_value(serde_json::json!(action)).map_err(|e| e.to_string())?;
    let status = world.run.as_ref().and_then(|r| r.status.clone()).unwrap_or_default();
    let escalation = status.escalations.iter().find(|e| e.step == target).map(|e| e.id.clone());
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

/// What happens to the attempt under way of a step.
fn happens(world: &mut World, step: &str, what: &str) -> Result<(), String> {
    let job = world.job_of(step).ok_or(format!("step {step} has no attempt under way"))?;
    let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
    let text = rest.trim().trim_matches('"').replace("\\n", "\n");
    match verb {
        "says" => world.exits(&job, 0, &text),
        "exits" => {
            let (code, said) = rest.split_once(' ').unwrap_or((rest, ""));
            let code = code.parse().map_err(|_| "an exit code")?;
            world.exits(&job, code, &said.trim_matches('"').replace("\\n", "\n"));
        }
        "deleted" => {
            let (code, said) = rest.split_once(' ').unwrap_or((rest, ""));
            world.exits(&job, code.parse().map_err(|_| "an exit code")?, said.trim_matches('"'));
            if let Some(AttemptFact::Exited(exit)) = world.attempts.get_mut(&job) {
                exit.deleted = true;
            }
        }
        "starts" => world.set_fact(&job, AttemptFact::Running { since: world.now }),
        "waits" => world.set_fact(&job, AttemptFact::Pending { since: world.now, message: Some(text) }),
        "blocked" => world.set_fact(&job, AttemptFact::Blocked { since: world.now, message: text }),
        "refused" => world.set_fact(&job, AttemptFact::Refused { message: text }),
        "taken" => world.set_fact(&job, AttemptFact::NameTaken { message: text }),
        "unreachable" => {
            world.set_fact(
                &job,
                AttemptFact::Unreachable {
                    since: world.now,
                    overdue: text == "overdue",
                    message: "node n1".into(),
                },
            );
        }
        "loses" => {
            let cause = match text.as_str() {
                "node" => Loss::Disrupted,
                "admission" => Loss::PodRejected,
                "job" => Loss::NeverStarted,
                _ => Loss::PodDeleted,
            };
            world.set_fact(&job, AttemptFact::Lost { cause, message: "gone".into() });
        }
        "unreadable" => {
            let code = text.parse().unwrap_or(0);
            let said = Said::Unreadable { message: "the log is gone".into() };
            let at = Some(world.now);
            let exit = Exit {
                code,
                out_of_memory: false,
                disrupted: false,
                deleted: false,
                started: at,
                finished: at,
                said,
            };
            world.set_fact(&job, AttemptFact::Exited(exit));
        }
        _ => return Err(format!("unknown event {verb}")),
    }
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
