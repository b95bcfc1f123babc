//! What is refused before a cluster is asked.

use std::process::Command;

use crate::program::{Said, run};

/// `mc ARGS`; no cluster can be reached.
fn mc(args: &[&str]) -> Said {
    run(Command::new(env!("CARGO_BIN_EXE_mc")).args(args).env("KUBECONFIG", "/nowhere"))
}

fn error(args: &[&str]) -> String {
    let Said { out, err, code } = mc(args);
    assert_eq!((out.as_str(), code), ("", 3), "{err}");
    err
}

#[test]
fn nothing_is_deleted_where_nobody_can_be_asked() {
    assert_eq!(
        error(&["workflow", "delete", "demo"]),
        "error: nothing was deleted: there is no terminal to ask for confirmation\nnext:  add --yes to delete without confirmation\n"
    );
}

#[test]
fn a_record_is_kept_or_deleted_not_both() {
    let err = error(&["delete", "demo", "--keep-record", "--with-record"]);
    assert!(err.contains("'--keep-record' cannot be used with '--with-record'"), "{err}");
}

#[test]
fn attempts_are_numbered_from_one() {
    let err = error(&["logs", "demo", "--attempt", "0"]);
    assert!(err.contains("attempts are numbered from 1: use a number or all"), "{err}");
}

#[test]
fn a_log_that_is_followed_is_no_json() {
    let err = error(&["logs", "demo", "-f", "-o", "json"]);
    assert_eq!(err, "error: -o cannot be used with --follow\n");
}

#[test]
fn a_window_is_a_length_of_time() {
    let err = error(&["stats", "--since", "yesterday"]);
    assert!(err.contains("is not a length of time; write it like 30d, 12h or 1d12h"), "{err}");
}

#[test]
fn help_fits_into_80_columns_and_has_an_example() {
    for verb in ["logs", "stats", "refresh-metrics", "revisions", "delete"] {
        let Said { out: help, err, code } = mc(&["workflow", verb, "--help"]);
        assert_eq!((err.as_str(), code), ("", 0));
        assert!(help.contains("Example"), "{help}");
        let long: Vec<&str> = help.lines().filter(|l| l.chars().count() > 80).collect();
        assert!(long.is_empty(), "{verb}: {long:#?}");
    }
}

#[test]
fn refresh_metrics_is_understood_and_not_listed() {
    let Said { out: help, .. } = mc(&["workflow", "--help"]);
    assert!(help.contains("  stats") && !help.contains("refresh-metrics"), "{help}");
}
