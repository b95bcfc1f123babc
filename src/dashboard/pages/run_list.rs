//! Runs and a filter -> one page of a list, newest first.

use std::collections::BTreeSet;

use kube::ResourceExt;
use maud::{Markup, html};
use serde::Deserialize;

use crate::api::{Phase, Stamp, WorkflowRun};
use crate::dashboard::cluster_view::{Cached, readable};
use crate::dashboard::parts::{Head, RUNS, table, words};
use crate::view::words as said;

use super::{ago, length, phase_badge, run_url, workflow_url};

/// Rows of a page.
pub const ROWS: usize = 50;

/// The filter, as in the address.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Filter {
    pub status: String,
    pub workflow: String,
    pub namespace: String,
    /// Searched in names, tasks and messages, ignoring case.
    pub q: String,
    /// From 1.
    pub page: usize,
}

/// A page of the list.
#[derive(Debug)]
pub struct Found<'a> {
    pub rows: Vec<&'a WorkflowRun>,
    /// The number of matches on all pages.
    pub total: usize,
    pub page: usize,
}

impl Filter {
    /// The selected phase; `Err`: no phase has that name.
    pub fn phase(&self) -> Result<Option<Phase>, String> {
        if self.status.is_empty() { Ok(None) } else { said::phase_of(&self.status).map(Some) }
    }

    /// `runs` are already sorted.
    pub fn of<'a>(&self, runs: &'a [Cached<WorkflowRun>]) -> Result<Found<'a>, String> {
        let (phase, sought) = (self.phase()?, self.q.trim().to_lowercase());
        let fits = |run: &&WorkflowRun| {
            let status = run.status.as_ref();
            phase.is_none_or(|p| status.and_then(|s| s.phase).unwrap_or(Phase::Pending) == p)
                && (self.workflow.is_empty() || run.spec.workflow_ref.name == self.workflow)
                && (self.namespace.is_empty() || run.metadata.namespace.as_deref() == Some(&*self.namespace))
                && (sought.is_empty() || has(run, &sought))
        };
        let all: Vec<&WorkflowRun> =
            runs.iter().filter_map(|r| readable::<WorkflowRun>(r)).filter(fits).collect();
        let last = all.len().div_ceil(ROWS).max(1);
        let page = self.page.clamp(1, last);
        let rows = all.iter().skip((page - 1) * ROWS).take(ROWS).copied().collect();
        Ok(Found { rows, total: all.len(), page })
    }

    /// The address of another page of the same list.
    pub fn url(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("status", &self.status),
            ("workflow", &self.workflow),
            ("namespace", &self.namespace),
            ("q", &self.q),
        ];
        for (name, value) in pairs.into_iter().filter(|(_, v)| !v.is_empty()) {
            query.append_pair(name, value);
        }
        query.append_pair("page", &page.to_string());
        format!("{RUNS}?{}", query.finish())
    }
}

fn has(run: &WorkflowRun, sought: &str) -> bool {
    let message = run.status.as_ref().and_then(|s| s.message.as_deref());
    let texts = [run.metadata.name.as_deref(), run.spec.task.as_deref(), message];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(sought))
}

/// The distinct values of a field, for a choice.
pub fn values(runs: &[Cached<WorkflowRun>], of: fn(&WorkflowRun) -> Option<&str>) -> BTreeSet<&str> {
    runs.iter().filter_map(|r| readable::<WorkflowRun>(r)).filter_map(of).collect()
}

/// The rows as a table.
pub fn rows(caption: &str, runs: &[&WorkflowRun], now: Stamp) -> Markup {
    let heads = [
        Head::text("Run"),
        Head::text("Workflow"),
        Head::text("Status"),
        Head::text("Step"),
        Head::figures("Progress"),
        Head::figures("Started"),
        Head::figures("Duration"),
        Head::figures("Retries"),
    ];
    table(caption, &heads, &runs.iter().map(|run| row(run, now)).collect::<Vec<_>>())
}

fn row(run: &WorkflowRun, now: Stamp) -> Vec<Markup> {
    let (name, namespace) = (run.name_any(), run.namespace().unwrap_or_default());
    let workflow = &run.spec.workflow_ref.name;
    let status = run.status.as_ref();
    let started = status.and_then(|s| s.started_at);
    let lasted = status.and_then(|s| Some(s.finished_at.unwrap_or(now).since(s.started_at?)));
    let open = status.map_or(0, |s| s.escalations.len());
    vec![
        html! { a href=(run_url(&namespace, &name)) { (words(&name)) } " " small { (namespace) } },
        html! { a href=(workflow_url(&namespace, workflow)) { (words(workflow)) } },
        html! {
            (phase_badge(status.and_then(|s| s.phase)))
            @if open > 0 { " " small { "asks " (open) } }
        },
        html! { (words(status.and_then(|s| s.step.as_deref()).unwrap_or("–"))) },
        words(status.and_then(|s| s.progress.as_deref()).unwrap_or("–")),
        ago(started, now),
        html! { (length(lasted)) },
        html! { (status.and_then(|s| s.totals.as_ref()).map_or(0, |t| t.retries)) },
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kube::core::DeserializeGuard;

    use super::*;

    fn runs(count: usize) -> Vec<Cached<WorkflowRun>> {
        let run = |n: usize| {
            let run: WorkflowRun = serde_json::from_value(serde_json::json!({
                "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun",
                "metadata": {"name": format!("r{n}"), "namespace": "a"},
                "spec": {"workflowRef": {"name": "w"}, "task": if n == 7 { "Fix the Login" } else { "x" }},
                "status": {"phase": if n < 3 { "Failed" } else { "Running" }},
            }))
            .unwrap();
            Arc::new(DeserializeGuard(Ok(run)))
        };
        (0..count).map(run).collect()
    }

    fn found(filter: &Filter, count: usize) -> (usize, usize, Vec<String>) {
        let runs = runs(count);
        let found = filter.of(&runs).unwrap();
        (found.total, found.page, found.rows.iter().map(|r| r.name_any()).collect())
    }

    #[test]
    fn a_page_has_fifty_rows_and_one_that_is_not_there_is_the_last() {
        assert_eq!(found(&Filter::default(), 120).2.len(), ROWS);
        let last = found(&Filter { page: 99, ..Filter::default() }, 120);
        assert_eq!((last.0, last.1, last.2.len()), (120, 3, 20));
        assert_eq!(found(&Filter::default(), 0), (0, 1, vec![]));
    }

    #[test]
    fn filters_are_by_status_workflow_namespace_and_text() {
        let of = |filter: Filter| found(&filter, 10).0;
        assert_eq!(of(Filter { status: "failed".into(), ..Filter::default() }), 3);
        assert_eq!(of(Filter { q: "LOGIN".into(), ..Filter::default() }), 1);
        assert_eq!(of(Filter { workflow: "other".into(), ..Filter::default() }), 0);
        assert_eq!(of(Filter { namespace: "a".into(), ..Filter::default() }), 10);
        assert!(Filter { status: "nonsense".into(), ..Filter::default() }.of(&runs(1)).is_err());
    }

    #[test]
    fn an_address_keeps_what_was_chosen() {
        let filter = Filter { status: "Failed".into(), q: "a&b=\"c\"".into(), ..Filter::default() };
        assert_eq!(filter.url(2), "/runs?status=Failed&q=a%26b%3D%22c%22&page=2");
    }
}
