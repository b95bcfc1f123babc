//! A text -> what each of its lines is read as, for people who ask why an answer counts as it does.
//!
//! Uses the same functions as [`super::read`]. Start reading at [`explain`].

use super::fences::Place;
use super::status_line::{Loose, Status};
use super::thinking::{Line, Visible};
use super::{Role, Said, cleaned, role};

/// A line and what it is read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Its number in the clean text, from 1.
    pub number: usize,
    pub read_as: String,
    /// This line gives the status of the whole text.
    pub counts: bool,
    /// As it is read: without control sequences.
    pub text: String,
}

/// What each line of a whole text is read as. `wanted` (in lower case) is the word for success.
pub fn explain(text: &str, wanted: &str) -> Vec<Explained> {
    let clean = cleaned(text);
    let clean = clean.strip_suffix('\n').unwrap_or(&clean);
    let visible = Visible::of(clean, false);
    let mut said = Said::default();
    visible.lines.iter().for_each(|line| said.line(line, role(line, wanted)));
    let decides = said.finish(&visible.lines, wanted).filter(|_| !visible.open).map(|(_, line)| line.number);
    let mut open = None;
    let mut visible = visible.lines.iter().peekable();
    let explained = clean.split('\n').enumerate().map(|(number, text)| {
        let read_as = match visible.next_if(|line| line.number == number) {
            None => "thinking".into(),
            Some(line) if line.text == text => words(line, wanted, &mut open),
            // The line ends a block.
            Some(line) if line.text.trim().is_empty() => "thinking".into(),
            Some(line) => format!("thinking, then {}", words(line, wanted, &mut open)),
        };
        Explained { number: number + 1, read_as, counts: decides == Some(number), text: text.into() }
    });
    explained.collect()
}

/// `open`: the key whose value the line belongs to, unless the line has a meaning of its own.
fn words<'t>(line: &Line<'t>, wanted: &str, open: &mut Option<&'t str>) -> String {
    let found = role(line, wanted);
    let what = match found {
        Role::Mark => "fence".into(),
        Role::Status(status) => format!("status: {}", word(status)),
        Role::Loose(Loose::TakesBack(status)) => format!("takes back: {}", word(status)),
        Role::Loose(Loose::AlmostDone) => {
            "almost a status: write STATUS at the very start of the line".into()
        }
        Role::Key(key) => format!("key {}", key.name),
        Role::Text if line.text.trim().is_empty() => "blank".into(),
        Role::Text => open.map_or("prose".into(), |key| format!("value of {key}")),
    };
    if line.place == Place::Inside {
        return format!("in a fence: {what}");
    }
    match found {
        Role::Status(_) => *open = None,
        Role::Key(key) => *open = Some(key.name),
        Role::Loose(_) | Role::Mark | Role::Text => {}
    }
    what
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Done => "done",
        Status::Failed => "failed",
        Status::Retry => "retry",
        Status::Unclear | Status::Absent => "unclear",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_explained_and_the_one_that_counts_is_marked() {
        let text = "hi\n<think>no\n</think>\nPLAN: a\nb\n```\nSTATUS: failed\n```\n\u{1b}[1mSTATUS: done\nStatus: done\n";
        let lines = explain(text, "done");
        let read: Vec<_> = lines.iter().map(|l| l.read_as.as_str()).collect();
        let expected = [
            "prose",
            "thinking",
            "thinking",
            "key PLAN",
            "value of PLAN",
            "fence",
            "in a fence: status: failed",
            "fence",
            "status: done",
            "almost a status: write STATUS at the very start of the line",
        ];
        assert_eq!(read, expected);
        let counts: Vec<_> = lines.iter().filter(|l| l.counts).map(|l| (l.number, l.text.as_str())).collect();
        assert_eq!(counts, [(9, "STATUS: done")]);
    }
}
