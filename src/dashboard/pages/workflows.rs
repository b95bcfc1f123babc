//! `/workflows`: the workflows that a reader may see, and the figures of their runs.

use std::sync::Arc;

use axum::extract::{Extension, State};
use kube::ResourceExt;
use maud::{Markup, html};

use crate::api::Workflow;
use crate::dashboard::Dashboard;
use crate::dashboard::access::Reader;
use crate::dashboard::access::rights::ObjectKind;
use crate::dashboard::cluster_view::readable;
use crate::dashboard::figures::FigureSet;
use crate::dashboard::page::{Page, Problem, events_url};
use crate::dashboard::parts::{Head, Nav, Tone, badge, empty, meter, page_head, table, words};
use crate::view::stats::{Band, Figures};

use super::{overview, workflow_url};

/// Rows of the table.
const MOST: usize = 500;

pub async fn page(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
) -> Result<Page, Problem> {
    let folded = d.figures(&reader).await?;
    let seen = d.cluster.visible_workflows(&d.visibility(&reader, ObjectKind::Workflows).await?);
    let all: Vec<&Workflow> = seen.iter().filter_map(|w| readable::<Workflow>(w)).collect();
    let main = html! {
        (page_head("Workflows", html! {}, html! {}, ""))
        @if all.is_empty() {
            (empty("There are no workflows", "Or your token may not list them.",
                Some("kubectl apply -f workflow.yaml")))
        } @else { (list(&all, &folded)) }
        @if all.len() > MOST { p { (all.len() - MOST) " more are not shown." } }
    };
    Ok(Page {
        title: "Workflows".into(),
        nav: Some(Nav::Workflows),
        live: Some(events_url(folded.version, &[])),
        window: overview::window(&folded),
        main,
    })
}

fn list(all: &[&Workflow], folded: &FigureSet) -> Markup {
    let heads = [
        Head::text("Workflow"),
        Head::text("State"),
        Head::figures("Steps"),
        Head::figures("Ended"),
        Head::figures("Live"),
        Head::text("Success"),
        Head::text("Description"),
    ];
    let rows: Vec<Vec<Markup>> = all.iter().take(MOST).map(|w| row(w, folded)).collect();
    table("Workflows, by name", &heads, &rows)
}

fn row(workflow: &Workflow, folded: &FigureSet) -> Vec<Markup> {
    let (name, namespace) = (workflow.name_any(), workflow.namespace().unwrap_or_default());
    let of = figures(folded, &namespace, &name);
    let rate = of.and_then(|f| f.success_rate);
    vec![
        html! { a href=(workflow_url(&namespace, &name)) { (words(&name)) } " " small { (namespace) } },
        state(workflow),
        html! { (workflow.spec.steps.len() + workflow.spec.finally.len()) },
        html! { (of.map_or(0, |f| f.ended)) },
        html! { (of.map_or(0, |f| f.live)) },
        meter(rate, rate.map(Band::of).map_or(Tone::Neutral, Tone::from)),
        words(workflow.spec.description.as_deref().unwrap_or("–")),
    ]
}

/// The figures of a workflow, if it had a run.
pub fn figures<'f>(folded: &'f FigureSet, namespace: &str, name: &str) -> Option<&'f Figures> {
    let mut all = folded.stats.workflows.iter();
    all.find(|w| w.namespace == namespace && w.workflow == name).map(|w| &w.figures)
}

/// Whether its runs may start.
pub fn state(workflow: &Workflow) -> Markup {
    let conditions = workflow.status.iter().flat_map(|s| &s.conditions);
    let ready = conditions.into_iter().find(|c| c.type_ == "Ready").map(|c| c.status.as_str());
    html! {
        @match ready {
            Some("True") => (badge("Ready", Tone::Good)),
            Some(_) => (badge("Invalid", Tone::Bad)),
            None => (badge("New", Tone::Neutral)),
        }
        @if workflow.spec.suspend == Some(true) { " " (badge("Suspended", Tone::Over)) }
    }
}
