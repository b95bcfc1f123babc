//! ARCHITECTURE.md → the table of imports and the floors of the engine, as this test holds them.

use std::collections::{BTreeMap, BTreeSet};

/// The lines below a heading, up to the next one.
fn section<'p>(page: &'p str, heading: &str) -> Vec<&'p str> {
    let found: Vec<&str> = page
        .lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .collect();
    assert!(!found.is_empty(), "ARCHITECTURE.md has no section {heading:?}");
    found
}

fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(String::from).collect()
}

/// Who may import whom, besides itself: a row is `| modules | others |`.
pub(crate) fn imports(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = section(page, "Who imports whom").into_iter().filter(|line| line.starts_with("| `"));
    let columns = rows.filter_map(|line| line[1..].split_once('|'));
    columns
        .flat_map(|(modules, others)| quoted(modules).into_iter().map(move |m| (m, quoted(others))))
        .collect()
}

/// The modules of which the page says that they are pure.
pub(crate) fn pure(page: &str) -> BTreeSet<String> {
    let said = section(page, "Who imports whom").join(" ");
    let sentence =
        said.split(". ").find(|s| s.contains(" are pure")).expect("a sentence says which are pure");
    quoted(sentence.rsplit('|').next().unwrap_or(sentence))
}

/// The floors of the engine, the highest first: each line of the drawing is one.
pub(crate) fn floors(page: &str) -> Vec<Vec<String>> {
    let lines = section(page, "The floors of the engine");
    let drawing =
        lines.iter().skip_while(|l| !l.starts_with("```")).skip(1).take_while(|l| !l.starts_with("```"));
    let is_module = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    drawing.map(|line| line.split_whitespace().filter(is_module).map(String::from).collect()).collect()
}

#[test]
fn the_table_and_the_floors_are_read_as_drawn() {
    let page = "# A\n## Who imports whom\n\n| Module | may import |\n| --- | --- |\n| `a` | nothing |\n| `b`, `d` | `a` |\n\
                | `c` | `a`, `b` |\n\n`a` and `b` are pure. More.\n### The floors of the engine\nText\n```text\n1  top\n2  mid  low_er\n```\n## B\n";
    let table = imports(page);
    let names = |of: &str| table[of].iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!([names("a"), names("b"), names("c"), names("d")], ["", "a", "a b", "a"]);
    assert_eq!(pure(page), BTreeSet::from(["a".to_string(), "b".to_string()]));
    assert_eq!(floors(page), [vec!["top"], vec!["mid", "low_er"]]);
}
