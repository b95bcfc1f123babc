//! `mc workflow lint`: malformed files and what is said about them.

use serde_json::Value;

use crate::golden::{is_golden, mc};
use crate::program::Said;

fn lint(file: &str) -> Said {
    mc(&["workflow", "lint", &format!("tests/mc/lint/{file}")], "")
}

#[test]
fn what_the_api_server_would_refuse_is_said_at_once() {
    is_golden("lint/schema.txt", &lint("schema.yaml"));
}

#[test]
fn what_the_operator_would_refuse_is_said_at_its_place() {
    is_golden("lint/engine.txt", &lint("engine.yaml"));
}

#[test]
fn a_place_within_a_template_is_a_place_in_the_file() {
    is_golden("lint/blocks.txt", &lint("blocks.yaml"));
}

#[test]
fn runs_and_decisions_are_checked_and_a_run_against_its_workflow() {
    is_golden("lint/runs.txt", &lint("runs.yaml"));
}

#[test]
fn a_document_that_is_no_yaml_does_not_hide_the_others() {
    is_golden("lint/broken.txt", &lint("broken.yaml"));
}

#[test]
fn a_run_is_checked_against_a_workflow_of_another_file() {
    let run = "apiVersion: missioncontrol.dev/v1alpha1\nkind: WorkflowRun\nmetadata: {name: r}\nspec:\n  workflowRef: {name: flow}\n  params: {base: x, repo: https://a}\n";
    let ran = mc(&["workflow", "lint", "-", "tests/mc/lint/runs.yaml"], run);
    let first = "-:6:18: workflowrun/r: spec.params.base: must be one of main, develop\n   6 |   params: {base: x, repo: https://a}\n     |                  ^\n";
    assert!(ran.out.starts_with(first), "{}", ran.out);
    assert_eq!(ran.code, 1);
    assert_eq!(mc(&["workflow", "lint", "-"], run).code, 0);
}

#[test]
fn json_has_a_problem_each() {
    let ran =
        mc(&["workflow", "lint", "-o", "json", "tests/mc/lint/runs.yaml", "tests/mc/lint/broken.yaml"], "");
    let all: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, 3);
    assert_eq!(all.len(), 10);
    assert_eq!(
        all[1],
        serde_json::json!({
            "file": "tests/mc/lint/runs.yaml", "line": 17, "column": 11, "workflow": "workflowrun/wrong",
            "field": "spec.params.base", "message": "must be one of main, develop",
        })
    );
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_checked() {
    let ran = mc(&["workflow", "lint", "nowhere.yaml", "tests", "examples/hello.yaml"], "");
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert_eq!(
        ran.err,
        "nowhere.yaml: cannot be read: No such file or directory (os error 2)\n\
         tests: the folder has no *.yaml or *.yml files\n\
         2 objects in 1 file checked: 0 problems\n"
    );
}

#[test]
fn what_ships_has_no_problem() {
    let ran = mc(&["workflow", "lint", "workflows", "examples"], "");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
}

#[test]
fn colours_are_there_when_they_are_asked_for() {
    let ran = mc(&["workflow", "lint", "--color", "always", "tests/mc/lint/runs.yaml"], "");
    assert!(ran.out.contains("\u{1b}[1m\u{1b}[31m^"), "{:?}", ran.out);
}
