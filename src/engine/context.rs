//! What templates see: a run's task, params and the outputs of its finished steps.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::api::{StepStatus, WorkflowRun, WorkflowRunStatus};

use super::output::is_reserved;

/// The context for rendering `step`.
pub fn build(
    run: &WorkflowRun,
    params: &BTreeMap<String, String>,
    status: &WorkflowRunStatus,
    step: &StepStatus,
) -> Value {
    let mut top = Map::new();
    let mut steps = Map::new();
    let mut finished: Vec<&StepStatus> = status.steps.iter().filter(|s| s.phase.is_satisfied()).collect();
    // Last writer wins: in the order in which the steps were finished.
    finished.sort_by_key(|s| s.finished_at);
    for done in finished {
        keys(&mut top, &done.outputs);
        steps.insert(done.name.clone(), json!({"outputs": done.outputs}));
        if let Some(output) = &done.output {
            steps.insert(done.name.clone(), json!({"outputs": done.outputs, "output": output}));
            top.insert(camel_output(&done.name), json!(output));
            top.insert(snake_output(&done.name), json!(output));
        }
    }
    // What a person supplied with a Retry of this very step.
    keys(&mut top, &step.outputs);
    top.insert("task".into(), json!(run.spec.task.as_deref().unwrap_or_default()));
    top.insert("params".into(), json!(params));
    top.insert(
        "run".into(),
        json!({
            "name": run.metadata.name, "namespace": run.metadata.namespace, "uid": run.metadata.uid,
        }),
    );
    top.insert("steps".into(), Value::Object(steps));
    top.insert("human_feedback".into(), json!(step.feedback.as_deref().unwrap_or_default()));
    top.insert("verify_feedback".into(), json!(""));
    Value::Object(top)
}

/// Each parsed key in upper and in lower case; names that are the run's own are never written by an output.
fn keys(top: &mut Map<String, Value>, outputs: &BTreeMap<String, String>) {
    for (key, value) in outputs.iter().filter(|(k, _)| !is_reserved(k)) {
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

    #[test]
    fn a_hyphenated_step_has_both_short_names() {
        assert_eq!(camel_output("trace-requirements"), "traceRequirementsOutput");
        assert_eq!(snake_output("trace-requirements"), "trace_requirements_output");
        assert_eq!(camel_output("plan"), "planOutput");
    }

    #[test]
    fn an_output_cannot_write_a_name_of_the_run() {
        let mut top = Map::new();
        keys(&mut top, &[("task".to_string(), "evil".to_string()), ("repo".into(), "r".into())].into());
        assert_eq!(Value::Object(top), json!({"REPO": "r", "repo": "r"}));
    }
}
