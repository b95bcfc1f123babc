//! `mc workflow render`: a step's input, byte by byte.

use crate::golden::mc;
use crate::program::Said;

const FILE: &str = "tests/mc/render/flow.yaml";
const STORIES: &str = "STORIES_JSON=tests/mc/render/stories.json";

fn render(args: &[&str]) -> Said {
    mc(&[&["workflow", "render", FILE], args].concat(), "")
}

fn is(args: &[&str], text: &str) {
    assert_eq!(render(args), Said { code: 0, out: text.into(), err: String::new() });
}

fn is_refused(args: &[&str], code: i32, err: &str) {
    assert_eq!(render(args), Said { code, out: String::new(), err: err.into() });
}

#[test]
fn task_params_and_their_defaults_are_rendered_and_nothing_is_added() {
    is(
        &["--step", "plan-it", "--task", "T {{ x }}\n", "--set", "params.repo=a=b"],
        "Plan T {{ x }}\n in a=b on main",
    );
    is(
        &["--step", "plan-it", "--task", "", "--set", "params.repo=r", "--set", "params.base=dev"],
        "Plan  in r on dev",
    );
}

#[test]
fn every_missing_variable_is_named_with_the_option_that_gives_it() {
    let err = "step plan-it: 2 variables without a value; set with\n  task         --task TEXT\n  params.repo  --set params.repo=TEXT\n";
    is_refused(&["--step", "plan-it"], 1, err);
    let err = "step implement: 4 variables without a value; set with\n  \
               current_story      --set current_story=TEXT\n  \
               completed_stories  --set completed_stories=TEXT\n  \
               stories_remaining  --set stories_remaining=TEXT\n  \
               planItOutput       --set steps.plan-it.output=TEXT\n\
               or set the loop's whole list: --set-file STORIES_JSON=FILE\n";
    is_refused(
        &["--step", "implement", "--item", "US-9", "--set", "story.title=Mine", "--set", "branch=b"],
        1,
        err,
    );
}

#[test]
fn what_the_missing_options_say_is_what_renders() {
    let given = [
        "current_story=S",
        "completed_stories=C",
        "stories_remaining=4",
        "steps.plan-it.output=P",
        "branch=b",
        "story.title=Mine",
    ];
    let mut args = vec!["--step", "implement", "--item", "US-9"];
    given.iter().for_each(|g| args.extend(["--set", g]));
    is(&args, "S\ndone: C, left: 4 []\nP b Mine\n");
}

#[test]
fn an_item_of_a_list_stands_among_the_others() {
    let own = [
        "--step",
        "implement",
        "--item",
        "US-2",
        "--set-file",
        STORIES,
        "--set",
        "planItOutput=PLANNED",
        "--set",
        "branch=b1",
    ];
    let text = "Story US-2: Two\n\nSecond\n\nAcceptance Criteria:\n  1. b\n  2. c\ndone: - US-1: One, left: 1 []\nPLANNED b1 Two\n";
    is(&own, text);
    is_refused(
        &["--step", "implement", "--item", "US-3", "--set-file", STORIES],
        3,
        "error: the list has no item US-3\nnext:  it has US-1, US-2\n",
    );
    is_refused(
        &["--step", "implement"],
        3,
        "error: the step has forEach and runs once per item\nnext:  select an item with --item ID\n",
    );
}

#[test]
fn the_verifier_of_an_item_sees_what_its_work_gave() {
    let said = ["--set", "steps.implement.output=IMPL", "--set", "steps.implement.outputs.PR=77"];
    let text = "check IMPL US-1 77";
    is(&[&["--step", "verify", "--item", "US-1", "--set-file", STORIES], &said[..]].concat(), text);
    is(&[&["--step", "verify", "--item", "US-1"], &said[..]].concat(), text);
}

#[test]
fn later_steps_approvals_and_finally_are_rendered_too() {
    let args = [
        "--step",
        "pr",
        "--set",
        "implementOutput=x",
        "--set",
        "run.name=r",
        "--set",
        "branch=q",
        "--set",
        "human_feedback=do it",
    ];
    is(&args, "x r q do it");
    is(&["--step", "ask", "--task", "now"], "Ship now?");
    is(&["--step", "clean", "--set", "run.phase=Failed"], "Failed none");
}

#[test]
fn names_that_no_step_could_know_are_refused() {
    let next = "next:  use task, params.NAME, steps.STEP.outputs.KEY, steps.STEP.output, KEY, run.name or the item's name\n";
    is_refused(
        &["--step", "pr", "--set", "foo.bar=1"],
        3,
        &format!("error: --set foo.bar: there is no such template variable\n{next}"),
    );
    is_refused(
        &["--step", "pr", "--set", "run.phase=1"],
        3,
        &format!("error: --set run.phase: there is no such template variable\n{next}"),
    );
    is_refused(
        &["--step", "pr", "--set", "steps.clean.output=1"],
        3,
        "error: --set steps.clean: clean is not finished before this step starts\nnext:  finished steps: plan-it, implement, verify\n",
    );
    is_refused(
        &["--step", "plan-it", "--set", "params.nope=1"],
        3,
        "error: params.nope: the workflow has no such param (it has repo, base)\nnext:  a run with these params would not start\n",
    );
}

#[test]
fn an_input_that_no_container_takes_is_said() {
    let ran = render(&["--step", "plan-it", "--task", &"x".repeat(100 * 1024), "--set", "params.repo=r"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.out.len(), 100 * 1024 + "Plan  in r on main".len());
    assert_eq!(
        ran.err,
        "the rendered input is 101 KiB; the limit for inputAs: Env is 96 KiB; the run would need a decision (InputTooLarge)\n"
    );
}

#[test]
fn one_of_several_workflows_is_named() {
    let runs = |args: &[&str]| {
        mc(&[&["workflow", "render", "tests/mc/lint/engine.yaml", "--step", "plan"], args].concat(), "")
    };
    let err = "error: tests/mc/lint/engine.yaml has several Workflows\nnext:  select one with --workflow: engine, texts\n";
    assert_eq!(runs(&[]), Said { code: 3, out: String::new(), err: err.into() });
    let err = "error: Workflow engine: spec.steps[0] (plan).agent: there is no agent \"nobody\"; spec.agents has dev\n\
               next:  mc workflow lint tests/mc/lint/engine.yaml\n";
    assert_eq!(runs(&["--workflow", "engine"]), Said { code: 3, out: String::new(), err: err.into() });
}
