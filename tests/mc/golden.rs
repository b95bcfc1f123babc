//! Runs `mc` and holds what it said against a file. `MC_GOLDEN=write cargo test --test mc` writes the files anew: read the
//! difference before you commit it.

use std::fs;
use std::path::Path;

use crate::program::{Said, mc_in};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs `mc` in the package's folder.
pub(crate) fn mc(args: &[&str], stdin: &str) -> Said {
    mc_in(Path::new(ROOT), args, stdin)
}

/// `text` as the file below tests/mc has it.
pub(crate) fn is_kept(file: &str, text: &str) {
    let path = Path::new(ROOT).join("tests/mc").join(file);
    if std::env::var("MC_GOLDEN").is_ok_and(|v| v == "write") {
        fs::write(&path, text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"));
    assert!(kept == text, "{file} has\n{kept}\nbut mc said\n{text}");
}

/// Exit code, stdout and stderr as the file has them.
pub(crate) fn is_golden(file: &str, said: &Said) {
    is_kept(file, &format!("exit {}\n--- stdout\n{}--- stderr\n{}", said.code, said.out, said.err));
}
