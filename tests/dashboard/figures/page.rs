//! A page as a browser sees it -> the text of its cards, tables and legends.

use scraper::{ElementRef, Html, Selector};

pub(crate) struct Page(Html);

impl Page {
    pub(crate) fn of(text: &str) -> Self {
        Self(Html::parse_document(text))
    }

    /// Value and note of a card.
    pub(crate) fn card(&self, label: &str) -> [String; 2] {
        let card = all(self.0.root_element(), ".card").into_iter().find(|c| first(*c, "dt") == label);
        let card = card.unwrap_or_else(|| panic!("there is no card {label}"));
        [first(card, ".value"), first(card, ".note")]
    }

    /// The rows of the table with this caption.
    pub(crate) fn table(&self, caption: &str) -> Vec<Vec<String>> {
        let mut tables = all(self.0.root_element(), "table").into_iter();
        let table = tables.find(|t| first(*t, "caption") == caption);
        let table = table.unwrap_or_else(|| panic!("there is no table {caption}"));
        let cells = |row| all(row, "th, td").into_iter().map(text).collect();
        all(table, "tbody tr").into_iter().map(cells).collect()
    }

    /// The entries of the legend under a drawing.
    pub(crate) fn legend(&self, title: &str) -> Vec<String> {
        let mut figures = all(self.0.root_element(), "figure").into_iter();
        let figure = figures.find(|f| first(*f, "figcaption") == title).expect(title);
        all(figure, ".legend li").into_iter().map(text).collect()
    }

    pub(crate) fn has(&self, words: &str) -> bool {
        text(self.0.root_element()).contains(words)
    }
}

fn all<'a>(within: ElementRef<'a>, css: &str) -> Vec<ElementRef<'a>> {
    within.select(&Selector::parse(css).unwrap()).collect()
}

fn first(within: ElementRef<'_>, css: &str) -> String {
    all(within, css).first().map(|e| text(*e)).unwrap_or_default()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
