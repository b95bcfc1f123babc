//! Keeps a run's status under its limit: etcd holds small objects, and every write carries the whole of it.

use crate::api::WorkflowRunStatus;

use super::context::{camel_output, snake_output};
use super::definition::Definition;
use super::place::{Place, places};

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
        if let Some(work) = victim.of_mut(status) {
            work.output = Some(DROPPED.into());
        }
    }
    true
}

fn size(status: &WorkflowRunStatus) -> usize {
    // A cheap lower bound first: serialising is only worth it near the limit.
    let values =
        |values: &std::collections::BTreeMap<String, String>| values.values().map(String::len).sum::<usize>();
    let rough: usize = status
        .works()
        .map(|w| 512 + w.output.as_ref().map_or(0, String::len) + values(&w.outputs) + values(&w.supplied))
        .sum();
    if rough < LIMIT / 4 { rough } else { serde_json::to_vec(status).map_or(usize::MAX, |json| json.len()) }
}

/// What no template of an unfinished step names. A step with items is unfinished until its last one is.
fn oldest_unnamed(status: &WorkflowRunStatus, definition: &Definition) -> Option<Place> {
    let unfinished = definition
        .steps
        .iter()
        .zip(&status.steps)
        .filter(|(_, s)| !s.work.phase.is_finished())
        .map(|(d, _)| d);
    let waiting: Vec<&str> = unfinished
        .flat_map(|d| d.templates().into_iter().map(|(_, text)| text).chain(d.when.as_deref()))
        .chain(definition.outputs.iter().map(|o| o.from.as_str()))
        .collect();
    let named = |step: &str| {
        let names = [
            camel_output(step),
            snake_output(step),
            format!("steps.{step}.output"),
            format!("steps.{step}.items"),
            "steps[".into(),
        ];
        waiting.iter().any(|text| names.iter().any(|n| text.contains(n.as_str())))
    };
    places(status)
        .into_iter()
        .filter(|at| status.steps.get(at.step).is_some_and(|s| !named(&s.name)))
        .filter_map(|at| Some((at, at.of(status)?)))
        .filter(|(_, w)| w.phase.is_finished() && w.output.as_ref().is_some_and(|o| o.len() > DROPPED.len()))
        .min_by_key(|(_, w)| w.finished_at)
        .map(|(at, _)| at)
}
