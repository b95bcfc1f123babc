//! What an agent said -> its `STATUS` word and its `KEY: value` lines.
//!
//! Total: every text has an answer, and no text makes it slow (one pass over the lines, plus one search for the echo).
//! Never decides whether an attempt succeeded; that is [`super::verdict`]. Start reading at [`parse`].

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The most that a value may hold, in bytes.
pub const VALUE_LIMIT: usize = 16 * 1024;
/// The same for `STORIES_JSON`.
pub const STORIES_LIMIT: usize = 64 * 1024;
/// How much of what an agent said is kept, in bytes.
pub const TAIL_LIMIT: usize = 16 * 1024;
/// The longest name of a key.
const KEY_LIMIT: usize = 64;

/// Names that belong to the run: no output writes them, in whatever case.
pub const RESERVED: &[&str] = &[
    "task",
    "params",
    "run",
    "steps",
    "story",
    "item",
    "current_story",
    "current_story_id",
    "current_story_title",
    "completed_stories",
    "stories_remaining",
    "progress",
    "verify_feedback",
    "human_feedback",
];

/// Whether a key is one of the run's own names.
pub fn is_reserved(key: &str) -> bool {
    RESERVED.iter().any(|name| name.eq_ignore_ascii_case(key))
}

/// What an agent said, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub status: Status,
    /// The word of the `STATUS:` line that counts, in lower case, known or not; `None`: there is no such line.
    pub word: Option<String>,
    /// Keys as written (upper case). `STATUS` is not among them, nor is a value that is too long.
    pub values: BTreeMap<String, String>,
    /// The first key (by name) whose value is longer than [`limit_of`] it.
    pub too_long: Option<String>,
}

/// What a `STATUS:` line said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    Done,
    Failed,
    Retry,
    #[default]
    Unknown,
}

impl Status {
    fn of(word: &str) -> Self {
        match word {
            "done" => Status::Done,
            "failed" => Status::Failed,
            "retry" => Status::Retry,
            _ => Status::Unknown,
        }
    }
}

/// The most bytes that the value of `key` may hold.
pub fn limit_of(key: &str) -> usize {
    if key == "STORIES_JSON" { STORIES_LIMIT } else { VALUE_LIMIT }
}

/// Takes apart what an agent said. An echo of its own input (which may well contain `STATUS: done`) does not count.
pub fn parse(text: &str, rendered_input: Option<&str>) -> Output {
    // An input without a key line cannot be mistaken for an answer, and a value may well repeat it.
    let text = match rendered_input.filter(|input| input.lines().any(|line| key_line(line).is_some())) {
        Some(input) => without_echo(text, input, false),
        None => unix(text),
    };
    read(&text)
}

/// The text without every verbatim copy of the input. A copy ends where a line ends, and starts where one starts, unless
/// it has several lines (`Prompt: …`). `cut`: the text lost its beginning, so that it may start in the midst of a copy.
pub fn without_echo<'a>(text: &'a str, input: &str, cut: bool) -> Cow<'a, str> {
    let text = unix(text);
    let input = unix(input);
    let input = input.trim();
    if input.is_empty() {
        return text;
    }
    let several = input.contains('\n');
    let mut kept = String::with_capacity(text.len());
    let mut rest: &str = if cut { after_cut_echo(&text, input) } else { &text };
    let mut at_line_start = true;
    while let Some(at) = rest.find(input) {
        let (before, found) = rest.split_at(at);
        let after = found.get(input.len()..).unwrap_or_default();
        let starts = several || before.ends_with('\n') || (before.is_empty() && at_line_start);
        let ends = after.trim_start_matches([' ', '\t']);
        kept.push_str(before);
        if starts && (ends.is_empty() || ends.starts_with('\n')) {
            at_line_start = false;
            rest = after;
        } else {
            // Step over one line (or the whole copy), never over a part of a character.
            let step = found.find('\n').map_or(found.len(), |n| n + 1).min(input.len());
            let (skipped, next) = found.split_at_checked(step).unwrap_or((found, ""));
            kept.push_str(skipped);
            at_line_start = skipped.ends_with('\n');
            rest = next;
        }
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Drops the end of a copy at the start of a text that lost its beginning: the longest start of the text that ends a line
/// and is also an end of the input (Knuth, Morris, Pratt: the text is the pattern, the input is searched).
fn after_cut_echo<'t>(text: &'t str, input: &str) -> &'t str {
    let pattern: Vec<u8> = text.bytes().take(input.len()).collect();
    let borders = borders(&pattern);
    let border = |matched: usize| matched.checked_sub(1).and_then(|i| borders.get(i)).copied().unwrap_or(0);
    let mut matched = 0;
    for byte in input.bytes() {
        while matched > 0 && pattern.get(matched) != Some(&byte) {
            matched = border(matched);
        }
        if pattern.get(matched) == Some(&byte) {
            matched += 1;
        }
    }
    while matched > 0 {
        if let Some(rest) = text.get(matched..).filter(|rest| rest.is_empty() || rest.starts_with('\n')) {
            return rest;
        }
        matched = border(matched);
    }
    text
}

