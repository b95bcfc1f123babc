//! Holds docs/workflow-reference.md against the types: it is whole, and can be read. That it is fresh: tests/generated.rs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use mission_control::api::{crds, reference};

fn stored(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap_or_default()
}

/// The cells of a table's row; an escaped bar is text.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?.replace("\\|", "\u{0}");
    Some(inner.split(" | ").map(|cell| cell.trim().replace('\u{0}', "|")).collect())
}

/// Per section the rows of its table, by field: type, default and limits, meaning.
fn tables(page: &str) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let mut found: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    let mut section = String::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = heading.trim_matches('`').to_string();
        } else if let Some(cells) = cells(line).filter(|c| c[0].starts_with('`')) {
            let field = cells[0].trim_matches('`').to_string();
            let doubled = found.entry(section.clone()).or_default().insert(field, cells[1..].to_vec());
            assert!(doubled.is_none(), "{section} has a row twice: {line}");
        }
    }
    found
}

/// The anchors of a page's headings.
fn anchors(page: &str) -> Vec<String> {
    let outside_fences = page.split("\n```").step_by(2);
    let headings = outside_fences.flat_map(str::lines).filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let text = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            text.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
        })
        .collect()
}

#[test]
fn every_field_has_a_type_and_a_meaning() {
    let mut wrong = Vec::new();
    for (section, rows) in tables(&reference::page()) {
        for (field, cells) in rows {
            match cells.as_slice() {
                // A meaning that begins with a break has only the words of its enum.
                [kind, _, meaning]
                    if !kind.is_empty() && !meaning.is_empty() && !meaning.starts_with("<br>") => {}
                _ => wrong.push(format!("{section}.{field}: {cells:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "give these a doc comment in src/api:\n{}", wrong.join("\n"));
}

#[test]
fn every_link_leads_somewhere() {
    let page = reference::page();
    let here = anchors(&page);
    let unique: BTreeSet<&String> = here.iter().collect();
    assert_eq!(unique.len(), here.len(), "two headings have the same anchor");
    let outside_code: String = page.split('`').step_by(2).collect();
    let targets: Vec<&str> =
        outside_code.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(targets.len() > 50, "the page has its links");
    for target in targets.iter().filter(|target| !target.starts_with("https://")) {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let text = if file.is_empty() { page.clone() } else { stored(file) };
        assert!(!text.is_empty(), "{target}: there is no docs/{file}");
        assert!(anchor.is_empty() || anchors(&text).iter().any(|a| a == anchor), "{target} leads nowhere");
    }
}

/// What a list or a map holds, with what its path ends in; else the node itself.
fn within(node: &JSONSchemaProps) -> (&JSONSchemaProps, &'static str) {
    match (&node.items, &node.additional_properties) {
        (Some(JSONSchemaPropsOrArray::Schema(items)), _) => (items, "[]"),
        (_, Some(JSONSchemaPropsOrBool::Schema(values))) => (values, "{}"),
        _ => (node, ""),
    }
}

/// Every field of an installed object has its row, here or where the row says that it is.
fn compare(
    section: &str,
    object: &JSONSchemaProps,
    tables: &BTreeMap<String, BTreeMap<String, Vec<String>>>,
) {
    let rows = tables.get(section).unwrap_or_else(|| panic!("{section} has no section"));
    let fields: BTreeMap<_, _> = object.properties.iter().flatten().collect();
    assert_eq!(rows.keys().collect::<Vec<_>>(), fields.keys().copied().collect::<Vec<_>>(), "{section}");
    for (name, node) in fields {
        let (kind, limits) = (&rows[name][0], &rows[name][1]);
        let said = limits.starts_with("**required**") || limits.starts_with("always set");
        assert_eq!(said, object.required.iter().flatten().any(|r| r == name), "{section}.{name} is required");
        let (inner, suffix) = within(node);
        if inner.properties.is_none() {
            continue;
        }
        if let Some((_, elsewhere)) = kind.split_once("as [`") {
            compare(elsewhere.split('`').next().unwrap(), inner, tables);
        } else if kind.contains("[object") {
            compare(&format!("{section}.{name}{suffix}"), inner, tables);
        } else {
            assert!(kind.contains("` of "), "{section}.{name} is neither ours nor Kubernetes' own: {kind}");
        }
    }
}

#[test]
fn every_field_of_the_crds_has_its_row() {
    let page = reference::page();
    let tables = tables(&page);
    for (_, crd) in crds::all() {
        let kind = &crd.spec.names.kind;
        assert!(page.contains(&format!("\n## {kind}\n")), "{kind} is missing");
        let schema = crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        for (part, object) in schema.properties.iter().flatten().filter(|(_, o)| o.properties.is_some()) {
            compare(&format!("{kind}.{part}"), object, &tables);
        }
    }
}
