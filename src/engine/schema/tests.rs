use serde_json::{Value, json};

use super::*;

fn workflow() -> Value {
    json!({
        "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"},
        "spec": {
            "agents": [{"name": "a", "image": "i"}],
            "steps": [{"name": "s", "agent": "a", "input": "x"}],
        },
    })
}

fn said(kind: &str, object: &Value) -> Vec<String> {
    Schemas::default().problems(kind, object).iter().map(|p| format!("{}: {}", p.path, p.message)).collect()
}

/// The problems of a workflow with one value changed.
fn with(pointer: &str, value: Value) -> Vec<String> {
    let mut object = workflow();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[field] = value;
    said("Workflow", &object)
}

#[test]
fn what_the_api_server_takes_has_no_problem() {
    assert_eq!(said("Workflow", &workflow()), [""; 0]);
    assert_eq!(with("/spec/agents/0/resources", json!({"limits": {"cpu": 1, "memory": "1Gi"}})), [""; 0]);
    assert_eq!(with("/status", json!({"anything": 1})), [""; 0]);
    assert_eq!(with("/spec/description", Value::Null), [""; 0]);
}

#[test]
fn every_problem_is_said_at_once() {
    let object = json!({
        "kind": "Workflow", "metadata": {"name": "W"},
        "spec": {"agents": [{"nme": "a"}], "steps": [{"name": "s", "timeout": "5 minutes", "retry": {"limit": 1000}}], "nope": 1},
    });
    assert_eq!(
        said("Workflow", &object),
        [
            "metadata.name: \"W\" does not fit; use lower-case letters, digits and '-'",
            "spec.agents[0].nme: there is no such field; did you mean name?",
            "spec.agents[0].image: missing; it is required: the container image",
            "spec.agents[0].name: missing; it is required: the name of the agent, by which steps refer to it",
            "spec.nope: there is no such field; remove it (kubectl explain lists the fields)",
            "spec.steps[0] (s).retry.limit: 1000 is out of range; write 0 to 100",
            "spec.steps[0] (s).timeout: \"5 minutes\" does not fit; write a length of time such as 30s, 10m or 1h30m",
            "apiVersion: missing; it is required",
        ]
    );
}

#[test]
fn types_are_said_with_what_to_write() {
    let params = |default: Value| json!([{"name": "p", "default": default}]);
    assert_eq!(
        with("/spec/params", params(json!(1.5))),
        ["spec.params[0] (p).default: is a number, not a text; put it in quotes: \"1.5\""]
    );
    assert_eq!(
        with("/spec/suspend", json!("true")),
        ["spec.suspend: is a text, not true or false; write it without quotes"]
    );
    assert_eq!(with("/spec/steps", json!({})), ["spec.steps: is a mapping, not a list"]);
    assert_eq!(with("/spec/steps", json!([])), ["spec.steps: has 0 entries; at least 1 is needed"]);
    assert_eq!(
        with("/spec/agents/0/image", Value::Null),
        ["spec.agents[0] (a).image: has no value; write one, or remove the field"]
    );
    assert_eq!(
        with("/spec/defaults", json!({"onExhausted": "Escalade"})),
        ["spec.defaults.onExhausted: \"Escalade\" is not one of its values; did you mean Escalate?"]
    );
}

#[test]
fn cel_rules_are_held_where_they_stand() {
    let env = json!([{"name": "A"}, {"name": "MISSION_X", "value": "1"}, {"name": "A", "value": "2"}]);
    assert_eq!(
        with("/spec/agents/0/env", env),
        [
            "spec.agents[0] (a).env[0] (A): set either value or valueFrom, and not both",
            "spec.agents[0] (a).env[1] (MISSION_X): names that start with MISSION_ are reserved for the operator; choose another name",
            "spec.agents[0] (a).env[2] (A).name: the name \"A\" is used twice; rename one",
        ]
    );
    assert_eq!(
        with("/spec/agents/0/command", json!(["sh", "{{ task }}"])),
        [
            "spec.agents[0] (a).command: templates are not rendered in command; pass data in the input of the step or in env"
        ]
    );
    let decision = json!({
        "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowDecision", "metadata": {"name": "d"},
        "spec": {"run": "r", "escalation": "e1", "action": "Retry"},
    });
    assert_eq!(
        said("WorkflowDecision", &decision),
        [
            "metadata.name: a decision that answers an escalation must be named <run>-<escalation>, so that only the first answer counts"
        ]
    );
}

#[test]
fn every_rule_about_a_new_object_can_be_read() {
    fn rules(schema: &JSONSchemaProps, all: &mut Vec<String>) {
        let own = schema.x_kubernetes_validations.iter().flatten().filter(|r| walk::speaks_of_new(r));
        all.extend(own.map(|r| r.rule.clone()));
        schema.properties.iter().flat_map(|p| p.values()).for_each(|child| rules(child, all));
        let items = serde_json::to_value(&schema.items).unwrap();
        if items.is_object() {
            rules(&serde_json::from_value(items).unwrap(), all);
        }
    }
    let mut all = Vec::new();
    Schemas::default().kinds.values().for_each(|schema| rules(schema, &mut all));
    assert!(all.len() >= 9, "{all:?}");
    for rule in all {
        let read = super::super::condition::Condition::parse(&rule);
        assert!(read.is_ok(), "{rule}: {read:?}");
    }
}
