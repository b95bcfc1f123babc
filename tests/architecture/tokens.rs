//! Rust text → words, signs, texts and comments, each with its line. It knows no grammar: [`crate::uses`] does.

/// A token of Rust, as far as this test cares: numbers, lifetimes and characters are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `::`
    Path,
    Sign(char),
    /// What stands between the quotes of a string, escapes as written.
    Text(String),
    /// A comment with its slashes.
    Comment(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub line: usize,
    pub token: Token,
}

pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let (mut rest, mut line, mut found) = (text, 1, Vec::new());
    while !rest.is_empty() {
        let (length, token) = first(rest);
        let (taken, after) = rest.split_at(length);
        found.extend(token.map(|token| Piece { line, token }));
        line += taken.matches('\n').count();
        rest = after;
    }
    found
}

/// Length in bytes of what comes first, and the token that it is.
fn first(rest: &str) -> (usize, Option<Token>) {
    let sign = rest.chars().next().expect("there is text");
    if rest.starts_with("//") {
        let end = rest.find('\n').unwrap_or(rest.len());
        return (end, Some(Token::Comment(rest[..end].into())));
    }
    if rest.starts_with("/*") {
        let end = end_of_block(rest);
        return (end, Some(Token::Comment(rest[..end].into())));
    }
    if rest.starts_with("::") {
        return (2, Some(Token::Path));
    }
    match sign {
        '"' => text(rest, 0),
        '\'' => (end_of_quote(rest), None),
        c if c.is_alphabetic() || c == '_' => word(rest),
        c if c.is_ascii_digit() => (word_length(rest), None),
        c if c.is_whitespace() => (c.len_utf8(), None),
        c => (c.len_utf8(), Some(Token::Sign(c))),
    }
}

/// Block comments nest.
fn end_of_block(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// A character ends at its quote; a lifetime has none.
fn end_of_quote(rest: &str) -> usize {
    let inner: Vec<(usize, char)> = rest.char_indices().skip(1).take(2).collect();
    match inner[..] {
        [(_, '\\'), (escaped, c)] => {
            let from = escaped + c.len_utf8();
            rest[from..].find('\'').map_or(rest.len(), |n| from + n + 1)
        }
        [_, (at, '\'')] => at + 1,
        _ => 1 + word_length(&rest[1..]),
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// A word, or a string with a prefix such as `r#`, or a word that is escaped with `r#`.
fn word(rest: &str) -> (usize, Option<Token>) {
    let length = word_length(rest);
    let (name, after) = rest.split_at(length);
    let hashes = after.len() - after.trim_start_matches('#').len();
    let quoted = after[hashes..].starts_with('"');
    match name {
        "r" | "br" | "cr" if quoted => raw(rest, length, hashes),
        "b" | "c" if hashes == 0 && quoted => text(rest, length),
        "b" if after.starts_with('\'') => (1 + end_of_quote(after), None),
        "r" if hashes == 1 => {
            let inner = word_length(&after[1..]);
            (2 + inner, Some(Token::Word(after[1..1 + inner].into())))
        }
        _ => (length, Some(Token::Word(name.into()))),
    }
}

/// A string whose quote stands at `quote`.
fn text(rest: &str, quote: usize) -> (usize, Option<Token>) {
    let mut escaped = false;
    let end = rest[quote + 1..].find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let end = end.map_or(rest.len(), |n| quote + 1 + n);
    ((end + 1).min(rest.len()), Some(Token::Text(rest[quote + 1..end].into())))
}

fn raw(rest: &str, prefix: usize, hashes: usize) -> (usize, Option<Token>) {
    let from = prefix + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = rest[from..].find(&close).map_or(rest.len(), |n| from + n);
    ((end + close.len()).min(rest.len()), Some(Token::Text(rest[from..end].into())))
}

#[test]
fn tokens_have_their_lines_and_texts_hide_their_words() {
    let text = r##"
use a::b; // crate::x
/* crate::y /* nested */ */
let s = "crate::\"z"; let r = r#"super::"q""#;
fn f<'a>(c: &'a str) { 'x'; '\''; b'\\'; r#type }
"##;
    let words: Vec<(usize, String)> = pieces(text)
        .into_iter()
        .filter_map(|p| match p.token {
            Token::Word(w) => Some((p.line, w)),
            _ => None,
        })
        .collect();
    let want =
        [(2, "use"), (2, "a"), (2, "b"), (4, "let"), (4, "s"), (4, "let"), (4, "r"), (5, "fn"), (5, "f")];
    let rest = [(5, "c"), (5, "str"), (5, "type")];
    let want: Vec<(usize, String)> = want.iter().chain(&rest).map(|(n, w)| (*n, w.to_string())).collect();
    assert_eq!(words, want);
    let texts: Vec<Token> =
        pieces(text).into_iter().map(|p| p.token).filter(|t| matches!(t, Token::Text(_))).collect();
    assert_eq!(texts, [Token::Text(r#"crate::\"z"#.into()), Token::Text(r#"super::"q""#.into())]);
}
