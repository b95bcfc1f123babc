//! One fact each about what a field becomes. Texts have tests of their own.

use std::collections::BTreeMap;

use crate::api::step::Step;
use crate::engine::lint;

use super::report::{Entry, Notes};
use super::*;

struct Made {
    workflow: Workflow,
    report: Vec<Entry>,
}

impl Made {
    fn step(&self, name: &str) -> &Step {
        self.workflow.spec.steps.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no step {name}"))
    }

    fn says(&self, field: &str, part: &str) -> bool {
        self.report.iter().any(|e| e.field.contains(field) && e.message.contains(part))
    }
}

/// Without files, and lint has to find nothing.
fn made(text: &str) -> Made {
    let found = shape::recognise(text).unwrap();
    let mut notes = Notes::default();
    let draft = match found.shape {
        Shape::Origin => origin::read(&found.document, &mut notes),
        Shape::Antfarm => antfarm::read(&found.document, &mut notes),
    }
    .unwrap();
    let files = vec![BTreeMap::new(); draft.agents.len()];
    let chosen = build::Chosen { image: "i:1", name: "w" };
    let (workflow, settled) = build::build(&draft, &chosen, files.clone(), &mut notes);
    advice::about(&workflow.spec, &draft, &files, &mut notes);
    assert_eq!(lint::problems(&workflow.spec), [], "{text}");
    Made { workflow, report: notes.settle(&settled) }
}

fn antfarm(steps: &str) -> Made {
    made(&format!(
        "id: a\nagents: [{{id: dev, role: coding}}, {{id: ver, role: verification}}]\nsteps:\n{steps}"
    ))
}

fn origin(fields: &str) -> Made {
    made(&format!(
        "id: a\nagents: [{{id: x, persona: P}}]\nsteps: [{{id: s, agent: x, input: 'STATUS: done', {fields}}}]\n"
    ))
}

/// A planner, a loop and its verifier, with fields of the loop and of the verifier.
fn stories(of_loop: &str, of_verifier: &str) -> Made {
    antfarm(&format!(
        "- {{id: plan, agent: dev, input: 'Reply with STATUS: done, STORIES_JSON: []'}}\n\
         - {{id: work, agent: dev, type: loop, input: '{{{{verify_feedback}}}} STATUS: done', {of_loop}}}\n\
         - {{id: check, agent: ver, input: 'STATUS: done', {of_verifier}}}\n\
         - {{id: last, agent: dev, input: 'STATUS: done', on_fail: {{retry_step: check}}}}\n"
    ))
}

const EACH: &str = "loop: {over: stories, verify_each: true, verify_step: check}";

fn limits(step: &Step) -> (Option<u32>, Option<u32>) {
    (step.retry.as_ref().and_then(|r| r.limit), step.on_retry.as_ref().and_then(|r| r.limit))
}

#[test]
fn retries_are_max_retries_else_those_of_on_fail_else_what_is_built_in() {
    let made = antfarm(
        "- {id: a, agent: dev, input: 'STATUS: done {{verify_feedback}}', max_retries: 5, on_fail: {max_retries: 1}}\n\
         - {id: b, agent: dev, input: 'STATUS: done', on_fail: {retry_step: a, max_retries: 3}}\n\
         - {id: c, agent: dev, input: 'STATUS: done', on_fail: {retry_step: a}}\n",
    );
    assert_eq!(limits(made.step("a")), (Some(5), None));
    assert_eq!(limits(made.step("b")), (Some(3), Some(3)));
    assert_eq!(limits(made.step("c")), (None, None));
    assert_eq!(made.step("c").on_retry.as_ref().unwrap().rerun, "a");
    assert_eq!(limits(origin("retryLimit: 4").step("s")), (Some(4), None));
}

#[test]
fn the_role_says_how_long_an_attempt_may_run_unless_the_agent_does() {
    for (role, expected) in [
        ("role: analysis", "20m"),
        ("role: verification", "20m"),
        ("role: pr", "20m"),
        ("role: scanning", "20m"),
        ("role: coding", "30m"),
        ("role: testing", "30m"),
        ("role: testing, timeoutSeconds: 90", "1m30s"),
    ] {
        let made = made(&format!(
            "id: a\nagents: [{{id: x, {role}}}]\nsteps: [{{id: s, agent: x, input: 'STATUS: done'}}]"
        ));
        assert_eq!(made.step("s").timeout.unwrap().to_string(), expected, "{role}");
    }
}

