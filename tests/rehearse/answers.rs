//! The answers file of `mc workflow plan`: its effect, and its problems.

use mission_control::api::{Outcome, WorkflowSpec};
use mission_control::engine::definition::Definition;
use mission_control::rehearse::answers::{Answers, read};
use mission_control::rehearse::cluster::SimulatedCluster;
use mission_control::rehearse::player::{LIMIT, play};
use mission_control::rehearse::synthesize::Synthesized;
use mission_control::rehearse::timeline::What;
use serde_json::json;

use crate::script;

fn flow(text: &str) -> WorkflowSpec {
    script::workflow(text).unwrap()
}

fn problems(text: &str, answers: serde_json::Value) -> Vec<String> {
    read(&answers, &Definition::read(&flow(text)).unwrap()).unwrap_err()
}

/// The outcomes of all attempts in order, and the unused answers.
fn rehearsed(text: &str, answers: serde_json::Value) -> (Vec<String>, Vec<String>) {
    let all = Definition::read(&flow(text)).unwrap();
    let mut answers = Answers::new(read(&answers, &all).unwrap(), Synthesized::of(&all));
    let mut cluster = SimulatedCluster::new();
    script::event(&mut cluster, &format!("workflow: {text}")).unwrap();
    script::event(&mut cluster, "run").unwrap();
    let told = play(&mut cluster, &mut answers, LIMIT).unwrap();
    let ends = told.into_iter().filter_map(|e| {
        let place = e.item.map_or(e.step.clone(), |i| Some(format!("{}/{i}", e.step?)));
        match e.what {
            What::Ends(Outcome::Done, _) => Some(format!("{} Done", place?)),
            What::Ends(outcome, cause) => Some(format!("{} {outcome} {}", place?, cause?)),
            What::Decides(action) => Some(format!("{} {}", place.unwrap_or_default(), action.as_str())),
            _ => None,
        }
    });
    (ends.collect(), answers.unused())
}

#[test]
fn successive_attempts_have_successive_answers_and_the_last_repeats() {
    let answers = json!({"a": [{"exit": 1}, {"lost": "node"}, "STATUS: failed"]});
    let (told, unused) = rehearsed("a limit=2 onExhausted=Continue", answers);
    let wanted = ["a Failed ExitCode", "a Lost Disrupted", "a Failed StatusFailed", "a Failed StatusFailed"];
    assert_eq!((told, unused), (wanted.map(String::from).to_vec(), vec![]));
}

#[test]
fn an_item_has_its_own_answers_and_else_those_of_its_step() {
    let list = "LIST: [\"x\", \"y\"]\nSTATUS: done";
    let answers = json!({"a": list, "b": [{"exit": 3}, "STATUS: done"], "b/item-2": ["STATUS: done"]});
    let (told, unused) = rehearsed("a | b forEach=steps.a.outputs.list", answers);
    assert_eq!(told, ["a Done", "b/item-1 Failed ExitCode", "b/item-1 Done", "b/item-2 Done"]);
    assert!(unused.is_empty());
}

#[test]
fn each_decision_answers_one_question() {
    let answers = json!({
        "a": ["STATUS: failed"],
        "decisions": [{"step": "a", "action": "Retry"}, {"step": "a", "action": "Skip"}, {"step": "a", "action": "Abort"}],
    });
    let (told, unused) = rehearsed("a limit=0", answers);
    assert_eq!(told, ["a Failed StatusFailed", "a Retry", "a Failed StatusFailed", "a Skip"]);
    assert_eq!(unused, ["decisions[2]"]);
}

#[test]
fn an_approval_is_given_unless_something_else_is_said() {
    let text = "a | b approval=\"fine?\" onRetry=a:3";
    assert_eq!(rehearsed(text, json!({})).0, ["a Done", "b Approve"]);
    let (told, unused) = rehearsed(
        text,
        json!({"b": [{"action": "Reject"}, {"action": "Approve"}], "a": ["STATUS: done", "x"]}),
    );
    assert_eq!(told[..4], ["a Done", "b Reject", "a Failed NoStatus", "a Failed NoStatus"]);
    assert_eq!(unused, ["b[1]"]);
}

#[test]
fn every_problem_is_named_with_its_place() {
    let text = "a | b approval=\"fine?\"";
    let answers = json!({
        "x": ["STATUS: done"], "a/one": ["STATUS: done"], "a": [{"exits": 1}, {"lost": "mind"}, {"lost": "node", "says": "x"}],
        "b": ["STATUS: done", {"action": "Retry"}], "decisions": [{"action": "Skip"}, {"step": "y", "action": "Skip"}],
    });
    let found = problems(text, answers);
    let wanted = [
        "a[0]: unknown field `exits`",
        "a[1]: lost: there is no \"mind\"; there are node, pod",
        "a[2]: what is lost",
        "a/one[0]: step a has no items",
        "b[0]: ",
        "b[1]: Retry is no answer to an approval",
        "decisions[0]: Skip answers a question",
        "decisions[1]: there is no step \"y\"; there are a, b",
        "x[0]: there is no step \"x\"",
    ];
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (problem, start) in found.iter().zip(wanted) {
        assert!(problem.starts_with(start), "{problem} / {start}");
    }
}

#[test]
fn a_step_with_the_name_of_the_list_of_decisions_can_be_meant() {
    let (told, unused) =
        rehearsed("decisions limit=0 onExhausted=Continue", json!({"decisions/": [{"exit": 2}]}));
    assert_eq!((told, unused), (vec!["decisions Failed ExitCode".to_string()], vec![]));
}
