//! The pages: what a reader may see of runs, workflows and figures -> HTML, with the parts and drawings.
//!
//! A page reads what the process knows and asks only what its reader may see. Texts of people and agents go through
//! [`super::parts::words`], [`super::parts::output`] or maud's own escaping, never past them. Start reading at
//! [`overview`].

mod attempts;
mod charts;
mod drawings;
pub mod overview;
mod questions;
pub mod run;
mod run_detail;
pub mod run_list;
pub mod runs;
mod steps;
pub mod workflow;
pub mod workflows;

use std::time::Duration;

use maud::{Markup, html};

use crate::api::{Phase, Stamp};
use crate::view::stats::{Figures, Seconds};
use crate::view::time::{age, short};
use crate::view::words;

use super::parts::{Tone, anchor, badge, time};

/// `-n NAMESPACE` behind a name: the command works whatever the reader's context is.
fn at(name: &str, namespace: &str) -> String {
    format!("{name} -n {namespace}")
}

fn run_url(namespace: &str, name: &str) -> String {
    format!("/runs/{}/{}", in_url(namespace), in_url(name))
}

fn workflow_url(namespace: &str, name: &str) -> String {
    format!("/workflows/{}/{}", in_url(namespace), in_url(name))
}

/// Names of valid objects stay as they are; any other text is escaped.
fn in_url(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

fn phase_badge(phase: Option<Phase>) -> Markup {
    badge(words::shown(phase), Tone::from(phase))
}

/// `3m` ago, with the exact time on hovering.
fn ago(at: Option<Stamp>, now: Stamp) -> Markup {
    html! { @if let Some(at) = at { (time(at, &format!("{} ago", age(at, now)))) } @else { "–" } }
}

fn length(duration: Option<Duration>) -> String {
    duration.map_or_else(|| "–".into(), short)
}

/// A duration within a figure, such as an average.
fn seconds(figures: &Figures, of: fn(&Seconds) -> f64) -> String {
    length(figures.seconds.as_ref().and_then(|s| Duration::try_from_secs_f64(of(s)).ok()))
}

#[allow(clippy::cast_precision_loss, reason = "a run is shorter than 2^52 seconds")]
fn whole(seconds: u64) -> f64 {
    seconds as f64
}

/// `1 run`, `2 runs`
fn many(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// The position of a step or an item on the page, as [`anchor`] writes it: `step-build`, `step-build-item-a`.
fn step_id(step: &str, item: Option<&str>) -> String {
    match item {
        None => format!("step-{}", anchor(step)),
        Some(item) => format!("step-{}-item-{}", anchor(step), anchor(item)),
    }
}
