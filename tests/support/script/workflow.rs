//! One line -> a workflow.

use mission_control::api::WorkflowSpec;
use mission_control::api::agent::{Agent, EnvVar, InputAs, WorkspaceAccess};
use mission_control::api::step::{
    Approval, ForEach, OnExhausted, OnItemFailure, OnRetry, Retry, Step, StepOutput,
};
use mission_control::api::workflow::{
    Concurrency, ConcurrencyPolicy, Escalation, Keep, OnExpiry, Param, RunOutput, Workspace,
};

/// `a limit=2 timeout=5m | b input="..." | finally clean | spec timeout=1h expiresAfter=72h param=repo!`
///
/// An option has the name of the API field that it sets; for a nested field, of its last part.
/// Options of a step: limit, lostLimit, noRetryExitCodes, timeout, pendingTimeout, input, agent, expects, dependsOn,
/// onExhausted, when, approval, expiresAfter, onRetry (`target:limit:KEY`), forEach (a list), as, parallelism,
/// verifyWith, maxItems, onItemFailure (Stop or Continue), allowEmpty, outputs (`name:KEY:pattern`).
/// Options of the workflow (`spec`): timeout, expiresAfter, onExpiry, param, outputs (`name:from`), workspace (when
/// it is kept), concurrency (a key), reject (the same with the policy Reject), env (`NAME:template`), inputAs,
/// workspaceAccess, runs and children (how long they are kept).
pub(crate) fn workflow(text: &str) -> Result<WorkflowSpec, String> {
    let agent = Agent { name: "x".into(), image: "x".into(), ..Agent::default() };
    let mut spec = WorkflowSpec { agents: vec![agent], ..WorkflowSpec::default() };
    for part in text.split(" | ") {
        let part = part.trim();
        let (part, finally) = part.strip_prefix("finally ").map_or((part, false), |rest| (rest, true));
        let (name, options) = part.split_once(' ').unwrap_or((part, ""));
        if name == "spec" {
            for (key, value) in pairs(options) {
                spec_option(&mut spec, &key, &value)?;
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
            step_option(&mut step, &key, &value)?;
        }
        if finally { spec.finally.push(step) } else { spec.steps.push(step) }
    }
    Ok(spec)
}

fn spec_option(spec: &mut WorkflowSpec, key: &str, value: &str) -> Result<(), String> {
    let escalation = spec.escalation.clone().unwrap_or_default();
    let agent = spec.agents.first_mut().ok_or("no agent")?;
    match key {
        "timeout" => spec.timeout = Some(value.parse()?),
        "expiresAfter" => {
            spec.escalation = Some(Escalation { expires_after: Some(value.parse()?), ..escalation })
        }
        "onExpiry" => {
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
        "outputs" => {
            let (name, from) = value.split_once(':').ok_or("name:from")?;
            spec.outputs.push(RunOutput { name: name.into(), from: from.into() });
        }
        "workspace" => {
            let keep = match value {
                "OnFailure" => Keep::OnFailure,
                "Always" => Keep::Always,
                _ => Keep::Never,
            };
            spec.workspace = Some(Workspace { size: "1Gi".into(), keep: Some(keep), ..Workspace::default() });
        }
        "concurrency" | "reject" => {
            let policy = (key == "reject").then_some(ConcurrencyPolicy::Reject);
            let key = Some(value.to_string()).filter(|v| !v.is_empty());
            spec.concurrency = Some(Concurrency { limit: 1, key, policy });
        }
        "env" => {
            let (name, value) = value.split_once(':').ok_or("NAME:template")?;
            agent.env.push(EnvVar { name: name.into(), value: Some(value.into()), value_from: None });
        }
        "runs" => spec.retention.get_or_insert_default().runs = Some(value.into()),
        "children" => spec.retention.get_or_insert_default().children = Some(value.parse()?),
        "inputAs" => agent.input_as = (value == "File").then_some(InputAs::File),
        "workspaceAccess" => {
            agent.workspace_access = Some(match value {
                "ReadOnly" => WorkspaceAccess::ReadOnly,
                "None" => WorkspaceAccess::None,
                _ => WorkspaceAccess::ReadWrite,
            });
        }
        _ => return Err(format!("unknown option {key}")),
    }
    Ok(())
}

fn step_option(step: &mut Step, key: &str, value: &str) -> Result<(), String> {
    let number = || value.parse::<u32>().map_err(|e| e.to_string());
    let mut retry = step.retry.clone().unwrap_or_default();
    match key {
        "limit" => retry.limit = Some(number()?),
        "lostLimit" => retry.lost_limit = Some(number()?),
        "noRetryExitCodes" => retry.no_retry_exit_codes = vec![value.parse().map_err(|_| "a number")?],
        "timeout" => step.timeout = Some(value.parse()?),
        "pendingTimeout" => step.pending_timeout = Some(value.parse()?),
        "input" => step.input = Some(value.into()),
        "agent" => step.agent = Some(value.into()),
        "expects" => step.expects = Some(value.into()),
        "when" => step.when = Some(value.into()),
        "dependsOn" => {
            step.depends_on = Some(value.split(',').filter(|n| !n.is_empty()).map(str::to_string).collect())
        }
        "onExhausted" => {
            step.on_exhausted = Some(match value {
                "Fail" => OnExhausted::Fail,
                "Continue" => OnExhausted::Continue,
                _ => OnExhausted::Escalate,
            });
        }
        "approval" => {
            step.agent = None;
            step.input = None;
            step.approval = Some(Approval { message: value.into(), expires_after: None });
        }
        "expiresAfter" => {
            if let Some(approval) = step.approval.as_mut() {
                approval.expires_after = Some(value.parse()?);
            }
        }
        "onRetry" => step.on_retry = Some(on_retry(value)?),
        "outputs" => {
            let mut parts = value.splitn(3, ':');
            step.outputs.push(StepOutput {
                name: parts.next().unwrap_or_default().into(),
                key: parts.next().filter(|k| !k.is_empty()).map(String::from),
                pattern: parts.next().map(String::from),
            });
        }
        "forEach" => step.for_each = Some(ForEach { list: value.into(), ..ForEach::default() }),
        _ => each(step.for_each.as_mut().ok_or(format!("unknown option {key}"))?, key, value)?,
    }
    if retry != Retry::default() {
        step.retry = Some(retry);
    }
    Ok(())
}

fn on_retry(value: &str) -> Result<OnRetry, String> {
    let mut parts = value.splitn(3, ':');
    let rerun = parts.next().unwrap_or_default().into();
    let limit = parts.next().map(|n| n.parse::<u32>().map_err(|e| e.to_string())).transpose()?;
    Ok(OnRetry { rerun, limit, feedback: parts.next().map(String::from) })
}

fn each(each: &mut ForEach, key: &str, value: &str) -> Result<(), String> {
    let number = || value.parse::<u32>().map_err(|e| e.to_string());
    match key {
        "as" => each.item = Some(value.into()),
        "parallelism" => each.parallelism = Some(number()?),
        "verifyWith" => each.verify_with = Some(value.into()),
        "maxItems" => each.max_items = Some(number()?),
        "allowEmpty" => each.allow_empty = Some(value == "true"),
        "onItemFailure" => {
            each.on_item_failure =
                Some(if value == "Continue" { OnItemFailure::Continue } else { OnItemFailure::Stop });
        }
        _ => return Err(format!("unknown option {key}")),
    }
    Ok(())
}

/// `key=value` pairs; a value in double quotes may contain spaces, `\n` is a new line.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
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
