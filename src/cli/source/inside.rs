//! A place within a field's own text (line 3, column 5 of a template) -> the place in the file.

use granit_parser::ScalarStyle;

use super::Source;
use super::tree::{Mark, Node, What};

/// `None` if the text in the file differs from its value (folded, escaped): then only its start can be shown.
pub(crate) fn place(source: &Source, node: &Node, line: usize, column: usize) -> Option<Mark> {
    let What::Scalar { text, style } = &node.what else { return None };
    let wanted = text.lines().nth(line.checked_sub(1)?)?;
    let mark = match style {
        ScalarStyle::Literal => {
            let first = literal_start(node, text)?;
            let (own, number) = (source.line(first + line - 1), first + line - 1);
            let indent = own.strip_suffix(wanted).map(|before| before.chars().count())?;
            Mark { line: number, column: indent + column }
        }
        ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            let quote = usize::from(*style != ScalarStyle::Plain);
            let own: String =
                source.line(node.mark.line).chars().skip(node.mark.column - 1 + quote).collect();
            (line == 1 && !text.contains('\n') && own.starts_with(text.as_str()))
                .then_some(Mark { line: node.mark.line, column: node.mark.column + quote + column - 1 })?
        }
        ScalarStyle::Folded => return None,
    };
    Some(mark)
}

/// The first line of a literal block. The parser gives that of the first text in it.
fn literal_start(node: &Node, text: &str) -> Option<usize> {
    node.mark.line.checked_sub(text.lines().take_while(|line| line.is_empty()).count())
}

/// Line and column of the first use of a variable in a template.
pub(crate) fn variable(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(open) = text.get(from..)?.find("{{").into_iter().chain(text.get(from..)?.find("{%")).min()
    {
        let start = from + open + 2;
        let rest = text.get(start..)?;
        let end = ["}}", "%}"].iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
        if let Some(at) = word(rest.get(..end)?, name) {
            return Some(line_and_column(text, start + at));
        }
        from = start + end;
    }
    None
}

/// The position of the name as a whole word.
fn word(text: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    text.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|t| t.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::super::document::documents;
    use super::*;
    use crate::engine::path::Path;

    fn mark(text: &str, line: usize, column: usize) -> Option<(usize, usize)> {
        let source = Source { label: "f".into(), text: text.into() };
        let all = documents(text);
        let node = all[0].as_ref().unwrap().tree.find(&Path::default().field("a"), false).value.unwrap();
        place(&source, node, line, column).map(|m| (m.line, m.column))
    }

    #[test]
    fn lines_of_a_literal_block_are_lines_of_the_file() {
        let text = "x: 1\na: |\n    one\n\n      two\nb: 1\n";
        assert_eq!(mark(text, 1, 1), Some((3, 5)));
        assert_eq!(mark(text, 3, 3), Some((5, 7)));
        assert_eq!(mark(text, 2, 1), Some((4, 1)));
        assert_eq!(mark("a: |2-\n\n\n    one\n  one\n", 3, 3), Some((4, 5)));
        assert_eq!(mark("a: |2-\n\n\n    one\n  one\n", 4, 1), Some((5, 3)));
    }

    #[test]
    fn one_line_is_found_as_long_as_it_is_written_as_it_is_read() {
        assert_eq!(mark("a: \"{{ x }}\"\n", 1, 4), Some((1, 8)));
        assert_eq!(mark("a: x {{ y }}\n", 1, 3), Some((1, 6)));
        assert_eq!(mark("a: \"\\t{{ x }}\"\n", 1, 4), None);
        assert_eq!(mark("a: >\n  one\n  two\n", 1, 1), None);
    }

    #[test]
    fn a_variable_is_found_in_the_template_and_not_in_the_prose() {
        let text = "the plan:\n{% if a.plan %}{{ plan | trim }}{% endif %}";
        assert_eq!(variable(text, "plan"), Some((2, 19)));
        assert_eq!(variable(text, "a.plan"), Some((2, 7)));
        assert_eq!(variable(text, "nope"), None);
    }
}
