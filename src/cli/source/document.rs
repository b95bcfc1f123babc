//! A YAML text -> its documents. Each is parsed on its own, so that an error in one does not hide the others.

use granit_parser::{Event, Options, Parser};
use serde_json::Value;

use super::tree::{Builder, Mark, Node};

/// One document: its value, and the places of its fields.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub value: Value,
    pub tree: Node,
    /// The document alone, after as many line breaks and blanks as there is text before it: its places are places of
    /// the whole text.
    pub text: String,
}

/// Why a document cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub mark: Mark,
    pub message: String,
}

/// Every document that is not empty, in order; an error for each that is not YAML.
pub(crate) fn documents(text: &str) -> Vec<Result<Document, Fault>> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut all = Vec::new();
    let mut begin = None;
    let mut builder = Builder::default();
    while let Some(next) = parser.next() {
        match next {
            Ok((Event::DocumentStart(..), span)) => {
                begin = Some(span.start);
                builder = Builder::default();
            }
            Ok((Event::DocumentEnd, span)) => {
                let tree = std::mem::take(&mut builder).root;
                if let (Some(begin), Some(tree)) = (begin.take(), tree) {
                    let own = text
                        .get(begin.byte_offset().unwrap_or(0)..span.end.byte_offset().unwrap_or(text.len()));
                    let own = padded(own.unwrap_or_default(), &begin);
                    all.extend(read(own, tree).transpose());
                }
            }
            Ok((event, span)) => builder.take(&event, &span),
            Err(error) => {
                all.push(Err(Fault { mark: Mark::of(error.marker()), message: error.info() }));
                if !parser.proceed_next_document().unwrap_or(false) {
                    break;
                }
            }
        }
    }
    all
}

fn padded(text: &str, begin: &granit_parser::Marker) -> String {
    format!("{}{}{text}", "\n".repeat(begin.line().saturating_sub(1)), " ".repeat(begin.col()))
}

fn read(text: String, tree: Node) -> Result<Option<Document>, Fault> {
    match serde_yaml::from_str::<Value>(&text) {
        Ok(Value::Null) => Ok(None),
        Ok(value) => Ok(Some(Document { value, tree, text })),
        Err(error) => Err(fault(&error, tree.mark)),
    }
}

/// The parser's message with its place (or that of the document).
pub(crate) fn fault(error: &serde_yaml::Error, document: Mark) -> Fault {
    let place = error.location().and_then(|l| {
        let column = usize::try_from(l.column()).ok().filter(|c| *c > 0)?;
        Some(Mark { line: usize::try_from(l.line()).ok().filter(|n| *n > 0)?, column })
    });
    let text = error.without_snippet().to_string();
    let message = text.lines().next().unwrap_or_default();
    // The rest is advice for callers of the library.
    let message = [" at line ", ", set DuplicateKeyPolicy"]
        .iter()
        .fold(message, |m, end| m.split(end).next().unwrap_or(m));
    let message = message.to_owned();
    Fault { mark: place.unwrap_or(document), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::path::Path;

    fn place(text: &str, n: usize, path: &Path) -> (usize, usize) {
        let all = documents(text);
        let mark = all[n].as_ref().unwrap().tree.find(path, false).mark;
        (mark.line, mark.column)
    }

    #[test]
    fn fields_of_every_document_are_found_in_the_whole_text() {
        let text = "# head\na: 1\n---\n# empty\n---\nb:\n  - name: x\n    c: {d: \"e\"}\n  - |\n    t\n";
        assert_eq!(documents(text).len(), 2);
        let root = Path::default();
        assert_eq!(place(text, 0, &root.field("a")), (2, 4));
        let b = root.field("b");
        assert_eq!(place(text, 1, &b), (6, 1));
        let first = b.item(0, &Value::Null);
        assert_eq!(place(text, 1, &first), (7, 5));
        assert_eq!(place(text, 1, &first.field("c").field("d")), (8, 12));
        assert_eq!(place(text, 1, &first.field("nope").field("d")), (7, 5));
        // Of a block the parser names the first line of its text.
        assert_eq!(place(text, 1, &b.item(1, &Value::Null)), (10, 5));
    }

    #[test]
    fn a_fault_in_one_document_leaves_the_others() {
        let all = documents("a: [1\n---\nb: 2\n---\nc: 1\nc: 2\n");
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(all[0].is_err());
        assert_eq!(all[1].as_ref().unwrap().value, serde_json::json!({"b": 2}));
        let fault = all[2].as_ref().unwrap_err();
        assert_eq!(
            (fault.mark, fault.message.as_str()),
            (Mark { line: 6, column: 1 }, "duplicate mapping key: c")
        );
    }

    #[test]
    fn indented_documents_keep_their_columns() {
        let all = documents("  a: 1\n  b: 2\n");
        assert_eq!(all[0].as_ref().unwrap().value, serde_json::json!({"a": 1, "b": 2}));
    }
}
