//! Holds ARCHITECTURE.md against the code, and the rules that no compiler checks. Start reading at [`page`] and [`circles`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod circles;
mod modules;
mod page;
mod style;
mod tokens;
mod uses;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use modules::{Modules, sources};

/// The words that betray async, a clock, a client or the environment in a module that is pure.
const IMPURE: &[&str] = &[
    "async fn",
    ".await",
    "tokio::",
    "Timestamp::now",
    "SystemTime",
    "Instant::now",
    "std::env",
    "kube::Client",
    "reqwest",
];

/// The checkout. Read when the test runs, so that it can look at another one.
fn checkout() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

fn src() -> PathBuf {
    checkout().join("src")
}

fn architecture() -> String {
    fs::read_to_string(checkout().join("ARCHITECTURE.md")).unwrap()
}

fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_those_of_the_table() {
    let (table, modules) = (page::imports(&architecture()), Modules::of_folder(&src()));
    let known: BTreeSet<&str> = table.keys().map(String::as_str).collect();
    let there: BTreeSet<&str> = modules.children(&[]).into_iter().collect();
    assert_eq!(known, there, "the rows of the table in ARCHITECTURE.md are the modules of src");
    let graph = circles::siblings(&modules.arrows(), &[]);
    let arrows = graph.iter().flat_map(|(from, tos)| tos.iter().map(move |(to, line)| (from, to, line)));
    let wrong: Vec<String> = arrows
        .filter(|(from, to, _)| !table[*from].contains(*to))
        .map(|(from, to, line)| format!("{from} → {to}: {line}"))
        .collect();
    assert_none(&wrong, "the table in ARCHITECTURE.md does not allow these imports");
}

#[test]
fn nothing_imports_in_a_circle() {
    assert_none(&circles::all(&Modules::of_folder(&src())), "move what both need below them");
}

#[test]
fn the_engine_imports_downward_only() {
    let (floors, modules) = (page::floors(&architecture()), Modules::of_folder(&src()));
    let engine = ["engine".to_string()];
    let floor = |name: &str| floors.iter().position(|floor| floor.iter().any(|m| m == name));
    let drawn: BTreeSet<&str> = floors.iter().flatten().map(String::as_str).collect();
    let there: BTreeSet<&str> = modules.children(&engine).into_iter().collect();
    assert_eq!(drawn, there, "each module of the engine is on one floor of the drawing in ARCHITECTURE.md");
    let graph = circles::siblings(&modules.arrows(), &engine);
    let arrows = graph.iter().flat_map(|(from, tos)| tos.iter().map(move |(to, line)| (from, to, line)));
    let wrong: Vec<String> = arrows
        .filter(|(from, to, _)| floor(from) >= floor(to))
        .map(|(from, to, line)| format!("{from} → {to}: {line}"))
        .collect();
    assert_none(&wrong, "these imports lead to the same floor or upward");
}

/// The code of a file without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap().to_string();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn pure_modules_are_pure() {
    let mut wrong = Vec::new();
    for module in page::pure(&architecture()) {
        let files = sources(&src().join(&module)).into_iter().chain([src().join(format!("{module}.rs"))]);
        for file in files.filter(|file| file.exists()) {
            let text = code(&file);
            for word in IMPURE.iter().filter(|w| text.contains(**w)) {
                wrong.push(format!("{} ({module}) contains {word:?}", file.display()));
            }
        }
    }
    assert_none(&wrong, "pure: no async, no clock, no client, no environment");
}

#[test]
fn no_file_is_a_hall() {
    let long: Vec<String> = sources(&src())
        .iter()
        .map(|p| (p, fs::read_to_string(p).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .map(|(p, lines)| format!("{} has {lines} lines", p.display()))
        .collect();
    assert_none(&long, "more than 400 lines wants to be two rooms");
}
