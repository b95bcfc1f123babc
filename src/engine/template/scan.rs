//! A template's text -> the variables in it, and its uses of unsupported features of tera.
//!
//! tera does not expose its syntax tree, so this reads the text once more, tag by tag. It never judges syntax: it
//! leaves to tera what it does not understand. Start reading at [`Scan::of`].

use std::ops::Range;

use super::error::Error;
use super::token::{Placed, Token, end_of_raw, find, next_marker, run, tokens};

/// The filter around every loop's list.
pub(super) const COUNT: &str = "__count";
/// The filter around a variable that tera would silently allow to be missing (`a ~ b`, `a == b`).
pub(super) const NEED: &str = "__need";

/// Filters that neither multiply their input nor depend on the order of a map.
const FILTERS: &[&str] = &[
    "abs",
    "capitalize",
    "default",
    "first",
    "float",
    "get",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "nth",
    "pluralize",
    "replace",
    "reverse",
    "round",
    "safe",
    "sort",
    "split",
    "str",
    "title",
    "trim",
    "trim_end",
    "trim_start",
    "truncate",
    "unique",
    "upper",
    "wordcount",
];
const TAGS: &[&str] = &["if", "elif", "else", "endif", "for", "endfor", "break", "continue"];
const FUNCTIONS: &[&str] = &["range", "throw"];
const WORDS: &[&str] = &[
    "and", "or", "not", "in", "is", "if", "else", "true", "True", "false", "False", "none", "None", "null",
    "for",
];

/// Operators that treat a missing variable as an empty one.
const LENIENT: &[Token<'_>] = &[Token::Mark("~"), Token::Mark("=="), Token::Mark("!="), Token::Name("in")];

/// A variable where the text names it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Occurrence {
    pub at: Range<usize>,
    pub path: Vec<String>,
    /// How many elements of the path must exist for rendering to continue; 0: none.
    pub strict: usize,
    /// An enclosing `if` tests it.
    pub guarded: bool,
    /// It is the variable of a loop.
    pub local: bool,
}

impl Occurrence {
    pub(super) fn needed(&self) -> Option<String> {
        self.path.get(..self.strict).filter(|path| !path.is_empty()).map(|path| path.join("."))
    }
}

#[derive(Default)]
pub(super) struct Scan {
    pub occurrences: Vec<Occurrence>,
    /// A tag of another template language; reported before tera's own error, which would not help.
    pub foreign: Option<Error>,
    /// An unsupported feature of tera.
    pub refused: Option<Error>,
    /// The list expression of every loop.
    lists: Vec<Range<usize>>,
    /// The variables that `NEED` is put around.
    lenient: Vec<Range<usize>>,
    blocks: Vec<Block>,
}

/// An open `if` or `for`: the variables that it tests, and the names that it defines.
#[derive(Default)]
struct Block {
    guards: Vec<Vec<String>>,
    locals: Vec<String>,
}

impl Scan {
    pub(super) fn of(text: &str) -> Self {
        let mut scan = Scan::default();
        let mut at = 0;
        while let Some((start, kind)) = next_marker(text, at) {
            if kind == "{#" {
                at = find(text, start + 2, "#}").map_or(text.len(), |end| end + 2);
                continue;
            }
            if kind == "{{" && scan.foreign.is_none() {
                scan.foreign = foreign(text, start);
            }
            let end_mark = if kind == "{{" { "}}" } else { "%}" };
            let (tokens, end) = tokens(text, start + 2, end_mark);
            at = end;
            if kind == "{%" && tokens.first().is_some_and(|t| t.1 == Token::Name("raw")) {
                at = end_of_raw(text, end);
                continue;
            }
            scan.tag(text, &tokens, kind == "{%");
        }
        scan
    }

    /// The text with every loop's list counted, and no variable silently missing.
    pub(super) fn hardened(&self, text: &str) -> String {
        let around = |ranges: &[Range<usize>], end: String| -> Vec<(usize, String)> {
            ranges.iter().flat_map(|r| [(r.start, "(".to_owned()), (r.end, end.clone())]).collect()
        };
        let mut added = around(&self.lenient, format!(" | {NEED})"));
        added.extend(around(&self.lists, format!(") | {COUNT}")));
        // Stable: if a variable ends a list, the end of the variable stays first.
        added.sort_by_key(|(at, _)| *at);
        let mut hardened = String::with_capacity(text.len());
        let mut from = 0;
        for (at, what) in added {
            hardened.push_str(text.get(from..at).unwrap_or_default());
            hardened.push_str(&what);
            from = at;
        }
        hardened.push_str(text.get(from..).unwrap_or_default());
        hardened
    }

