//! A finding -> its lines: the message, the line of the file, and a caret below the place.

use unicode_width::UnicodeWidthChar;

use crate::cli::terminal::out::counted;
use crate::cli::terminal::paint::{BAD, FAINT, TITLE};
use crate::view::plain::one_line;

use super::check::{Finding, Report};

/// Longer lines are shown in part.
const LONGEST: usize = 140;
/// Characters before the place if the line is shown in part.
const BEFORE: usize = 60;

/// `file:line:column: workflow: field: message`, and below it the place.
pub(super) fn lines(finding: &Finding) -> String {
    let Finding { file, line, column, workflow, field, message, shown } = finding;
    let about = |text: &str| if text.is_empty() { String::new() } else { format!("{}: ", one_line(text)) };
    let (workflow, message) = (about(workflow), one_line(message));
    let field = about(field);
    let (text, pad) = excerpt(shown, *column);
    format!(
        "{TITLE}{file}:{line}:{column}:{TITLE:#} {workflow}{TITLE}{field}{TITLE:#}{message}\n\
         {FAINT}{line:>4} |{FAINT:#} {text}\n{FAINT}     |{FAINT:#} {pad}{BAD}^{BAD:#}"
    )
}

/// The summary line.
pub(super) fn sum(report: &Report, files: usize) -> String {
    format!(
        "{} in {} checked: {}",
        counted(report.objects, "object"),
        counted(files, "file"),
        counted(report.findings.len(), "problem")
    )
}

/// The line, or a part of it around the place, and the blanks before the caret.
fn excerpt(line: &str, column: usize) -> (String, String) {
    let all: Vec<char> = line.trim_end().chars().map(visible).collect();
    let at = column.saturating_sub(1);
    let (from, mark) = match at.checked_sub(BEFORE) {
        Some(from) if all.len() > LONGEST && from > 0 => (from, "…"),
        _ => (0, ""),
    };
    let rest = if all.len() > from + LONGEST { "…" } else { "" };
    let part = || all.iter().skip(from).take(LONGEST);
    let blank = |c: &char| if *c == '\t' { "\t".into() } else { " ".repeat(c.width().unwrap_or(0)) };
    let pad: String = part().take(at - from).map(blank).collect();
    (
        format!("{mark}{}{rest}", part().collect::<String>()),
        format!("{}{pad}", " ".repeat(mark.chars().count())),
    )
}

/// Removes control sequences: a file must not control the terminal.
fn visible(c: char) -> char {
    if c.is_control() && c != '\t' { '\u{fffd}' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_place() {
        assert_eq!(excerpt("  agent: nobody", 10), ("  agent: nobody".into(), " ".repeat(9)));
        assert_eq!(excerpt("\tx: 日 y", 7), ("\tx: 日 y".into(), "\t      ".into()));
        assert_eq!(excerpt("", 1), (String::new(), String::new()));
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let line = format!("{}X{}", "a".repeat(200), "b".repeat(200));
        let (shown, pad) = excerpt(&line, 201);
        assert!(shown.starts_with("…a") && shown.ends_with("b…"));
        assert_eq!(shown.chars().nth(pad.chars().count()), Some('X'));
    }

    #[test]
    fn a_file_cannot_move_the_cursor() {
        assert_eq!(excerpt("a: \u{1b}[2J", 4).0, "a: \u{fffd}[2J");
    }
}
