//! The rules of every page, whatever its content.

use std::collections::BTreeSet;

use super::{HOSTILE, pages};
use crate::markup::{Tag, nested, tags, text};
use mission_control::dashboard::assets;

fn each(check: impl Fn(&str, &str, &[Tag])) {
    for (name, html) in pages() {
        check(name, &html, &tags(&html));
    }
}

#[test]
fn no_page_has_a_style_or_a_script_of_its_own() {
    each(|page, _, tags| {
        for tag in tags {
            let own = tag.attributes.iter().find(|(name, _)| name == "style" || name.starts_with("on"));
            assert_eq!(own, None, "{page}: <{}>", tag.name);
            assert!(
                tag.name != "style" && (tag.name != "script" || tag.closes || tag.get("src").is_some()),
                "{page}"
            );
            let is_script = |value: &str| value.trim_start().to_ascii_lowercase().starts_with("javascript:");
            assert!(
                !["href", "src", "action"].iter().any(|a| tag.get(a).is_some_and(is_script)),
                "{page}: {tag:?}"
            );
        }
    });
}

#[test]
fn every_tag_is_closed_where_it_should_be() {
    each(|page, _, tags| assert_eq!(nested(tags), Ok(()), "{page}"));
}

#[test]
fn hostile_content_makes_no_tag() {
    each(|page, html, tags| {
        assert!(!tags.iter().any(|t| t.name == "img"), "{page}");
        assert!(!html.contains("<script>"), "{page}");
    });
    let (_, html) = pages().into_iter().find(|(name, _)| *name == "hostile.html").unwrap();
    assert!(text(&html).contains("<script>alert(1)</script>"), "it is shown as what it is");
    assert!(HOSTILE.contains("<script>"));
}

#[test]
fn what_somebody_else_wrote_cannot_turn_a_line_around() {
    use mission_control::dashboard::draw::{Caption, Graph, Node, Shape, graph};
    use mission_control::dashboard::parts::{command, output, words};
    let node = Node {
        name: HOSTILE.into(),
        shape: Shape::Task,
        note: HOSTILE.into(),
        after: vec![],
        sends_back_to: None,
        phase: None,
    };
    let drawn = graph(&Caption { id: "x", title: "x" }, &Graph { nodes: &[node] });
    for html in [words(HOSTILE), output(HOSTILE), command(HOSTILE), drawn] {
        let html = html.into_string();
        assert!(html.contains("U+202E") && !html.contains(['\u{1b}', '\u{202e}', '\u{2066}']), "{html}");
    }
}

#[test]
fn an_id_is_on_a_page_once() {
    each(|page, _, tags| {
        let mut seen = BTreeSet::new();
        for id in tags.iter().filter_map(|t| t.get("id")) {
            assert!(seen.insert(id.to_string()), "{page}: {id} is there twice");
            assert!(!id.contains(char::is_whitespace), "{page}: {id:?}");
        }
        for by in
            tags.iter().flat_map(|t| [t.get("aria-labelledby"), t.get("aria-describedby"), t.get("for")])
        {
            for id in by.into_iter().flat_map(str::split_whitespace) {
                assert!(seen.contains(id), "{page}: nothing has the id {id}");
            }
        }
    });
}

#[test]
fn the_style_has_every_class_and_no_other() {
    let style = std::str::from_utf8(assets::style().bytes).unwrap();
    let mut used = BTreeSet::new();
    for (_, html) in pages() {
        used.extend(used_in(&tags(&html)));
    }
    let known = classes_of(style);
    let script = std::str::from_utf8(assets::script().bytes).unwrap();
    let unknown: Vec<_> = used.difference(&known).collect();
    let unused: Vec<_> = known.difference(&used).collect();
    assert!(unknown.is_empty(), "the style lacks {unknown:?}");
    assert!(unused.is_empty(), "nothing has the class {unused:?}");
    for selector in ["copy", "scroll", "table-box"] {
        assert!(script.contains(selector) && used.contains(selector), "live.js looks for {selector}");
    }
}

fn used_in(tags: &[Tag]) -> impl Iterator<Item = String> + '_ {
    tags.iter().flat_map(|tag| tag.classes().into_iter().map(str::to_string).collect::<Vec<_>>())
}

/// The names after a dot, outside comments and declaration blocks.
fn classes_of(style: &str) -> BTreeSet<String> {
    let mut bare = String::new();
    let mut rest = style;
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").unwrap().1;
    }
    bare.push_str(rest);
    let selectors = bare.split('{').map(|part| part.rsplit(['}', ';']).next().unwrap_or_default());
    let names = selectors
        .flat_map(|s| s.split('.').skip(1))
        .filter(|n| n.starts_with(|c: char| c.is_ascii_alphabetic()));
    names.map(|n| n.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()).collect()
}

#[test]
fn a_page_works_without_its_script() {
    each(|page, _, tags| {
        let hidden = tags.iter().filter(|t| t.get("hidden").is_some());
        for tag in hidden {
            assert!(
                tag.name == "button" && tag.get("type") == Some("button"),
                "{page}: {tag:?} needs the script"
            );
        }
        for form in tags.iter().filter(|t| t.name == "form" && !t.closes) {
            assert!(form.get("action").is_some() && form.get("method").is_some(), "{page}: {form:?}");
        }
    });
}

#[test]
fn every_form_that_changes_something_has_the_token() {
    each(|page, html, _| {
        for form in html
            .split("<form")
            .skip(1)
            .filter(|f| f.starts_with(" method=\"post\"") || f.contains("method=\"post\""))
        {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("name=\"csrf\""), "{page}: {form}");
        }
    });
}
