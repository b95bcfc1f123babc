//! A workflow -> its steps as people see them: the agent, the dependencies, the target of rework.

use crate::api::{Span, WorkflowSpec};
use crate::engine::definition::{Definition, StepDef, StepKind};

/// A step of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct StepShape {
    pub name: String,
    pub kind: ShapeKind,
    /// The list that it loops over.
    pub over: Option<String>,
    /// The steps that it depends on.
    pub after: Vec<String>,
    pub sends_back_to: Option<String>,
    pub finally: bool,
    pub when: Option<String>,
    /// The limit of `retry.limit`.
    pub retries: u32,
    /// Of one attempt.
    pub timeout: Span,
}

/// The kind of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum ShapeKind {
    /// An agent runs. `input` is the template of its input.
    Task { agent: String, input: String },
    /// A person is asked.
    Approval { message: String },
}

/// Every step in the order of the workflow, or all problems of the workflow.
pub fn steps(spec: &WorkflowSpec) -> Result<Vec<StepShape>, Vec<String>> {
    let read = Definition::read(spec).map_err(|p| p.iter().map(ToString::to_string).collect::<Vec<_>>());
    let all = read?.steps;
    Ok(all.iter().map(|step| shape(step, &all)).collect())
}

fn shape(step: &StepDef, all: &[StepDef]) -> StepShape {
    let name = |i: usize| all.get(i).map(|s| s.name.clone());
    let mut after: Vec<String> = step.needs.iter().filter_map(|i| name(*i)).collect();
    // A step that verifies the items of a loop is not part of the chain of steps: it follows each item.
    if after.is_empty() {
        after.extend(step.verifies.and_then(name));
    }
    StepShape {
        name: step.name.clone(),
        kind: match &step.kind {
            StepKind::Task(task) => {
                ShapeKind::Task { agent: task.agent.name.clone(), input: task.input.clone() }
            }
            StepKind::Approval { message, .. } => ShapeKind::Approval { message: message.clone() },
        },
        over: step.each.as_ref().map(|each| each.list.clone()),
        after,
        sends_back_to: step.on_retry.as_ref().and_then(|r| name(r.target)),
        finally: step.finally,
        when: step.when.clone(),
        retries: step.retry.limit,
        timeout: step.timeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_follows_its_loop_and_sends_back_to_it() {
        let spec: WorkflowSpec = serde_json::from_value(serde_json::json!({
            "agents": [{"name": "a", "image": "i"}],
            "steps": [
                {"name": "plan", "agent": "a", "input": "x"},
                {"name": "implement", "agent": "a", "input": "x",
                    "forEach": {"in": "stories", "verifyWith": "verify"}},
                {"name": "verify", "agent": "a", "input": "x", "onRetry": {"rerun": "implement"}},
                {"name": "gate", "approval": {"message": "go?"}},
            ],
        }))
        .unwrap();
        let steps = steps(&spec).unwrap();
        let seen: Vec<_> = steps
            .iter()
            .map(|s| (s.name.as_str(), s.after.join(","), s.sends_back_to.as_deref(), s.over.as_deref()))
            .collect();
        let expected = [
            ("plan", String::new(), None, None),
            ("implement", "plan".into(), None, Some("stories")),
            ("verify", "implement".into(), Some("implement"), None),
            ("gate", "verify".into(), None, None),
        ];
        assert_eq!(seen, expected);
        assert_eq!(steps[3].kind, ShapeKind::Approval { message: "go?".into() });
    }
}
