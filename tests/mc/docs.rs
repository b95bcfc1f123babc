//! docs/cli.md has a section per verb, and its links lead somewhere. That it is fresh: tests/generated.rs.

use std::path::Path;

use crate::help::{line, verbs};

fn stored() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md")).unwrap_or_default()
}

#[test]
fn every_verb_has_its_section_with_an_example() {
    let page = stored();
    for verb in verbs().iter().filter(|v| v.is_listed) {
        let heading = format!("\n## {}\n", line(&verb.words));
        let section = page.split_once(&heading).unwrap_or_else(|| panic!("no section{heading}")).1;
        let section = section.split("\n## ").next().unwrap();
        assert!(section.contains("\nExample"), "no example in{heading}{section}");
    }
}

#[test]
fn every_link_leads_to_a_heading() {
    let page = stored();
    let links: Vec<&str> = page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 3, "the page has its links");
    let headings: Vec<String> =
        page.lines().filter_map(|l| l.strip_prefix("## ")).map(|h| h.replace(' ', "-")).collect();
    for link in links {
        assert!(headings.iter().any(|h| h == link), "#{link} leads nowhere");
    }
}
