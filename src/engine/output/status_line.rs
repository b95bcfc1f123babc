//! One line -> the status that it reports, if any.
//!
//! The form for success is narrow (a status line); the form that revokes success is wide (a loose line, too); prose is
//! neither. It knows nothing of other lines. Start reading at [`plain`] and [`loose`].

/// The meaning of a `STATUS` line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    Done,
    Failed,
    Retry,
    /// It has another word, or the text ends inside of its thinking.
    Unclear,
    /// There is no such line.
    #[default]
    Absent,
}

/// The meaning of a loose status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loose {
    /// It revokes an earlier success.
    TakesBack(Status),
    /// It says `done` in a form that does not count: it is quoted in a message.
    AlmostDone,
}

const WORD: &str = "STATUS";
/// Emphasis and code marks that may be around `STATUS`.
const EMPHASIS: [char; 3] = ['*', '_', '`'];
/// Quotes, emphasis and blanks that may be around the word.
const AROUND: [char; 13] = [' ', '\t', '*', '_', '`', '"', '\'', '“', '”', '„', '‘', '’', '\u{fe0f}'];
const TICKS: [char; 4] = ['✅', '✔', '✓', '☑'];
const STOPS: [char; 3] = ['.', '!', '。'];
/// Words with which a loose line revokes success.
const DENIALS: [(&str, Status); 9] = [
    ("failed", Status::Failed),
    ("failure", Status::Unclear),
    ("retry", Status::Retry),
    ("blocked", Status::Unclear),
    ("incomplete", Status::Unclear),
    ("unfinished", Status::Unclear),
    ("partial", Status::Unclear),
    ("partially", Status::Unclear),
    ("aborted", Status::Unclear),
];
/// After "not".
const ENDS: [&str; 4] = ["done", "finished", "complete", "completed"];

/// The rest of a status line: `STATUS` in upper case at the very start, and a colon.
pub(super) fn plain(line: &str) -> Option<&str> {
    let hashes = line.len() - line.trim_start_matches('#').len();
    let start = match hashes {
        0 => line,
        1..=6 => {
            line.get(hashes..).filter(|rest| rest.starts_with([' ', '\t']))?.trim_start_matches([' ', '\t'])
        }
        _ => return None,
    };
    let after = emphasis(emphasis(start).strip_prefix(WORD)?);
    after.trim_start_matches([' ', '\t']).strip_prefix([':', '：'])
}

/// The rest of a line that looks like a status line but for its case, its place, or the sign after the word.
fn loosely(line: &str) -> Option<&str> {
    let start = line.trim_start_matches(' ');
    if line.len() - start.len() > 3 {
        return None;
    }
    let start = emphasis(without_markers(start));
    let (word, after) = start.split_at_checked(WORD.len())?;
    if !word.eq_ignore_ascii_case(WORD) {
        return None;
    }
    let after = emphasis(after);
    let sign = after.trim_start_matches([' ', '\t']);
    let dashed = sign
        .strip_prefix(['-', '–', '—'])
        .filter(|rest| sign.len() < after.len() && rest.starts_with([' ', '\t']));
    sign.strip_prefix([':', '：', '=']).or(dashed)
}

/// The line without the marks of quotes, lists, tables and headings.
fn without_markers(mut line: &str) -> &str {
    loop {
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let numbered = line.get(digits..).filter(|_| (1..=3).contains(&digits));
        let next = line.strip_prefix(['>', '|', '*', '+', '-', '#']);
        match next.or_else(|| numbered?.strip_prefix(['.', ')'])) {
            Some(rest) => line = rest.trim_start_matches([' ', '\t']),
            None => return line,
        }
    }
}

/// Without up to three marks of emphasis.
fn emphasis(text: &str) -> &str {
    (0..3).fold(text, |rest, _| rest.strip_prefix(EMPHASIS).unwrap_or(rest))
}

/// The status in the rest of a status line. `wanted` (in lower case) is the word for success.
pub(super) fn status(rest: &str, wanted: &str) -> Status {
    let word = bare(rest).to_lowercase();
    if word.split_whitespace().eq(wanted.split_whitespace()) && !word.is_empty() {
        return Status::Done;
    }
    let first = word.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).next();
    match first {
        Some("failed") => Status::Failed,
        Some("retry") => Status::Retry,
        Some(_) | None => Status::Unclear,
    }
}

/// The word of an `expects` such as `STATUS: done`, in lower case.
pub fn wanted(expects: &str) -> Option<String> {
    let (key, rest) = expects.trim().split_once(':')?;
    let word = bare(rest).to_lowercase();
    (key.trim().eq_ignore_ascii_case(WORD) && !word.is_empty() && !word.contains('\n')).then_some(word)
}

/// The text without surrounding quotes, emphasis and ticks, and without one full stop at the end.
fn bare(rest: &str) -> &str {
    let around = |c: char| AROUND.contains(&c) || TICKS.contains(&c);
    let word = rest.trim_matches(around);
    word.strip_suffix(STOPS).unwrap_or(word).trim_matches(around)
}

