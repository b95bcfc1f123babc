//! The lines of a text -> the fence marks among them, and whether a mark is ever closed.
//!
//! A fence that nothing closes is not a fence. Start reading at [`Marks`].

/// Where a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Outside,
    /// Within a fence that is closed.
    Inside,
    /// The line that opens or closes one.
    Mark,
}

/// A line such as ```` ```json ````.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    kind: char,
    length: usize,
    /// Nothing follows it: only such a line closes a fence.
    pub bare: bool,
}

impl Mark {
    pub(super) fn of(line: &str) -> Option<Self> {
        let mark = line.trim_start_matches(' ');
        let kind = mark.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let rest = mark.trim_start_matches(kind);
        let (indent, length) = (line.len() - mark.len(), mark.len() - rest.len());
        // Inline code such as ```x``` opens no fence.
        let inline = kind == '`' && rest.contains('`');
        let bare = rest.chars().all(char::is_whitespace);
        (indent <= 3 && length >= 3 && !inline).then_some(Self { kind, length, bare })
    }

    fn closes(self, opening: Self) -> bool {
        self.bare && self.kind == opening.kind && self.length >= opening.length
    }
}

/// The marks of all lines, and the length of the longest mark still to come.
pub(super) struct Marks {
    at: Vec<Option<Mark>>,
    /// Per line: the longest bare mark of backticks, and of tildes, in this line or below it.
    longest: Vec<[usize; 2]>,
}

impl Marks {
    pub(super) fn of(lines: &[&str]) -> Self {
        let at: Vec<Option<Mark>> = lines.iter().map(|line| Mark::of(line)).collect();
        let mut longest = vec![[0, 0]; at.len() + 1];
        let mut most = [0, 0];
        for (mark, slot) in at.iter().zip(&mut longest).rev() {
            if let Some(Mark { kind, length, bare: true }) = mark {
                let [ticks, tildes] = &mut most;
                let of_kind = if *kind == '`' { ticks } else { tildes };
                *of_kind = (*of_kind).max(*length);
            }
            *slot = most;
        }
        Self { at, longest }
    }

    /// The line at or after `from` that closes the mark. The search is cheap if there is none; if there is one, the
    /// caller continues behind it, so that all calls together read each line once.
    pub(super) fn closing(&self, opening: Mark, from: usize) -> Option<usize> {
        let [ticks, tildes] = *self.longest.get(from)?;
        let most = if opening.kind == '`' { ticks } else { tildes };
        if most < opening.length {
            return None;
        }
        let found = self.at.iter().skip(from).position(|m| m.is_some_and(|m| m.closes(opening)))?;
        Some(from + found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_has_three_characters_and_at_most_three_blanks_before_it() {
        assert!(Mark::of("```").is_some_and(|m| m.bare) && Mark::of("   ~~~~ ").is_some_and(|m| m.bare));
        assert!(Mark::of("```json").is_some_and(|m| !m.bare));
        assert!(["``", "    ```", "```x```", "a```", ""].iter().all(|line| Mark::of(line).is_none()));
    }

    #[test]
    fn a_fence_is_closed_by_a_bare_mark_of_its_kind_and_length() {
        let lines = ["````", "```", "~~~~", "````x", "`````", "~~~"];
        let marks = Marks::of(&lines);
        let closing = |line: &str, from| marks.closing(Mark::of(line).unwrap(), from);
        assert_eq!(closing("````", 1), Some(4));
        assert_eq!(closing("~~~", 0), Some(2));
        assert_eq!((closing("``````", 0), closing("~~~~", 3), closing("```", 6)), (None, None, None));
    }
}