    fn tag(&mut self, text: &str, tokens: &[Placed<'_>], is_block: bool) {
        let head = match tokens.first() {
            Some((_, Token::Name(name))) if is_block => *name,
            _ => "",
        };
        let body = if is_block { tokens.get(1..).unwrap_or_default() } else { tokens };
        if let (true, Some((place, _))) = (is_block && !TAGS.contains(&head), tokens.first()) {
            self.refuse(text, place.start, format!("{{% {head} %}} is not supported; there are if and for"));
        }
        let expression = if head == "for" { self.list_of(text, body) } else { body };
        let uses = self.uses(text, expression);
        let is_condition = matches!(head, "if" | "elif");
        let asked: Vec<Vec<String>> =
            uses.iter().filter(|u| u.asks(is_condition)).map(|u| u.found.path.clone()).collect();
        let is_lenient = expression.iter().any(|t| LENIENT.contains(&t.1));
        for mut used in uses {
            let whole = used.guard == Guard::Nothing
                || (used.guard == Guard::Truth && !(is_condition || used.ternary || used.fallback));
            used.found.strict = if whole { used.found.path.len() } else { used.parents };
            if whole && is_lenient && !used.open_end {
                self.lenient.push(used.found.at.clone());
            }
            let path = &used.found.path;
            let mut guards = self.blocks.iter().flat_map(|b| &b.guards).chain(&asked);
            used.found.guarded = guards.any(|guard| path.starts_with(guard));
            used.found.local = self.blocks.iter().any(|b| b.locals.iter().any(|l| path.first() == Some(l)));
            self.occurrences.push(used.found);
        }
        match head {
            "if" => self.blocks.push(Block { guards: asked, locals: Vec::new() }),
            "elif" => {
                if let Some(block) = self.blocks.last_mut() {
                    block.guards.extend(asked);
                }
            }
            "for" => {
                let names = body.iter().take_while(|t| t.1 != Token::Name("in"));
                let mut locals: Vec<String> = names.filter_map(|t| t.1.name()).map(str::to_owned).collect();
                locals.push("loop".into());
                self.blocks.push(Block { guards: Vec::new(), locals });
            }
            "endif" | "endfor" => {
                self.blocks.pop();
            }
            _ => {}
        }
    }

    /// The text after `in`.
    fn list_of<'a, 't>(&mut self, text: &str, body: &'a [Placed<'t>]) -> &'a [Placed<'t>] {
        let Some(at) = body.iter().position(|t| t.1 == Token::Name("in")) else { return &[] };
        if let Some((place, _)) = body.iter().take(at).find(|t| t.1 == Token::Mark(",")) {
            self.refuse(
                text,
                place.start,
                "a loop over keys and values is not supported: maps have no order".into(),
            );
        }
        let list = body.get(at + 1..).unwrap_or_default();
        if let (Some((first, _)), Some((last, _))) = (list.first(), list.last()) {
            self.lists.push(first.start..last.end);
        }
        list
    }

    fn refuse(&mut self, text: &str, at: usize, message: String) {
        if self.refused.is_none() {
            self.refused = Some(error(text, at, message));
        }
    }

    /// The variables of an expression. Unsupported filters, functions and comprehensions are noted.
    fn uses(&mut self, text: &str, tokens: &[Placed<'_>]) -> Vec<Use> {
        let mut uses = Vec::new();
        let mut i = 0;
        while let Some((place, token)) = tokens.get(i) {
            let before = i.checked_sub(1).and_then(|b| tokens.get(b)).map(|t| t.1);
            let after = tokens.get(i + 1).map(|t| t.1);
            i += 1;
            let Token::Name(name) = *token else { continue };
            if before == Some(Token::Mark("|")) {
                if !FILTERS.contains(&name) && name != COUNT && name != NEED {
                    self.refuse(
                        text,
                        place.start,
                        format!("the filter {name} is not supported; there are {}", FILTERS.join(", ")),
                    );
                }
            } else if name == "for" {
                self.refuse(text, place.start, "[… for …] is not supported; write {% for %}".into());
            } else if after == Some(Token::Mark("(")) && !WORDS.contains(&name) {
                if before != Some(Token::Name("is"))
                    && before != Some(Token::Name("not"))
                    && !FUNCTIONS.contains(&name)
                {
                    self.refuse(
                        text,
                        place.start,
                        format!("the function {name} is not supported; there are {}", FUNCTIONS.join(", ")),
                    );
                }
            } else if is_variable(tokens, i - 1, name) {
                let (used, next) = path(tokens, i - 1, name);
                uses.push(used);
                i = next;
            }
        }
        uses
    }
}

