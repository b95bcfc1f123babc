//! The events of a YAML parser -> a tree of marks -> the place of a field.

use granit_parser::{Event, ScalarStyle, Span, StructureStyle};

use crate::engine::path::{Part, Path};

/// A place in a text: line and column from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub line: usize,
    pub column: usize,
}

impl Mark {
    pub(crate) fn of(marker: &granit_parser::Marker) -> Self {
        Self { line: marker.line().max(1), column: marker.col() + 1 }
    }
}

/// A value and its start.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub mark: Mark,
    pub what: What,
}

/// The shape of a value.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Scalar {
        text: String,
        style: ScalarStyle,
    },
    List {
        style: StructureStyle,
        items: Vec<Node>,
    },
    Map {
        style: StructureStyle,
        entries: Vec<Entry>,
    },
    /// An alias, `*name`: its value is elsewhere.
    Alias,
}

/// `key: value`.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub mark: Mark,
    pub value: Node,
}

/// The result of following a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'t> {
    pub mark: Mark,
    /// The value, if the whole path exists.
    pub value: Option<&'t Node>,
}

impl Node {
    /// The longest part of the path that exists. A value of one line is shown at the value; a longer one (and with
    /// `at_key` every one) at its key.
    pub(crate) fn find(&self, path: &Path, at_key: bool) -> Found<'_> {
        let mut found = Found { mark: self.mark, value: Some(self) };
        for (n, part) in path.0.iter().enumerate() {
            let here = found.value.map(|node| &node.what);
            let next = match (part, here) {
                (Part::Field(name), Some(What::Map { entries, .. })) => {
                    entries.iter().find(|e| e.key == *name).map(|e| {
                        let key = at_key && n + 1 == path.0.len();
                        (if key || e.value.is_long() { e.mark } else { e.value.mark }, &e.value)
                    })
                }
                (Part::Item { index, .. }, Some(What::List { items, .. })) => {
                    items.get(*index).map(|i| (i.mark, i))
                }
                _ => None,
            };
            let Some((mark, value)) = next else { return Found { value: None, ..found } };
            found = Found { mark, value: Some(value) };
        }
        found
    }

    fn is_long(&self) -> bool {
        match &self.what {
            What::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. } => true,
            What::Scalar { text, style } => text.is_empty() && *style == ScalarStyle::Plain,
            What::List { style, .. } | What::Map { style, .. } => *style == StructureStyle::Block,
            What::Alias => false,
        }
    }
}

/// A collection under construction.
#[derive(Debug)]
struct Open {
    node: Node,
    /// The key of the next value; `None`: the next event is a key, or this is a list.
    key: Option<(String, Mark)>,
}

/// Builds the tree of one document.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    open: Vec<Open>,
    pub root: Option<Node>,
}

impl Builder {
    pub(crate) fn take(&mut self, event: &Event<'_>, span: &Span) {
        let mark = Mark::of(&span.start);
        match event {
            Event::Scalar(text, style, _, _) => {
                self.put(Node { mark, what: What::Scalar { text: text.to_string(), style: *style } });
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => self.put(Node { mark, what: What::Alias }),
            Event::SequenceStart(style, _, _) => {
                self.begin(mark, What::List { style: *style, items: Vec::new() })
            }
            Event::MappingStart(style, _, _) => {
                self.begin(mark, What::Map { style: *style, entries: Vec::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(done) = self.open.pop() {
                    self.put(done.node);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, mark: Mark, what: What) {
        self.open.push(Open { node: Node { mark, what }, key: None });
    }

    fn put(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut open.node.what {
            What::List { items, .. } => items.push(node),
            What::Map { entries, .. } => match open.key.take() {
                Some((key, mark)) => entries.push(Entry { key, mark, value: node }),
                // No path contains a key that is not a string (`[a]: b`).
                None => {
                    let text = if let What::Scalar { text, .. } = node.what { text } else { String::new() };
                    open.key = Some((text, node.mark));
                }
            },
            What::Scalar { .. } | What::Alias => {}
        }
    }
}
