//! Text -> Markdown that stays in its table cell. It never changes the words.

/// Prose on one line. Code spans stay as they are; nothing else becomes markup or ends a table cell.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '`' => in_code = !in_code,
            '<' if !in_code => {
                out.push_str("&lt;");
                continue;
            }
            // A bar ends a table cell even in a code span.
            '|' => out.push('\\'),
            '*' | '[' if !in_code => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// A term of the API, or a value.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// The anchor of a heading, as GitHub makes it: lower case, only letters, digits, `-` and `_`.
pub(super) fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

/// A link to a heading of this page.
pub(super) fn link(heading: &str) -> String {
    format!("[{heading}](#{})", slug(heading))
}

/// A number with separators, such as 65,536.
pub(super) fn number(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A doc comment without its "Defaults to 10m.", and that value.
pub(super) fn split_default(doc: &str) -> (String, Option<String>) {
    const MARK: &str = "Defaults to ";
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((before, after)) = doc.split_once(MARK) else { return (doc, None) };
    let (value, rest) = after.split_once(". ").unwrap_or((after.trim_end().trim_end_matches('.'), ""));
    let said = format!("{} {}", before.trim(), rest.trim());
    // A single word is a value; anything else is prose.
    let bare = !value.contains(|c: char| c.is_whitespace() || c == '`');
    (said.trim().to_string(), Some(if bare { code(value) } else { prose(value) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_cannot_leave_its_cell_or_become_markup() {
        assert_eq!(prose("a\n b | c <d> *e* [f]"), "a b \\| c &lt;d> \\*e\\* \\[f]");
        assert_eq!(prose("`<run>|*`"), "`<run>\\|*`");
    }

    #[test]
    fn a_pattern_with_a_bar_stays_in_its_cell() {
        assert_eq!(code("^(a|b)$"), "`^(a\\|b)$`");
        assert_eq!(code("a`b"), "`` a`b ``");
    }

    #[test]
    fn a_default_moves_out_of_the_meaning() {
        assert_eq!(split_default("How long. Defaults to 10m."), ("How long.".into(), Some("`10m`".into())));
        assert_eq!(split_default("A. Defaults to 1.5. More."), ("A. More.".into(), Some("`1.5`".into())));
        let item = split_default("Its name. Defaults to `item`, or `story` for stories.");
        assert_eq!(item, ("Its name.".into(), Some("`item`, or `story` for stories".into())));
        assert_eq!(split_default("A.\nDefaults\nto x."), ("A.".into(), Some("`x`".into())));
        assert_eq!(split_default("Nothing here."), ("Nothing here.".into(), None));
    }

    #[test]
    fn anchors_are_those_of_the_headings() {
        assert_eq!(slug("Workflow.spec.steps[].forEach"), "workflowspecstepsforeach");
        assert_eq!(slug("Run phases"), "run-phases");
    }

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!(
            [number(64), number(1024), number(1_048_576), number(-1)],
            ["64", "1,024", "1,048,576", "-1"]
        );
    }
}
