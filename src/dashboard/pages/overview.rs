//! `/`: open questions, the figures of the last 30 days, and the bottlenecks.

use std::sync::Arc;

use axum::extract::{Extension, State};
use maud::{Markup, html};

use crate::dashboard::Dashboard;
use crate::dashboard::access::Reader;
use crate::dashboard::access::rights::{ObjectKind, Visibility};
use crate::dashboard::draw::{Caption, Share, shares};
use crate::dashboard::figures::FigureSet;
use crate::dashboard::page::{Page, Problem, events_url};
use crate::dashboard::parts::{
    Head, Nav, RUNS, Tone, card, cards, empty, meter, notice, page_head, section, share, table, words,
};
use crate::view::stats::{Band, Bottleneck, FEW, Figures, WorkflowStats};

use super::{charts, questions, seconds, whole, workflow_url};

/// Rows of the table of workflows; the page of workflows has all.
const WORKFLOWS: usize = 20;

pub async fn page(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
) -> Result<Page, Problem> {
    let folded = d.figures(&reader).await?;
    let runs = d.visibility(&reader, ObjectKind::Runs).await?;
    let now = (d.now)();
    let main = html! {
        (page_head("Overview", html! {}, html! {}, ""))
        (remarks(&d, &folded, &runs))
        @if !runs.is_empty() || folded.stats.all.total > 0 {
            (questions::needs_you(&d, &runs, now))
            (figures(&folded))
        }
    };
    Ok(Page {
        title: "Overview".into(),
        nav: Some(Nav::Overview),
        live: Some(events_url(folded.version, &[])),
        window: window(&folded),
        main,
    })
}

/// The runs that the figures cover.
pub fn window(folded: &FigureSet) -> String {
    let since = folded.stats.since.0.strftime("%-d %B %Y");
    let live = "and live runs";
    if folded.without_records {
        return "Figures cover live runs only: your token may not list RunRecords.".into();
    }
    let cut = if folded.is_cut { ", only the newest of them" } else { "" };
    format!("Figures cover runs that ended in the last 30 days (RunRecords since {since}{cut}), {live}.")
}

/// Notices before the figures.
fn remarks(d: &Dashboard, folded: &FigureSet, runs: &Visibility) -> Markup {
    html! {
        @if !(d.cluster.is_full)() {
            (notice(Tone::Ask, "Not everything is loaded yet", html! { p { "The operator is still listing objects." } }))
        }
        @if runs.is_empty() && folded.stats.all.total == 0 {
            (empty("Nothing to show",
                "Either there are no runs, or your token may not list them. Check with:",
                Some("kubectl auth can-i list workflowruns.missioncontrol.dev --all-namespaces")))
        } @else if folded.stats.all.are_few() {
            (notice(Tone::Neutral, "Few runs", html! {
                p { "Fewer than " (FEW) " runs have ended, so the figures say little yet." }
            }))
        }
    }
}

fn figures(folded: &FigureSet) -> Markup {
    let all = &folded.stats.all;
    html! {
        (section("figures", "The last 30 days", html! {}, html! {
            (figure_cards(all))
            (breakdown(all))
        }))
        (charts::by_day(&folded.trend.days))
        (section("workflows", "Workflows", html! { a href="/workflows" { "All workflows" } },
            of_workflows(&folded.stats.workflows)))
        (section("bottlenecks", "Bottlenecks", html! {}, bottlenecks(&all.bottlenecks)))
    }
}

