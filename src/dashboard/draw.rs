//! Drawings: plain figures -> inline SVG, each with a title, a description, and a table that says the same.
//!
//! Colours are classes; what colour says, a pattern, a shape or a word says, too. Widths are percent of what there is, so
//! that text keeps its size on a phone; only the graph has sizes of its own, and scrolls. A drawing never fails: figures
//! that make no sense are drawn at the edge. Start reading at [`days`].

mod days;
mod durations;
mod frame;
mod gantt;
mod graph;
mod scale;
mod shares;
mod spark;

pub use days::{Day, days};
pub use durations::{DayDurations, durations};
pub use frame::Caption;
pub use gantt::{Bar, BarKind, Gantt, Lane, gantt};
pub use graph::{Graph, Node, Shape, graph};
pub use shares::{Share, shares};
pub use spark::sparkline;
