//! The engine's behaviours as text: every file of tests/scenarios is run against the toy cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "support/script/script.rs"]
#[allow(dead_code, reason = "every target uses another part")]
mod script;

#[test]
fn every_scenario_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let mut count = 0;
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        count += text.lines().filter(|l| l.starts_with("== ")).count();
        for failure in script::run(&text) {
            failures.push(format!("{}: {failure}", path.file_name().unwrap().to_string_lossy()));
        }
    }
    assert!(failures.is_empty(), "{} of {count} scenarios:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 40, "only {count} scenarios were found");
}
