//! An agent's output -> the same text without control sequences, on one line, or cut to a width. The output must not
//! move the cursor or recolor a terminal.

use anstyle_parse::{DefaultCharAccumulator, Parser, Perform};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Removes colors, cursor movements and other control characters; line ends and tabs stay.
pub fn plain(text: &str) -> String {
    let mut kept = Kept(String::with_capacity(text.len()));
    read(text, &mut kept);
    kept.0
}

/// Separates text from control sequences, as a terminal does. The dashboard, which keeps colors, uses it too, so that
/// both show the same text.
pub fn read(text: &str, reader: &mut impl Perform) {
    let mut parser = Parser::<DefaultCharAccumulator>::new();
    text.bytes().for_each(|byte| parser.advance(reader, byte));
}

struct Kept(String);

impl Perform for Kept {
    fn print(&mut self, c: char) {
        if !c.is_control() {
            self.0.push(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        if matches!(byte, b'\n' | b'\t') {
            self.0.push(char::from(byte));
        }
    }
}

/// The same on one line: any white space becomes one space.
pub fn one_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `width` columns of it; `…` marks the cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_string();
    }
    let mut shown = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        shown.push(c);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_go_and_lines_stay() {
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m\r\n\tnext\u{7}"), "red\n\tnext");
        assert_eq!(plain("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(one_line("a\n\n  b\u{1b}[2J"), "a b");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("日本", 4), "日本");
    }
}
