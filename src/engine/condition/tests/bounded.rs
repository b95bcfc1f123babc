use proptest::prelude::*;

use super::*;

#[test]
fn a_fault_of_the_text_is_told_with_its_place() {
    let told = |text| Condition::parse(text).unwrap_err().to_string();
    assert_eq!(told("params.base ="), "line 1, column 13: mismatched input '=' expecting <EOF>");
    assert_eq!(told("true &&\n  )"), "line 2, column 3: unexpected token");
    assert_eq!(told("task == 'abc"), "line 1, column 9: unterminated string literal");
    assert_eq!(told("if == 1"), "line 1, column 1: reserved identifier: if");
    assert_eq!(told("task == 'é' & true"), "line 1, column 14: unexpected single '&', expected '&&'");
    assert_eq!(told("has(task)"), "line 1, column 5: invalid argument to has() macro");
    assert_eq!(told(" // nothing\n"), "the expression is empty");
    assert_eq!(told(""), "the expression is empty");
    assert_eq!(told("Pod{a: 1}.a == 1"), "Pod{…}: a condition cannot create objects");
}

#[test]
fn what_is_too_long_is_refused() {
    let long = |terms: usize| vec!["a"; terms].join("&&");
    assert!(Condition::parse(&long(250)).is_ok());
    assert_eq!(
        Condition::parse(&long(251)).unwrap_err().to_string(),
        "the expression has more than 500 words and signs"
    );
}

#[test]
fn what_is_too_deep_is_refused_however_it_is_made() {
    for text in [
        format!("a{}", "+1".repeat(100)),
        format!("a{}", ".b".repeat(100)),
        format!("{}a", "-!".repeat(100)),
        format!("{}c", "a?b:".repeat(100)),
        format!("{}1{}", "[".repeat(100), "]".repeat(100)),
        format!("{}1{}", "f(".repeat(100), ")".repeat(100)),
        "{'a':".repeat(100),
        "(a+".repeat(100),
        "[".repeat(1_000_000),
        "a?".repeat(1_000_000),
    ] {
        assert!(Condition::parse(&text).is_err(), "{}", text.get(..20).unwrap());
    }
    assert!(
        Condition::parse(&format!("{}1{} == 1", "(".repeat(200), ")".repeat(200))).is_ok(),
        "brackets alone"
    );
}