/// A variable in its expression.
struct Use {
    found: Occurrence,
    /// How much of the path must exist even though its end need not.
    parents: usize,
    guard: Guard,
    /// It is the condition of `… if x else …`.
    ternary: bool,
    /// It is the left operand of `or`.
    fallback: bool,
    /// It is followed by an index that is not a quoted name.
    open_end: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Guard {
    Nothing,
    /// `| default(…)`
    Default,
    /// `is defined`, `is undefined`
    Defined,
    /// Only its truth value matters.
    Truth,
}

impl Use {
    /// Whether the enclosing text may rely on it.
    fn asks(&self, is_condition: bool) -> bool {
        self.guard == Guard::Defined || (self.guard == Guard::Truth && (is_condition || self.ternary))
    }
}

/// Not a keyword, a test (`is defined`), an argument's name (`value=`) or a map's key.
fn is_variable(tokens: &[Placed<'_>], i: usize, name: &str) -> bool {
    let at = |k: Option<usize>| k.and_then(|k| tokens.get(k)).map(|t| t.1);
    let (before, after) = (at(i.checked_sub(1)), at(i.checked_add(1)));
    let is_test = before == Some(Token::Name("is"))
        || (before == Some(Token::Name("not")) && at(i.checked_sub(2)) == Some(Token::Name("is")));
    let is_argument = after == Some(Token::Mark("="));
    let is_key = after == Some(Token::Mark(":")) && matches!(before, Some(Token::Mark("{" | ",")));
    let is_part = matches!(before, Some(Token::Mark("." | "?.")));
    !WORDS.contains(&name) && !is_part && !is_test && !is_argument && !is_key
}

/// Reads `a.b?.c["d"]` from the name at `i`; also returns where to continue.
fn path(tokens: &[Placed<'_>], i: usize, name: &str) -> (Use, usize) {
    let token = |k: usize| tokens.get(k).map(|t| t.1);
    let mut parts = vec![name.to_owned()];
    let (mut next, mut parents) = (i + 1, 0);
    let mut open_end = false;
    loop {
        let (part, length, optional) = match (token(next), token(next + 1), token(next + 2)) {
            (Some(Token::Mark(dot @ ("." | "?."))), Some(Token::Name(part)), _) => (part, 2, dot == "?."),
            (Some(Token::Mark(open @ ("[" | "?["))), Some(Token::Text(part)), Some(Token::Mark("]"))) => {
                (part, 3, open == "?[")
            }
            (Some(Token::Mark("[")), ..) => {
                open_end = true;
                break;
            }
            _ => break,
        };
        parents = if optional { parents } else { parts.len() };
        parts.push(part.to_owned());
        next += length;
    }
    let start = tokens.get(i).map_or(0, |t| t.0.start);
    let end = next.checked_sub(1).and_then(|k| tokens.get(k)).map_or(start, |t| t.0.end);
    let before = i.checked_sub(1).and_then(token);
    let after = token(next);
    let guard = match (after, token(next + 1), token(next + 2)) {
        _ if open_end => Guard::Nothing,
        (Some(Token::Mark("|")), Some(Token::Name("default")), _) => Guard::Default,
        (Some(Token::Name("is")), Some(Token::Name("defined" | "undefined")), _)
        | (Some(Token::Name("is")), Some(Token::Name("not")), Some(Token::Name("defined" | "undefined"))) => {
            Guard::Defined
        }
        _ if is_bare(before, after) => Guard::Truth,
        _ => Guard::Nothing,
    };
    let found = Occurrence { at: start..end, path: parts, strict: 0, guarded: false, local: false };
    let ternary = before == Some(Token::Name("if"))
        || after == Some(Token::Name("else")) && before == Some(Token::Name("not"));
    let used = Use { found, parents, guard, ternary, fallback: after == Some(Token::Name("or")), open_end };
    (used, next)
}

/// There is nothing but logic around it.
fn is_bare(before: Option<Token<'_>>, after: Option<Token<'_>>) -> bool {
    let logic = |t: Token<'_>| {
        matches!(t, Token::Name("and" | "or" | "not" | "if" | "else") | Token::Mark("(" | ")"))
    };
    before.is_none_or(logic) && after.is_none_or(logic)
}

/// `{{#X}}` and the like: the replacement to write.
fn foreign(text: &str, start: usize) -> Option<Error> {
    let inner = text.get(start + 2..)?.trim_start_matches('-').trim_start();
    let sign = inner.chars().next().filter(|c| matches!(c, '#' | '/' | '^' | '!' | '&' | '>' | '{'))?;
    let rest = inner.get(1..)?.trim_start();
    let name =
        rest.get(..run(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or_default();
    let name = if name.is_empty() { "X" } else { name };
    let message = match sign {
        '#' => format!("{{{{#{name}}}}} is not a conditional here; write {{% if {name} %}} … {{% endif %}}"),
        '/' => format!("{{{{/{name}}}}} ends nothing here; write {{% if {name} %}} … {{% endif %}}"),
        '^' => {
            format!("{{{{^{name}}}}} is not a conditional here; write {{% if not {name} %}} … {{% endif %}}")
        }
        '!' => "{{! … }} is not a comment here; write {# … #}".into(),
        '&' => format!("{{{{&{name}}}}}: nothing is escaped here; write {{{{ {name} }}}}"),
        '>' => "{{> … }}: a template cannot include another here".into(),
        // A map as a value; tera itself knows whether it is one.
        _ if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) || !rest.contains("}}}") => return None,
        _ => format!("{{{{{{{name}}}}}}}: nothing is escaped here; write {{{{ {name} }}}}"),
    };
    Some(error(text, start, message))
}

fn error(text: &str, at: usize, message: String) -> Error {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Error { line, column, message }
}
