//! The tokens of a file → the modules that it declares and the paths that it names, in `use` trees and in code.
//!
//! What `#[cfg(test)]` marks is left out. Paths are as written; [`crate::modules`] finds what they name.

use std::collections::BTreeSet;

use crate::tokens::{Piece, Token, pieces};

/// What a file says about other files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct File {
    /// `mod x;`
    pub declared: BTreeSet<String>,
    /// `#[cfg(test)] mod x;`
    pub tests: BTreeSet<String>,
    /// Functions, types and constants, also those inside of others.
    pub defined: BTreeSet<String>,
    pub uses: Vec<Use>,
}

/// A path that a file names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub line: usize,
    /// Inline modules around it, from the outside.
    pub inside: Vec<String>,
    pub path: Vec<String>,
    /// What the path is called in this file; nothing for a path in code.
    pub name: Option<String>,
    /// `use path::*`
    pub glob: bool,
    /// `pub use`, of any visibility.
    pub public: bool,
}

pub(crate) fn read(text: &str) -> File {
    let mut all: Vec<Piece> = pieces(text);
    all.retain(|p| !matches!(p.token, Token::Comment(_) | Token::Text(_)));
    let mut file = File::default();
    let pieces = without_tests(all, &mut file.tests);
    let mut reader = Reader { pieces: &pieces, at: 0, inline: Vec::new(), depth: 0, file };
    while reader.at < pieces.len() {
        reader.step();
    }
    reader.file
}

struct Reader<'p> {
    pieces: &'p [Piece],
    at: usize,
    /// Inline modules that are open, each with the number of brackets outside of it.
    inline: Vec<(String, usize)>,
    depth: usize,
    file: File,
}

impl Reader<'_> {
    fn step(&mut self) {
        let Some(piece) = self.pieces.get(self.at) else { return };
        let (line, token) = (piece.line, piece.token.clone());
        self.at += 1;
        match token {
            Token::Sign('{') => self.depth += 1,
            Token::Sign('}') => {
                self.depth = self.depth.saturating_sub(1);
                let depth = self.depth;
                self.inline.retain(|(_, outside)| *outside < depth);
            }
            Token::Word(word) => self.word(&word, line),
            _ => {}
        }
    }

    fn word(&mut self, word: &str, line: usize) {
        let next = self.next_word();
        match (word, next) {
            ("use", _) if !self.sign('<') => {
                let public = self.follows_visibility();
                self.tree(Vec::new(), line, public);
            }
            ("mod", Some(name)) => {
                self.at += 1;
                if self.sign('{') {
                    self.inline.push((name, self.depth));
                } else {
                    self.file.declared.insert(name);
                }
            }
            ("fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union", Some(name)) => {
                self.file.defined.insert(name);
            }
            _ if matches!(self.token(), Some(Token::Path)) => self.code(word, line),
            _ => {}
        }
    }

    /// A path in code: all its words up to what is no word.
    fn code(&mut self, first: &str, line: usize) {
        let mut path = vec![first.to_string()];
        while matches!(self.token(), Some(Token::Path)) {
            self.at += 1;
            let Some(word) = self.next_word() else { break };
            path.push(word);
            self.at += 1;
        }
        self.keep(Use { line, inside: Vec::new(), path, name: None, glob: false, public: false });
    }

    /// `a::b`, `a::{b, c as d}`, `a::*`: one path for each leaf.
    fn tree(&mut self, mut path: Vec<String>, line: usize, public: bool) {
        loop {
            let line = self.pieces.get(self.at).map_or(line, |p| p.line);
            let token = self.token().cloned();
            self.at += 1;
            match token {
                Some(Token::Path) => {}
                Some(Token::Sign('{')) => return self.branches(&path, line, public),
                Some(Token::Sign('*')) => {
                    let inside = Vec::new();
                    return self.keep(Use { line, inside, path, name: None, glob: true, public });
                }
                Some(Token::Word(word)) => {
                    if word != "self" || path.is_empty() {
                        path.push(word);
                    }
                    if !matches!(self.token(), Some(Token::Path)) {
                        let name = self.alias().or_else(|| path.last().cloned());
                        let inside = Vec::new();
                        return self.keep(Use { line, inside, path, name, glob: false, public });
                    }
                }
                _ => return,
            }
        }
    }

    fn branches(&mut self, path: &[String], line: usize, public: bool) {
        while let Some(token) = self.token() {
            match token {
                Token::Sign('}') => {
                    self.at += 1;
                    return;
                }
                Token::Sign(',') => self.at += 1,
                _ => self.tree(path.to_vec(), line, public),
            }
        }
    }

    fn alias(&mut self) -> Option<String> {
        if self.next_word().as_deref() != Some("as") {
            return None;
        }
        self.at += 2;
        match &self.pieces.get(self.at - 1)?.token {
            Token::Word(name) => Some(name.clone()),
            _ => None,
        }
    }

    fn keep(&mut self, mut found: Use) {
        found.inside = self.inline.iter().map(|(name, _)| name.clone()).collect();
        self.file.uses.push(found);
    }

    fn token(&self) -> Option<&Token> {
        self.pieces.get(self.at).map(|p| &p.token)
    }

    fn sign(&self, sign: char) -> bool {
        self.token() == Some(&Token::Sign(sign))
    }

    fn next_word(&self) -> Option<String> {
        match self.token() {
            Some(Token::Word(word)) => Some(word.clone()),
            _ => None,
        }
    }

    /// True after `pub` and after `pub(…)`.
    fn follows_visibility(&self) -> bool {
        let before = |n: usize| self.at.checked_sub(n + 1).map(|at| &self.pieces[at].token);
        let public = Token::Word("pub".into());
        before(1) == Some(&public) || before(1) == Some(&Token::Sign(')'))
    }
}

