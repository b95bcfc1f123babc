//! `mc workflow plan`, held against whole outputs in tests/mc/plan.

use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

use crate::golden::mc;
use crate::program::Said;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn plan(args: &[&str]) -> Said {
    mc(&[&["workflow", "plan"], args].concat(), "")
}

fn stored(name: &str) -> String {
    let path = Path::new(ROOT).join("tests/mc/plan").join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Exit code, stdout (of a file) and stderr.
#[track_caller]
fn golden(args: &[&str], exit: i32, stdout: &str, stderr: &str) {
    let output = plan(args);
    assert_eq!(output.err, stderr);
    assert_eq!(output.out, stored(stdout));
    assert_eq!(output.code, exit);
}

fn yaml_files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|n| n.ends_with(".yaml") && !n.starts_with("kustom")).collect();
    names.sort();
    names.into_iter().map(|n| format!("{folder}/{n}")).collect()
}

#[test]
fn whatever_ships_can_be_planned_as_it_is_and_succeeds() {
    let files: Vec<String> = ["workflows", "examples"].into_iter().flat_map(yaml_files).collect();
    assert!(files.len() >= 22, "{files:?}");
    for file in files {
        let output = plan(&[&file]);
        assert_eq!(output.code, 0, "{file}: {}{}", output.out, output.err);
        assert!(output.out.contains("\nSucceeded after "), "{file}");
    }
}

#[test]
fn a_workflow_that_ships_is_planned_with_made_up_values() {
    let made_up = "made up: params.repo: https://example.com/repo\nmade up: task: <task>\n";
    golden(&["workflows/feature-dev.yaml"], 0, "feature-dev.txt", made_up);
}

#[test]
fn an_approval_is_given_where_nobody_says_otherwise() {
    golden(&["examples/approval.yaml"], 0, "approval.txt", "");
}

#[test]
fn a_graph_is_planned_with_its_run_and_all_inputs() {
    golden(&["examples/graph.yaml", "--show-inputs"], 0, "graph.txt", "");
}

#[test]
fn a_bad_day_with_rework_retries_a_timeout_and_people() {
    let answers = "tests/mc/plan/bad-day.yaml";
    let args = ["tests/mc/plan/release.yaml", "--task", "go", "-p", "version=2.4", "--answers", answers];
    golden(&args, 0, "bad-day.txt", &format!("{answers}: the answer decisions[1] was not used\n"));
}

#[test]
fn a_question_that_nobody_answers_expires_and_finally_runs() {
    let args = ["tests/mc/plan/release.yaml", "-p", "version=2.4", "--answers", "tests/mc/plan/silent.yaml"];
    golden(&args, 1, "silent.txt", "made up: task: <task>\n");
}

#[test]
fn a_question_that_stays_open_is_an_exit_code_of_its_own() {
    let folder = std::env::temp_dir().join(format!("mc-plan-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("release.yaml");
    let expiry = "  escalation: {expiresAfter: 72h, onExpiry: Abort}\n";
    fs::write(&file, stored("release.yaml").replace(expiry, "")).unwrap();
    let file = file.to_str().unwrap().to_string();
    let output =
        plan(&[&file, "--task", "go", "-p", "version=2.4", "--answers", "tests/mc/plan/silent.yaml"]);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(output.code, 2);
    assert!(output.out.contains("\nPaused (Escalated) after 10m6s: step build failed after 2 attempts"));
    let note = "the question of build has no answer; add to the answers file: decisions: [{step: build, action: …}]\n";
    assert_eq!(output.err, note);
}

#[test]
fn the_document_has_events_end_and_totals() {
    let args = ["examples/escalation.yaml", "--answers", "tests/mc/plan/closed.yaml", "-o", "json"];
    golden(&args, 1, "closed.json", "");
    let json: Value = serde_json::from_str(&stored("closed.json")).unwrap();
    let mut args = args;
    args[4] = "yaml";
    let yaml: Value = serde_yaml::from_str(&plan(&args).out).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn an_invalid_workflow_is_told_as_lint_tells_it() {
    let file = "tests/mc/plan/broken.yaml";
    let lint = mc(&["lint", file], "");
    let output = plan(&[file]);
    assert_eq!((output.out, output.code), (lint.out, 3));
    let wanted = "error: the workflow has 1 problem\nnext:  fix the problems above and run plan again\n";
    assert_eq!(output.err, wanted);
}

#[test]
fn every_fault_of_the_answers_is_named_at_once() {
    let output = plan(&["tests/mc/plan/release.yaml", "--answers", "tests/mc/plan/wrong.yaml"]);
    assert_eq!((output.out.as_str(), output.code), ("", 3));
    assert_eq!(output.err, stored("wrong.txt"));
}

#[test]
fn files_that_do_not_fit_together_are_bad_input() {
    let cases: [(&[&str], &str); 5] = [
        (&["examples/none.yaml"], "error: examples/none.yaml: No such file"),
        (
            &["tests/mc/plan/bad-day.yaml"],
            "error: tests/mc/plan/bad-day.yaml: there is no Workflow in this file\n",
        ),
        (
            &["workflows/bug-fix.yaml", "--run", "examples/hello.yaml"],
            "error: workflows/bug-fix.yaml: there is no Workflow hello in this file; it has bug-fix\n",
        ),
        (
            &["examples/hello.yaml", "--workflow", "bye"],
            "error: examples/hello.yaml: there is no Workflow bye in this file; it has hello\n",
        ),
        (&["examples/hello.yaml", "-o", "name"], "error: plan does not support -o name\n"),
    ];
    for (args, start) in cases {
        let output = plan(args);
        assert_eq!(output.code, 3, "{args:?}");
        assert!(output.err.starts_with(start), "{args:?}: {}", output.err);
    }
}

#[test]
fn params_that_do_not_fit_end_the_run_before_it_starts() {
    let output = plan(&["tests/mc/plan/release.yaml", "-p", "version=x"]);
    assert_eq!(output.code, 1);
    assert!(output.out.contains("\nFailed (InvalidParams) after 0s: params.version: must match"));
}

#[test]
fn the_help_fits_eighty_columns_and_shows_how_answers_are_written() {
    let help = plan(&["--help"]).out;
    let long: Vec<&str> = help.lines().filter(|l| l.chars().count() > 80).collect();
    assert_eq!(long, Vec::<&str>::new());
    assert!(help.contains("decisions:") && help.contains("Example:"), "{help}");
}

#[test]
fn the_docs_show_what_their_answers_do() {
    let docs = fs::read_to_string(Path::new(ROOT).join("docs/creating-workflows.md")).unwrap();
    let block = |pattern: &str| {
        let regex = Regex::new(pattern).unwrap();
        regex.captures(&docs).unwrap_or_else(|| panic!("{pattern}"))[1].to_string()
    };
    let answers = block(r"(?s)```yaml\n(# bad-day\.yaml\n.*?)```");
    let shown = block(r"(?s)--answers bad-day\.yaml\n```\n\n```text\n(.*?)```");
    let file = std::env::temp_dir().join(format!("mc-plan-docs-{}.yaml", std::process::id()));
    fs::write(&file, answers).unwrap();
    let output = plan(&["examples/stories.yaml", "--answers", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    assert_eq!(output.out, shown);
    assert_eq!((output.err.as_str(), output.code), ("", 0));
}