/// For every prefix of the pattern: the length of its longest proper prefix that is also its suffix.
fn borders(pattern: &[u8]) -> Vec<usize> {
    let mut borders: Vec<usize> = Vec::with_capacity(pattern.len());
    let mut length = 0;
    for (i, byte) in pattern.iter().enumerate() {
        while length > 0 && pattern.get(length) != Some(byte) {
            length = borders.get(length - 1).copied().unwrap_or(0);
        }
        if i > 0 && pattern.get(length) == Some(byte) {
            length += 1;
        }
        borders.push(length);
    }
    borders
}

/// The last [`TAIL_LIMIT`] bytes, from the start of a character; true: something was cut off.
pub fn keep_tail(text: &str) -> (String, bool) {
    let earliest = text.len().saturating_sub(TAIL_LIMIT);
    let from = (earliest..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(earliest);
    (text.get(from..).unwrap_or_default().to_owned(), from > 0)
}

/// A reader must see that the beginning is missing.
pub fn marked(text: String, cut: bool) -> String {
    if cut { format!("[the beginning was cut off]\n{text}") } else { text }
}

/// The text with U+FFFD for each character that YAML does not allow even when JSON leaves it as it is: the API server
/// would store it, but nobody could read the object as YAML.
pub fn legible(text: &str) -> Cow<'_, str> {
    let barred = |c: char| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(barred) { Cow::Owned(text.replace(barred, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

fn unix(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

/// A value that is being read, as a range of the text: from its key's colon to the next key line.
#[derive(Clone, Copy)]
struct Open<'t> {
    key: &'t str,
    from: usize,
}

/// What was read so far. Unfenced lines beat fenced ones (quoted examples), later lines beat earlier ones.
#[derive(Default)]
struct Found<'t> {
    values: BTreeMap<&'t str, &'t str>,
    known: Option<String>,
    other: Option<String>,
}

impl<'t> Found<'t> {
    fn close(&mut self, text: &'t str, open: &mut Option<Open<'t>>, to: usize) {
        if let Some(Open { key, from }) = open.take() {
            self.values.insert(key, text.get(from..to).unwrap_or_default().trim());
        }
    }

    /// A key line ends the value before it. `STATUS` is a word on its own line and opens no value.
    fn line(&mut self, text: &'t str, open: &mut Option<Open<'t>>, at: usize, line: &'t str) {
        let Some(key) = key_line(line) else { return };
        self.close(text, open, at);
        if key.name != "STATUS" {
            *open = Some(Open { key: key.name, from: at + key.value_at });
        } else if let Some(word) = status_word(&key, line) {
            match Status::of(&word) {
                Status::Done | Status::Failed | Status::Retry => self.known = Some(word),
                Status::Unknown => self.other = Some(word),
            }
        }
    }
}

fn read(text: &str) -> Output {
    let fences = fences(text);
    let (mut plain, mut fenced) = (Found::default(), Found::default());
    // Inside a fence both are open: the fence belongs to the value around it, and its key lines count if nothing better does.
    let (mut open, mut open_fenced) = (None, None);
    for ((at, line), fence) in lines(text).zip(&fences) {
        match fence {
            Fence::Outside => plain.line(text, &mut open, at, line),
            Fence::Inside => fenced.line(text, &mut open_fenced, at, line),
            Fence::Mark => fenced.close(text, &mut open_fenced, at),
        }
    }
    plain.close(text, &mut open, text.len());
    fenced.close(text, &mut open_fenced, text.len());

    let word = plain.known.or(plain.other).or(fenced.known).or(fenced.other);
    let mut output =
        Output { status: word.as_deref().map_or(Status::Unknown, Status::of), word, ..Output::default() };
    let mut values = fenced.values;
    values.extend(plain.values);
    for (key, value) in values {
        if value.len() <= limit_of(key) {
            output.values.insert(key.to_owned(), value.to_owned());
        } else if output.too_long.is_none() {
            output.too_long = Some(key.to_owned());
        }
    }
    output
}

/// Every line with the place where it starts.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches('\n')))
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Fence {
    Outside,
    Inside,
    /// The line that opens or closes one.
    Mark,
}

/// Where each line stands. A fence that nothing closes is none.
fn fences(text: &str) -> Vec<Fence> {
    let marks: Vec<Option<(char, usize, bool)>> = lines(text).map(|(_, line)| fence_mark(line)).collect();
    let mut work_refs = Vec::with_capacity(marks.len());
    // Lengths known to have no closing line further down, so that a text full of open fences is read only once.
    let mut hopeless = BTreeMap::new();
    while let Some(mark) = marks.get(work_refs.len()) {
        let start = work_refs.len();
        let Some((kind, length, _)) = *mark else {
            work_refs.push(Fence::Outside);
            continue;
        };
        let closes =
            |m: &Option<(char, usize, bool)>| m.is_some_and(|(k, l, bare)| bare && k == kind && l >= length);
        let end = if hopeless.get(&kind).is_some_and(|known| *known <= length) {
            None
        } else {
            marks.iter().skip(start + 1).position(closes)
        };
        match end {
            Some(inside) => {
                work_refs.push(Fence::Mark);
                work_refs.resize(start + 1 + inside, Fence::Inside);
                work_refs.push(Fence::Mark);
            }
            None => {
                hopeless.entry(kind).and_modify(|known| *known = length.min(*known)).or_insert(length);
                work_refs.push(Fence::Outside);
            }
        }
    }
    work_refs
}

/// The character and length of a fence mark, and whether nothing follows it (only such a line closes a fence).
fn fence_mark(line: &str) -> Option<(char, usize, bool)> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let mark = line.trim_start_matches(' ');
    let kind = mark.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = mark.trim_start_matches(kind);
    let length = mark.len() - rest.len();
    // Inline code such as ```x``` opens nothing.
    let inline = kind == '`' && rest.contains('`');
    (indent <= 3 && length >= 3 && !inline).then(|| (kind, length, rest.trim().is_empty()))
}

struct Key<'t> {
    name: &'t str,
    /// Where the value starts in the line.
    value_at: usize,
    /// The emphasis that is still open after the colon (`**KEY:** value`).
    open: &'static str,
}

/// `^(\*\*|__|`)?[A-Z][A-Z0-9_]{0,63}(\*\*|__|`)?:`
fn key_line(line: &str) -> Option<Key<'_>> {
    const AROUND: [&str; 3] = ["**", "__", "`"];
    let opening = AROUND.into_iter().find(|mark| line.starts_with(mark)).unwrap_or("");
    let rest = line.strip_prefix(opening)?;
    let colon =
        rest.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '*' | '`')))?;
    let (head, tail) = rest.split_at(colon);
    if !tail.starts_with(':') || !head.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    // `__` may also end a name: it closes only what it opened.
    let closing = match AROUND.into_iter().find(|mark| head.ends_with(mark)) {
        Some("__") if opening != "__" => "",
        found => found.unwrap_or(""),
    };
    let name = head.strip_suffix(closing)?;
    let valid = name.len() <= KEY_LIMIT && !name.contains(['*', '`']);
    let open = if closing.is_empty() { opening } else { "" };
    let after = tail.get(1..).unwrap_or_default();
    let shut = if after.starts_with(open) { open.len() } else { 0 };
    let value_at = opening.len() + head.len() + 1 + shut;
    (valid && !name.is_empty()).then_some(Key { name, value_at, open: if shut > 0 { "" } else { open } })
}

/// The one word of a `STATUS:` line, in lower case; prose is no status.
fn status_word(key: &Key<'_>, line: &str) -> Option<String> {
    let value = line.get(key.value_at..).unwrap_or_default().trim();
    let value = value.strip_suffix(key.open).unwrap_or(value).trim();
    let bare = ["**", "__", "`"].into_iter().find_map(|mark| value.strip_prefix(mark)?.strip_suffix(mark));
    let word = bare.unwrap_or(value);
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    is_word.then(|| word.to_lowercase())
}

#[cfg(test)]
mod tests;
