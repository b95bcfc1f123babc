//! A clean text -> its lines without thinking, each with its place among the fences.
//!
//! A block opens with `<think>` or `<thinking>` at the start of a line outside of a closed fence, and ends with its
//! closing tag; text after the tag is a new line. It never reads the meaning of a line. Start reading at
//! [`Visible::of`].

use super::fences::{Mark, Marks, Place};

/// A line that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'t> {
    /// Its number in the text, from 0.
    pub number: usize,
    pub text: &'t str,
    pub place: Place,
}

/// The visible part of a text.
#[derive(Debug)]
pub(super) struct Visible<'t> {
    pub lines: Vec<Line<'t>>,
    /// The text ends inside of a block.
    pub open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    Think,
    Thinking,
}

impl Tag {
    const ALL: [Tag; 2] = [Tag::Think, Tag::Thinking];

    const fn opening(self) -> &'static str {
        match self {
            Tag::Think => "<think>",
            Tag::Thinking => "<thinking>",
        }
    }

    const fn closing(self) -> &'static str {
        match self {
            Tag::Think => "</think>",
            Tag::Thinking => "</thinking>",
        }
    }
}

impl<'t> Visible<'t> {
    /// `cut`: the beginning of the text was cut off. Its first fence mark then closes a fence, unless it names a
    /// language.
    pub(super) fn of(text: &'t str, cut: bool) -> Self {
        let lines: Vec<&str> = text.split('\n').collect();
        let marks = Marks::of(&lines);
        let mut reader = Reader { kept: Vec::new(), block: None, fence_until: None, marks, cut };
        for (number, line) in lines.into_iter().enumerate() {
            reader.line(number, line);
        }
        Self { open: reader.block.is_some(), lines: reader.kept }
    }
}

struct Reader<'t> {
    kept: Vec<Line<'t>>,
    /// The block that is open.
    block: Option<Tag>,
    /// The line that closes the fence that is open.
    fence_until: Option<usize>,
    marks: Marks,
    /// No fence mark was seen yet in a text whose beginning was cut off.
    cut: bool,
}

impl<'t> Reader<'t> {
    fn line(&mut self, number: usize, line: &'t str) {
        if let Some(end) = self.fence_until {
            let place = if number == end { Place::Mark } else { Place::Inside };
            self.fence_until = Some(end).filter(|end| number < *end);
            return self.kept.push(Line { number, text: line, place });
        }
        if let Some(rest) = self.outside_blocks(line) {
            self.outside(number, rest);
        }
    }

    /// The line without the blocks in it; `None`: nothing is left, and a block is open at its end.
    fn outside_blocks(&mut self, line: &'t str) -> Option<&'t str> {
        let mut rest = line;
        loop {
            if let Some(tag) = self.block {
                rest = after(rest, tag.closing())?;
                self.block = None;
            }
            let start = rest.trim_start_matches([' ', '\t']);
            let at_start = |tag: &Tag, word: fn(Tag) -> &'static str| {
                start.get(..word(*tag).len()).is_some_and(|s| s.eq_ignore_ascii_case(word(*tag)))
            };
            if let Some(tag) = Tag::ALL.into_iter().find(|tag| at_start(tag, Tag::opening)) {
                self.block = Some(tag);
                rest = start.get(tag.opening().len()..).unwrap_or_default();
            } else if let Some(tag) = Tag::ALL.into_iter().find(|tag| at_start(tag, Tag::closing)) {
                // Nothing opened it: the block began before the text did.
                self.kept.clear();
                self.cut = false;
                rest = start.get(tag.closing().len()..).unwrap_or_default();
            } else {
                return Some(rest);
            }
        }
    }

    fn outside(&mut self, number: usize, text: &'t str) {
        let Some(mark) = Mark::of(text) else {
            return self.kept.push(Line { number, text, place: Place::Outside });
        };
        let place = if std::mem::take(&mut self.cut) && mark.bare {
            for line in &mut self.kept {
                line.place = Place::Inside;
            }
            Place::Mark
        } else {
            self.fence_until = self.marks.closing(mark, number + 1);
            if self.fence_until.is_some() { Place::Mark } else { Place::Outside }
        };
        self.kept.push(Line { number, text, place });
    }
}

/// The text after the first `word` (of ASCII), in any case.
fn after<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let at = text.as_bytes().windows(word.len()).position(|w| w.eq_ignore_ascii_case(word.as_bytes()))?;
    text.get(at + word.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> (String, bool) {
        let visible = Visible::of(text, false);
        let lines: Vec<&str> = visible.lines.iter().map(|l| l.text).collect();
        (lines.join("\n"), visible.open)
    }

    fn places(text: &str, cut: bool) -> String {
        let visible = Visible::of(text, cut);
        let letter = |place| match place {
            Place::Outside => 'o',
            Place::Inside => 'i',
            Place::Mark => 'm',
        };
        visible.lines.iter().map(|l| letter(l.place)).collect()
    }

    #[test]
    fn a_block_is_dropped_and_what_follows_it_is_a_new_line() {
        assert_eq!(left("a\n<think>b\nc</think>d\ne"), ("a\nd\ne".into(), false));
        assert_eq!(left(" <THINKING>b</think>c</Thinking> <think>x</think>d"), ("d".into(), false));
        assert_eq!(left("a\n<think>\nb"), ("a".into(), true));
        assert_eq!(left("<think>a</think><think>b"), (String::new(), true));
    }

    #[test]
    fn a_closing_tag_that_nothing_opened_drops_what_is_before_it() {
        assert_eq!(left("a\nSTATUS: done\n</think>b"), ("b".into(), false));
        assert_eq!(left("<think>\na\n<think>b</think>\nc\n</think>\nd"), ("\nd".into(), false));
    }

    #[test]
    fn tags_elsewhere_are_text() {
        for text in ["a <think> b", "a </think>", "```\n<think>\n```\nb", "<thinker>", "`<think>`"] {
            assert_eq!(left(text), (text.into(), false), "{text:?}");
        }
        assert_eq!(left("```\n<think>\nb"), ("```".into(), true));
    }

    #[test]
    fn a_fence_mark_within_a_block_opens_and_closes_nothing() {
        assert_eq!(places("<think>\n```\n</think>\na\n```\nb\n```", false), "oomim");
        assert_eq!(places("<think></think>```\na\n```\nb", false), "mimo");
    }

    #[test]
    fn the_first_mark_of_a_text_without_its_beginning_closes() {
        assert_eq!(places("a\n```\nb", true), "imo");
        assert_eq!(places("a\n```sh\nb\n```", true), "omim");
        assert_eq!(places("a\n```\nb", false), "ooo");
        assert_eq!(places("a\n</think>\n```\nb\n```", true), "omim");
    }

    #[test]
    fn many_tags_and_marks_in_one_text_are_read_in_linear_time() {
        let tags = "<think></think>".repeat(60_000);
        assert_eq!(left(&tags), (String::new(), false));
        let fences: String = (3..1_000).rev().map(|n| "`".repeat(n) + "a\n").collect();
        let marks = Marks::of(&fences.split('\n').collect::<Vec<_>>());
        assert_eq!(marks.closing(Mark::of("```").unwrap(), 0), None);
        assert_eq!(left(&(fences.clone() + &"\n".repeat(500_000))).0.len(), fences.len() + 500_000);
    }
}
