//! `matches()`: the standard function, with patterns that are cheap to compile.

use cel::common::types::{CelBool, CelString};
use cel::{DeclarationError, Env, ExecutionError};
use regex::{Regex, RegexBuilder};

/// In bytes of the compiled pattern: about 12 ms of work. The crate's default, 10 MiB, takes ten times that for each
/// call of `matches()`; an address with a `\w` in it takes an eighth of this limit.
const SIZE_LIMIT: usize = 1024 * 1024;

/// The standard functions, and this one.
pub(super) fn environment() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    cel::add_overload!(env, fn matches: (CelString, CelString) -> Result<CelBool>, id = "matches_string")?;
    cel::add_member_overload!(env, fn matches: (CelString, CelString) -> Result<CelBool>, id = "string_matches")?;
    Ok(env)
}

/// The message is one line.
pub(super) fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(SIZE_LIMIT).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large when it is compiled: repeat less".into(),
        other => {
            let told = other.to_string();
            told.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    })
}

fn matches(text: &CelString<'_>, pattern: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    let pattern =
        compiled(pattern.inner()).map_err(|error| ExecutionError::function_error("matches", error))?;
    Ok(CelBool::from(pattern.is_match(text.inner())))
}
