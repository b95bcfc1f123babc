//! `KEY=VALUE` arguments, also with the value in a file.

use std::path::Path;

use crate::cli::source;

use super::exit::Fault;

/// Both parts; the value may hold further `=`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().into(), value.into())),
        Some(_) | None => Err("expected KEY=VALUE".into()),
    }
}

/// A file's text; `-` is stdin.
pub fn text_of(file: &Path) -> Result<String, Fault> {
    source::text(file).map_err(|e| Fault::input(format!("cannot read {}: {e}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_equals_sign_counts() {
        assert_eq!(pair("k=a=b"), Ok(("k".into(), "a=b".into())));
        assert_eq!(pair("k="), Ok(("k".into(), String::new())));
        assert!(pair("k").is_err());
        assert!(pair("=v").is_err());
    }
}
