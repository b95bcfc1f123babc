//! The text of a tag -> its tokens.

use std::ops::Range;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Token<'t> {
    Name(&'t str),
    Text(&'t str),
    Number,
    Mark(&'t str),
}

pub(super) type Placed<'t> = (Range<usize>, Token<'t>);

impl<'t> Token<'t> {
    pub(super) fn name(self) -> Option<&'t str> {
        match self {
            Token::Name(name) => Some(name),
            Token::Text(_) | Token::Number | Token::Mark(_) => None,
        }
    }
}

pub(super) fn next_marker(text: &str, from: usize) -> Option<(usize, &str)> {
    let rest = text.get(from..)?;
    let at = ["{{", "{%", "{#"].into_iter().filter_map(|mark| rest.find(mark)).min()?;
    Some((from + at, rest.get(at..at + 2)?))
}

pub(super) fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    text.get(from..)?.find(what).map(|at| from + at)
}

/// The position of `{% endraw %}` with any white space in it; the end of the text if there is none.
pub(super) fn end_of_raw(text: &str, mut at: usize) -> usize {
    while let Some(start) = find(text, at, "{%") {
        let (found, end) = tokens(text, start + 2, "%}");
        if found.first().is_some_and(|t| t.1 == Token::Name("endraw")) {
            return end;
        }
        at = start + 2;
    }
    text.len()
}

/// The tokens up to the end mark, and the position after it. Unknown characters are marks of their own.
pub(super) fn tokens<'t>(text: &'t str, from: usize, end: &str) -> (Vec<Placed<'t>>, usize) {
    let mut found = Vec::new();
    let mut at = from;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(end) {
            return (trimmed(found, from, at), at + 2);
        }
        let first = rest.chars().next().unwrap_or(' ');
        let (token, length) = match first {
            c if c.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            '"' | '\'' | '`' => {
                let length = string_length(rest, first);
                (Token::Text(rest.get(1..length - 1).unwrap_or_default()), length)
            }
            c if c.is_ascii_digit() => (Token::Number, run(rest, |c| c.is_ascii_digit())),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = run(rest, |c| c.is_ascii_alphanumeric() || c == '_');
                (Token::Name(rest.get(..length).unwrap_or_default()), length)
            }
            _ => {
                let two = ["?.", "?[", "==", "!=", "<=", ">=", "//", "**"]
                    .into_iter()
                    .find(|m| rest.starts_with(m));
                let length = two.map_or(first.len_utf8(), str::len);
                (Token::Mark(rest.get(..length).unwrap_or_default()), length)
            }
        };
        found.push((at..at + length, token));
        at += length;
    }
    (found, text.len())
}

/// The tag without the `-` of white space control.
fn trimmed(mut tokens: Vec<Placed<'_>>, from: usize, end: usize) -> Vec<Placed<'_>> {
    if tokens.last().is_some_and(|t| t.1 == Token::Mark("-") && t.0.end == end) {
        tokens.pop();
    }
    if tokens.first().is_some_and(|t| t.1 == Token::Mark("-") && t.0.start == from) {
        tokens.remove(0);
    }
    tokens
}

pub(super) fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// The length of a quoted text with its quotes; the rest of the text if the quote is not closed.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
