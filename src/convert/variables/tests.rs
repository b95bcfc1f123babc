use super::super::report::Settled;
use super::super::template::convert;

use super::*;

fn facts(steps: &[(&str, &[&str], bool)]) -> Vec<Facts> {
    let of = |(id, keys, each): &(&str, &[&str], bool)| Facts {
        id: id.to_string(),
        name: super::super::names::name(id, "step", 40),
        keys: keys.iter().map(|k| k.to_string()).collect(),
        each: *each,
        per_item: *each,
    };
    steps.iter().map(of).collect()
}

/// The template of the last step but `later`, its params (`!` after those that are required), and what is said.
fn text(
    shape: Shape,
    steps: &[Facts],
    i: usize,
    context: &[(&str, &str)],
    text: &str,
) -> (String, Vec<String>, Vec<String>) {
    let context: Vec<(String, String)> =
        context.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let mut variables = Variables { shape, steps, context: &context, params: Vec::new() };
    let mut notes = Notes::default();
    let at = Owner::Step(i).at("input");
    let (template, _) = convert(text, &mut |used| variables.expression(i, &at, used, &mut notes));
    let shown = |p: &Param| {
        format!(
            "{}{}{}",
            p.name,
            if p.required == Some(true) { "!" } else { "" },
            p.default.as_ref().map(|d| format!("={d}")).unwrap_or_default()
        )
    };
    let params = variables.params.iter().map(shown).collect();
    let said = notes.settle(&Settled::default()).into_iter().map(|e| e.message).collect();
    (template, params, said)
}

fn of(steps: &[Facts], i: usize, template: &str) -> (String, Vec<String>) {
    let (text, params, _) = text(Shape::Antfarm, steps, i, &[], template);
    (text, params)
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn what_a_step_before_gives_stays() {
    let steps = facts(&[
        ("plan", &["REPO", "STORIES"], false),
        ("traceRequirements", &[], false),
        ("work", &[], false),
    ]);
    let text = "{{task}} {{repo}} {{STORIES}} {{planOutput}} {{traceRequirementsOutput}} {{verify_feedback}}";
    assert_eq!(of(&steps, 2, text), ("{{ task }} {{ repo }} {{ STORIES }} {{ planOutput }} {{ traceRequirementsOutput }} {{ verify_feedback }}".into(), none()));
}

#[test]
fn the_output_of_a_hyphenated_step_is_found_by_each_of_its_names() {
    let steps = facts(&[("trace-it", &[], false), ("work", &[], false)]);
    assert_eq!(
        of(&steps, 1, "{{trace-itOutput}}{{traceItOutput}}{{trace_it_output}}").0,
        "{{ traceItOutput }}{{ traceItOutput }}{{ traceItOutput }}"
    );
}

#[test]
fn a_variable_that_nobody_gives_is_a_param_and_required_where_it_must_be_there() {
    let steps = facts(&[("intake", &[], false)]);
    let (template, params, said) =
        text(Shape::Origin, &steps, 0, &[], "{{prDescription}} {{pr-url}} {{#labels}}{{labels}}{{/labels}}");
    assert_eq!(
        template,
        "{{ params.prDescription }} {{ params.pr_url }} {% if params.labels %}{{ params.labels }}{% endif %}"
    );
    assert_eq!(params, ["prDescription!", "pr_url!", "labels"]);
    assert_eq!(said.len(), 1);
    assert_eq!(text(Shape::Origin, &steps, 0, &[], "{{#a}}{{/a}}{{a}}").1, ["a!"]);
}

#[test]
fn a_static_value_is_a_param_with_that_default_and_gives_way_to_what_is_printed() {
    let steps = facts(&[("plan", &["REPO"], false), ("work", &[], false)]);
    let context = [("repo", "r"), ("base", "main")];
    let (template, params, said) =
        text(Shape::Antfarm, &steps, 1, &context, "{{repo}} {{base}}{{#repo}}x{{/repo}}{{^repo}}y{{/repo}}");
    assert_eq!(
        template,
        "{{ repo | default(value=params.repo) }} {{ params.base }}{% if repo or params.repo %}x{% endif %}{% if not (repo or params.repo) %}y{% endif %}"
    );
    assert_eq!((params, said), (vec!["repo=r".to_string(), "base=main".into()], none()));
}

#[test]
fn a_key_in_another_spelling_is_the_one_that_exists() {
    let steps = facts(&[("review", &["DECISION", "PR_URL", "TEST_OUTPUT"], false), ("end", &[], false)]);
    let (template, params, said) =
        text(Shape::Origin, &steps, 1, &[], "{{decision}} {{Decision}} {{prUrl}} {{test_output}}");
    assert_eq!(template, "{{ decision }} {{ decision }} {{ pr_url }} {{ TEST_OUTPUT }}");
    assert_eq!((params, said.len()), (none(), 3));
}

#[test]
fn what_only_comes_later_is_empty_and_said() {
    let steps = facts(&[("fix", &["CHANGES"], false), ("verify", &["ISSUES"], false)]);
    let (template, params, said) =
        text(Shape::Antfarm, &steps, 0, &[], "{{issues}}{{changes}}{{verifyOutput}}{{#issues}}x{{/issues}}");
    assert_eq!(
        template,
        "{{ issues | default(value=\"\") }}{{ changes | default(value=\"\") }}{{ verifyOutput | default(value=\"\") }}{% if issues %}x{% endif %}"
    );
    assert_eq!(params, none());
    assert_eq!(said.len(), 3);
    assert!(said[0].contains("verify prints it, which runs later"), "{said:?}");
}

#[test]
fn free_text_never_names_a_branch() {
    let steps = facts(&[("plan", &["BRANCH"], false), ("setup", &[], false)]);
    let (template, _, said) = text(
        Shape::Origin,
        &steps,
        1,
        &[],
        "TASK: {{task}}\nBranch feature/{{task}}, git checkout -b {{planOutput}} {{BRANCH}}\ngit checkout {{BRANCH}}",
    );
    assert_eq!(
        template,
        "TASK: {{ task }}\nBranch feature/{{ run.name }}, git checkout -b {{ run.name }} {{ BRANCH }}\ngit checkout {{ BRANCH }}"
    );
    assert_eq!(said.len(), 2);
}

#[test]
fn the_run_and_the_notes_of_antfarm_have_counterparts() {
    let steps = facts(&[("plan", &[], false), ("implement", &[], true), ("test", &[], false)]);
    assert_eq!(of(&steps, 0, "{{run_id}} [{{progress}}]").0, "{{ run.uid }} []");
    assert_eq!(
        of(&steps, 1, "{{progress}}{{story_id}}{{current_story}}").0,
        "{{ completed_stories }}{{ current_story_id }}{{ current_story }}"
    );
    assert_eq!(
        of(&steps, 2, "{{progress}}{{current_story}}"),
        ("{{ implementOutput }}{{ current_story | default(value=\"\") }}".into(), none())
    );
    assert_eq!(
        of(&steps, 2, "{{has_frontend_changes}}").0,
        "{{ has_frontend_changes | default(value=\"unknown\") }}"
    );
}
