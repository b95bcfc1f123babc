//! A problem of the engine, and the file -> the place in the file.

use granit_parser::ScalarStyle;

use crate::cli::source::document::Document;
use crate::cli::source::tree::{Mark, Node, What};
use crate::cli::source::{Source, inside};
use crate::engine::problem::{At, Kind, Problem};
use crate::engine::schema::QUOTES;

/// A problem of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub problem: Problem,
    /// Shown at the key, not at the value.
    pub at_key: bool,
    /// A place that is known already, instead of the path's.
    pub mark: Option<Mark>,
}

impl From<Problem> for Told {
    fn from(problem: Problem) -> Self {
        Self { at_key: problem.kind == Kind::Unknown, mark: None, problem }
    }
}

impl Told {
    /// Quotes the text as written in the file (`1.10`, `yes`), not the value that YAML reads from it.
    fn quote(&mut self, node: &Node) {
        let What::Scalar { text, style: ScalarStyle::Plain } = &node.what else { return };
        if let Some((before, _)) = self.problem.message.split_once(QUOTES) {
            self.problem.message = format!("{before}{QUOTES}\"{text}\"");
        }
    }

    /// The place in the file. A position within a text is removed from the message if the place itself can be shown.
    pub(super) fn place(&mut self, source: &Source, document: &Document) -> Mark {
        if let Some(mark) = self.mark {
            return mark;
        }
        let found = document.tree.find(&self.problem.path, self.at_key);
        let Some(node) = found.value else { return found.mark };
        self.quote(node);
        let within = |(line, column)| inside::place(source, node, line, column);
        match (&self.problem.at, &node.what) {
            (Some(At::Position { line, column }), _) => {
                let Some(mark) = within((*line, *column)) else { return found.mark };
                self.problem.at = None;
                mark
            }
            (Some(At::Variable(name)), What::Scalar { text, .. }) => {
                inside::variable(text, name).and_then(within).unwrap_or(found.mark)
            }
            _ => found.mark,
        }
    }
}
