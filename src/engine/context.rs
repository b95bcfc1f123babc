//! The context of templates and conditions: a run's task and params, and the outputs of earlier steps.
//!
//! The same status always gives the same context: a text that is rendered again for a running attempt is the text that
//! the attempt received.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::api::work::works_of;
use crate::api::{Outcome, StepPhase, StepStatus, Work, WorkflowRun, WorkflowRunStatus};

use super::definition::Definition;
use super::draft::Draft;
use super::output::is_reserved;
use super::params;
use super::work_ref::WorkRef;

/// The context of a text that comes after the steps at `before`, for the work that it belongs to.
pub fn build(
    run: &WorkflowRun,
    params: &BTreeMap<String, String>,
    status: &WorkflowRunStatus,
    before: &[usize],
    work: Option<&Work>,
    under_way: bool,
) -> Map<String, Value> {
    let mut top = Map::new();
    let mut steps = Map::new();
    // The last writer of a key wins: in the order of the Workflow, not in the order in which the steps finished.
    for step in before.iter().filter_map(|k| status.steps.get(*k)) {
        if step.work.phase.is_satisfied() || (under_way && was_satisfied(step)) {
            publish(&mut top, &mut steps, step, &status.steps);
        } else {
            steps.insert(step.name.clone(), json!({"phase": step.work.phase.as_str(), "outputs": {}}));
        }
    }
    if let Some(work) = work {
        keys(&mut top, &work.supplied);
    }
    let (failure, output) = work.map(last_failure).unwrap_or_default();
    top.insert("last_failure".into(), json!(failure));
    top.insert("last_failure_output".into(), json!(output));
    let feedback = |text: Option<&String>| json!(text.map(String::as_str).unwrap_or_default());
    top.insert("human_feedback".into(), feedback(work.and_then(|w| w.feedback.as_ref())));
    top.insert("verify_feedback".into(), feedback(work.and_then(|w| w.verify_feedback.as_ref())));
    top.insert("task".into(), json!(run.spec.task.as_deref().unwrap_or_default()));
    top.insert("params".into(), json!(params));
    top.insert("run".into(), about(run, status));
    top.insert("steps".into(), Value::Object(steps));
    top
}

/// A step before an attempt under way was satisfied when the attempt began: if it is not, it was sent back since, and
/// its values stay until it gives other ones. (A loop that is verified is not satisfied, and has items.)
fn was_satisfied(step: &StepStatus) -> bool {
    step.items.is_empty() && !step.work.phase.is_finished()
}

/// The context of a step, without the variables of a loop.
pub fn plain_context(draft: &Draft<'_>, definition: &Definition, work_ref: WorkRef) -> Map<String, Value> {
    let under_way =
        draft.status.steps.get(work_ref.step).is_some_and(|step| works_of(step).any(|w| w.current.is_some()));
    let before = definition.ancestors(work_ref.step);
    context_after(draft, definition, &before, draft.work(work_ref), under_way)
}

/// The context of a text that comes after the steps at `before`.
pub fn after_steps(draft: &Draft<'_>, definition: &Definition, before: &[usize]) -> Map<String, Value> {
    context_after(draft, definition, before, None, false)
}

fn context_after(
    draft: &Draft<'_>,
    definition: &Definition,
    before: &[usize],
    work: Option<&Work>,
    under_way: bool,
) -> Map<String, Value> {
    let given = &draft.snapshot.run.spec.params;
    let values = params::resolve(&definition.params, given).unwrap_or_else(|_| given.clone());
    build(draft.snapshot.run, &values, &draft.status, before, work, under_way)
}

/// The context of a run that has not started: for `concurrency.key`.
pub fn asked_for(run: &WorkflowRun, params: &BTreeMap<String, String>) -> Value {
    json!({
        "task": run.spec.task.as_deref().unwrap_or_default(),
        "params": params,
        "run": {"name": run.metadata.name, "namespace": run.metadata.namespace, "uid": run.metadata.uid},
        "steps": {},
    })
}

