//! `NAME=VALUE` -> the values of a run under those names.

use std::collections::BTreeMap;

use crate::cli::terminal::exit::Fault;
use crate::engine::output::is_reserved;

/// All given values.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub task: Option<String>,
    pub params: BTreeMap<String, String>,
    /// By step: its output, and its outputs by key in lower case.
    pub steps: BTreeMap<String, StepValues>,
    /// Outputs of some earlier step, by key in lower case.
    pub values: BTreeMap<String, String>,
    /// `run.NAME`.
    pub run: BTreeMap<String, String>,
    pub human_feedback: Option<String>,
    pub verify_feedback: Option<String>,
    /// Everything else by its dotted name, added to the context unchanged.
    pub rest: Vec<(String, String)>,
}

/// The given values of one step.
#[derive(Debug, Default)]
pub(crate) struct StepValues {
    pub output: Option<String>,
    pub outputs: BTreeMap<String, String>,
}

impl Given {
    /// Sorts the values by name. Whether a step has such an output is checked later.
    pub(crate) fn read(
        values: &[(String, String)],
        task: Option<String>,
        namespace: Option<String>,
    ) -> Result<Self, Fault> {
        let mut given = Self { task, ..Self::default() };
        given.run.extend(namespace.map(|namespace| ("namespace".to_string(), namespace)));
        for (name, value) in values {
            given.put(name, value.clone())?;
        }
        Ok(given)
    }

    fn put(&mut self, name: &str, value: String) -> Result<(), Fault> {
        let parts: Vec<&str> = name.split('.').collect();
        let lower = |key: &str| key.to_lowercase();
        match parts.as_slice() {
            ["task"] => self.task = Some(value),
            ["human_feedback"] => self.human_feedback = Some(value),
            ["verify_feedback"] => self.verify_feedback = Some(value),
            ["params", param] => drop(self.params.insert((*param).into(), value)),
            ["run", field] => drop(self.run.insert((*field).into(), value)),
            ["steps", step, "output"] => self.step_values(step).output = Some(value),
            ["steps", step, "outputs", key] => drop(self.step_values(step).outputs.insert(lower(key), value)),
            ["steps", _, "items" | "phase"] => self.rest.push((name.into(), value)),
            ["params" | "run" | "steps", ..] | [] | [""] => return Err(unknown(name)),
            [key] if !is_reserved(key) => drop(self.values.insert(lower(key), value)),
            _ => self.rest.push((name.into(), value)),
        }
        Ok(())
    }

    fn step_values(&mut self, step: &str) -> &mut StepValues {
        self.steps.entry(step.into()).or_default()
    }
}

/// No variable has that name.
pub(crate) fn unknown(name: &str) -> Fault {
    Fault::input(format!("--set {name}: there is no such template variable")).next(
        "use task, params.NAME, steps.STEP.outputs.KEY, steps.STEP.output, KEY, run.name or the item's name",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_where_a_run_has_them() {
        let set = |name: &str| (name.to_string(), name.to_uppercase());
        let names = [
            "params.repo",
            "steps.plan.outputs.BRANCH",
            "steps.plan.output",
            "STORIES_JSON",
            "story.title",
            "task",
        ];
        let given = Given::read(&names.map(set), None, Some("ns".into())).unwrap();
        assert_eq!(given.task.as_deref(), Some("TASK"));
        assert_eq!(given.params["repo"], "PARAMS.REPO");
        assert_eq!(given.steps["plan"].outputs["branch"], "STEPS.PLAN.OUTPUTS.BRANCH");
        assert_eq!(given.steps["plan"].output.as_deref(), Some("STEPS.PLAN.OUTPUT"));
        assert_eq!(given.values["stories_json"], "STORIES_JSON");
        assert_eq!(given.run["namespace"], "ns");
        assert_eq!(given.rest, [("story.title".to_string(), "STORY.TITLE".to_string())]);
        assert!(Given::read(&[set("steps.plan")], None, None).is_err());
    }
}
