//! `/runs`: the runs that a reader may see, newest first, filtered by status, workflow, namespace and text.

use std::sync::Arc;

use axum::extract::{Extension, Query, State};
use maud::{Markup, html};

use crate::api::{Phase, WorkflowRun};
use crate::dashboard::Dashboard;
use crate::dashboard::access::Reader;
use crate::dashboard::access::rights::ObjectKind;
use crate::dashboard::cluster_view::Cached;
use crate::dashboard::page::{Page, Problem, events_url};
use crate::dashboard::parts::{Field, Nav, Pages, RUNS, Way, empty, filters, page_head, pager};

use super::run_list::{Filter, Found, ROWS, rows, values};

/// The longest list of names for a choice; a longer one becomes a text field.
const CHOICES: usize = 100;

pub async fn page(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Query(filter): Query<Filter>,
) -> Result<Page, Problem> {
    let version = d.changes.version();
    let runs = d.cluster.visible_runs(&d.visibility(&reader, ObjectKind::Runs).await?);
    let found = filter.of(&runs).map_err(Problem::Invalid)?;
    let main = html! {
        (page_head("Runs", html! {}, html! {}, ""))
        (form(&filter, &runs))
        @if found.rows.is_empty() { (nothing(&runs)) } @else {
            (rows("Runs, newest first", &found.rows, (d.now)()))
            (pages(&filter, &found))
        }
    };
    Ok(Page {
        title: "Runs".into(),
        nav: Some(Nav::Runs),
        live: Some(events_url(version, &[])),
        window: "All existing runs.".into(),
        main,
    })
}

fn form(filter: &Filter, runs: &[Cached<WorkflowRun>]) -> Markup {
    let mut statuses = vec![("", "any")];
    statuses.extend(Phase::ALL.iter().map(|(p, _)| (p.as_str(), p.as_str())));
    let workflows = choices(values(runs, |r| Some(&r.spec.workflow_ref.name)).into_iter());
    let namespaces = choices(values(runs, |r| r.metadata.namespace.as_deref()).into_iter());
    let way = |all: &'_ [(&'_ str, &'_ str)]| all.len() <= CHOICES;
    let named = |name, label, value, all| Field {
        name,
        label,
        value,
        way: if way(all) { Way::Choice(all) } else { Way::Text { hint: "its name" } },
    };
    let status = filter.phase().ok().flatten().map_or("", Phase::as_str);
    filters(
        RUNS,
        &[
            Field { name: "status", label: "Status", value: status, way: Way::Choice(&statuses) },
            named("workflow", "Workflow", &filter.workflow, &workflows),
            named("namespace", "Namespace", &filter.namespace, &namespaces),
            Field {
                name: "q",
                label: "Text",
                value: &filter.q,
                way: Way::Text { hint: "name, task or message" },
            },
        ],
    )
}

fn choices<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, &'a str)> {
    std::iter::once(("", "any")).chain(names.map(|n| (n, n))).collect()
}

fn nothing(runs: &[Cached<WorkflowRun>]) -> Markup {
    if runs.is_empty() {
        let text = "Or your token may not list them.";
        return empty("There are no runs", text, Some("mc workflow run NAME \"TASK\""));
    }
    empty("No runs match", "Remove a filter to see more.", None)
}

fn pages(filter: &Filter, found: &Found) -> Markup {
    let first = (found.page - 1) * ROWS;
    let last = first + found.rows.len();
    let words = format!("{}–{last} of {}", first + 1, found.total);
    let newer = (found.page > 1).then(|| filter.url(found.page - 1));
    let older = (last < found.total).then(|| filter.url(found.page + 1));
    pager(&Pages { words: &words, newer: newer.as_deref(), older: older.as_deref() })
}
