//! A Workflow -> YAML in the usual order of fields, checked to parse as the same Workflow.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::api::Workflow;

/// Fields that come first, in this order; others follow alphabetically, and [`LAST`] comes last.
const FIRST: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "description",
    "params",
    "workspace",
    "agents",
    "steps",
    "outputs",
    "notify",
    "agent",
    "image",
    "env",
    "workspaceAccess",
    "timeout",
    "retry",
    "in",
    "as",
    "verifyWith",
    "forEach",
    "rerun",
    "limit",
    "onRetry",
    "required",
    "size",
    "default",
    "events",
];
const LAST: &[&str] = &["expects", "files", "input"];

/// The manifest as text.
pub(crate) fn yaml(workflow: &Workflow) -> Result<String, String> {
    let value = serde_json::to_value(workflow).map_err(|e| e.to_string())?;
    let text = serde_yaml::to_string(&Ordered(&value)).map_err(|e| e.to_string());
    match text {
        Ok(text) if reads_back(&text, workflow) => Ok(text),
        // JSON is valid YAML.
        _ => serde_json::to_string_pretty(&value).map_err(|e| e.to_string()),
    }
}

fn reads_back(text: &str, workflow: &Workflow) -> bool {
    serde_yaml::from_str::<Workflow>(text).is_ok_and(|read| read == *workflow)
}

struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(key, _)| rank(key));
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, &Ordered(value))?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Ordered(item))?;
                }
                list.end()
            }
            plain => plain.serialize(serializer),
        }
    }
}

fn rank(key: &str) -> usize {
    let first = FIRST.iter().position(|k| *k == key);
    let last = LAST.iter().position(|k| *k == key).map(|at| FIRST.len() + 1 + at);
    first.or(last).unwrap_or(FIRST.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::WorkflowSpec;
    use crate::api::agent::Agent;
    use crate::api::step::Step;

    fn workflow(input: &str, description: &str) -> Workflow {
        let agent = Agent {
            name: "a".into(),
            image: "i".into(),
            files: [("AGENTS.md".into(), input.into())].into(),
            ..Agent::default()
        };
        let step = Step {
            name: "s".into(),
            agent: Some("a".into()),
            input: Some(input.into()),
            expects: Some(String::new()),
            ..Step::default()
        };
        let spec = WorkflowSpec {
            description: Some(description.into()),
            agents: vec![agent],
            steps: vec![step],
            ..WorkflowSpec::default()
        };
        Workflow::new("w", spec)
    }

    #[test]
    fn a_manifest_is_in_the_order_of_people_and_long_texts_are_blocks() {
        let expected = "apiVersion: missioncontrol.dev/v1alpha1\nkind: Workflow\nmetadata:\n  name: w\nspec:\n  description: on\u{e9}\n  agents:\n  - name: a\n    image: i\n    files:\n      AGENTS.md: |\n        one\n        two: x\n  steps:\n  - name: s\n    agent: a\n    expects: \"\"\n    input: |\n      one\n      two: x\n";
        assert_eq!(yaml(&workflow("one\ntwo: x\n", "on\u{e9}")).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was(input in "([a-z: #|>\\-\\t\"'%{}]|\n|\r|\u{85}|\u{2028}|\u{7f}|é){0,40}") {
            let workflow = workflow(&input, &input);
            let text = yaml(&workflow).unwrap();
            prop_assert_eq!(serde_yaml::from_str::<Workflow>(&text).unwrap(), workflow);
        }
    }
}
