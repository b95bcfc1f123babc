//! An agent's output and its input -> the output without copies of the input.
//!
//! Only a verbatim copy of the whole input is an echo. The search takes one pass for any two texts (Knuth, Morris and
//! Pratt). Both texts are clean. Start reading at [`without_echo`].

use std::borrow::Cow;

/// The text without every verbatim copy of the input. A copy ends at the end of a line. It starts at the start of a
/// line, unless it has several lines (`Prompt: …`). `cut`: the beginning of the text was cut off, so it may start in
/// the middle of a copy.
pub fn without_echo<'a>(text: &'a str, input: &str, cut: bool) -> Cow<'a, str> {
    let input = input.trim();
    if input.is_empty() {
        return Cow::Borrowed(text);
    }
    let text = if cut { after_cut_echo(text, input) } else { text };
    let several = input.contains('\n');
    let mut kept = String::new();
    // Where the last copy ended.
    let mut from = 0;
    for end in ends(text.as_bytes(), input.as_bytes()) {
        let start = end - input.len();
        if start >= from && (several || starts_line(text, start)) && ends_line(text, end) {
            kept.push_str(text.get(from..start).unwrap_or_default());
            from = end;
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(kept)
}

fn starts_line(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.is_empty() || before.ends_with('\n'))
}

/// The following blanks are checked at once: a copy ends with something else.
fn ends_line(text: &str, at: usize) -> bool {
    let after = text.get(at..).map(|rest| rest.trim_start_matches([' ', '\t']));
    after.is_some_and(|after| after.is_empty() || after.starts_with('\n'))
}

/// Drops the end of a copy at the start of a text whose beginning was cut off: the longest start of the text that ends
/// a line and is also an end of the input (the text is the pattern, the input is searched).
fn after_cut_echo<'t>(text: &'t str, input: &str) -> &'t str {
    let pattern: Vec<u8> = text.bytes().take(input.len()).collect();
    let borders = borders(&pattern);
    let mut matched = input.bytes().fold(0, |matched, byte| step(&pattern, &borders, matched, byte));
    while matched > 0 {
        if let Some(rest) = text.get(matched..).filter(|rest| rest.is_empty() || rest.starts_with('\n')) {
            return rest;
        }
        matched = border(&borders, matched);
    }
    text
}

/// Where each copy of the pattern ends, copies that overlap included.
fn ends<'a>(text: &'a [u8], pattern: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let borders = borders(pattern);
    let mut matched = 0;
    text.iter().enumerate().filter_map(move |(at, byte)| {
        matched = step(pattern, &borders, matched, *byte);
        (matched == pattern.len()).then_some(at + 1)
    })
}

/// How much of the pattern's start ends at this byte, when `matched` of it ended before.
fn step(pattern: &[u8], borders: &[u32], mut matched: usize, byte: u8) -> usize {
    while matched > 0 && pattern.get(matched) != Some(&byte) {
        matched = border(borders, matched);
    }
    matched + usize::from(pattern.get(matched) == Some(&byte))
}

fn border(borders: &[u32], matched: usize) -> usize {
    matched.checked_sub(1).and_then(|i| borders.get(i)).map_or(0, |length| *length as usize)
}

/// For every prefix of the pattern: the length of its longest proper prefix that is also its suffix.
fn borders(pattern: &[u8]) -> Vec<u32> {
    let mut borders: Vec<u32> = Vec::with_capacity(pattern.len());
    let mut length = 0;
    for (i, byte) in pattern.iter().enumerate() {
        if i > 0 {
            length = step(pattern, &borders, length, *byte);
        }
        borders.push(u32::try_from(length).unwrap_or_default());
    }
    borders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_dropped_where_a_line_ends_and_one_line_only_as_a_line() {
        assert_eq!(without_echo("hello world\nhello \t\n", "hello", false), "hello world\n \t\n");
        assert_eq!(without_echo("Prompt: a\nb\nc", "a\nb", false), "Prompt: \nc");
        assert_eq!(without_echo("a\nbc", "a\nb", false), "a\nbc");
        assert_eq!(without_echo("say STATUS: done", "STATUS: done", false), "say STATUS: done");
        assert_eq!(without_echo("anything", "", false), "anything");
    }

    #[test]
    fn copies_that_overlap_are_dropped_from_the_left() {
        assert_eq!(without_echo("a\na\na\na\na", "a\na", false), "\n\na");
        // The first place is refused (a letter follows it), the second one overlaps it and counts.
        assert_eq!(without_echo("ab\nab\nabx\nab\nab", "ab\nab", false), "\nabx\n");
    }

    #[test]
    fn the_rest_of_a_cut_copy_is_dropped() {
        let input = "Fix the bug.\nThen reply with:\nSTATUS: done";
        assert_eq!(without_echo("en reply with:\nSTATUS: done\nI cannot.", input, true), "\nI cannot.");
        assert_eq!(without_echo("STATUS: done\n", "a\nSTATUS: done", false), "STATUS: done\n");
        assert_eq!(without_echo("STATUS: done now", input, true), "STATUS: done now");
    }

    /// The steps of a search, as the bytes that are compared.
    fn steps(text: &str, pattern: &str) -> usize {
        let (pattern, mut count, mut matched) = (pattern.as_bytes(), 0, 0);
        let borders = borders(pattern);
        for byte in text.bytes() {
            count += 1;
            while matched > 0 && pattern.get(matched) != Some(&byte) {
                matched = border(&borders, matched);
                count += 1;
            }
            matched += usize::from(pattern.get(matched) == Some(&byte));
        }
        count
    }

    #[test]
    fn a_text_of_near_copies_is_searched_in_linear_time() {
        let text = "ab\n".repeat(350_000);
        let input = "ab\n".repeat(170_000) + "a";
        assert!(steps(&text, &input) <= 2 * text.len());
        assert_eq!(without_echo(&text, &input, false).len(), text.len());
        assert_eq!(without_echo(&text, &input, true).len(), text.len());
    }
}
