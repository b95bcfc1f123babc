//! A mustache text -> a template of Mission Control (tera). Pure; the caller decides what a variable becomes.
//!
//! Start reading at [`convert`].

use super::tokens::{Part, parts};

/// The use of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Prints its text.
    Text,
    /// Tests whether it is defined.
    Truth,
}

/// A variable at its place in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use<'a> {
    pub name: &'a str,
    pub wanted: Wanted,
    /// Whether it is in a section that requires the variable.
    pub guarded: bool,
    /// The text of its line before it.
    pub before: &'a str,
}

/// What has no exact counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// A section without an end; closed at the end of the text.
    Unclosed(String),
    /// An end without a start; left out.
    Stray(String),
    /// A section that repeats. Values are texts, so it becomes a condition.
    Repeats(String),
    /// A partial, or a change of delimiters; left out.
    Unknown(String),
    /// Braces around something that is not a name; kept unchanged.
    Literal(String),
}

#[derive(Default)]
struct Writer {
    pieces: Vec<Piece>,
    /// Open sections: name, and whether they require it.
    open: Vec<(String, bool)>,
    odd: Vec<Oddity>,
}

/// The output. Texts are never adjacent.
enum Piece {
    Plain(String),
    Tag(String),
}

/// The template, and its oddities. `expression_of` returns the expression for a variable.
pub(crate) fn convert(text: &str, expression_of: &mut dyn FnMut(Use<'_>) -> String) -> (String, Vec<Oddity>) {
    let mut writer = Writer::default();
    for (before, part) in parts(text) {
        writer.part(before, part, expression_of);
    }
    while let Some((name, _)) = writer.open.pop() {
        writer.tag("{% endif %}");
        writer.odd.push(Oddity::Unclosed(name));
    }
    (written(&writer.pieces), writer.odd)
}

/// A plain text -> the template that renders to it.
pub(crate) fn literal(text: &str) -> String {
    written(&[Piece::Plain(text.into())])
}

fn written(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Tag(tag) => text.push_str(tag),
            Piece::Plain(plain) => protect(plain, i + 1 < pieces.len(), &mut text),
        }
    }
    text
}

/// Plain text; what tera would read as the start of a tag becomes raw text. So does a brace right before a tag.
fn protect(plain: &str, before_tag: bool, text: &mut String) {
    let mut rest = plain;
    while let Some(at) = rest.find('{') {
        let (before, found) = rest.split_at(at);
        let braces = found.find(|c| c != '{').unwrap_or(found.len());
        let sign = usize::from(found.get(braces..).is_some_and(|f| f.starts_with(['%', '#'])));
        let is_last = before_tag && braces == found.len();
        let length = if braces + sign == 2 { whole(found).unwrap_or(2) } else { braces + sign };
        let (part, after) = found.split_at(length);
        text.push_str(before);
        if length > 1 || is_last {
            text.push_str("{% raw %}");
            text.push_str(part);
            text.push_str("{% endraw %}");
        } else {
            text.push_str(part);
        }
        rest = after;
    }
    text.push_str(rest);
}

/// The length of `{{ … }}`, `{% … %}` or `{# … #}` on one line, if raw text can contain it.
fn whole(found: &str) -> Option<usize> {
    let close = match found.get(..2)? {
        "{%" => "%}",
        "{#" => "#}",
        _ => "}}",
    };
    let line = found.lines().next()?;
    let length = line.get(2..)?.find(close)? + 4;
    let part = line.get(..length)?;
    let inner = part.get(2..)?;
    (!inner.contains("{{") && !inner.contains("endraw")).then_some(length)
}

impl Writer {
    fn part(&mut self, before: &str, part: Part<'_>, expression_of: &mut dyn FnMut(Use<'_>) -> String) {
        match part {
            Part::Text(text) => self.plain(text),
            Part::Odd(text) => {
                self.plain(text);
                self.odd.push(Oddity::Literal(text.into()));
            }
            Part::Variable(".") => match self.open.last().map(|(name, _)| name.clone()) {
                Some(name) => self.variable(&name, before, expression_of),
                None => self.plain("{{.}}"),
            },
            Part::Variable(name) => self.variable(name, before, expression_of),
            Part::Open { name, asks, repeats } => self.section(name, asks, repeats, before, expression_of),
            Part::Else => self.begin_else(),
            Part::Close(name) => self.close(name),
            Part::Comment(text) => {
                let text = text.trim().replace("#}", "# }");
                self.tag(&format!("{{# {text} #}}"));
            }
            Part::Unknown(text) => self.odd.push(Oddity::Unknown(text.into())),
        }
    }

    fn variable(&mut self, name: &str, before: &str, expression_of: &mut dyn FnMut(Use<'_>) -> String) {
        let guarded = self.open.iter().any(|(open, asks)| *asks && open == name);
        let expression = expression_of(Use { name, wanted: Wanted::Text, guarded, before });
        // An empty expression prints nothing.
        if !expression.is_empty() {
            self.tag(&format!("{{{{ {expression} }}}}"));
        }
    }

    fn section(
        &mut self,
        name: &str,
        asks: bool,
        repeats: bool,
        before: &str,
        expression_of: &mut dyn FnMut(Use<'_>) -> String,
    ) {
        let expression = expression_of(Use { name, wanted: Wanted::Truth, guarded: true, before });
        let expression = match (expression.is_empty(), expression.contains(' ')) {
            (true, _) => "false".to_string(),
            (_, true) if !asks => format!("({expression})"),
            _ => expression,
        };
        self.tag(&format!("{{% if {}{expression} %}}", if asks { "" } else { "not " }));
        self.open.push((name.into(), asks));
        if repeats {
            self.odd.push(Oddity::Repeats(name.into()));
        }
    }

    fn begin_else(&mut self) {
        match self.open.last_mut() {
            Some((_, asks)) => {
                *asks = !*asks;
                self.tag("{% else %}");
            }
            None => self.odd.push(Oddity::Stray("else".into())),
        }
    }

    /// Closes the section, and unclosed sections inside it.
    fn close(&mut self, name: &str) {
        let helper = matches!(name, "if" | "unless" | "each" | "with" | "");
        let Some(at) = self.open.iter().rposition(|(open, _)| helper || open == name) else {
            return self.odd.push(Oddity::Stray(name.into()));
        };
        while self.open.len() > at {
            let inner = self.open.len() > at + 1;
            if let Some((forgotten, _)) = self.open.pop().filter(|_| inner) {
                self.odd.push(Oddity::Unclosed(forgotten));
            }
            self.tag("{% endif %}");
        }
    }

    fn plain(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Plain(plain)) => plain.push_str(text),
            Some(Piece::Tag(_)) | None => self.pieces.push(Piece::Plain(text.into())),
        }
    }

    fn tag(&mut self, tag: &str) {
        self.pieces.push(Piece::Tag(tag.into()));
    }
}

#[cfg(test)]
mod tests;
