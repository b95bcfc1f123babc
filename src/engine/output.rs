//! The output of an agent -> its status and its `KEY: value` lines.
//!
//! Total: every text has an answer, and no text makes it slow (a few passes, each linear). It never decides whether an
//! attempt succeeded; [`super::verdict`] does. Start reading at [`read`]: the text is cleaned, echoes of the input and
//! thinking are dropped, and the remaining lines are read one by one.

mod clean;
mod echo;
mod explain;
mod fences;
mod status_line;
mod thinking;
mod values;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub use clean::decode;
pub use echo::without_echo;
pub use explain::{Explained, explain};
pub use status_line::{Status, wanted};

use fences::{Mark, Place};
use status_line::Loose;
use thinking::{Line, Visible};
use values::{Values, key_line};

/// The maximum length of a value, in bytes.
pub const VALUE_LIMIT: usize = 16 * 1024;
/// The same for `STORIES_JSON`.
pub const STORIES_LIMIT: usize = 64 * 1024;
/// How much of an agent's output is kept, in bytes.
pub const TAIL_LIMIT: usize = 16 * 1024;
/// The word for success if the step expects no other.
pub const DONE: &str = "done";
/// Keys that report the cost of an attempt. They may follow a fence that contains the answer.
const USAGE: [&str; 4] = ["TURNS", "TOKENS_IN", "TOKENS_OUT", "COST_USD"];

/// Reserved names: no output writes them, in upper or lower case.
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
    "last_failure",
    "last_failure_output",
];

/// Whether a key is a reserved name.
pub fn is_reserved(key: &str) -> bool {
    RESERVED.iter().any(|name| name.eq_ignore_ascii_case(key))
}

/// How a text is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The agent's input: an echo of it (which may well contain `STATUS: done`) does not count.
    pub rendered_input: Option<&'a str>,
    /// The beginning of the text was cut off.
    pub cut: bool,
    /// The word for success, in lower case.
    pub wanted: &'a str,
}

impl Default for Reading<'_> {
    fn default() -> Self {
        Self { rendered_input: None, cut: false, wanted: DONE }
    }
}

/// An agent's output, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub status: Status,
    /// The line with the status; without one, the last line that contains the word.
    pub line: Option<String>,
    /// The text ends inside of a thinking block.
    pub thinking: bool,
    /// The text was UTF-16, and cannot be read.
    pub garbled: bool,
    /// Keys as written (upper case). `STATUS` is not among them. Each value fits [`limit_of`] its key.
    pub values: BTreeMap<String, String>,
    /// The keys of values that were too long and are cut.
    pub too_long: BTreeSet<String>,
    /// The text for readers: clean, without echoes and thinking.
    pub text: String,
}

/// The maximum length of the value of `key`, in bytes.
pub fn limit_of(key: &str) -> usize {
    if key == "STORIES_JSON" { STORIES_LIMIT } else { VALUE_LIMIT }
}

/// Parses the output of an agent whose step expects `STATUS: done`.
pub fn parse(text: &str, rendered_input: Option<&str>) -> Output {
    read(text, &Reading { rendered_input, ..Reading::default() })
}

/// Parses the output of an agent.
pub fn read(text: &str, how: &Reading<'_>) -> Output {
    if clean::is_broken_utf16(text) {
        return Output { garbled: true, ..Output::default() };
    }
    let clean = cleaned(text);
    let input = how.rendered_input.map(cleaned).unwrap_or_default();
    if is_mistakable(&input) {
        return lines(&Visible::of(&echo::without_echo(&clean, &input, how.cut), how.cut), how.wanted);
    }
    let mut output = lines(&Visible::of(&clean, how.cut), how.wanted);
    if let Cow::Owned(own) = echo::without_echo(&output.text, &input, how.cut) {
        output.text = own;
    }
    output
}

/// Whether an input has a line that could be read as a part of an answer. A value may repeat an input that has none.
fn is_mistakable(input: &str) -> bool {
    let says = |line: &str| key_line(line).is_some() || has_word(line) || Mark::of(line).is_some();
    input.contains('<') || input.lines().any(says)
}

/// The text as a terminal shows it, without characters that YAML cannot represent.
fn cleaned(text: &str) -> String {
    let clean = clean::clean(text);
    match legible(&clean) {
        Cow::Owned(changed) => changed,
        Cow::Borrowed(_) => clean,
    }
}