/// The five main figures.
pub fn figure_cards(all: &Figures) -> Markup {
    let band = all.success_rate.map(Band::of);
    let rate = all.success_rate.map_or_else(|| "–".into(), share);
    let of_rate = match band {
        Some(Band::Green) => "green: over 80 %",
        Some(Band::Amber) => "amber: over 50 %",
        Some(Band::Red) => "red: 50 % or less",
        None => "no run succeeded or failed yet",
    };
    let completed = all.steps_completed.map_or_else(|| "no".into(), |n| format!("{n:.1}"));
    let lengths = html! {
        "p50 " (seconds(all, |s| whole(s.p50))) ", p95 " (seconds(all, |s| whole(s.p95)))
        ", from " (seconds(all, |s| whole(s.min))) " to " (seconds(all, |s| whole(s.max)))
    };
    cards(&[
        card(
            "Total runs",
            &all.total.to_string(),
            html! { (all.ended) " ended, " (all.live) " live; " (completed) " steps completed on average" },
            Tone::Neutral,
        ),
        card("Success rate", &rate, html! { (of_rate) }, band.map_or(Tone::Neutral, Tone::from)),
        card("Average duration", &seconds(all, |s| s.average), lengths, Tone::Neutral),
        card(
            "Total retries",
            &all.retries.to_string(),
            html! { (all.lost) " lost, " (all.rounds) " sent back" },
            Tone::Neutral,
        ),
        card("Escalations", &all.escalations.to_string(), html! { "questions to people" }, Tone::Neutral),
    ])
}

fn breakdown(all: &Figures) -> Markup {
    let links: Vec<String> = all.phases.keys().map(|p| format!("{RUNS}?status={p}")).collect();
    let parts: Vec<Share> = all
        .phases
        .iter()
        .zip(&links)
        .map(|((phase, count), href)| Share {
            name: phase.as_str(),
            count: u64::try_from(*count).unwrap_or(u64::MAX),
            tone: Tone::from(*phase),
            href: Some(href),
        })
        .collect();
    shares(&Caption { id: "statuses", title: "Runs by status" }, &parts)
}

/// The figures of each workflow, those with the most runs first.
pub fn of_workflows(all: &[WorkflowStats]) -> Markup {
    if all.is_empty() {
        return empty(
            "No workflow has run yet",
            "None of the workflows that you may see has a run.",
            Some("mc workflow list -A"),
        );
    }
    let mut most: Vec<&WorkflowStats> = all.iter().collect();
    most.sort_by_key(|w| std::cmp::Reverse(w.figures.total));
    let heads = [
        Head::text("Workflow"),
        Head::figures("Ended"),
        Head::figures("Live"),
        Head::text("Success"),
        Head::figures("Average"),
        Head::figures("p95"),
        Head::figures("Retries"),
        Head::figures("Escalations"),
    ];
    let rows: Vec<Vec<Markup>> = most.iter().take(WORKFLOWS).map(|w| workflow_row(w)).collect();
    html! {
        (table("Runs by workflow", &heads, &rows))
        @if most.len() > rows.len() { p { (most.len() - rows.len()) " more are on the page of workflows." } }
    }
}

fn workflow_row(w: &WorkflowStats) -> Vec<Markup> {
    let f = &w.figures;
    vec![
        html! { a href=(workflow_url(&w.namespace, &w.workflow)) { (words(&w.workflow)) } " " small { (w.namespace) } },
        html! { (f.ended) },
        html! { (f.live) },
        meter(f.success_rate, f.success_rate.map(Band::of).map_or(Tone::Neutral, Tone::from)),
        html! { (seconds(f, |s| s.average)) },
        html! { (seconds(f, |s| whole(s.p95))) },
        html! { (f.retries) },
        html! { (f.escalations) },
    ]
}

/// `implement: 35% failure, 2.3 avg retries`, worst first.
pub fn bottlenecks(found: &[Bottleneck]) -> Markup {
    if found.is_empty() {
        return html! { p.quiet-text { "No step fails in more than 10 % of its executions, or has more than 0.5 retries on average." } };
    }
    let heads = [Head::text("Step"), Head::text("Workflow"), Head::figures("Executions")];
    let row = |b: &Bottleneck| {
        let workflow = workflow_url(&b.namespace, &b.workflow);
        vec![
            html! { a href={ (workflow) "#" (super::step_id(&b.step, None)) } { (words(&b.to_string())) } },
            html! { a href=(workflow) { (b.namespace) "/" (words(&b.workflow)) } },
            html! { (b.executions) },
        ]
    };
    table("Bottlenecks, worst first", &heads, &found.iter().map(row).collect::<Vec<_>>())
}
