use proptest::prelude::*;
use serde_json::json;

use crate::engine::template::Template;

use super::*;

/// Names stay as they are.
fn same(text: &str) -> (String, Vec<Oddity>) {
    convert(text, &mut |used| used.name.replace(['-', '.'], "_"))
}

fn tera(text: &str) -> String {
    let (template, odd) = same(text);
    assert_eq!(odd, [], "{text}");
    template
}

fn rendered(text: &str) -> String {
    let context = json!({"a": "A", "b": "", "task": "T"});
    let template = same(text).0;
    Template::parse(&template).unwrap_or_else(|e| panic!("{template}: {e}")).render(&context).unwrap()
}

#[test]
fn variables_keep_their_places() {
    assert_eq!(tera("{{task}}\n{{ a }}{{{a}}} {{& a}}"), "{{ task }}\n{{ a }}{{ a }} {{ a }}");
    assert_eq!(tera("no tags { } }}"), "no tags { } }}");
}

#[test]
fn sections_are_conditions() {
    assert_eq!(
        tera("{{#a}}x {{a}}{{/a}}{{^b}}none{{/b}}"),
        "{% if a %}x {{ a }}{% endif %}{% if not b %}none{% endif %}"
    );
    assert_eq!(
        tera("{{#if a}}x{{else}}y{{/if}}{{#unless b}}z{{/unless}}"),
        "{% if a %}x{% else %}y{% endif %}{% if not b %}z{% endif %}"
    );
    assert_eq!(tera("{{#a}}{{.}}{{/a}}"), "{% if a %}{{ a }}{% endif %}");
    assert_eq!(rendered("{{#a}}x{{#b}}no{{/b}}{{^b}}y{{/b}}{{/a}}"), "xy");
}

#[test]
fn what_a_section_asks_for_is_guarded_inside_it() {
    let mut guarded = Vec::new();
    convert("{{#a}}{{a}}{{b}}{{else}}{{a}}{{/a}}{{^b}}{{b}}{{/b}}{{a}}", &mut |used| {
        if used.wanted == Wanted::Text {
            guarded.push(used.guarded);
        }
        used.name.into()
    });
    assert_eq!(guarded, [true, false, false, false, false]);
}

#[test]
fn the_line_before_a_variable_is_told() {
    let mut before = Vec::new();
    convert("one\ngit checkout -b feature/{{task}} {{a}}", &mut |used| {
        before.push(used.before.to_string());
        used.name.into()
    });
    assert_eq!(before, ["git checkout -b feature/", "git checkout -b feature/{{task}} "]);
}

#[test]
fn comments_stay_comments() {
    assert_eq!(tera("{{! say it #} }}x{{!-- more }} here --}}"), "{# say it # } #}x{# more }} here #}");
    assert_eq!(rendered("{{!c}}x"), "x");
}

#[test]
fn what_our_templates_would_take_for_a_tag_is_protected() {
    for (text, expected) in [
        ("{% if x %}", "{% raw %}{% if x %}{% endraw %}"),
        ("a {# b", "a {% raw %}{#{% endraw %} b"),
        ("{% raw {{a}} %}", "{% raw %}{%{% endraw %} raw {{ a }} %}"),
        ("{% endraw %}", "{% raw %}{%{% endraw %} endraw %}"),
        ("{{{a}}", "{% raw %}{{% endraw %}{{ a }}"),
        ("{{ open", "{% raw %}{{{% endraw %} open"),
    ] {
        assert_eq!(tera(text), expected, "{text}");
    }
    for text in [
        "{% if x %}",
        "a {# b #}",
        "{% endraw %}",
        "{{ open",
        "{{#",
        "{{{",
        "{{{{",
        "{ {% }",
        "{{%",
        "{",
        "{{{#",
    ] {
        assert_eq!(rendered(text), text);
    }
    assert_eq!(rendered("{{{a}} {{{a}}}}"), "{A A}");
    assert_eq!(rendered("{{{% x %}"), "{{{% x %}");
    assert_eq!(rendered("{{{/a}}%"), "{%", "what is left out brings texts together");
    assert_eq!(rendered("{\"x\": {\"y\": {{a}}}}"), "{\"x\": {\"y\": A}}");
}

#[test]
fn what_has_no_counterpart_is_said() {
    use Oddity::*;
    for (text, expected, odd) in [
        ("{{#a}}x", "{% if a %}x{% endif %}", vec![Unclosed("a".into())]),
        ("{{#a}}{{#b}}x{{/a}}", "{% if a %}{% if b %}x{% endif %}{% endif %}", vec![Unclosed("b".into())]),
        ("x{{/a}}{{else}}", "x", vec![Stray("a".into()), Stray("else".into())]),
        ("{{#each a}}x{{/each}}", "{% if a %}x{% endif %}", vec![Repeats("a".into())]),
        ("{{> p}}{{=<% %>=}}", "", vec![Unknown("{{> p}}".into()), Unknown("{{=<% %>=}}".into())]),
        ("{{ a b }}", "{% raw %}{{ a b }}{% endraw %}", vec![Literal("{{ a b }}".into())]),
        ("${{ x || y }}", "${% raw %}{{ x || y }}{% endraw %}", vec![Literal("{{ x || y }}".into())]),
    ] {
        assert_eq!(same(text), (expected.to_string(), odd), "{text}");
    }
}

#[test]
fn a_variable_that_is_nothing_writes_nothing() {
    let mut nothing = |_: Use<'_>| String::new();
    assert_eq!(convert("a{{b}}c{{#b}}d{{/b}}", &mut nothing).0, "ac{% if false %}d{% endif %}");
}

#[test]
fn a_compound_condition_is_negated_as_a_whole() {
    let mut both = |_: Use<'_>| "a or b".to_string();
    assert_eq!(convert("{{^x}}d{{/x}}", &mut both).0, "{% if not (a or b) %}d{% endif %}");
}

proptest! {
    #[test]
    fn any_text_becomes_a_template_that_can_be_read(text in "(\\{|\\}|%|#|/|\\^|!|a|b| |\"|raw|endraw|\\{\\{a\\}\\}|\\{\\{#a\\}\\}|\\{\\{/a\\}\\}|\n|é){0,24}") {
        let (template, _) = same(&text);
        prop_assert!(Template::parse(&template).is_ok(), "{text:?} -> {template:?}: {:?}", Template::parse(&template).err());
    }

    #[test]
    fn a_literal_renders_to_itself(text in "(\\{|\\}|%|#|a| |\"|raw|endraw|\n|é){0,24}") {
        let template = literal(&text);
        let rendered = Template::parse(&template).map_err(|e| e.to_string()).and_then(|t| t.render(&json!({})).map_err(|e| e.to_string()));
        prop_assert_eq!(rendered, Ok(text));
    }
}