/// The tokens without the items that `#[cfg(test)]` marks; the names of modules among those go to `tests`.
fn without_tests(pieces: Vec<Piece>, tests: &mut BTreeSet<String>) -> Vec<Piece> {
    let mark: Vec<Token> = self::pieces("#[cfg(test)]").into_iter().map(|p| p.token).collect();
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < pieces.len() {
        let marked = pieces.len() >= at + mark.len()
            && pieces[at..at + mark.len()].iter().zip(&mark).all(|(piece, token)| piece.token == *token);
        if marked {
            let from = at + mark.len();
            at = end_of_item(&pieces, from);
            tests.extend(module(&pieces[from..at]));
        } else {
            kept.push(pieces[at].clone());
            at += 1;
        }
    }
    kept
}

/// The name in `mod name;`.
fn module(item: &[Piece]) -> Option<String> {
    item.windows(2).find_map(|two| match (&two[0].token, &two[1].token) {
        (Token::Word(word), Token::Word(name)) if word == "mod" => Some(name.clone()),
        _ => None,
    })
}

/// An item ends at its `;`, or at the bracket that closes its body.
fn end_of_item(pieces: &[Piece], from: usize) -> usize {
    let first = pieces[from..].iter().find_map(|p| match &p.token {
        Token::Word(word) if word != "pub" => Some(word.as_str()),
        _ => None,
    });
    let has_body = !matches!(first, Some("use" | "const" | "static" | "type" | "let" | "extern"));
    let mut depth = 0_i32;
    for (at, piece) in pieces.iter().enumerate().skip(from) {
        match piece.token {
            Token::Sign('{' | '(' | '[') => depth += 1,
            Token::Sign('}') if depth == 1 && has_body => return at + 1,
            Token::Sign('}' | ')' | ']') => depth -= 1,
            Token::Sign(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    pieces.len()
}

#[cfg(test)]
fn paths(text: &str) -> Vec<String> {
    let written = |u: &Use| {
        let path = u.path.join("::");
        match (&u.name, u.glob) {
            (_, true) => format!("{path}::*"),
            (Some(name), _) if u.path.last() != Some(name) => format!("{path} as {name}"),
            _ => path,
        }
    };
    read(text).uses.iter().map(written).collect()
}

#[test]
fn a_use_tree_is_one_path_for_each_leaf() {
    let text = "use crate::api::{self, run::{Run, Phase as P}, step::*};\npub(crate) use super::x;";
    let want = [
        "crate::api",
        "crate::api::run::Run",
        "crate::api::run::Phase as P",
        "crate::api::step::*",
        "super::x",
    ];
    assert_eq!(paths(text), want);
    let public: Vec<bool> = read(text).uses.iter().map(|u| u.public).collect();
    assert_eq!(public, [false, false, false, false, true]);
}

#[test]
fn paths_in_code_count_and_comments_texts_and_tests_do_not() {
    let text = r#"
/// crate::not
fn f() { super::g(crate::h::I { n: 1 }); "crate::text"; }
#[cfg(test)]
#[derive(Debug)]
struct T { x: crate::test::A }
#[cfg(test)]
use crate::test::{B, C};
#[cfg(test)]
mod tests { use super::*; }
#[cfg(test)]
mod far;
mod near;
fn after() -> crate::z::Z {}
"#;
    assert_eq!(paths(text), ["super::g", "crate::h::I", "crate::z::Z"]);
    let file = read(text);
    assert_eq!(file.declared, BTreeSet::from(["near".to_string()]));
    assert_eq!(file.tests, BTreeSet::from(["far".to_string(), "tests".to_string()]));
    assert_eq!(file.defined, BTreeSet::from(["f".to_string(), "after".to_string()]));
}

#[test]
fn a_path_in_an_inline_module_knows_it() {
    let file = read("mod inner { fn f() { super::x(); } }\nfn g() { super::y(); }");
    let inside: Vec<usize> = file.uses.iter().map(|u| u.inside.len()).collect();
    assert_eq!(inside, [1, 0]);
}
