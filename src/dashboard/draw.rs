//! Drawings: plain figures -> inline SVG, each with a title, a description, and a table that says the same.
//!
//! Colors are classes, and a pattern, a shape or a word repeats what a color says. Widths are percentages, so that
//! text keeps its size on a phone; only the graph has a fixed size, and scrolls. A drawing never fails: figures out
//! of range are drawn at the edge. Start reading at [`days`].

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
