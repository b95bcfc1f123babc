//! An agent's output -> harmless HTML: colors become classes, every other control sequence is removed, and characters
//! that reorder or hide text are shown by their name.
//!
//! Bounded: the end of a long text and the beginning of a long line, with a mark where something is left out. It
//! writes no tag but `span`. The remaining text equals that of [`crate::view::plain`]; a test compares the two. Start
//! reading at [`html`].

mod pen;
#[cfg(test)]
mod tests;

use anstyle_parse::{Params, Perform};
use maud::{Markup, PreEscaped};

use crate::view::plain::{one_line, plain, read};

use pen::Pen;

/// Bytes of a text that are shown, counted from its end. A run's status keeps a quarter of it per attempt.
pub const MOST: usize = 64 * 1024;
/// Characters of a line that are shown. Otherwise one line of base64 would fill the page.
pub const LONGEST_LINE: usize = 2_000;

/// HTML for an element that keeps white space, such as `<pre>`.
pub fn html(text: &str) -> Markup {
    let (shown, left_out) = end_of(text, MOST);
    let mut writer = Writer::default();
    if left_out > 0 {
        writer.mark(&format!("… {left_out} bytes before this are not shown\n"));
    }
    read(shown, &mut writer);
    writer.end_line();
    writer.open_style(Pen::default());
    PreEscaped(writer.html)
}

/// The same text without colors. The caller must still escape it, as maud does with every value.
pub fn inert(text: &str) -> String {
    named(&plain(text))
}

/// The same on one line.
pub fn inert_line(text: &str) -> String {
    named(&one_line(text))
}

fn named(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_unseen(c) {
            out.push_str(&name_of(c))
        } else {
            out.push(c)
        }
        out
    })
}

/// Characters that reorder text (embeddings, overrides, isolates) and characters that hide in it. Direction marks
/// (U+200E, U+200F) and joiners stay: languages and emoji need them, and they reorder nothing.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn name_of(c: char) -> String {
    format!("⟨U+{:04X}⟩", u32::from(c))
}

/// The last bytes of a text, from the start of a line if there is one, and the number of bytes before them.
fn end_of(text: &str, most: usize) -> (&str, usize) {
    let Some(from) = text.len().checked_sub(most).filter(|from| *from > 0) else { return (text, 0) };
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let end = text.get(from..).unwrap_or_default();
    let end = end.split_once('\n').map_or(end, |(_, lines)| lines);
    (end, text.len() - end.len())
}

#[derive(Default)]
struct Writer {
    html: String,
    /// The style of the next character.
    pen: Pen,
    /// The style of the open span; the default style has no span.
    open_style: Pen,
    column: usize,
}

impl Writer {
    fn open_style(&mut self, pen: Pen) {
        if self.open_style == pen {
            return;
        }
        if self.open_style != Pen::default() {
            self.html.push_str("</span>");
        }
        if pen != Pen::default() {
            self.html.push_str("<span class=\"");
            self.html.push_str(&pen.classes());
            self.html.push_str("\">");
        }
        self.open_style = pen;
    }

    /// The dashboard's own remark. It looks different, so that no agent can fake it.
    fn mark(&mut self, words: &str) {
        self.open_style(Pen::default());
        self.html.push_str("<span class=\"mark\">");
        words.chars().for_each(|c| self.push(c));
        self.html.push_str("</span>");
    }

    fn push(&mut self, c: char) {
        match c {
            '<' => self.html.push_str("&lt;"),
            '>' => self.html.push_str("&gt;"),
            '&' => self.html.push_str("&amp;"),
            '"' => self.html.push_str("&quot;"),
            c => self.html.push(c),
        }
    }

    fn end_line(&mut self) {
        if let Some(more) = self.column.checked_sub(LONGEST_LINE).filter(|more| *more > 0) {
            self.mark(&format!("… {more} more characters"));
        }
        self.column = 0;
    }
}

impl Perform for Writer {
    fn print(&mut self, c: char) {
        if c.is_control() {
            return;
        }
        self.column += 1;
        if self.column > LONGEST_LINE {
            return;
        }
        if is_unseen(c) {
            return self.mark(&name_of(c));
        }
        self.open_style(self.pen);
        self.push(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.end_line();
                self.html.push('\n');
            }
            b'\t' => self.html.push('\t'),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: u8) {
        if action == b'm' && intermediates.is_empty() && !ignore {
            self.pen.apply(params);
        }
    }
}