/// What one line is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role<'t> {
    Status(Status),
    Loose(Loose),
    Key(values::Key<'t>),
    Mark,
    Text,
}

fn role<'t>(line: &Line<'t>, wanted: &str) -> Role<'t> {
    if line.place == Place::Mark {
        return Role::Mark;
    }
    if let Some(rest) = status_line::plain(line.text) {
        return Role::Status(status_line::status(rest, wanted));
    }
    // In a fence only the narrow form is recognized.
    if line.place == Place::Outside
        && let Some(loose) = status_line::loose(line.text, wanted)
    {
        return Role::Loose(loose);
    }
    key_line(line.text).filter(|key| key.name != "STATUS").map_or(Role::Text, Role::Key)
}

/// Reads the remaining text line by line.
fn lines(visible: &Visible<'_>, wanted: &str) -> Output {
    let mut values = Values::default();
    let mut said = Said::default();
    for (at, line) in visible.lines.iter().enumerate() {
        let role = role(line, wanted);
        said.line(line, role);
        match role {
            Role::Status(_) => values.status(at, line.place),
            Role::Key(key) => values.key(at, line.place, &key),
            Role::Mark => values.mark(at),
            Role::Loose(_) | Role::Text => {}
        }
    }
    let (status, line) = match said.finish(&visible.lines, wanted) {
        Some((status, line)) => (status, Some(line.text)),
        None => (Status::Absent, visible.lines.iter().map(|l| l.text).rfind(|l| has_word(l))),
    };
    let (values, too_long) = values.finish(&visible.lines);
    Output {
        status: if visible.open { Status::Unclear } else { status },
        line: line.map(|line| line.trim().to_owned()),
        thinking: visible.open,
        garbled: false,
        values,
        too_long,
        text: visible.lines.iter().map(|l| l.text).collect::<Vec<_>>().join("\n"),
    }
}

/// The status so far, with the line that says it.
#[derive(Default)]
struct Said<'l, 't> {
    last: Option<(Status, &'l Line<'t>)>,
    almost: Option<(Status, &'l Line<'t>)>,
}

impl<'l, 't> Said<'l, 't> {
    fn line(&mut self, line: &'l Line<'t>, role: Role<'_>) {
        match role {
            Role::Status(status) if line.place == Place::Outside => self.last = Some((status, line)),
            Role::Loose(Loose::TakesBack(status)) => self.last = Some((status, line)),
            Role::Loose(Loose::AlmostDone) => self.almost = Some((Status::Unclear, line)),
            Role::Status(_) | Role::Key(_) | Role::Mark | Role::Text => {}
        }
    }

    /// The last line that counts, even an unclear one; else that of a fence at the end; else a line that almost says
    /// done.
    fn finish(self, lines: &'l [Line<'t>], wanted: &str) -> Option<(Status, &'l Line<'t>)> {
        self.last.or_else(|| in_last_fence(lines, wanted)).or(self.almost)
    }
}

/// The last status line of a fence that ends the text.
fn in_last_fence<'l, 't>(lines: &'l [Line<'t>], wanted: &str) -> Option<(Status, &'l Line<'t>)> {
    let is_usage = |text: &str| key_line(text).is_some_and(|key| USAGE.contains(&key.name));
    let mut above = lines
        .iter()
        .rev()
        .skip_while(|l| l.place == Place::Outside && (l.text.trim().is_empty() || is_usage(l.text)));
    let ends = above.next().is_some_and(|l| l.place == Place::Mark);
    let mut inside = above.take_while(|l| ends && l.place == Place::Inside);
    inside.find_map(|l| Some((status_line::status(status_line::plain(l.text)?, wanted), l)))
}

fn has_word(line: &str) -> bool {
    line.as_bytes().windows(6).any(|word| word.eq_ignore_ascii_case(b"status"))
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

/// The text with U+FFFD for each character that YAML does not allow even when JSON leaves it unescaped: the API server
/// would store it, but nobody could read the object as YAML.
pub fn legible(text: &str) -> Cow<'_, str> {
    let barred = |c: char| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(barred) { Cow::Owned(text.replace(barred, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests;
