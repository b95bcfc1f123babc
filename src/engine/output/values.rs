//! Key lines -> the values in an agent's output.
//!
//! A value runs from its key's colon to the next key or status line. Later lines override earlier ones, and a fenced
//! line (a quoted example) counts only if no other line has its key. Start reading at [`Values`].

use std::collections::{BTreeMap, BTreeSet};

use super::fences::Place;
use super::limit_of;
use super::thinking::Line;

/// The maximum length of a key.
const KEY_LIMIT: usize = 64;
/// The end of a value that was too long.
const CUT: &str = "\n[the rest was cut off]";

/// A value as lines of the text: the rest of its first line, and those from `next` to (excluding) `to`.
#[derive(Clone, Copy, Debug)]
struct Value<'t> {
    first: &'t str,
    next: usize,
    to: usize,
}

/// The values of one kind of lines.
#[derive(Debug, Default)]
struct Found<'t> {
    values: BTreeMap<&'t str, Value<'t>>,
    open: Option<(&'t str, Value<'t>)>,
}

impl<'t> Found<'t> {
    fn close(&mut self, to: usize) {
        if let Some((key, value)) = self.open.take() {
            self.values.insert(key, Value { to, ..value });
        }
    }

    fn open(&mut self, at: usize, key: &Key<'t>) {
        self.close(at);
        self.open = Some((key.name, Value { first: key.rest, next: at + 1, to: at + 1 }));
    }
}

/// What was read so far. Inside a fence both kinds are open: the fence belongs to the value around it.
#[derive(Debug, Default)]
pub(super) struct Values<'t> {
    plain: Found<'t>,
    fenced: Found<'t>,
}

impl<'t> Values<'t> {
    fn of(&mut self, place: Place) -> &mut Found<'t> {
        match place {
            Place::Outside | Place::Mark => &mut self.plain,
            Place::Inside => &mut self.fenced,
        }
    }

    /// A key line at `at` ends the value before it and opens its own.
    pub(super) fn key(&mut self, at: usize, place: Place, key: &Key<'t>) {
        self.of(place).open(at, key);
    }

    /// A status line ends the value before it.
    pub(super) fn status(&mut self, at: usize, place: Place) {
        self.of(place).close(at);
    }

    /// A fence mark ends the value within the fence.
    pub(super) fn mark(&mut self, at: usize) {
        self.fenced.close(at);
    }

    /// Every value, trimmed and within its limit, and the keys of those that were cut.
    pub(super) fn finish(mut self, lines: &[Line<'t>]) -> (BTreeMap<String, String>, BTreeSet<String>) {
        self.plain.close(lines.len());
        self.fenced.close(lines.len());
        let mut all = self.fenced.values;
        all.extend(self.plain.values);
        let mut too_long = BTreeSet::new();
        let text = |(key, value): (&str, Value<'t>)| {
            let mut text = value.first.to_owned();
            for line in lines.get(value.next..value.to).unwrap_or_default() {
                text.push('\n');
                text.push_str(line.text);
            }
            let text = text.trim();
            if text.len() <= limit_of(key) {
                return (key.to_owned(), text.to_owned());
            }
            too_long.insert(key.to_owned());
            (key.to_owned(), start_of(text, limit_of(key)))
        };
        (all.into_iter().map(text).collect(), too_long)
    }
}

/// As much of the start as fits together with the mark.
fn start_of(text: &str, limit: usize) -> String {
    let latest = limit.saturating_sub(CUT.len());
    let end = (0..=latest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default().to_owned() + CUT
}

/// A key line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key<'t> {
    pub name: &'t str,
    /// The start of its value.
    pub rest: &'t str,
}

/// `^(\*\*|__|`)?[A-Z][A-Z0-9_]{0,63}(\*\*|__|`)?:`
pub(super) fn key_line(line: &str) -> Option<Key<'_>> {
    const AROUND: [&str; 3] = ["**", "__", "`"];
    let opening = AROUND.into_iter().find(|mark| line.starts_with(mark)).unwrap_or("");
    let rest = line.strip_prefix(opening)?;
    let colon =
        rest.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '*' | '`')))?;
    let (head, tail) = rest.split_at(colon);
    let after = tail.strip_prefix(':').filter(|_| head.starts_with(|c: char| c.is_ascii_uppercase()))?;
    // `__` may also end a name: it closes only what it opened.
    let closing = match AROUND.into_iter().find(|mark| head.ends_with(mark)) {
        Some("__") if opening != "__" => "",
        found => found.unwrap_or(""),
    };
    let name = head.strip_suffix(closing)?;
    let valid = !name.is_empty() && name.len() <= KEY_LIMIT && !name.contains(['*', '`']);
    // `**KEY:** value`: an emphasis that is still open after the colon is closed there.
    let open = if closing.is_empty() { opening } else { "" };
    valid.then(|| Key { name, rest: after.strip_prefix(open).unwrap_or(after) })
}
