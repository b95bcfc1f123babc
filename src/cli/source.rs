//! Paths -> texts -> YAML documents that know where each of their fields is written.
//!
//! Only this file reads files and folders; the rest is pure. [`document`] parses a text, [`tree`] finds a field in it,
//! [`inside`] finds a place within a field's own text.

pub(crate) mod document;
pub(crate) mod inside;
pub(crate) mod tree;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The content of a file; `-` is stdin.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same, as text.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8");
    String::from_utf8(bytes(path)?).map_err(no_text)
}

/// A text and its name in messages.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub label: String,
    pub text: String,
}

impl Source {
    /// Reads a file; `-` is stdin.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let label = path.display().to_string();
        let bytes = bytes(path).map_err(|e| format!("{label}: cannot be read: {e}"))?;
        let text =
            String::from_utf8(bytes).map_err(|_| format!("{label}: cannot be read: it is not UTF-8 text"))?;
        Ok(Self { label, text })
    }

    /// A line, counted from 1, without its line break.
    pub(crate) fn line(&self, number: usize) -> &str {
        number.checked_sub(1).and_then(|n| self.text.lines().nth(n)).unwrap_or_default()
    }
}

/// The path itself, or the YAML files of a folder, sorted by name. Subfolders are ignored.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let entries = fs::read_dir(path).map_err(|e| format!("{}: cannot be read: {e}", path.display()))?;
    let yaml = |p: &PathBuf| p.is_file() && p.extension().is_some_and(|e| e == "yaml" || e == "yml");
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(yaml).collect();
    if found.is_empty() {
        return Err(format!("{}: the folder has no *.yaml or *.yml files", path.display()));
    }
    found.sort();
    Ok(found)
}
