//! What is wrong with an object: the field, the position within its text, and the message.
//!
//! Lint, the schema check, the definition and the params report this type; [`Display`](fmt::Display) is the form for a
//! status and a log. No code parses a field or a position out of the message.

use std::fmt;

use super::path::{Part, Path};

/// One thing that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field; for an unknown field the field itself, for a missing one its place.
    pub path: Path,
    /// The name by which people know the field, if that is not its path: an agent's text as one of its steps reads it.
    pub known_as: Option<String>,
    pub kind: Kind,
    /// The position within the field's text, if known.
    pub at: Option<At>,
    /// What is wrong, and the fix.
    pub message: String,
}

/// The kind of the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no such field: without it the rest may be valid.
    Unknown,
    Missing,
    /// The field does not accept its value.
    Value,
}

/// A position within the text of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// Both from 1.
    Position { line: usize, column: usize },
    /// Where a template first names this variable.
    Variable(String),
}

impl Problem {
    pub fn new(path: Path, kind: Kind, message: impl Into<String>) -> Self {
        Self { path, known_as: None, kind, at: None, message: message.into() }
    }

    /// A value that the field does not accept.
    pub fn value(path: Path, message: impl Into<String>) -> Self {
        Self::new(path, Kind::Value, message)
    }

    /// The same problem, in the object that contains the field.
    pub fn below(self, field: &str) -> Self {
        let parts = std::iter::once(Part::Field(field.to_owned())).chain(self.path.0).collect();
        Self { path: Path(parts), ..self }
    }

    pub fn at(self, at: Option<At>) -> Self {
        Self { at, ..self }
    }

    pub fn known_as(self, name: Option<String>) -> Self {
        Self { known_as: name, ..self }
    }

    /// The field in its form for people.
    pub fn field(&self) -> String {
        self.known_as.clone().unwrap_or_else(|| self.path.to_string())
    }

    /// The message, with the position within the text before it.
    pub fn message_with_position(&self) -> String {
        match self.at {
            Some(At::Position { line, column }) => format!("line {line}, column {column}: {}", self.message),
            Some(At::Variable(_)) | None => self.message.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field(), self.message_with_position())
    }
}

/// All of them in one line.
pub fn joined(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_shown_with_its_field_and_its_place() {
        let steps = Path::default().fields("spec.steps");
        let problem = Problem::value(steps.named(2, "verify").field("input"), "no end");
        assert_eq!(problem.to_string(), "spec.steps[2] (verify).input: no end");
        let at = Some(At::Position { line: 3, column: 5 });
        assert_eq!(
            problem.clone().at(at).to_string(),
            "spec.steps[2] (verify).input: line 3, column 5: no end"
        );
        let of_agent = problem.known_as(Some("spec.steps[2] (verify).agent dev, env X".into()));
        assert_eq!(of_agent.to_string(), "spec.steps[2] (verify).agent dev, env X: no end");
    }
}
