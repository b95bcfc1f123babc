//! Keeps a run's status under its limit: etcd holds small objects, and every write carries the whole of it.

use crate::api::WorkflowRunStatus;

use super::context::{camel_output, snake_output};
use super::definition::Definition;

/// The most that a run's status may take, as JSON.
pub const LIMIT: usize = 512 * 1024;
/// What stands in for a raw output that was dropped.
pub const DROPPED: &str = "[dropped: the run's status reached its limit]";

/// Drops raw outputs that no unfinished step's template names, oldest first, until the status fits. False: it does not fit.
pub fn fit(status: &mut WorkflowRunStatus, definition: &Definition) -> bool {
    while size(status) > LIMIT {
        let Some(victim) = oldest_unnamed(status, definition) else {
            return false;
        };
        if let Some(step) = status.steps.get_mut(victim) {
            step.output = Some(DROPPED.into());
        }
    }
    true
}

fn size(status: &WorkflowRunStatus) -> usize {
    // A cheap lower bound first: serialising is only worth it near the limit.
    let rough: usize = status
        .steps
        .iter()
        .map(|s| {
            512 + s.output.as_ref().map_or(0, String::len)
                + s.outputs.values().map(String::len).sum::<usize>()
        })
        .sum();
    if rough < LIMIT / 4 { rough } else { serde_json::to_vec(status).map_or(usize::MAX, |json| json.len()) }
}

fn oldest_unnamed(status: &WorkflowRunStatus, definition: &Definition) -> Option<usize> {
    let waiting: Vec<&str> = definition
        .steps
        .iter()
        .zip(&status.steps)
        .filter(|(_, s)| !s.phase.is_finished())
        .map(|(d, _)| d.input.as_str())
        .collect();
    let named = |step: &str| {
        let names = [camel_output(step), snake_output(step), format!("steps.{step}.output"), "steps[".into()];
        waiting.iter().any(|input| names.iter().any(|n| input.contains(n.as_str())))
    };
    status
        .steps
        .iter()
        .enumerate()
        .filter(|(_, s)| s.phase.is_finished() && s.output.as_ref().is_some_and(|o| o.len() > DROPPED.len()))
        .filter(|(_, s)| !named(&s.name))
        .min_by_key(|(_, s)| s.finished_at)
        .map(|(i, _)| i)
}
