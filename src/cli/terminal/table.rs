//! Rows -> a table that fits the terminal. Without a terminal nothing is cut or coloured.

use std::io::Write;

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use crate::view::plain::cut;

/// Blanks between two columns: as kubectl prints them, and on a narrow terminal.
const GAP: usize = 3;
const NARROW_GAP: usize = 2;
const NARROW: usize = 120;
/// The minimum width of a column: every phase fits.
const LEAST: usize = 9;
/// The last column, which is prose, is cut first, down to this width.
const PROSE: usize = 20;

/// A cell: text and colour.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
    pub(crate) fn painted(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// A head, and rows with as many cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints the table on stdout.
    pub(crate) fn print(&self) {
        let mut out = anstream::stdout().lock();
        for line in self.lines(super::out::width()) {
            let _ = writeln!(out, "{line}");
        }
    }

    /// The lines of the table, none wider than `width`: the last column is cut first, then the widest.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let gap = if width.is_some_and(|w| w < NARROW) { NARROW_GAP } else { GAP };
        let widths = self.fitting(width, gap);
        let head = self.head.iter().map(|h| Cell::painted(*h, super::paint::FAINT));
        std::iter::once(line(&head.collect::<Vec<_>>(), &widths, gap))
            .chain(self.rows.iter().map(|row| line(row, &widths, gap)))
            .collect()
    }

    fn fitting(&self, width: Option<usize>, gap: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|h| h.width()).collect();
        for row in &self.rows {
            for (have, cell) in widths.iter_mut().zip(row) {
                *have = (*have).max(first_line(&cell.text).width());
            }
        }
        let Some(width) = width else { return widths };
        let gaps = gap * widths.len().saturating_sub(1);
        let over = (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
        if let Some(last) = widths.last_mut().filter(|w| **w > PROSE) {
            *last = last.saturating_sub(over).max(PROSE);
        }
        while widths.iter().sum::<usize>() + gaps > width {
            let widest = widths.iter_mut().rev().max_by_key(|w| **w);
            let Some(widest) = widest.filter(|w| **w > LEAST) else { break };
            *widest -= 1;
        }
        widths
    }
}

fn line(cells: &[Cell], widths: &[usize], gap: usize) -> String {
    let mut text = String::new();
    let last = cells.iter().rposition(|c| !c.text.is_empty()).unwrap_or(0);
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate().take(last + 1) {
        let shown = cut(first_line(&cell.text), *width);
        let style = cell.style;
        text.push_str(&format!("{style}{shown}{style:#}"));
        if i < last {
            text.extend(std::iter::repeat_n(' ', width.saturating_sub(shown.width()) + gap));
        }
    }
    text
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["NAME", "MESSAGE"]);
        table.row(["a".into(), "a message that is rather long".into()]);
        table.row(["another".into(), "".into()]);
        table
    }

    fn plain(lines: &[String]) -> Vec<String> {
        lines.iter().map(|l| anstream::adapter::strip_str(l).to_string()).collect()
    }

    #[test]
    fn columns_stand_below_each_other_and_no_line_ends_in_blanks() {
        let lines = plain(&table().lines(None));
        assert_eq!(lines, ["NAME      MESSAGE", "a         a message that is rather long", "another"]);
    }

    #[test]
    fn the_last_column_gives_way_to_the_terminal() {
        let lines = plain(&table().lines(Some(29)));
        assert_eq!(lines, ["NAME     MESSAGE", "a        a message that is r…", "another"]);
        assert!(lines.iter().all(|l| l.width() <= 29));
    }
}