/// Half of what a thread of the operator has.
#[test]
fn the_deepest_condition_fits_on_a_small_stack() {
    let work = || {
        let deep = format!("{}1{} == [1]", "[".repeat(22), "]".repeat(22));
        let sum = format!("task{} == ''", "+'x'".repeat(22));
        let choice = format!("{}true", "task == '' ? false : ".repeat(22));
        let names = Names { params: vec![], steps: vec![] };
        for text in [deep, sum, choice] {
            let condition = parsed(&text);
            condition.check(&names, Wanted::Boolean);
            condition.holds(&context()).unwrap();
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_third_loop_inside_of_two_is_refused() {
    assert_eq!(
        Condition::parse("[1].all(x, [1].all(y, [1].all(z, x == z)))").unwrap_err().to_string(),
        "more than 2 of exists(), all(), filter() and map() inside one another"
    );
    assert!(
        parsed("[1].map(a, a).map(b, b).map(c, c).all(x, [1].all(y, x == y))").holds(&context()).unwrap()
    );
}

#[test]
fn a_value_that_doubles_and_doubles_is_refused_before_it_starts() {
    for text in [
        format!("[[1]]{} == []", ".map(x,x+x+x+x)".repeat(14)),
        format!("['a']{} == []", ".map(x,x+x+x+x)".repeat(14)),
        format!("[params]{} == []", ".map(x,[x,x,x,x])".repeat(14)),
        format!("[1].all(x, [[1]]{}.all(y, true))", ".map(z,z+z+z+z)".repeat(11)),
        format!(
            "[optional.of([1])]{} == []",
            ".map(x,optional.of(x.value()+x.value()+x.value()))".repeat(14)
        ),
    ] {
        let told = parsed(&text).holds(&context()).unwrap_err();
        assert_eq!(told, "the expression could take too long with these values: loop over less", "{text}");
    }
}

#[test]
fn patterns_in_a_loop_are_counted() {
    let many = vec!["'a'"; 25].join(",");
    assert!(parsed(&format!("[{many}].all(x, x.matches('a'))")).holds(&context()).is_err());
    assert_eq!(parsed("[task, repo].exists(x, x.matches('^git$'))").holds(&context()), Ok(true));
    assert_eq!(parsed("[repo, task].exists(x, matches(x, repo))").holds(&context()), Ok(true));
}

#[test]
fn a_pattern_that_is_large_when_compiled_is_refused() {
    let condition = parsed(r"task.matches('\\w{100}{4}')");
    let told = "matches('\\w{100}{4}'): the pattern is too large when it is compiled: repeat less";
    assert_eq!(condition.check(&Names { params: vec![], steps: vec![] }, Wanted::Boolean), [told]);
    assert!(condition.holds(&context()).unwrap_err().contains("too large when it is compiled"));
}

#[test]
fn the_longest_outputs_can_be_compared() {
    let outputs: serde_json::Map<String, Value> =
        (0..100).map(|i| (format!("k{i}"), json!("x".repeat(16 * 1024)))).collect();
    let context = json!({"steps": {"plan": {"outputs": outputs}}, "params": {}});
    let each =
        (0..20).map(|i| format!("steps.plan.outputs.k{i}.contains('x')")).collect::<Vec<_>>().join(" && ");
    assert_eq!(parsed(&each).holds(&context), Ok(true));
    assert_eq!(parsed("steps.plan.outputs.all(k, steps.plan.outputs[k] != '')").holds(&context), Ok(true));
    let deeper = "steps.all(s, steps[s].outputs.all(k, steps[s].outputs[k].size() > 1))";
    assert_eq!(parsed(deeper).holds(&context), Ok(true));
    let lists = "([steps.plan.outputs.k0] + [steps.plan.outputs.k1]).exists(o, o.endsWith('x'))";
    assert_eq!(parsed(lists).holds(&context), Ok(true));
}

/// By the clock, what is let through takes up to a quarter of a second in an optimised build.
#[test]
fn what_costs_too_much_is_refused_and_what_costs_a_little_less_is_not() {
    let refused = Err("the expression could take too long with these values: loop over less".to_owned());
    let patterns = |times: usize| {
        let list = vec!["task"; times].join(",");
        parsed(&format!("[{list}].all(x, x.matches('A'))")).holds(&context())
    };
    assert_eq!((patterns(19), patterns(21)), (Ok(true), refused.clone()));

    let nested = |keys: usize| {
        let outputs: serde_json::Map<String, Value> = (0..keys).map(|i| (i.to_string(), json!(""))).collect();
        parsed("OUTPUTS.all(x, OUTPUTS.all(y, x == y || x != y))").holds(&json!({"OUTPUTS": outputs}))
    };
    assert_eq!((nested(30), nested(300)), (Ok(true), refused));
}

const WORDS: &[&str] = &[
    "params",
    "steps",
    "task",
    ".base",
    ".plan",
    ".outputs",
    "['a']",
    "[0]",
    ".?url",
    "[?'a']",
    ".orValue('')",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "?",
    ":",
    ",",
    " == ",
    " != ",
    " < ",
    " in ",
    " && ",
    " || ",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "1",
    "2u",
    "1.5",
    "'x'",
    "\"",
    "'",
    "b'x'",
    "r'\\d'",
    "null",
    "true",
    "has(",
    ".exists(x, ",
    ".all(x, ",
    ".map(x, ",
    ".filter(x, ",
    "x",
    "size(",
    "int(",
    "string(",
    ".matches(",
    "é",
    "\u{0}",
    "`",
    "\\",
    "//",
    "\n",
    "0xFF",
    "if",
    "optional.of(",
    "optional.none()",
    "type(",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_parsed_checked_and_evaluated_without_a_panic(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..30)
    ) {
        let names = Names { params: vec!["base"], steps: vec!["plan"] };
        if let Ok(condition) = Condition::parse(&words.concat()) {
            condition.check(&names, Wanted::Boolean);
            let _ = condition.holds(&context());
            let _ = condition.text(&context());
        }
    }

    #[test]
    fn any_characters_are_parsed_without_a_panic(text in any::<String>()) {
        let _ = Condition::parse(&text);
    }
}
