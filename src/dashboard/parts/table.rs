//! Tables that become a stack of cards on a phone, and the pager of long lists.

use maud::{Markup, html};

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub name: &'a str,
    /// Right-aligned, so that the digits align.
    pub figures: bool,
}

impl<'a> Head<'a> {
    pub const fn text(name: &'a str) -> Self {
        Self { name, figures: false }
    }
    pub const fn figures(name: &'a str) -> Self {
        Self { name, figures: true }
    }
}

/// A cell.
pub type Cell = Markup;

/// Rows under named columns. The first cell of a row is its header. Cells beyond the last column are dropped.
pub fn table(caption: &str, heads: &[Head], rows: &[Vec<Cell>]) -> Markup {
    html! {
        div.table-box {
            // In some browsers the style for phones removes the meaning of rows and cells: the roles keep it.
            table role="table" {
                caption { (caption) }
                thead role="rowgroup" { tr role="row" { @for head in heads { th scope="col" role="columnheader" class=[class_of(head)] { (head.name) } } } }
                tbody role="rowgroup" { @for row in rows { (row_of(heads, row)) } }
            }
        }
    }
}

fn class_of(head: &Head) -> Option<&'static str> {
    head.figures.then_some("num")
}

fn row_of(heads: &[Head], row: &[Cell]) -> Markup {
    html! {
        tr role="row" {
            @for (n, (head, cell)) in heads.iter().zip(row).enumerate() {
                @if n == 0 {
                    th scope="row" role="rowheader" data-label=(head.name) class=[class_of(head)] { (cell) }
                } @else {
                    td role="cell" data-label=(head.name) class=[class_of(head)] { (cell) }
                }
            }
        }
    }
}

/// The position within the pages of a list.
#[derive(Clone, Copy, Debug)]
pub struct Pages<'a> {
    /// `51–100 of 1,204 runs`
    pub words: &'a str,
    pub newer: Option<&'a str>,
    pub older: Option<&'a str>,
}

pub fn pager(pages: &Pages) -> Markup {
    html! {
        nav.pager aria-label="Pages" {
            (step(pages.newer, "prev", "← Newer"))
            span.num { (pages.words) }
            (step(pages.older, "next", "Older →"))
        }
    }
}

fn step(href: Option<&str>, rel: &str, word: &str) -> Markup {
    html! {
        @if let Some(href) = href { a href=(href) rel=(rel) { (word) } }
        @else { span.off { (word) } }
    }
}
