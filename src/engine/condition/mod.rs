//! The text of a `when` or a `concurrency.key` (CEL) -> a parsed [`Condition`] -> true or false, or a text.
//!
//! It never reads a clock or anything but the context it is given, never runs away (`bounds` says what is refused as it is
//! written, `cost` what is refused with the values it would meet) and never panics. Start reading at [`Condition::parse`],
//! then [`Condition::check`] for what lint knows beforehand and [`Condition::holds`] for what a run does.

mod bounds;
mod check;
mod cost;
mod evaluate;
mod function;
mod operator;
mod path;
mod pattern;
mod types;

use cel::common::ast::IdedExpr;
use cel::parser::PrattParser;
use serde_json::Value;

pub use check::{Names, Wanted};

/// A CEL expression that can be evaluated.
#[derive(Clone, Debug)]
pub struct Condition {
    expression: IdedExpr,
}

impl Condition {
    /// The message names line, column and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, String> {
        bounds::tokens(text)?;
        let parser =
            PrattParser::new().enable_optional_syntax(true).max_recursion_depth(bounds::BRACKET_LIMIT);
        let expression = parser.parse(text).map_err(|errors| {
            let told: Vec<String> = errors.errors.iter().map(|e| told(e.pos, &e.msg)).collect();
            told.join("; ")
        })?;
        bounds::shape(&expression)?;
        Ok(Self { expression })
    }

    /// What is certainly wrong, whatever the values will be.
    pub fn check(&self, names: &Names<'_>, wanted: Wanted) -> Vec<String> {
        check::check(&self.expression, names, wanted)
    }

    pub fn holds(&self, context: &Value) -> Result<bool, String> {
        evaluate::holds(&self.expression, context)
    }

    /// A string as it is; an integer or a boolean as it is written.
    pub fn text(&self, context: &Value) -> Result<String, String> {
        evaluate::text(&self.expression, context)
    }
}

/// The parser counts columns in bytes, from 1; an error that concerns the whole has no place.
fn told((line, column): (isize, isize), message: &str) -> String {
    let message = message.trim_start_matches("Syntax error: ");
    if line > 0 { format!("line {line}, column {column}: {message}") } else { message.to_owned() }
}

#[cfg(test)]
mod tests;
