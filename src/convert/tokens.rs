//! The text of a mustache template -> its parts. Never fails: everything that is not a tag is text.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    Text(&'t str),
    /// Text in braces that is not a valid tag.
    Odd(&'t str),
    Variable(&'t str),
    Open {
        name: &'t str,
        asks: bool,
        repeats: bool,
    },
    Else,
    /// Empty: the innermost open section.
    Close(&'t str),
    Comment(&'t str),
    /// A partial, or a change of delimiters.
    Unknown(&'t str),
}

/// Every part, with the text of its line before it.
pub(crate) fn parts(text: &str) -> Vec<(&str, Part<'_>)> {
    let mut all = Vec::new();
    let mut from = 0;
    while let Some((start, part, end)) = next(text, from) {
        if let Some(plain) = text.get(from..start).filter(|t| !t.is_empty()) {
            all.push(("", Part::Text(plain)));
        }
        let before = text.get(..start).unwrap_or_default();
        all.push((before.rsplit('\n').next().unwrap_or_default(), part));
        from = end;
    }
    if let Some(plain) = text.get(from..).filter(|t| !t.is_empty()) {
        all.push(("", Part::Text(plain)));
    }
    all
}

/// The next tag: its start, the tag, its end.
fn next(text: &str, from: usize) -> Option<(usize, Part<'_>, usize)> {
    let at = from + text.get(from..)?.find("{{")?;
    Some(tag(text.get(at..)?, at))
}

/// `rest` begins with `{{`.
fn tag(rest: &str, at: usize) -> (usize, Part<'_>, usize) {
    let only_braces = (at, Part::Text(rest.get(..2).unwrap_or_default()), at + 2);
    if let Some(inner) = inside(rest, "{{{", "}}}").filter(|inner| is_name(inner.trim())) {
        return (at, Part::Variable(inner.trim()), at + inner.len() + 6);
    }
    if let Some(inner) = inside(rest, "{{!--", "--}}") {
        return (at, Part::Comment(inner), at + inner.len() + 9);
    }
    if rest.starts_with("{{{") {
        return (at, Part::Text(rest.get(..1).unwrap_or_default()), at + 1);
    }
    let Some(inner) = inside(rest, "{{", "}}") else { return only_braces };
    let end = at + inner.len() + 4;
    let comment = inner.trim_start().strip_prefix('!');
    if inner.contains("{{") && comment.is_none() {
        return only_braces;
    }
    let whole = rest.get(..inner.len() + 4).unwrap_or_default();
    (at, comment.map_or_else(|| classify(inner.trim(), whole), Part::Comment), end)
}

fn inside<'t>(rest: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let after = rest.strip_prefix(open)?;
    after.get(..after.find(close)?)
}

fn classify<'t>(inner: &'t str, whole: &'t str) -> Part<'t> {
    let mut letters = inner.chars();
    let sign = letters.next().unwrap_or(' ');
    let name = letters.as_str().trim();
    let (helper, of_helper) = name.split_once(char::is_whitespace).map_or(("", name), |(h, n)| (h, n.trim()));
    match sign {
        '>' | '=' => Part::Unknown(whole),
        '^' if name.is_empty() => Part::Else,
        '/' if name.is_empty() || is_name(name) => Part::Close(name),
        '&' if is_name(name) => Part::Variable(name),
        '^' if is_name(name) => Part::Open { name, asks: false, repeats: false },
        '#' if is_name(name) => Part::Open { name, asks: true, repeats: false },
        '#' if is_name(of_helper) => match helper {
            "if" => Part::Open { name: of_helper, asks: true, repeats: false },
            "unless" => Part::Open { name: of_helper, asks: false, repeats: false },
            "each" | "with" => Part::Open { name: of_helper, asks: true, repeats: true },
            _ => Part::Odd(whole),
        },
        _ if inner == "else" => Part::Else,
        _ if inner == "." || is_name(inner) => Part::Variable(inner),
        _ => Part::Odd(whole),
    }
}

/// A name as in the earlier systems, with hyphens and dots.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
