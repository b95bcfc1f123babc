//! An agent's text -> the same without control sequences: what it prints must not move a cursor or recolour a terminal.

/// Colours, cursor movements and other control characters go; line ends and tabs stay.
pub fn plain(text: &str) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    stripped.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// The same in one line: white space of any kind becomes one blank.
pub fn one_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
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
}
