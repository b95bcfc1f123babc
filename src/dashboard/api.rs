//! `/api/v1`: the figures and lists of the pages as JSON, for the same readers. docs/dashboard.md describes it.
//! Fields are added, never renamed.

use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::response::Response;
use serde::Serialize;

use crate::api::{Phase, Reason, Stamp, Workflow, WorkflowRun};
use crate::view::stats::Figures;

use super::Dashboard;
use super::access::Reader;
use super::access::rights::ObjectKind;
use super::cluster_view::readable;
use super::figures::FigureSet;
use super::page::{Problem, json};
use super::pages::run_list::Filter;
use super::pages::workflows::figures;

/// The same JSON as `mc workflow stats -o json`.
pub async fn overview(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
) -> Result<Response, Problem> {
    let folded = d.figures(&reader).await?;
    Ok(json(&folded.stats))
}

/// A run in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunRow<'a> {
    namespace: &'a str,
    name: &'a str,
    workflow: &'a str,
    created_at: Option<Stamp>,
    /// Null: the operator has not seen the run yet.
    phase: Option<Phase>,
    reason: Option<Reason>,
    message: Option<&'a str>,
    step: Option<&'a str>,
    progress: Option<&'a str>,
    started_at: Option<Stamp>,
    finished_at: Option<Stamp>,
    retries: u32,
    /// The number of open questions.
    questions: usize,
}

#[derive(Serialize)]
struct RunPage<'a> {
    /// The number of runs on all pages.
    total: usize,
    page: usize,
    runs: Vec<RunRow<'a>>,
}

impl<'a> RunRow<'a> {
    fn of(run: &'a WorkflowRun) -> Self {
        let (meta, status) = (&run.metadata, run.status.as_ref());
        Self {
            namespace: meta.namespace.as_deref().unwrap_or_default(),
            name: meta.name.as_deref().unwrap_or_default(),
            workflow: &run.spec.workflow_ref.name,
            created_at: meta.creation_timestamp.as_ref().map(|t| Stamp::of(t.0)),
            phase: status.and_then(|s| s.phase),
            reason: status.and_then(|s| s.reason),
            message: status.and_then(|s| s.message.as_deref()),
            step: status.and_then(|s| s.step.as_deref()),
            progress: status.and_then(|s| s.progress.as_deref()),
            started_at: status.and_then(|s| s.started_at),
            finished_at: status.and_then(|s| s.finished_at),
            retries: status.and_then(|s| s.totals.as_ref()).map_or(0, |t| t.retries),
            questions: status.map_or(0, |s| s.escalations.len()),
        }
    }
}

pub async fn runs(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let runs = d.cluster.visible_runs(&d.visibility(&reader, ObjectKind::Runs).await?);
    let found = filter.of(&runs).map_err(Problem::Invalid)?;
    let rows = found.rows.iter().map(|r| RunRow::of(r)).collect();
    Ok(json(&RunPage { total: found.total, page: found.page, runs: rows }))
}

/// The object as in the API, without managedFields.
pub async fn run(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let seen = d.run(&reader, &namespace, &name).await?.ok_or(Problem::NotFound)?;
    readable::<WorkflowRun>(&seen).map(json).ok_or(Problem::NotFound)
}

/// A workflow in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkflowRow<'a> {
    namespace: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    suspended: bool,
    revision: Option<&'a str>,
    /// The problems of an invalid workflow; no run starts while there are any.
    problems: &'a [String],
    /// Absent if the workflow had no run.
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<&'a Figures>,
}

impl<'a> WorkflowRow<'a> {
    fn of(workflow: &'a Workflow, folded: &'a FigureSet) -> Self {
        let (meta, status) = (&workflow.metadata, workflow.status.as_ref());
        let (namespace, name) =
            (meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default());
        Self {
            namespace,
            name,
            description: workflow.spec.description.as_deref(),
            suspended: workflow.spec.suspend.unwrap_or(false),
            revision: status.and_then(|s| s.revision.as_deref()),
            problems: status.map(|s| s.problems.as_slice()).unwrap_or_default(),
            figures: figures(folded, namespace, name),
        }
    }
}

pub async fn workflows(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
) -> Result<Response, Problem> {
    let folded = d.figures(&reader).await?;
    let seen = d.cluster.visible_workflows(&d.visibility(&reader, ObjectKind::Workflows).await?);
    let all = seen.iter().filter_map(|w| readable::<Workflow>(w)).map(|w| WorkflowRow::of(w, &folded));
    Ok(json(&serde_json::json!({"workflows": all.collect::<Vec<_>>()})))
}

/// The object as in the API, and its figures.
pub async fn workflow(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let seen = d.workflow(&reader, &namespace, &name).await?.ok_or(Problem::NotFound)?;
    let workflow = readable::<Workflow>(&seen).ok_or(Problem::NotFound)?;
    let folded = d.figures(&reader).await?;
    let of = figures(&folded, &namespace, &name);
    Ok(json(&serde_json::json!({"workflow": workflow, "figures": of})))
}
