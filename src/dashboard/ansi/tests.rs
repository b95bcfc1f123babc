use proptest::prelude::*;

use super::*;
use crate::dashboard::markup::{nested, tags, text};

fn shown(said: &str) -> String {
    html(said).into_string()
}

#[test]
fn colours_become_classes() {
    assert_eq!(shown("\u{1b}[31mred\u{1b}[0m plain"), "<span class=\"fg1\">red</span> plain");
    assert_eq!(shown("\u{1b}[1;4;97;42mx"), "<span class=\"fg15 bg2 bold under\">x</span>");
    assert_eq!(shown("\u{1b}[2mdim\u{1b}[22m on"), "<span class=\"dim\">dim</span> on");
    assert_eq!(shown("\u{1b}[38;5;9mx\u{1b}[39my"), "<span class=\"fg9\">x</span>y");
    assert_eq!(shown("\u{1b}[mx"), "x");
}

#[test]
fn a_colour_that_has_no_class_takes_its_parameters_along() {
    assert_eq!(shown("\u{1b}[38;2;1;4;7mx"), "x", "4 is not an underline here");
    assert_eq!(shown("\u{1b}[38;5;200mx"), "x");
    assert_eq!(shown("\u{1b}[38:2:1:4:7mx"), "x");
    assert_eq!(shown("\u{1b}[38mx"), "x");
}

#[test]
fn every_other_sequence_goes() {
    assert_eq!(
        shown("a\u{1b}[2J\u{1b}[10;5Hb\u{1b}]0;title\u{7}c\u{1b}]8;;https://x\u{1b}\\d\u{1b}]8;;\u{1b}\\"),
        "abcd"
    );
    assert_eq!(shown("a\u{9b}31mb\u{7}\u{8}\u{7f}"), "a31mb", "C1 is no sequence in UTF-8, and is not shown");
    assert_eq!(shown("10%\r20%\r\n\tx"), "10%20%\n\tx");
}

#[test]
fn markup_is_text() {
    assert_eq!(shown("<b class=\"x\">&amp;</b>"), "&lt;b class=&quot;x&quot;&gt;&amp;amp;&lt;/b&gt;");
}

#[test]
fn what_turns_or_hides_text_is_named() {
    assert_eq!(shown("a\u{202e}b"), "a<span class=\"mark\">⟨U+202E⟩</span>b");
    assert_eq!(inert("a\u{2066}b\u{200b}\nc"), "a⟨U+2066⟩b⟨U+200B⟩\nc");
    assert_eq!(inert_line("a\n\u{1b}[31mb"), "a b");
    assert_eq!(inert("میخواهم 👩‍💻"), "میخواهم 👩‍💻", "joiners and marks that languages need stay");
}

#[test]
fn a_long_line_is_cut_with_a_mark() {
    let said = format!("{}\nnext", "x".repeat(LONGEST_LINE + 5));
    let html = shown(&said);
    assert!(html.contains("<span class=\"mark\">… 5 more characters</span>\nnext"), "{html}");
    assert!(!shown(&"x".repeat(LONGEST_LINE)).contains("mark"));
}

#[test]
fn of_a_long_text_the_end_is_shown() {
    let said = "line\n".repeat(MOST);
    let html = shown(&said);
    assert!(
        html.starts_with("<span class=\"mark\">… ")
            && html.contains(" bytes before this are not shown\n</span>line\n")
    );
    assert!(html.len() < MOST + 100, "{}", html.len());
    let one = "é".repeat(MOST);
    assert!(shown(&one).contains("more characters"), "a text of one line has its beginning cut anywhere");
}

/// Pieces of hostile texts.
fn said() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        "[ -~]{0,12}",
        "\u{1b}\\[[0-9;:?]{0,12}[a-zA-Z]",
        "\u{1b}[\\]P_^X][ -~]{0,10}(\u{7}|\u{1b}\\\\)?",
        Just("<script>alert(1)</script>".to_string()),
        Just("</span></pre><img src=x onerror=\"x\">".to_string()),
        Just("\" class=\"x\" onclick='y'".to_string()),
        any::<char>().prop_map(String::from),
        Just("\u{1b}".to_string()),
        Just("\u{202e}\u{2066}\u{2069}\n\t\r".to_string()),
        Just("\u{1b}[1;31;44;4m".to_string()),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_but_spans_with_classes_comes_out(said in said()) {
        let html = shown(&said);
        prop_assert!(!html.to_ascii_lowercase().contains("<script"));
        prop_assert!(!html.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{html:?}");
        prop_assert!(!html.contains(is_unseen), "{html:?}");
        let found = tags(&html);
        prop_assert_eq!(nested(&found), Ok(()));
        for tag in found {
            prop_assert_eq!(&tag.name, "span");
            prop_assert!(tag.closes || matches!(&tag.attributes[..], [(name, _)] if name == "class"), "{tag:?}");
            let known = |c: &&str| c.chars().all(|c| c.is_ascii_alphanumeric());
            prop_assert!(tag.classes().iter().all(known), "{tag:?}");
        }
    }

    /// The dashboard and the command line show the same text.
    #[test]
    fn the_text_is_the_one_that_a_terminal_gets(said in said()) {
        prop_assert_eq!(text(&shown(&said)), inert(&said));
    }

    #[test]
    fn what_comes_out_is_bounded(said in said(), times in 1usize..400) {
        let html = shown(&said.repeat(times));
        prop_assert!(html.len() <= 16 * (MOST + LONGEST_LINE), "{}", html.len());
    }
}
