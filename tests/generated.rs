//! Files of the repository that are made from the code: each is what the code says now. `make generate` writes them: it sets
//! MC_GENERATE=write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::path::Path;

use mission_control::api::{crds, reference};
use mission_control::cli;

/// Writes the file where that is asked for, and holds it against `text`.
fn is_fresh(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("MC_GENERATE").is_ok_and(|v| v == "write") {
        fs::write(&path, text).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "{file} is stale: run `make generate`");
}

#[test]
fn the_crds_are_fresh_and_small_enough_for_kubectl_apply() {
    for (file, crd) in crds::all() {
        let text = crds::to_yaml(&crd);
        is_fresh(&format!("crds/{file}"), &text);
        assert!(
            text.len() < 200 * 1024,
            "crds/{file} is {} KiB: plain kubectl apply needs less than 200",
            text.len() / 1024
        );
    }
}

#[test]
fn the_reference_of_all_fields_is_fresh() {
    is_fresh("docs/workflow-reference.md", &reference::page());
}

#[test]
fn the_reference_of_the_command_line_is_fresh() {
    is_fresh("docs/cli.md", &cli::reference());
}
