//! Counts by kind -> one bar in parts, with the kinds and their counts below it.

use maud::{Markup, html};

use crate::dashboard::parts::{Head, Tone, table};

use super::frame::Caption;
use super::scale::{grouped, percent};

/// One kind.
#[derive(Clone, Copy, Debug)]
pub struct Share<'a> {
    pub name: &'a str,
    pub count: u64,
    pub tone: Tone,
    /// The link to the list of this kind.
    pub href: Option<&'a str>,
}

const HEIGHT: f64 = 20.0;

/// Kinds with a count of 0 are in the legend and the table, not in the bar.
pub fn shares(caption: &Caption, shares: &[Share]) -> Markup {
    let total = shares.iter().fold(0, |sum: u64, s| sum.saturating_add(s.count));
    let drawing = caption.wide(
        HEIGHT,
        &says(shares, total),
        html! {
            (caption.hatching())
            @if total == 0 { rect.empty-bar x="0" y="1" width="100%" height="18" rx="2" {} }
            @for (share, left) in shares.iter().zip(begins(shares, total)).filter(|(s, _)| s.count > 0) {
                g {
                    title { (share.name) ": " (of(share.count, total)) }
                    (caption.block(&percent(left), 1.0, &percent(share.count as f64 / total as f64), HEIGHT - 2.0, share.tone))
                }
            }
        },
    );
    caption.figure(html! { (drawing) (legend(caption, shares)) }, table_fallback(shares, total))
}

/// The start of each part, from 0 to 1.
fn begins(shares: &[Share], total: u64) -> Vec<f64> {
    let mut sum = 0_u64;
    let mut begins = Vec::with_capacity(shares.len());
    for share in shares {
        begins.push(sum as f64 / total.max(1) as f64);
        sum = sum.saturating_add(share.count);
    }
    begins
}

fn says(shares: &[Share], total: u64) -> String {
    let parts: Vec<String> =
        shares.iter().filter(|s| s.count > 0).map(|s| format!("{} {}", grouped(s.count), s.name)).collect();
    if total == 0 {
        "There are none.".into()
    } else {
        format!("{} in all: {}.", grouped(total), parts.join(", "))
    }
}

/// `12 of 40, 30 %`
fn of(count: u64, total: u64) -> String {
    format!("{} of {}, {}", grouped(count), grouped(total), share_of(count, total))
}

fn share_of(count: u64, total: u64) -> String {
    if total == 0 { "–".into() } else { format!("{:.1} %", count as f64 / total as f64 * 100.0) }
}

fn legend(caption: &Caption, shares: &[Share]) -> Markup {
    html! {
        ul.legend {
            @for share in shares {
                li {
                    (caption.swatch(share.tone))
                    @if let Some(href) = share.href { a href=(href) { (share.name) } } @else { (share.name) }
                    " " b.num { (grouped(share.count)) }
                }
            }
        }
    }
}

fn table_fallback(shares: &[Share], total: u64) -> Markup {
    let heads = [Head::text("Status"), Head::figures("Count"), Head::figures("Share")];
    let row = |s: &Share| {
        vec![html! { (s.name) }, html! { (grouped(s.count)) }, html! { (share_of(s.count, total)) }]
    };
    table("How many there are of each", &heads, &shares.iter().map(row).collect::<Vec<_>>())
}
