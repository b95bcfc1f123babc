//! Holds the import matrix of ARCHITECTURE.md against the code, and the rules that no compiler checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom (besides itself).
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("cluster", &[]),
    ("engine", &["api"]),
    ("rehearse", &["api", "engine"]),
    ("job", &["api", "engine"]),
    ("view", &["api", "engine"]),
    ("metrics", &["api", "engine"]),
    ("reconcile", &["api", "cluster", "engine", "job", "metrics"]),
    ("dashboard", &["api", "view"]),
    ("cli", &["api", "cluster", "engine", "job", "view", "rehearse"]),
    (
        "operator",
        &["api", "engine", "rehearse", "job", "view", "metrics", "reconcile", "dashboard", "cli", "cluster"],
    ),
];

/// Modules without async, clock, client or environment, and the words that would betray them.
const PURE: &[&str] = &["api", "engine", "rehearse", "job", "view"];
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

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a file without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap().to_string();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn modules() -> BTreeMap<String, Vec<PathBuf>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut by_module: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in sources(&src) {
        let first = path.strip_prefix(&src).unwrap().components().next().unwrap();
        let name = first.as_os_str().to_string_lossy().to_string();
        let name = name.strip_suffix(".rs").unwrap_or(&name).to_string();
        if !matches!(name.as_str(), "bin" | "lib" | "main") {
            by_module.entry(name).or_default().push(path);
        }
    }
    by_module
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (module, files) in modules() {
        let allowed = MAY_IMPORT.iter().find(|(m, _)| *m == module);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("src/{module} is not in the import matrix"));
        for file in files {
            let text = code(&file);
            for part in text.split("crate::").skip(1) {
                let target: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = MAY_IMPORT.iter().any(|(m, _)| *m == target);
                if known && target != module && !allowed.contains(&target.as_str()) {
                    wrong.push(format!("{} imports crate::{target}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_modules_are_pure() {
    let mut wrong = Vec::new();
    for (module, files) in modules().into_iter().filter(|(m, _)| PURE.contains(&m.as_str())) {
        for file in files {
            let text = code(&file);
            for word in IMPURE.iter().filter(|w| text.contains(**w)) {
                wrong.push(format!("{} ({module}) contains {word:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_a_hall() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let long: Vec<String> = sources(&src)
        .iter()
        .map(|p| (p, fs::read_to_string(p).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .map(|(p, lines)| format!("{} has {lines} lines", p.display()))
        .collect();
    assert!(long.is_empty(), "more than 400 lines wants to be two rooms:\n{}", long.join("\n"));
}

#[test]
fn the_crds_in_the_repository_are_fresh() {
    for (file, crd) in mission_control::api::crds::all() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds").join(file);
        let stored = fs::read_to_string(&path).unwrap_or_default();
        let made = mission_control::api::crds::to_yaml(&crd);
        assert!(stored == made, "crds/{file} is stale: run `make crds`");
        assert!(
            made.len() < 200 * 1024,
            "crds/{file} is {} KiB: plain kubectl apply needs less than 200",
            made.len() / 1024
        );
    }
}