fn about(run: &WorkflowRun, status: &WorkflowRunStatus) -> Value {
    let mut about = json!({
        "name": run.metadata.name, "namespace": run.metadata.namespace, "uid": run.metadata.uid,
    });
    if let (Some(ending), Some(map)) = (&status.ending, about.as_object_mut()) {
        map.insert("phase".into(), json!(ending.phase.as_str()));
        map.insert("reason".into(), json!(ending.reason.as_str()));
        map.insert("message".into(), json!(ending.message));
    }
    about
}

/// Why the previous attempt failed, for the agent, and the output of that attempt. The status keeps both until the next
/// attempt has ended.
fn last_failure(work: &Work) -> (String, &str) {
    let Some(last) = &work.last else { return Default::default() };
    let cause = match (last.outcome, last.cause) {
        (Outcome::Done | Outcome::SentBack, _) => return Default::default(),
        (_, Some(cause)) => cause.as_str(),
        (outcome, None) => outcome.as_str(),
    };
    let why = last.message.as_deref().map(|m| format!(": {m}")).unwrap_or_default();
    // Only an attempt with an exit code has an output.
    let said = work.output.as_deref().filter(|_| last.exit_code.is_some() && last.outcome != Outcome::Lost);
    (format!("attempt {} was not done ({cause}){why}", last.n), said.unwrap_or_default())
}

/// The variables that a finished step gives to later steps.
fn publish(
    top: &mut Map<String, Value>,
    steps: &mut Map<String, Value>,
    step: &StepStatus,
    all: &[StepStatus],
) {
    let mut outputs = BTreeMap::new();
    for item in &step.items {
        outputs.extend(item.work.outputs.clone());
    }
    outputs.extend(step.work.outputs.clone());
    let words = whole_output(step);
    keys(top, outputs.iter().filter(|(key, _)| !is_anothers(key, step, words.is_some(), all)));
    let mut entry = Map::new();
    let phase = match step.work.phase {
        phase if phase.is_satisfied() => phase,
        _ if words.is_some() => StepPhase::Succeeded,
        _ => StepPhase::Skipped,
    };
    entry.insert("phase".into(), json!(phase.as_str()));
    entry.insert("outputs".into(), json!(outputs));
    if !step.items.is_empty() {
        let items = step.items.iter().map(|i| {
            json!({"id": i.id, "title": i.title, "phase": i.work.phase.as_str(), "outputs": i.work.outputs,
                "output": i.work.output.as_deref().unwrap_or_default()})
        });
        entry.insert("items".into(), items.collect());
    }
    if let Some(output) = words {
        entry.insert("output".into(), json!(output));
        short_names(top, &step.name, &output);
    }
    steps.insert(step.name.clone(), Value::Object(entry));
}

/// Whether a key is the short name of a step's output. A person may set it with Skip only where the step itself has no
/// output.
fn is_anothers(key: &str, step: &StepStatus, has_words: bool, all: &[StepStatus]) -> bool {
    let key = key.to_lowercase();
    all.iter().any(|s| key == snake_output(&s.name) && (has_words || s.name != step.name))
}

/// The output of a step; for a step with items, the output of each item under its id.
fn whole_output(step: &StepStatus) -> Option<String> {
    if step.items.is_empty() {
        return step.work.output.clone();
    }
    let parts = step.items.iter().filter_map(|i| Some(format!("## {}\n{}", i.id, i.work.output.as_deref()?)));
    Some(parts.collect::<Vec<_>>().join("\n\n"))
}

/// Within a loop the verifier sees the outputs of the work on the same item.
pub fn of_item(top: &mut Map<String, Value>, step: &str, work: &Work) {
    let known = top.get("steps").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let taken: Vec<String> = known.map(|name| snake_output(name)).collect();
    keys(top, work.outputs.iter().filter(|(key, _)| !taken.iter().any(|t| t.eq_ignore_ascii_case(key))));
    let mut entry = Map::new();
    entry.insert("phase".into(), json!(work.phase.as_str()));
    entry.insert("outputs".into(), json!(work.outputs));
    if let Some(output) = &work.output {
        entry.insert("output".into(), json!(output));
        short_names(top, step, output);
    }
    if let Some(steps) = top.get_mut("steps").and_then(Value::as_object_mut) {
        steps.insert(step.into(), Value::Object(entry));
    }
}