#[test]
fn minutes_are_a_timeout_and_no_minutes_are_none() {
    let shown = |fields: &str| origin(fields).step("s").timeout.map(|t| t.to_string());
    assert_eq!(shown("timeoutMinutes: 30"), Some("30m".into()));
    assert_eq!(shown("timeoutMinutes: 0.5"), Some("30s".into()));
    assert_eq!(shown("timeoutMinutes: 0"), None);
    assert!(
        origin("timeoutMinutes: 0").says("spec.steps[0] (s).timeout", "0 minutes is not a valid timeout")
    );
}

#[test]
fn only_an_expectation_that_is_not_built_in_is_kept() {
    let expects = |text: &str| origin(&format!("expects: {text}")).step("s").expects.clone();
    assert_eq!(expects("'STATUS: done'"), None);
    assert_eq!(expects("'status:   DONE '"), None);
    assert_eq!(expects("'STATUS: done now'"), Some("STATUS: done now".into()));
    assert_eq!(expects("''"), Some(String::new()));
    let made = antfarm("- {id: a, agent: dev, input: 'STATUS: done', expects: 'TESTS: green'}\n");
    assert_eq!(made.step("a").expects.as_deref(), Some("TESTS: green"));
    assert!(made.says("spec.steps[0] (a).expects", "antfarm ignored it"));
}

#[test]
fn a_loop_with_a_verifier_runs_once_per_story_and_sends_a_story_back() {
    let made = stories(EACH, "on_fail: {retry_step: work, max_retries: 4}");
    let each = made.step("work").for_each.clone().unwrap();
    assert_eq!((each.list.as_str(), each.verify_with.as_deref()), ("stories", Some("check")));
    let back = made.step("check").on_retry.clone().unwrap();
    assert_eq!(
        (back.rerun.as_str(), back.limit, back.feedback.as_deref()),
        ("work", Some(4), Some("ISSUES"))
    );
    assert_eq!(made.step("last").on_retry.as_ref().unwrap().rerun, "work", "a verifier's work is the loop's");
}

#[test]
fn a_verifier_without_a_limit_has_that_of_the_stories() {
    assert_eq!(
        limits(stories(&format!("{EACH}, max_retries: 7"), "max_retries: 1").step("check")),
        (Some(1), Some(7))
    );
    assert_eq!(limits(stories(EACH, "max_retries: 1").step("check")), (Some(1), Some(2)));
}

#[test]
fn a_verifier_sends_back_to_its_own_loop() {
    let made = stories(EACH, "on_fail: {retry_step: plan}");
    assert_eq!(made.step("check").on_retry.as_ref().unwrap().rerun, "work");
    assert!(made.says("spec.steps[2] (check).onRetry.rerun", "sends work back only to work"));
}

#[test]
fn a_loop_that_names_no_step_as_its_verifier_has_none() {
    for (rule, part) in [
        ("loop: {over: stories, verify_each: true}", "without a `verify_step`"),
        ("loop: {over: stories, verify_each: true, verify_step: nobody}", "is not a step that can verify"),
        ("loop: {over: stories, verify_step: work}", "is not a step that can verify"),
    ] {
        let made = stories(rule, "max_retries: 1");
        assert_eq!(made.step("work").for_each.as_ref().unwrap().verify_with, None, "{rule}");
        assert!(made.says("spec.steps[1] (work).forEach.verifyWith", part), "{:?}", made.report);
    }
    let made = stories("loop: {over: stories, verify_each: false, verify_step: check}", "max_retries: 1");
    assert_eq!(made.step("work").for_each.as_ref().unwrap().verify_with, None);
}

#[test]
fn feedback_is_the_key_that_the_prompt_asks_for() {
    for (keys, expected) in
        [("FAILURES: x", "FAILURES"), ("FEEDBACK: x, ISSUES: y", "ISSUES"), ("NOTHING: x", "ISSUES")]
    {
        let made = antfarm(&format!(
            "- {{id: a, agent: dev, input: 'STATUS: done {{{{verify_feedback}}}}'}}\n- {{id: b, agent: ver, input: 'Reply with STATUS: done, {keys}', on_fail: {{retry_step: a}}}}\n"
        ));
        assert_eq!(made.step("b").on_retry.as_ref().unwrap().feedback.as_deref(), Some(expected), "{keys}");
    }
}

