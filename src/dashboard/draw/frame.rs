//! The frame of each drawing: its caption, its description, its axis, and the table with the same data.

use maud::{Markup, html};

use crate::dashboard::parts::Tone;

/// The name of a drawing.
#[derive(Clone, Copy, Debug)]
pub struct Caption<'a> {
    /// Unique on the page; part of the ids within the drawing.
    pub id: &'a str,
    pub title: &'a str,
}

impl Caption<'_> {
    /// The figure: the drawing, and its table for readers who cannot see it or want the numbers.
    pub(super) fn figure(&self, drawing: Markup, twin: Markup) -> Markup {
        html! {
            figure.drawing {
                figcaption { (self.title) }
                (drawing)
                details.twin id={ (self.id) "-table" } {
                    summary { "As a table" }
                    (twin)
                }
            }
        }
    }

    /// A drawing of full width: horizontal positions are percentages, heights are pixels.
    pub(super) fn wide(&self, height: f64, says: &str, content: Markup) -> Markup {
        html! {
            svg.chart role="img" width="100%" height=(px(height))
                aria-labelledby={ (self.id) "-title " (self.id) "-desc" } {
                title id={ (self.id) "-title" } { (self.title) }
                desc id={ (self.id) "-desc" } { (says) }
                (content)
            }
        }
    }

    /// The hatch pattern of failures; [`hatched`] uses it.
    pub(super) fn hatching(&self) -> Markup {
        html! {
            defs {
                pattern id={ (self.id) "-hatch" } width="5" height="5" patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)" {
                    line.hatch x1="0" y1="0" x2="0" y2="5" {}
                }
            }
        }
    }

    /// A block in the color and pattern of its tone: failures are hatched, cancelled runs are hollow.
    pub(super) fn block(&self, x: &str, y: f64, width: &str, height: f64, tone: Tone) -> Markup {
        html! {
            rect.block.(tone.class()) x=(x) y=(px(y)) width=(width) height=(px(height)) rx="2" {}
            @if tone == Tone::Bad {
                rect x=(x) y=(px(y)) width=(width) height=(px(height)) rx="2" fill={ "url(#" (self.id) "-hatch)" } {}
            }
        }
    }

    /// A block as in a legend.
    pub(super) fn swatch(&self, tone: Tone) -> Markup {
        html! {
            svg.swatch width="12" height="12" aria-hidden="true" focusable="false" {
                (self.block("1", 1.0, "10", 10.0, tone))
            }
        }
    }
}

/// A coordinate or a size, in pixels.
pub(super) fn px(n: f64) -> String {
    let text = format!("{n:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// A drawing with the labels of its marks on the left: `(y, label)`.
pub(super) fn with_axis(height: f64, marks: &[(f64, String)], drawing: Markup) -> Markup {
    html! {
        div.plot {
            svg.axis width="100%" height=(px(height)) aria-hidden="true" focusable="false" {
                @for (y, label) in marks { text.tick x="100%" y=(px(*y + 4.0)) dx="-8" text-anchor="end" { (label) } }
            }
            (drawing)
        }
    }
}

/// Horizontal lines at the marks.
pub(super) fn grid(marks: &[(f64, String)]) -> Markup {
    html! { @for (y, _) in marks { line.grid x1="0" x2="100%" y1=(px(*y)) y2=(px(*y)) {} } }
}
