use super::*;

fn holds(text: &str) -> Result<bool, String> {
    parsed(text).holds(&context())
}

#[track_caller]
fn all_hold(texts: &[&str]) {
    for text in texts {
        assert_eq!(holds(text), Ok(true), "{text}");
    }
}

#[test]
fn every_name_of_the_context_can_be_asked() {
    all_hold(&[
        "task == 'Add OAuth' && run.namespace == 'ns'",
        "params.base == 'main'",
        "params['base'] in ['main', 'develop']",
        "steps.plan.outputs.url.startsWith('https://')",
        "steps.plan.phase == 'Succeeded'",
        "REPO == repo && planOutput.contains('done')",
        "steps['trace-req'].phase == 'Skipped'",
        "steps['plan']['outputs']['url'] == 'https://x'",
    ]);
}

#[test]
fn operators_and_functions_do_what_cel_says() {
    all_hold(&[
        "int(params.n) > 3 && int(steps.plan.outputs.count) + 1 == 4",
        "double('1.5') * 2.0 == 3.0 && 7 % 4 == 3 && -1 < 0 && 1 == 1.0",
        "size(params) == 3 && size('é') == 1 && 'ab'.size() == 2",
        "params.base.matches('^(main|develop)$') && matches(task, 'OA')",
        "params.empty == '' ? !false : false",
        "string(3) + 'x' == '3x' && bool('true')",
        "[1, 2].exists(x, x == 2) && [1, 2].all(x, x > 0) && [1, 2].exists_one(x, x == 1)",
        "[1, 2, 3].filter(x, x > 1).map(x, x * 2) == [4, 6]",
        "params.exists(name, name == 'base')",
        "steps.all(s, steps[s].phase in ['Succeeded', 'Skipped'])",
        "{'a': 1}.a == 1 && type(1) == int",
        r"'a\n\u00e9' == '''a
\u00e9''' && r'\d' == '\\d' // a comment",
    ]);
}

#[test]
fn an_output_that_may_be_missing_can_be_asked_for() {
    all_hold(&[
        "has(steps.plan.outputs.url) && !has(steps.plan.outputs.nothing)",
        "'url' in steps.plan.outputs && !('nothing' in steps.plan.outputs)",
        "steps.plan.outputs.?url.orValue('') == 'https://x'",
        "steps.plan.outputs.?nothing.orValue('none') == 'none'",
        "steps['trace-req'].outputs.?url.orValue('') == ''",
        "steps.?absent.outputs.url.orValue('none') == 'none'",
        "steps[?'trace-req'].hasValue() && optional.of(1).value() == 1",
        "!has(steps.plan.outputs.nothing) || steps.plan.outputs.nothing == 'x'",
    ]);
}

#[test]
fn a_missing_name_is_told_with_its_whole_path() {
    let missing = |text| holds(text).unwrap_err();
    let hint = "ask first with has(…), or give a default with";
    assert_eq!(
        missing("steps.plan.outputs.nothing == 'x'"),
        format!("steps.plan.outputs.nothing does not exist: {hint} .?nothing.orValue('')")
    );
    assert_eq!(
        missing("params.base == 'main' && steps['trace-req'].outputs.url == ''"),
        format!("steps['trace-req'].outputs.url does not exist: {hint} .?url.orValue('')")
    );
    assert_eq!(
        missing("steps.other.outputs.url == ''"),
        format!("steps.other does not exist: {hint} .?other.orValue('')")
    );
    assert_eq!(
        missing("steps['no-such'].phase == ''"),
        format!("steps['no-such'] does not exist: {hint} [?'no-such'].orValue('')")
    );
    assert_eq!(missing("VERDICT == 'ok'"), "`VERDICT` is not known here");
    assert_eq!(
        missing("[1].exists(x, params.gone == 'x')").split(':').next(),
        Some("params.gone does not exist")
    );
}

#[test]
fn what_is_not_true_or_false_is_no_answer() {
    for (text, kind) in [
        ("params.base", "a string"),
        ("1 + 1", "a number"),
        ("[true]", "a list"),
        ("params", "a map"),
        ("null", "null"),
        ("steps.?plan", "something else (an optional value needs .orValue(…))"),
    ] {
        assert_eq!(holds(text), Err(format!("the expression gives {kind}, not true or false")), "{text}");
    }
}

#[test]
fn types_that_do_not_fit_are_an_error_and_no_panic() {
    for text in [
        "params.n > 3",
        "!params.base",
        "params.base && true",
        "task + 1 == ''",
        "int('x') == 1",
        "1 / 0 == 1",
        "1 % 0 == 1",
        "-9223372036854775808 - 1 == 0",
        "-(-9223372036854775808) == 0",
        "9223372036854775807 * 2 == 0",
        "int(1e300) == 0",
        "uint(-1) == 0u",
        "[1][3] == 1",
        "[1][-1] == 1",
        "{1.5: 1}[1.5] == 1",
        "{'a': 1, 'a': 2}.a == 1",
        "task.matches('(')",
        "task.nothing()",
        "3.exists(x, true)",
        "optional.none().value() == 1",
        "string(b'\\xff') == ''",
        "steps < steps",
    ] {
        assert!(holds(text).is_err(), "{text}");
    }
}

#[test]
fn an_error_never_repeats_a_whole_output() {
    let long = json!({"task": "é".repeat(10_000)});
    let told = parsed("task > 3").holds(&long).unwrap_err();
    assert!(told.chars().count() < 400, "{told}");
    let told = parsed("int(task) > 3").holds(&long).unwrap_err();
    assert!(told.chars().count() < 400, "{told}");
}

#[test]
fn a_key_is_a_text() {
    let text = |text| parsed(text).text(&context());
    assert_eq!(text("params.base"), Ok("main".into()));
    assert_eq!(text("params.base + '/' + repo"), Ok("main/git".into()));
    assert_eq!(text("int(params.n)"), Ok("12".into()));
    assert_eq!(text("3u"), Ok("3".into()));
    assert_eq!(text("params.n == '12'"), Ok("true".into()));
    for (wrong, kind) in [("1.5", "a number"), ("[1]", "a list"), ("params", "a map"), ("null", "null")] {
        let told = format!("the expression gives {kind}, not a text: string(…) makes one of a number");
        assert_eq!(text(wrong), Err(told), "{wrong}");
    }
}

#[test]
fn values_of_every_kind_keep_it() {
    let context = json!({"story": {"n": 3, "big": 18446744073709551615_u64, "f": 1.5, "b": true, "no": null, "l": ["a"]}});
    for text in [
        "story.n + 1 == 4",
        "story.big == 18446744073709551615u",
        "story.f == 1.5",
        "story.b",
        "story.no == null",
        "'a' in story.l && story.l[0] == 'a'",
    ] {
        assert_eq!(parsed(text).holds(&context), Ok(true), "{text}");
    }
}

#[test]
fn there_is_no_clock() {
    for text in ["now() == now()", "timestamp('2026-01-01T00:00:00Z') != null", "duration('1s') != null"] {
        assert!(holds(text).unwrap_err().contains("is not known here"), "{text}");
    }
}

#[test]
fn a_condition_is_a_plain_value() {
    fn plain<T: Clone + Send + Sync + std::fmt::Debug>(_: &T) {}
    plain(&parsed("params.base == 'main'"));
}
