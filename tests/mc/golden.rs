//! Runs `mc` and holds what it said against a file. `MC_GOLDEN=write cargo test --test mc` writes the files anew: read the
//! difference before you commit it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// How a call of `mc` ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs `mc` in the package's folder, without a cluster and without colours.
pub fn mc(args: &[&str], stdin: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mc"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A verb that does not read it may be over already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) }
}

/// Exit code, stdout and stderr as the file has them.
pub fn is_golden(file: &str, ran: &Ran) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mc").join(file);
    let told = format!("exit {}\n--- stdout\n{}--- stderr\n{}", ran.code, ran.out, ran.err);
    if std::env::var("MC_GOLDEN").is_ok_and(|v| v == "write") {
        fs::write(&path, &told).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == told, "{file} has\n{kept}\nbut mc said\n{told}");
}