/// The meaning of a loose status line; `None`: the line is prose.
pub(super) fn loose(line: &str, wanted: &str) -> Option<Loose> {
    let rest = loosely(line)?;
    let around = |c: char| AROUND.contains(&c) || TICKS.contains(&c) || matches!(c, '|' | '❌');
    let words = rest.trim_matches(around);
    if let Some((_, status)) = DENIALS.iter().find(|(word, _)| begins(words, word).is_some()) {
        return Some(Loose::TakesBack(*status));
    }
    let denied = begins(words, "not").map(|after| after.trim_start_matches([' ', '\t']));
    if denied.is_some_and(|after| ENDS.iter().any(|end| begins(after, end).is_some())) {
        return Some(Loose::TakesBack(Status::Unclear));
    }
    let done = begins(words, "done").is_some() || begins(words, wanted).is_some();
    done.then_some(Loose::AlmostDone)
}

/// The text after a word in any case; a longer word is another one.
fn begins<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    let whole = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (whole && start.eq_ignore_ascii_case(word)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Option<Status> {
        plain(line).map(|rest| status(rest, "done"))
    }

    #[test]
    fn a_status_line_is_the_word_in_upper_case_at_the_very_start() {
        for line in [
            "STATUS: done",
            "STATUS:DONE",
            "STATUS : done",
            "STATUS：done",
            "**STATUS**: done",
            "**STATUS:** done",
            "**STATUS: done**",
            "`STATUS`: `done`",
            "__STATUS__: done",
            "### STATUS: done",
            "## **STATUS**: done",
            "STATUS: \"done\".",
            "STATUS: ✅ done",
            "STATUS: done ✔\u{fe0f}",
            "STATUS: “Done”!",
            "STATUS: done。",
        ] {
            assert_eq!(said(line), Some(Status::Done), "{line:?}");
        }
        for line in [
            "status: done",
            " STATUS: done",
            "- STATUS: done",
            "#STATUS: done",
            "STATUS done",
            "STATUSES: done",
            "My STATUS: done",
        ] {
            assert_eq!(said(line), None, "{line:?}");
        }
    }

    #[test]
    fn failed_and_retry_count_also_when_more_words_follow() {
        for (line, expected) in [
            ("STATUS: failed (2 checks)", Status::Failed),
            ("### STATUS: failed", Status::Failed),
            ("STATUS: RETRY, please", Status::Retry),
            ("STATUS: **failed**: no", Status::Failed),
            ("STATUS: failed-over", Status::Unclear),
        ] {
            assert_eq!(said(line), Some(expected), "{line:?}");
        }
    }

    #[test]
    fn everything_else_is_unclear() {
        for line in [
            "STATUS:",
            "STATUS: not done",
            "STATUS: blocked",
            "STATUS: done, mostly",
            "STATUS: done (all tests pass)",
            "STATUS: undone",
            "STATUS: done..",
            "STATUS: done ❌",
            "STATUS: done or failed",
        ] {
            assert_eq!(said(line), Some(Status::Unclear), "{line:?}");
        }
    }

    #[test]
    fn the_word_that_is_expected_alone_is_done() {
        assert_eq!(status(" Reviewed.", "reviewed"), Status::Done);
        assert_eq!(status(" done", "reviewed"), Status::Unclear);
        assert_eq!(status(" ready  to merge", "ready to merge"), Status::Done);
        assert_eq!(status("", ""), Status::Unclear);
    }

    #[test]
    fn a_loose_line_takes_back() {
        for (line, expected) in [
            ("status: failed", Status::Failed),
            ("Status: not done", Status::Unclear),
            ("  > Status = retry later", Status::Retry),
            ("- **Status:** Blocked by CI", Status::Unclear),
            ("1. STATUS — partially", Status::Unclear),
            ("status – incomplete", Status::Unclear),
            ("Status: ❌ failed", Status::Failed),
            ("* status: not   finished", Status::Unclear),
            ("#STATUS: failure", Status::Unclear),
        ] {
            assert_eq!(loose(line, "done"), Some(Loose::TakesBack(expected)), "{line:?}");
        }
        assert_eq!(loose("Status: done", "done"), Some(Loose::AlmostDone));
        assert_eq!(loose("status: reviewed", "reviewed"), Some(Loose::AlmostDone));
    }

    #[test]
    fn prose_is_neither() {
        for line in [
            "Status: the service is up",
            "status: Running",
            "status: 200",
            "    STATUS: failed",
            "  STATUS: open",
            "status-failed",
            "Status- failed",
            "Status: Downloaded newer image for busybox:latest",
            "status: failedover",
            "status: nothing is done",
            "status failed",
            "| Status | failed |",
            "1234. status: failed",
            "The status: failed",
        ] {
            assert_eq!(loose(line, "done"), None, "{line:?}");
        }
    }
}