#[test]
fn work_goes_back_only_to_a_step_before_that_is_another() {
    for (to, why) in [
        ("b", "a failed attempt is retried in any case"),
        ("c", "only be sent back to an earlier step"),
        ("gone", "only be sent back to an earlier step"),
    ] {
        let made = antfarm(&format!(
            "- {{id: a, agent: dev, input: 'STATUS: done'}}\n- {{id: b, agent: dev, input: 'STATUS: done', on_fail: {{retry_step: {to}}}}}\n- {{id: c, agent: dev, input: 'STATUS: done'}}\n"
        ));
        assert_eq!(made.step("b").on_retry, None, "{to}");
        assert!(made.says("spec.steps[1] (b)", why), "{to}");
    }
}

#[test]
fn what_a_prompt_lacks_is_said() {
    let made = antfarm(
        "- {id: a, agent: dev, input: Do it.}\n- {id: b, agent: ver, input: 'STATUS: done or STATUS: retry', on_fail: {retry_step: a}}\n- {id: c, agent: ver, input: 'STATUS: retry'}\n",
    );
    assert!(made.says("spec.steps[0] (a).input", "asks for no STATUS: line"));
    assert!(made.says("spec.steps[0] (a).input", "add {{ verify_feedback }}"));
    assert!(made.says("spec.steps[2] (c).onRetry", "nothing is sent back"));
    assert!(!made.says("spec.steps[1] (b)", "nothing is sent back"));
    let made = antfarm(
        "- {id: a, agent: dev, input: 'STATUS: done'}\n- {id: b, agent: dev, type: loop, input: 'STATUS: done'}\n",
    );
    assert!(made.says("spec.steps[1] (b).forEach.in", "STORIES_JSON"));
    assert!(made.says("spec.steps[1] (b).forEach", "without a `loop`"));
}

#[test]
fn the_end_of_a_run_tells_the_events_that_the_file_names() {
    let events = |end: &str| {
        let text = format!(
            "id: a\nagents: [{{id: x, persona: P}}]\nsteps: [{{id: s, agent: x, input: 'STATUS: done'}}]\n{end}"
        );
        made(&text)
            .workflow
            .spec
            .notify
            .into_iter()
            .flat_map(|n| n.events)
            .map(|e| e.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(events("onSuccess: {action: notify, message: m}"), ["Succeeded"]);
    assert_eq!(events("onFailure: {action: escalate, message: m}"), ["Escalated", "Failed"]);
    assert_eq!(events("onSuccess: {action: deploy}"), [""; 0]);
    assert_eq!(events(""), [""; 0]);
}

#[test]
fn a_single_step_needs_no_volume_and_a_description_is_the_name_where_there_is_none() {
    let text = "id: a\nname: A flow\nagents: [{id: x, role: verification}]\nsteps: [{id: s, agent: x, input: 'STATUS: done'}]\n";
    let made = made(text);
    assert_eq!(made.workflow.spec.workspace, None);
    assert_eq!(made.workflow.spec.agents[0].workspace_access, None);
    assert_eq!(made.workflow.spec.description.as_deref(), Some("A flow"));
    let long = super::tests::made(&format!("description: {}\n{text}", "d".repeat(2000)));
    assert_eq!(long.workflow.spec.description.as_ref().unwrap().len(), 1024);
    assert!(long.says("spec.description", "cut"));
}

#[test]
fn more_than_the_api_takes_is_a_problem() {
    let steps: String =
        (0..65).map(|i| format!("- {{id: s{i}, agent: dev, input: 'STATUS: done'}}\n")).collect();
    let problems = advice::problems(&antfarm(&steps).workflow.spec);
    assert_eq!(problems, [Entry { field: "spec.steps".into(), message: "65; the maximum is 64".into() }]);
    let long = "x".repeat(65_537);
    let made = antfarm(&format!("- {{id: a, agent: dev, input: 'STATUS: {long}'}}\n"));
    assert_eq!(advice::problems(&made.workflow.spec).len(), 1);
    assert_eq!(
        advice::applied(&"x".repeat(300 * 1024)).unwrap().message,
        "the manifest has 300 KiB: apply it with kubectl apply --server-side"
    );
}
