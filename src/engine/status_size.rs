//! Keeps a run's status under its limit: etcd holds small objects, and every write contains the whole status.

use std::collections::BTreeMap;

use crate::api::{Work, WorkflowRunStatus};

use super::context::{camel_output, snake_output};
use super::definition::Definition;
use super::work_ref::{WorkRef, work_refs};

/// The maximum size of a run's status, as JSON.
pub const LIMIT: usize = 512 * 1024;
/// The replacement for a raw output that was dropped.
pub const DROPPED: &str = "[dropped: the run's status reached its limit]";

/// The maximum size of a character in JSON (`\u0001`).
const ESCAPED: usize = 6;
/// The maximum size of a piece of work, or of a question, without the agent's output in it.
const PIECE: usize = 2 * 1024;

/// Makes the status fit. False: it does not fit even after everything was dropped.
pub fn fit(status: &mut WorkflowRunStatus, definition: &Definition) -> bool {
    make_room(status, definition, 0)
}

/// Drops raw outputs until `bytes` bytes are free: those that no unfinished step's template names, oldest first; then
/// the outputs of attempts that did not succeed. False: that is not enough.
pub fn make_room(status: &mut WorkflowRunStatus, definition: &Definition, bytes: usize) -> bool {
    while size(status).saturating_add(bytes) > LIMIT {
        let Some(victim) = oldest_unnamed(status, definition).or_else(|| oldest_failure(status, definition))
        else {
            return false;
        };
        if let Some(work) = victim.of_mut(status) {
            work.output = Some(DROPPED.into());
        }
    }
    true
}

/// The last resort, for growth that no check precedes: feedback is shortened, the run's results are dropped.
pub fn shrink(status: &mut WorkflowRunStatus, definition: &Definition) {
    for most in [4096, 1024] {
        if fit(status, definition) {
            return;
        }
        for work_ref in work_refs(status) {
            let Some(work) = work_ref.of_mut(status) else { continue };
            for text in [&mut work.feedback, &mut work.verify_feedback].into_iter().flatten() {
                shorten(text, most);
            }
        }
    }
    while !fit(status, definition) {
        let longest = status.outputs.iter_mut().map(|(_, v)| v).max_by_key(|v| v.len());
        let Some(value) = longest.filter(|v| v.len() > DROPPED.len()) else { return };
        *value = DROPPED.into();
    }
}

fn shorten(text: &mut String, most: usize) {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        text.push_str("\n[cut: the run's status reached its limit]");
    }
}

fn size(status: &WorkflowRunStatus) -> usize {
    // A cheap upper bound first: serialising is only worth it near the limit.
    let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let values =
        |map: &BTreeMap<String, String>| map.iter().map(|(k, v)| k.len() + v.len() + 8).sum::<usize>();
    let said: usize = status
        .works()
        .chain(status.steps.iter().map(|s| &s.work))
        .map(|w| {
            of(&w.output)
                + of(&w.feedback)
                + of(&w.verify_feedback)
                + values(&w.outputs)
                + values(&w.supplied)
        })
        .sum();
    let pieces = status.steps.iter().map(|s| 1 + s.items.len()).sum::<usize>()
        + 4 * status.escalations.len()
        + status.decisions.len()
        + 16;
    let most = ESCAPED * (said + values(&status.outputs)) + PIECE * pieces;
    if most < LIMIT { most } else { serde_json::to_vec(status).map_or(usize::MAX, |json| json.len()) }
}

/// The output of an attempt that did not succeed, for readers only. The input of the next attempt may name it
/// (`last_failure_output`): it is kept as long as that input may have to be rendered again.
fn oldest_failure(status: &WorkflowRunStatus, definition: &Definition) -> Option<WorkRef> {
    let named = |work_ref: WorkRef| {
        let step = definition.steps.get(work_ref.step);
        step.is_some_and(|d| d.templates().iter().any(|(_, text)| text.contains("last_failure_output")))
    };
    let spare = |work_ref: WorkRef, w: &Work| {
        !w.phase.is_finished()
            && w.output.as_ref().is_some_and(|o| o.len() > DROPPED.len())
            && !(w.current.is_some() && named(work_ref))
    };
    let failures = work_refs(status)
        .into_iter()
        .filter_map(|work_ref| Some((work_ref, work_ref.of(status).filter(|w| spare(work_ref, w))?)));
    failures.min_by_key(|(_, w)| w.started_at).map(|(work_ref, _)| work_ref)
}

/// Outputs that no template of an unfinished step names. A step with items is unfinished until its last item has ended.
fn oldest_unnamed(status: &WorkflowRunStatus, definition: &Definition) -> Option<WorkRef> {
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
    work_refs(status)
        .into_iter()
        .filter(|work_ref| status.steps.get(work_ref.step).is_some_and(|s| !named(&s.name)))
        .filter_map(|work_ref| Some((work_ref, work_ref.of(status)?)))
        .filter(|(_, w)| w.phase.is_finished() && w.output.as_ref().is_some_and(|o| o.len() > DROPPED.len()))
        .min_by_key(|(_, w)| w.finished_at)
        .map(|(work_ref, _)| work_ref)
}
