use serde_json::json;

use super::*;
use crate::api::WorkflowSpec;

fn definition(spec: serde_json::Value) -> Definition {
    let spec: WorkflowSpec = serde_json::from_value(spec).unwrap();
    assert_eq!(crate::engine::lint::problems(&spec), Vec::new());
    Definition::read(&spec).unwrap()
}

fn steps(steps: serde_json::Value) -> Definition {
    definition(json!({"agents": [{"name": "x", "image": "i"}], "steps": steps}))
}

fn text(all: &Definition, step: &str) -> String {
    Synthesized::of(all).step(step).unwrap().text.clone()
}

#[test]
fn a_key_that_a_later_text_names_is_printed_by_the_step_that_was_asked_for_it() {
    let all = steps(json!([
        {"name": "a", "agent": "x", "input": "Answer with BRANCH: its name"},
        {"name": "b", "agent": "x", "input": "Answer with nothing"},
        {"name": "c", "agent": "x", "input": "{{ branch }} {{ steps.b.outputs.url }} {{ bOutput }} {{ task }}"},
    ]));
    assert_eq!(text(&all, "a"), "BRANCH: <branch>\nSTATUS: done");
    assert_eq!(text(&all, "b"), "URL: <url>\nSTATUS: done");
    assert_eq!(text(&all, "c"), "STATUS: done");
}

#[test]
fn a_key_that_nobody_was_asked_for_is_printed_by_every_step_before() {
    let all = steps(json!([
        {"name": "a", "agent": "x", "input": "one"}, {"name": "b", "agent": "x", "input": "two"},
        {"name": "c", "agent": "x", "input": "{{ found | default(value=\"-\") }}"},
    ]));
    assert_eq!((text(&all, "a"), text(&all, "b")), (text(&all, "b"), "FOUND: <found>\nSTATUS: done".into()));
}

#[test]
fn declared_outputs_fit_their_patterns() {
    let output = |name: &str, pattern: &str| json!({"name": name, "pattern": pattern});
    let all = steps(json!([{"name": "a", "agent": "x", "input": "x", "outputs": [
        {"name": "title", "key": "HEADLINE"}, output("url", "^https://"), output("count", "^[0-9]+$"),
        output("id", "^(ab|c)x{3}-[A-F]{2}\\d?$"),
    ]}]));
    let wanted =
        [("COUNT", "1"), ("HEADLINE", "<title>"), ("ID", "abxxx-AA"), ("URL", "https://example.com/url")];
    let wanted = wanted.map(|(k, v)| (k.to_string(), v.to_string())).into();
    assert_eq!(Synthesized::of(&all).step("a").unwrap().values, wanted);
}

#[test]
fn conditions_find_what_they_compare_with() {
    let all = steps(json!([
        {"name": "a-b", "agent": "x", "input": "x"},
        {"name": "c", "agent": "x", "input": "x", "when": "steps['a-b'].outputs.kind == 'bug' && int(steps['a-b'].outputs.n) > 0"},
    ]));
    assert_eq!(text(&all, "a-b"), "KIND: bug\nN: 1\nSTATUS: done");
}

#[test]
fn a_loop_finds_two_items_with_the_fields_that_it_names() {
    let all = steps(json!([
        {"name": "a", "agent": "x", "input": "AttemptResult with HOSTS and with STORIES_JSON"},
        {"name": "b", "agent": "x", "input": "{{ host.ip.v4 }}", "forEach": {"in": "steps.a.outputs.hosts", "as": "host"}},
        {"name": "c", "agent": "x", "input": "{{ item }}", "forEach": {"in": "steps.b.outputs.names", "maxItems": 1}},
        {"name": "d", "agent": "x", "input": "{{ story.points }}", "forEach": {"in": "stories"}},
    ]));
    let invented = Synthesized::of(&all);
    let values = |step: &str, key: &str| invented.step(step).unwrap().values[key].clone();
    let hosts: serde_json::Value = serde_json::from_str(&values("a", "HOSTS")).unwrap();
    assert_eq!(hosts[1], json!({"id": "host-2", "ip": {"v4": "<v4 2>"}}));
    assert_eq!(values("b", "NAMES"), "[\"<item 1>\"]");
    let stories = crate::engine::list::stories(&values("a", "STORIES_JSON"), 20).unwrap();
    assert_eq!((stories.len(), &stories[1].value["points"]), (2, &json!("<points 2>")));
}

#[test]
fn what_a_step_expects_is_said() {
    let all = steps(json!([
        {"name": "a", "agent": "x", "input": "x", "expects": "All tests passed"},
        {"name": "b", "agent": "x", "input": "{{ n }}", "expects": "STATUS: green"},
    ]));
    assert_eq!(text(&all, "a"), "All tests passed\nN: <n>\nSTATUS: done");
    assert_eq!(text(&all, "b"), "STATUS: green");
}

#[test]
fn only_params_that_are_needed_and_missing_are_made_up() {
    let all = definition(json!({
        "params": [
            {"name": "repo", "required": true, "pattern": "https://[a-z.]+(/[a-z]+)+"}, {"name": "env", "required": true, "enum": ["dev", "live"]},
            {"name": "base", "default": "main"}, {"name": "note"}, {"name": "wanted"}, {"name": "given", "required": true},
        ],
        "agents": [{"name": "x", "image": "i"}],
        "steps": [{"name": "a", "agent": "x", "input": "{{ params.wanted }}{% if params.note %}{{ params.note }}{% endif %}"}],
    }));
    let made = params(&all, &[("given".to_string(), "g".to_string())].into());
    let wanted = [("env", "dev"), ("repo", "https://example.com/repo"), ("wanted", "<wanted>")];
    assert_eq!(made, wanted.map(|(k, v)| (k.to_string(), v.to_string())).into());
}
