//! The bytes of an agent's output -> the text that a terminal would show, line by line.
//!
//! Control sequences are removed and never executed. Every later reader sees this text alone, and the rendered input is
//! cleaned in the same way, so that an echo of it is found. Start reading at [`clean`].

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// The bytes as text. A byte order mark identifies UTF-16; everything else is UTF-8, with U+FFFD for invalid bytes.
pub fn decode(bytes: &[u8]) -> String {
    let units = |from: fn([u8; 2]) -> u16| -> Vec<u16> {
        let pairs = bytes.get(2..).unwrap_or_default().chunks_exact(2);
        pairs.map(|pair| pair.try_into().map_or(0, from)).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Whether the text was UTF-16 before it was decoded as UTF-8: its byte order mark is lost, and its letters are paired
/// with NUL. The kubelet does that to a termination message.
pub(super) fn is_broken_utf16(text: &str) -> bool {
    let mut after = text.chars();
    after.next() == Some('\u{fffd}') && after.next() == Some('\u{fffd}') && after.take(2).any(|c| c == '\0')
}

/// The text without invisible characters. `\n` ends each line.
pub(super) fn clean(text: &str) -> String {
    let visible = if text.contains(is_invisible) {
        Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).collect())
    } else {
        Cow::Borrowed(text)
    };
    let shown = without_controls(&visible);
    let mut cleaned = String::with_capacity(shown.len());
    for (k, line) in shown.split(['\n', '\u{b}', '\u{c}']).enumerate() {
        if k > 0 {
            cleaned.push('\n');
        }
        // A carriage return goes back to the start of the line: later text overwrites the earlier one.
        let line = line.trim_end_matches('\r');
        let last = line.rsplit('\r').next().unwrap_or_default();
        cleaned.extend(last.chars().map(|c| if matches!(c, '\u{a0}' | '\u{202f}') { ' ' } else { c }));
    }
    cleaned
}

/// Characters without a width, and NUL.
fn is_invisible(c: char) -> bool {
    matches!(c, '\0' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// The text without the control sequences of ECMA-48.
fn without_controls(text: &str) -> Cow<'_, str> {
    if !text.contains(['\u{1b}', '\u{90}', '\u{98}', '\u{9b}', '\u{9d}', '\u{9e}', '\u{9f}']) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => escape(&mut rest),
            '\u{9b}' => sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => string(&mut rest),
            _ => kept.push(c),
        }
    }
    Cow::Owned(kept)
}

/// Skips what follows ESC and belongs to it.
fn escape(rest: &mut Peekable<Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            sequence(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            string(rest);
        }
        _ => {
            while rest.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            rest.next_if(|c| matches!(c, '0'..='~'));
        }
    }
}

/// Skips the parameters of a control sequence and its final byte (`31m`).
fn sequence(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| matches!(c, '0'..='?')).is_some() {}
    while rest.next_if(|c| matches!(c, ' '..='/')).is_some() {}
    rest.next_if(|c| matches!(c, '@'..='~'));
}

/// Skips a control string (a title, a link) with its end. One that does not end in its line hides nothing: only its
/// introducer is skipped, or else a lost end could hide a status line.
fn string(rest: &mut Peekable<Chars<'_>>) {
    let mut ahead = rest.clone();
    loop {
        match ahead.next() {
            Some('\u{7}' | '\u{9c}') => break,
            Some('\u{1b}') if ahead.peek() == Some(&'\\') => {
                ahead.next();
                break;
            }
            None | Some('\u{1b}' | '\n' | '\u{b}' | '\u{c}') => return,
            Some(c) if is_introducer(c) => return,
            Some(_) => {}
        }
    }
    *rest = ahead;
}

/// Another control string begins: a search for the end of this one stops here, or many of them would make it quadratic.
fn is_introducer(c: char) -> bool {
    matches!(c, '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}' | '\u{9e}' | '\u{9f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_with_a_byte_order_mark_is_decoded_and_a_lost_mark_is_noticed() {
        let units: Vec<u16> = "\u{feff}STATUS: döne\n".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
        assert_eq!((decode(&little).as_str(), decode(&big).as_str()), ("STATUS: döne\n", "STATUS: döne\n"));
        assert_eq!(decode(b"a\xffb"), "a\u{fffd}b");
        for bytes in [little, big] {
            assert!(is_broken_utf16(&String::from_utf8_lossy(&bytes)));
        }
        assert!(!is_broken_utf16("STATUS: done") && !is_broken_utf16("\u{fffd}\u{fffd} a\0"));
    }

    #[test]
    fn control_sequences_are_removed() {
        for text in [
            "\u{1b}[32mSTATUS: done\u{1b}[0m",
            "\u{1b}[1;38:5:9mSTATUS\u{1b}[m: done",
            "\u{1b}]0;title\u{7}STATUS: done",
            "\u{1b}]8;;http://a\u{1b}\\STATUS: done\u{1b}]8;;\u{1b}\\",
            "\u{9b}32mSTATUS: done",
            "STATUS: done\u{1b}(B\u{1b}[m",
            "\u{1b}7STATUS: done\u{1b}8",
        ] {
            assert_eq!(clean(text), "STATUS: done", "{text:?}");
        }
    }

    #[test]
    fn a_control_string_without_an_end_hides_nothing() {
        assert_eq!(clean("\u{1b}]0;a\nSTATUS: failed\n\u{7}b"), "0;a\nSTATUS: failed\n\u{7}b");
        assert_eq!(clean("a\u{1b}"), "a");
        assert_eq!(clean("a\u{1b}["), "a");
    }

    #[test]
    fn what_a_carriage_return_overwrites_does_not_count() {
        assert_eq!(clean("100%\rSTATUS: done\r\nb\r\r\n\rc\r"), "STATUS: done\nb\nc");
        assert_eq!(clean("STATUS: failed\r\u{200b}\n"), "STATUS: failed\n");
    }

    #[test]
    fn other_ends_of_lines_and_other_blanks_are_read() {
        assert_eq!(clean("a\u{b}b\u{c}STATUS:\u{a0}done"), "a\nb\nSTATUS: done");
        assert_eq!(clean("\u{feff}STA\u{200b}TUS: done\0"), "STATUS: done");
    }
}
