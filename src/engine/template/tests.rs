use proptest::prelude::*;
use serde_json::json;

use super::*;

fn render(text: &str, context: Value) -> Result<String, RenderError> {
    Template::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).render(&context)
}

fn wrong(text: &str) -> String {
    Template::parse(text).map(|_| ()).expect_err(text).to_string()
}

fn missing(text: &str, context: Value) -> Vec<String> {
    match render(text, context) {
        Err(RenderError::Missing(names)) => names,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_variable_is_filled_in_with_or_without_blanks_and_as_often_as_named() {
    let text = render("{{a}} {{ a }}\n{{ b }}\n", json!({"a": "x", "b": "y\nz", "extra": 1}));
    assert_eq!(text, Ok("x x\ny\nz\n".into()));
}

#[test]
fn nothing_is_escaped() {
    assert_eq!(render("{{ a }}", json!({"a": "<script>&\"'"})), Ok("<script>&\"'".into()));
}

#[test]
fn a_value_that_looks_like_a_template_is_data() {
    assert_eq!(render("{{ a }}", json!({"a": "{{ b }} {% if %}"})), Ok("{{ b }} {% if %}".into()));
}

#[test]
fn all_missing_variables_are_named_in_order_once_each() {
    assert_eq!(missing("{{ a }} {{ c }} {{ b }} {{ c }}", json!({"a": ""})), ["c", "b"]);
    assert_eq!(
        missing(
            "{{ steps.plan.output }}{{ params.base }}{{ steps.plan.outputs.repo }}",
            json!({"params": {}})
        ),
        ["steps.plan.output", "params.base", "steps.plan.outputs.repo"]
    );
    assert_eq!(
        missing("{{ a | upper }} {{ b ~ c }} {% for x in d %}{% endfor %}", json!({})),
        ["a", "b", "c", "d"]
    );
    assert_eq!(missing(r#"{{ steps["trace-it"].output }}"#, json!({"steps": {}})), ["steps.trace-it.output"]);
    assert_eq!(
        missing("{% for s in list %}{{ s.title }}{% endfor %}{{ b }}", json!({"list": [{}]})),
        ["s.title"]
    );
}

#[test]
fn no_variable_is_missing_in_silence() {
    assert_eq!(
        missing(r#"{% if a == "x" or b in ["y"] %}{% endif %}{{ (c) ~ d.e }}"#, json!({})),
        ["a", "b", "c", "d.e"]
    );
    assert_eq!(
        render(r#"{% if a is defined and a == "x" %}{{ a }}{% endif %}"#, json!({})),
        Ok(String::new())
    );
    assert_eq!(
        render(r#"{{ a ~ "-" ~ b.c | upper }}"#, json!({"a": "x", "b": {"c": "y"}})),
        Ok("x-Y".into())
    );
}

#[test]
fn only_what_is_reached_can_be_missing_at_run_time() {
    assert_eq!(render("{% if a %}{{ b }}{% endif %}", json!({"a": ""})), Ok(String::new()));
    assert_eq!(missing("{% if a %}{{ b }}{% endif %}", json!({"a": "x"})), ["b"]);
}

#[test]
fn a_guarded_variable_is_not_missing() {
    for text in [
        r#"{{ a | default(value="-") }}"#,
        r#"{{ steps?.plan?.output | default(value="-") }}"#,
        r#"{{ p.base | default(value="-") }}"#,
        r#"{% if a is defined %}{{ a }}{% else %}-{% endif %}"#,
        r#"{% if a %}{{ a }}{% else %}-{% endif %}"#,
        r#"{% if not a %}-{% endif %}"#,
        r#"{{ a if a is defined else "-" }}"#,
        r#"{{ a or "-" }}"#,
    ] {
        assert_eq!(render(text, json!({"p": {}})), Ok("-".into()), "{text}");
        let template = Template::parse(text).unwrap();
        assert!(template.variables().iter().all(|v| v == "p"), "{text}: {:?}", template.variables());
        assert_eq!(template.guarded().len(), 1, "{text}");
    }
}

#[test]
fn a_default_does_not_hide_that_the_step_is_missing() {
    let text = r#"{{ steps.plan.output | default(value="-") }} {{ b }}"#;
    assert_eq!(missing(text, json!({"steps": {}})), ["steps.plan", "b"]);
    assert_eq!(Template::parse(text).unwrap().variables(), ["steps.plan", "b"]);
}

#[test]
fn a_guarded_variable_is_not_blamed_for_another() {
    assert_eq!(missing(r#"{{ (a | default(value="x")) ~ b | upper }}"#, json!({})), ["b"]);
}

#[test]
fn variables_are_listed_as_dotted_paths_in_order_of_first_use() {
    let text = r#"{# {{ no }} #}{{ task }} {{ steps.plan.output | trim }} {{- params["base"] -}} {{ task }}
{% for s in stories %}{{ s.id }} {{ loop.index }} {{ run.name }}{% endfor %}{% raw %}{{ raw }}{% endraw %}
{{ "{{ quoted }}" }} {{ x | replace(from="a", to=y) }} {{ z[i].f }} {{ {"k": v} }}"#;
    let expected =
        ["task", "steps.plan.output", "params.base", "stories", "run.name", "x", "y", "z", "i", "v"];
    assert_eq!(Template::parse(text).unwrap().variables(), expected);
}

#[test]
fn a_syntax_error_has_its_line_and_column() {
    assert_eq!(wrong("ok\n {{ a b }}"), "line 2, column 7: Found identifier but expected }}.");
    assert!(wrong("{{ a").starts_with("line 1, column "), "{}", wrong("{{ a"));
    assert!(wrong("{% if a %}").starts_with("line 1, column "));
    assert!(wrong("a\n{{ a | nope }}").starts_with("line 2, column "), "{}", wrong("a\n{{ a | nope }}"));
    assert!(wrong("{{ env(name=\"HOME\") }}").contains("env"));
}

#[test]
fn conditionals_of_other_languages_are_answered_with_what_to_write() {
    assert!(wrong("{{#VERIFY}}x{{/VERIFY}}").ends_with("write {% if VERIFY %} … {% endif %}"));
    assert!(wrong("a {{/X}}").starts_with("line 1, column 3: {{/X}} ends nothing here"));
    assert!(wrong("{{^X}}").contains("{% if not X %}"));
    assert!(wrong("{{! c }}").contains("{# … #}"));
    assert!(wrong("{{{x}}}").contains("{{ x }}"));
}

#[test]
fn what_is_not_the_same_on_every_run_is_not_to_be_had() {
    for text in [
        "{{ now() }}",
        "{{ get_random(end=3) }}",
        "{{ get_env(name=\"A\") }}",
        "{% include \"x\" %}",
        "{% extends \"x\" %}",
        "{% set a = 1 %}",
        "{% set_global a = 1 %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}a{% endfilter %}",
        "{{ [x for x in y] }}",
        "{% for k, v in params %}{% endfor %}",
        "{{ params | values }}",
        "{{ a | escape }}",
        "{{ a | __count | indent }}",
    ] {
        let message = wrong(text);
        assert!(message.starts_with("line 1, column "), "{message}");
    }
}

#[test]
fn a_loop_needs_a_list() {
    assert_eq!(render("{% for x in a %}{{ x }},{% endfor %}", json!({"a": ["1", "2"]})), Ok("1,2,".into()));
    assert_eq!(
        render("{%- for x in a if a else [] -%} {{ x }} {%- endfor -%}", json!({"a": [1]})),
        Ok("1".into())
    );
    for value in [json!("text"), json!({"k": 1})] {
        let error = render("{% for x in a %}{{ x }}{% endfor %}", json!({"a": value}));
        assert!(
            matches!(&error, Err(RenderError::Other(m)) if m.contains("a loop needs a list")),
            "{error:?}"
        );
    }
}

#[test]
fn rendering_is_bounded() {
    let long = json!({"a": "x".repeat(60_000)});
    for (text, words) in [
        ("{% for i in range(end=1000) %}{{ a }}{% endfor %}", "longer than 4 MiB"),
        ("{% for i in range(end=5000) %}{% for j in range(end=5000) %}{% endfor %}{% endfor %}", "turns"),
        (r#"{{ a | replace(from="x", to=a) | length }}"#, "`replace` makes more than 1 MiB"),
        (r#"{{ a | split(pat="x") | join(sep=a) | length }}"#, "`join` makes more than 1 MiB"),
    ] {
        let error = render(text, long.clone());
        assert!(matches!(&error, Err(RenderError::Other(m)) if m.contains(words)), "{text}: {error:?}");
    }
}

#[test]
fn another_failure_names_its_line() {
    let error = render("a\n{{ a + 1 }}", json!({"a": "x"}));
    assert!(matches!(&error, Err(RenderError::Other(m)) if m.starts_with("line 2: ")), "{error:?}");
}

fn template() -> impl Strategy<Value = String> {
    let pieces = [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        " ",
        "\n",
        "a",
        "b.c",
        "if",
        "endif",
        "for",
        "x",
        "in",
        "endfor",
        "raw",
        "endraw",
        "|",
        "default",
        "(",
        ")",
        "value=",
        "\"",
        "'",
        "[",
        "]",
        "?.",
        ".",
        "is",
        "defined",
        "not",
        "or",
        "1",
        "{",
        "}",
        ":",
        "é",
        "else",
        "**",
        "~",
        "range(end=3)",
        "{{ a }}",
        "{% if a %}",
        "{% endif %}",
        "{% for x in l %}",
        "{% endfor %}",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..24).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn every_text_is_a_template_or_an_error(text in template()) {
        if let Ok(template) = Template::parse(&text) {
            let _ = (template.variables(), template.mentioned(), template.guarded());
            let context = json!({"a": "x", "l": [1, 2]});
            prop_assert_eq!(template.render(&context), template.render(&context));
        }
    }
}