fn short_names(top: &mut Map<String, Value>, step: &str, output: &str) {
    top.insert(camel_output(step), json!(output));
    top.insert(snake_output(step), json!(output));
}

/// Each parsed key in upper and in lower case; an output never overwrites a reserved name.
fn keys<'a>(top: &mut Map<String, Value>, outputs: impl IntoIterator<Item = (&'a String, &'a String)>) {
    for (key, value) in outputs.into_iter().filter(|(k, _)| !is_reserved(k)) {
        top.insert(key.to_uppercase(), json!(value));
        top.insert(key.to_lowercase(), json!(value));
    }
}

/// `trace-requirements` -> `traceRequirementsOutput`.
pub fn camel_output(step: &str) -> String {
    let mut name = String::new();
    for (i, part) in step.split('-').enumerate() {
        let mut letters = part.chars();
        match letters.next() {
            Some(first) if i > 0 => name.extend(first.to_uppercase().chain(letters)),
            _ => name.push_str(part),
        }
    }
    name + "Output"
}

/// `trace-requirements` -> `trace_requirements_output`.
pub fn snake_output(step: &str) -> String {
    step.replace('-', "_") + "_output"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Cause;
    use crate::api::status::LastAttempt;

    #[test]
    fn a_hyphenated_step_has_both_short_names() {
        assert_eq!(camel_output("trace-requirements"), "traceRequirementsOutput");
        assert_eq!(snake_output("trace-requirements"), "trace_requirements_output");
        assert_eq!(camel_output("plan"), "planOutput");
    }

    fn step(name: &str, outputs: &[(&str, &str)], output: &str) -> StepStatus {
        let outputs = outputs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let work = Work {
            outputs,
            output: Some(output.into()).filter(|o: &String| !o.is_empty()),
            ..Work::default()
        };
        StepStatus { name: name.into(), finally: false, work, items: Vec::new() }
    }

    #[test]
    fn an_output_cannot_write_what_another_step_said() {
        let all = [
            step("plan", &[("plan_output", "own")], "the plan"),
            step("evil", &[("plan_output", "forged")], "x"),
        ];
        let (mut top, mut steps) = (Map::new(), Map::new());
        all.iter().for_each(|s| publish(&mut top, &mut steps, s, &all));
        assert_eq!(top["plan_output"], "the plan");
        assert!(!top.contains_key("PLAN_OUTPUT"));
        let skipped = [step("plan", &[("plan_output", "a person's")], "")];
        publish(&mut top, &mut steps, &skipped[0], &skipped);
        assert_eq!(top["plan_output"], "a person's");
    }

    #[test]
    fn the_last_failure_is_said_until_an_attempt_is_done() {
        let last = |outcome, cause, exit_code| Work {
            last: Some(LastAttempt { n: 2, outcome, cause, exit_code, message: Some("why".into()) }),
            output: Some("words".into()),
            ..Work::default()
        };
        let of = |work: &Work| (last_failure(work).0, last_failure(work).1.to_string());
        let failed = last(Outcome::Failed, Some(Cause::StoriesInvalid), Some(0));
        assert_eq!(of(&failed), ("attempt 2 was not done (StoriesInvalid): why".into(), "words".into()));
        // The output of an earlier attempt is not the output of the lost one.
        let lost = last(Outcome::Lost, Some(Cause::PodDeleted), None);
        assert_eq!(of(&lost), ("attempt 2 was not done (PodDeleted): why".into(), String::new()));
        for work in
            [Work::default(), last(Outcome::Done, None, Some(0)), last(Outcome::SentBack, None, Some(0))]
        {
            assert_eq!(of(&work), (String::new(), String::new()));
        }
    }

    #[test]
    fn an_output_cannot_write_a_name_of_the_run() {
        let mut top = Map::new();
        keys(
            &mut top,
            &BTreeMap::from([("task".to_string(), "evil".to_string()), ("repo".into(), "r".into())]),
        );
        assert_eq!(Value::Object(top), json!({"REPO": "r", "repo": "r"}));
    }
}
