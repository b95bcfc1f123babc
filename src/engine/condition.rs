//! The text of a `when` or a `concurrency.key` (CEL) -> a parsed [`Condition`] -> true or false, or a text.
//!
//! It reads nothing but the context that it gets, it never panics, and its cost is bounded: `bounds` refuses
//! expressions by their form, `cost` by the values that they would meet. Start reading at [`Condition::parse`], then
//! [`Condition::check`] for what lint knows in advance and [`Condition::holds`] for what a run does.

mod bounds;
mod check;
mod cost;
mod evaluate;
mod function;
mod operator;
mod path;
mod pattern;
mod types;

use std::fmt;

use cel::common::ast::IdedExpr;
use cel::parser::PrattParser;
use serde_json::Value;

pub(super) use check::{Names, Wanted};

/// A CEL expression that can be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    expression: IdedExpr,
}

impl Condition {
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        bounds::tokens(text).map_err(Unreadable::whole)?;
        let parser =
            PrattParser::new().enable_optional_syntax(true).max_recursion_depth(bounds::BRACKET_LIMIT);
        let expression = parser.parse(text).map_err(|errors| {
            let found = errors.errors.iter().map(|e| Unreadable::of(e.pos, &e.msg));
            found.reduce(Unreadable::with).unwrap_or_else(|| Unreadable::whole("no expression".into()))
        })?;
        bounds::shape(&expression).map_err(Unreadable::whole)?;
        Ok(Self { expression })
    }

    /// What is certainly wrong, for any values.
    pub(super) fn check(&self, names: &Names<'_>, wanted: Wanted) -> Vec<String> {
        check::check(&self.expression, names, wanted)
    }

    pub(super) fn holds(&self, context: &Value) -> Result<bool, String> {
        evaluate::holds(&self.expression, context)
    }

    /// A string as it is; an integer or a boolean as it is written.
    pub(super) fn text(&self, context: &Value) -> Result<String, String> {
        evaluate::text(&self.expression, context)
    }
}

/// Why a text is not a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Line and column, from 1 (the parser counts columns in bytes). An error about the whole text has no position.
    pub at: Option<(usize, usize)>,
    /// What is wrong at that position, and what else is wrong.
    pub message: String,
}

impl Unreadable {
    fn of((line, column): (isize, isize), message: &str) -> Self {
        let message = message.trim_start_matches("Syntax error: ").to_owned();
        let number = |n: isize| usize::try_from(n).unwrap_or_default();
        Self { at: (line > 0).then(|| (number(line), number(column))), message }
    }

    fn whole(message: String) -> Self {
        Self { at: None, message }
    }

    fn with(self, other: Self) -> Self {
        Self { message: format!("{}; {other}", self.message), ..self }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl From<Unreadable> for String {
    fn from(unreadable: Unreadable) -> Self {
        unreadable.to_string()
    }
}

#[cfg(test)]
mod tests;
