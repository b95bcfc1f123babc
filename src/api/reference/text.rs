//! Text for people -> Markdown that stays in its cell. It never changes what is said.

/// Prose on one line: code spans stay as they are, and nothing else becomes markup or ends a table's cell.
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
            // A table's cell ends at a bar even within a code span.
            '|' => out.push('\\'),
            '*' | '[' if !in_code => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// A word of the API or a value.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A heading's anchor, as code hosts make it: lower case, letters, digits, `-` and `_` only.
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

/// 65536 as people read it.
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

/// A doc comment without its "Built-in value: 10m.", and that value.
pub(super) fn built_in(doc: &str) -> (String, Option<String>) {
    const MARK: &str = "Built-in value: ";
    let Some((before, after)) = doc.split_once(MARK) else { return (doc.trim().to_string(), None) };
    let (value, rest) = after.split_once(". ").unwrap_or((after.trim_end().trim_end_matches('.'), ""));
    let said = format!("{} {}", before.trim(), rest.trim());
    // A bare word is a value; anything else explains itself.
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
    fn a_built_in_value_moves_out_of_the_meaning() {
        assert_eq!(built_in("How long. Built-in value: 10m."), ("How long.".into(), Some("`10m`".into())));
        assert_eq!(built_in("A. Built-in value: 1.5. More."), ("A. More.".into(), Some("`1.5`".into())));
        let item = built_in("Its name. Built-in value: `item`, for stories `story`.");
        assert_eq!(item, ("Its name.".into(), Some("`item`, for stories `story`".into())));
        assert_eq!(built_in("Nothing here."), ("Nothing here.".into(), None));
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
