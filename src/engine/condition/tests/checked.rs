use super::*;

fn faults(text: &str) -> Vec<String> {
    let names = Names { params: vec!["base", "n"], steps: vec!["plan", "trace-req"] };
    parsed(text).check(&names, Wanted::Boolean)
}

#[track_caller]
fn fault(text: &str, told: &str) {
    assert_eq!(faults(text), [told], "{text}");
}

fn first(text: &str, wanted: Wanted) -> Vec<String> {
    parsed(text).check(&Names { params: vec!["base"], steps: vec![] }, wanted)
}

#[test]
fn what_may_be_right_raises_no_alarm() {
    for text in [
        "params.base == 'main' && task != ''",
        "int(params.n) > 3 || double(params.n) < 2",
        "steps['trace-req'].outputs.url.startsWith('https://')",
        "steps.plan.outputs.url == '' ? true : 'a' in [params.n]",
        "has(steps.plan.outputs.url) && 'url' in steps.plan.outputs",
        "steps.plan.outputs.?url.orValue('') != ''",
        "steps.?plan.outputs.url.orValue('') != ''",
        "steps[?'plan'].hasValue()",
        "optional.of(params.n).or(optional.none()).value() == '3'",
        "VERDICT == 'ok' && planOutput.contains('x') && story.points > 3",
        "VERDICT",
        "[1, 2].exists(x, x > 1) && params.all(p, p.size() > 2)",
        "steps.exists(s, steps[s].phase == 'Failed')",
        "['a', 'b'].map(x, x + '!').filter(x, x.matches('^a')).size() == 1",
        "[1, 2].map(x, string(x)).exists(t, t == '1')",
        "[[1], []].map(l, size(l)) == [1, 0]",
        "[1, 'a', params.base].exists(x, x == 'a')",
        "{'main': true, 'develop': false}[params.base]",
        "{'main': 1}.main + 1 == 2",
        "{1: 'a'}.exists(k, k == 1)",
        "type(task) == string && type(1) != null_type",
        "1 == 1.0 && 1u < 2 && 'a' < 'b' && false < true",
        "run.name + run.namespace + run.uid != ''",
        "verify_feedback == '' && human_feedback == ''",
        "bytes('a') == b'a' && size(b'a') == 1 && string(b'a') == 'a'",
        "['a'] + ['b'] == ['a', 'b'] && [1, 2] + [3] != []",
        "(params.base == 'x' ? VERDICT : 3) == 3",
        ".params.base == 'main'",
        "dyn(params.n) == 3",
        "['a'].filter(x, x == 'b') == [1].filter(x, x == 2)",
    ] {
        assert_eq!(faults(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_param_has_to_be_declared() {
    let told = "params.bse is not declared: params are base, n";
    for text in [
        "params.bse == ''",
        "params['bse'] == ''",
        "has(params.bse)",
        "params.?bse.orValue('') == ''",
        "params.bse == params.bse",
    ] {
        fault(text, told);
    }
    let none = Names { params: vec![], steps: vec![] };
    assert_eq!(
        parsed("params.x == ''").check(&none, Wanted::Boolean),
        ["params.x is not declared: there are none"]
    );
}

#[test]
fn a_step_has_to_be_finished_before() {
    let told = "steps.test: step test is not finished before this step; those that are: plan, trace-req";
    for text in ["steps.test.outputs.url == ''", "steps['test'].phase == ''", "has(steps.test.outputs.url)"] {
        fault(text, told);
    }
    assert_eq!(
        first("steps.plan.output == ''", Wanted::Boolean),
        ["steps.plan: step plan is not finished before this step; there are none"]
    );
}

#[test]
fn a_hyphen_in_a_name_is_explained() {
    let told = faults("steps.trace-req.outputs.url == ''");
    assert!(told.contains(
        &"steps.trace: step trace is not finished before this step; a name with a hyphen is written steps['trace-req']".into()
    ), "{told:?}");
}

#[test]
fn fields_that_nothing_has_are_told() {
    fault("steps.plan.url == ''", "steps.plan.url does not exist: a step has phase, output and outputs");
    fault(
        "steps['trace-req'].x == ''",
        "steps['trace-req'].x does not exist: a step has phase, output and outputs",
    );
    fault("run.id == ''", "run.id does not exist: a run has name, namespace and uid");
    fault("task.length == 3", "task.length: a string has no field `length`");
    fault("steps.plan.outputs.url.x == ''", "steps.plan.outputs.url.x: a string has no field `x`");
    fault("[1].first == 1", "….first: a list has no field `first`");
    fault("[1]['a'] == 1", "…[…]: a list is indexed with a number, not a string");
    fault("task[0] == 'A'", "task[…]: a string has no fields");
}

#[test]
fn a_name_that_nothing_prints_is_told_while_no_step_has_run() {
    assert_eq!(
        first("VERDICT == 'ok'", Wanted::Boolean),
        ["`VERDICT` does not exist here: no step is finished before, so there are only task, params and run"]
    );
    assert_eq!(first("task == params.base && type(task) == string", Wanted::Boolean), Vec::<String>::new());
    assert_eq!(first("['a'].exists(x, x == task)", Wanted::Boolean), Vec::<String>::new());
    assert_eq!(
        first("x == 'a' && ['a'].exists(x, x == task)", Wanted::Boolean).len(),
        1,
        "only inside of the loop"
    );
}

#[test]
fn the_whole_has_to_be_what_it_is_for() {
    fault("params.base", "it gives a string, not true or false: compare it, as in params.base == 'yes'");
    fault("size(task)", "it gives a number, not true or false");
    fault("['a'].map(x, x)", "it gives a list, not true or false");
    fault("steps", "it gives a map, not true or false");
    fault("steps.?plan", "it gives an optional value, not true or false");
    fault("true ? 'a' : 'b'", "it gives a string, not true or false: compare it, as in … == 'yes'");

    let text = |text| first(text, Wanted::Text);
    for fine in
        ["params.base", "task + '/' + params.base", "int(params.base)", "task == ''", "{'a': 'b'}[task]"]
    {
        assert_eq!(text(fine), Vec::<String>::new(), "{fine}");
    }
    assert_eq!(text("params"), ["it gives a map, not a text"]);
    assert_eq!(text("[task]"), ["it gives a list, not a text"]);
    assert_eq!(text("1.5"), ["it gives a number, not a text"]);
    assert_eq!(text("null"), ["it gives null, not a text"]);
}

#[test]
fn logic_asks_for_true_or_false() {
    fault(
        "params.base && true",
        "&& needs true or false, but params.base is a string: compare it, as in params.base == 'true'",
    );
    fault("false || 1 + 1", "|| needs true or false, but … is a number");
    fault("!task", "! needs true or false, but task is a string: compare it, as in task == 'true'");
    fault("size(task) ? true : false", "?: needs true or false, but size(…) is a number");
    fault("[1].exists(x, x)", "exists() needs true or false, but x is a number");
    fault("['a'].all(x, x)", "all() needs true or false, but x is a string: compare it, as in x == 'true'");
    fault("[1].filter(x, x) == []", "?: needs true or false, but x is a number");
}

#[test]
fn types_that_never_match_are_told_with_the_way_out() {
    fault("params.n > 3", "`params.n > 3`: a string and a number never match: use int(params.n)");
    fault("3.5 <= params.n", "`3.5 <= params.n`: a number and a string never match: use double(params.n)");
    fault(
        "steps.plan.outputs.count == 3",
        "`steps.plan.outputs.count == 3`: a string and a number never match: use int(steps.plan.outputs.count)",
    );
    fault(
        "task == true",
        "`task == true`: a string and true or false never match: compare it with 'true' or 'false'",
    );
    fault("task != null", "`task != null`: a string and null never match: ask with has(…) whether it exists");
    fault(
        "steps.plan.outputs.?url == ''",
        "`… == ''`: an optional value and a string never match: end it with .orValue(…)",
    );
    fault("task + 1 == ''", "`task + 1`: a string and a number never match: use int(task)");
    fault("[1] == 'a'", "`… == 'a'`: a list and a string never match");
    fault("1 in ['a']", "`1 in …`: a number is never in it, it has a string");
    fault("3 in params", "`3 in params`: a number is never in it, it has a string");
    fault(
        "'a' in task",
        "`in` looks into lists and maps, but task is a string: a string is searched with contains(…)",
    );
    fault("params < params", "`<` does not apply to a map: params is one");
    fault("task - task == ''", "`-` does not apply to a string: task is one");
    fault("1 + 1.0 == 2.0", "`+` needs two numbers of one kind: int(…), uint(…) or double(…)");
    fault("-task == ''", "`-` needs a signed number, but task is a string");
}

#[test]
fn functions_are_known_by_name_and_by_what_they_ask_for() {
    fault("lower(task) == ''", "there is no function lower()");
    fault("task.lowerAscii() == ''", "there is no function lowerAscii()");
    fault(
        "now() > 3",
        "now() does not exist here: a condition has no clock, so that it always gives the same result",
    );
    fault("size(3) == 1", "size() takes a string, a list or a map, but 3 is a number");
    fault("size() == 1", "size() takes one value");
    fault("task.startsWith(3)", "startsWith() takes strings, but 3 is a number");
    fault("startsWith(task, 'a')", "startsWith() is written text.startsWith('…')");
    fault("['a'].contains('a')", "contains() takes strings, but … is a list: use `in`");
    fault("int(true) == 1", "int() does not convert true or false: true is one");
    fault("int('x') == 1", "int('x') is not a number");
    fault("int() == 1", "int() takes one value, as in int(params.n)");
    fault("bool(1)", "bool() does not convert a number: 1 is one");
    fault("has(task, 'a')", "has() takes one field, as in has(steps.plan.outputs.url)");
    fault("[1].exists(x == 1)", "exists() is written list.exists(x, …), with a name for the element");
    fault("task.exists(x, x == '')", "task is a string: only lists and maps can be looped over");
    fault("task.orValue('') == ''", "orValue() takes an optional, as `.?` gives one, but task is a string");
}

#[test]
fn a_pattern_that_is_none_is_told() {
    fault("task.matches('(a')", "matches('(a'): unclosed group");
    fault("matches(task, '[')", "matches('['): unclosed character class");
    assert_eq!(faults("task.matches(params.base)"), Vec::<String>::new());
}

#[test]
fn every_fault_is_told_at_once() {
    assert_eq!(
        faults("params.a == '' && !task || steps.b.phase == 1"),
        [
            "params.a is not declared: params are base, n",
            "! needs true or false, but task is a string: compare it, as in task == 'true'",
            "steps.b: step b is not finished before this step; those that are: plan, trace-req",
            "`steps.b.phase == 1`: a string and a number never match: use int(steps.b.phase)",
        ]
    );
}
