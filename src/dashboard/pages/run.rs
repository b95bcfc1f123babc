//! `/runs/NAMESPACE/NAME`: one run, from its status, its Jobs and its workflow's revision.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Path, State};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;
use maud::{Markup, html};

use crate::api::status::{DecisionResult, Totals};
use crate::api::{Action, Phase, WorkflowRun, WorkflowRunStatus, WorkflowSpec};
use crate::dashboard::Dashboard;
use crate::dashboard::access::rights::{ObjectKind, Permission};
use crate::dashboard::access::{AccessError, Reader};
use crate::dashboard::cluster_view::readable;
use crate::dashboard::page::{Page, Problem, events_url};
use crate::dashboard::parts::{
    Head, Nav, Tone, command, definitions, details, notice, output, page_head, section, since, table, time,
    words,
};
use crate::view::run::RunView;
use crate::view::shape;
use crate::view::time::short;

use super::attempts::attempts;
use super::run_detail::RunDetail;
use super::{at, drawings, many, phase_badge, questions, steps, workflow_url};

pub async fn page(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Page, Problem> {
    let version = d.changes.version();
    let seen = d.run(&reader, &namespace, &name).await?.ok_or(Problem::NotFound)?;
    let run = readable::<WorkflowRun>(&seen).ok_or_else(|| {
        Problem::Invalid(format!("Run {name} can't be read; its condition Ready says why."))
    })?;
    let detail = detail(&d, &reader, run).await?;
    Ok(Page {
        title: format!("{name} in {namespace}"),
        nav: Some(Nav::Runs),
        live: Some(events_url(version, &[("namespace", &namespace), ("name", &name)])),
        window: "This run, from its status.".into(),
        main: main(&detail),
    })
}

async fn detail<'a>(
    d: &Dashboard,
    reader: &'a Reader,
    run: &'a WorkflowRun,
) -> Result<RunDetail<'a>, AccessError> {
    let (namespace, now) = (run.namespace().unwrap_or_default(), (d.now)());
    let status = run.status.clone().unwrap_or_default();
    let spec = revision(d, reader, run, &status).await?;
    let jobs_seen = d.access.may(reader, Permission::list(ObjectKind::Jobs, Some(&namespace))).await?;
    let may =
        d.actions && d.access.may(reader, Permission::create(ObjectKind::Decisions, &namespace)).await?;
    let uid = run.metadata.uid.as_deref().filter(|_| jobs_seen);
    let jobs = uid.map(|uid| (d.cluster.jobs)(uid)).unwrap_or_default();
    Ok(RunDetail {
        view: RunView::of(run, spec.as_deref(), now),
        shapes: spec.as_deref().and_then(|s| shape::steps(s).ok()),
        attempts: attempts(&status.steps, &jobs),
        run,
        status,
        jobs_seen,
        csrf: may.then_some(reader.csrf.as_str()),
        now,
    })
}

/// The revision that the run executes: the current Workflow if its hash matches, otherwise the operator's copy. The
/// reader needs the right to see that object.
async fn revision(
    d: &Dashboard,
    reader: &Reader,
    run: &WorkflowRun,
    status: &WorkflowRunStatus,
) -> Result<Option<Arc<WorkflowSpec>>, AccessError> {
    let namespace = run.namespace().unwrap_or_default();
    let name = &run.spec.workflow_ref.name;
    let pinned = status.workflow.as_ref().map(|w| w.revision.as_str());
    if let Some(seen) = d.workflow(reader, &namespace, name).await?
        && let Ok(workflow) = &seen.0
    {
        let current = workflow.status.as_ref().and_then(|s| s.revision.as_deref());
        if pinned.is_none() || pinned == current {
            return Ok(Some(Arc::new(workflow.spec.clone())));
        }
    }
    let Some(revision) = pinned else { return Ok(None) };
    if !d.access.may(reader, Permission::list(ObjectKind::Revisions, Some(&namespace))).await? {
        return Ok(None);
    }
    Ok((d.cluster.revision)(&namespace, name, revision))
}

/// The longest task in bytes that is shown above the page; a longer one is folded.
const LEAD: usize = 1_000;

fn lead<'s>(s: &'s RunDetail<'_>) -> &'s str {
    s.run.spec.task.as_deref().filter(|t| t.len() <= LEAD).unwrap_or_default()
}

fn context<'a>(s: &'a RunDetail<'_>) -> questions::QuestionContext<'a> {
    questions::QuestionContext { namespace: &s.view.namespace, name: &s.view.name, csrf: s.csrf, now: s.now }
}

fn main(s: &RunDetail<'_>) -> Markup {
    html! {
        (page_head(&s.view.name, phase_badge(s.view.phase), lasted(s), lead(s)))
        (questions::all(&context(s), &s.status.escalations))
        (summary(s))
        (drawings::of(s))
        (section("steps", "Steps", words(&s.view.progress), steps::all(s)))
        (outputs(s))
        (decisions(&s.status.decisions))
        (conditions(&s.status.conditions))
        (by_hand(s))
    }
}

fn summary(s: &RunDetail<'_>) -> Markup {
    let view = &s.view;
    let message = match view.phase {
        None => "the operator has not seen this run yet",
        Some(_) => view.message.as_str(),
    };
    let mut pairs = vec![
        ("Namespace", html! { (view.namespace) }),
        ("Workflow", workflow(s)),
        ("Why", html! { @if view.reason.is_empty() { "–" } @else { (view.reason) } ": " (words(message)) }),
    ];
    if let Some(waiting) = &view.waiting {
        pairs.push(("Waits for", words(waiting)));
    }
    if let Some(totals) = &s.status.totals {
        pairs.push(("Totals", html! { (so_far(totals)) }));
    }
    if let Some(id) = &s.run.spec.run_id {
        pairs.push(("runID", words(id)));
    }
    html! {
        (definitions(&pairs))
        @if s.run.spec.suspend == Some(true) || s.status.hold.is_some() { (held(s)) }
        @if let Some(task) = s.run.spec.task.as_deref().filter(|t| t.len() > LEAD) { (details("task", html! { "Task" }, output(task), false)) }
        @if !s.run.spec.params.is_empty() { (details("params", html! { "Params" }, pairs_of(&s.run.spec.params), true)) }
    }
}

/// `3 attempts, 1 retry, 0 lost, 0 sent back, 1 question`
fn so_far(totals: &Totals) -> String {
    let of = |n: u32, one: &str| many(n as usize, one);
    let retries = if totals.retries == 1 { "1 retry".into() } else { format!("{} retries", totals.retries) };
    let (attempts, questions) = (of(totals.attempts, "attempt"), of(totals.escalations, "question"));
    format!("{attempts}, {retries}, {} lost, {} sent back, {questions}", totals.lost, totals.rounds)
}

fn held(s: &RunDetail<'_>) -> Markup {
    let by = s.status.hold.as_ref().and_then(|h| h.by.as_deref());
    notice(
        Tone::Ask,
        "No new attempt starts",
        html! {
            @if s.run.spec.suspend == Some(true) { p { "The run's own " code { "spec.suspend" } " is true." } }
            @if s.status.hold.is_some() { p { "It was paused" @if let Some(by) = by { " by " (words(by)) } "." } }
        },
    )
}

fn workflow(s: &RunDetail<'_>) -> Markup {
    let revision = s.status.workflow.as_ref().map(|w| w.revision.chars().take(10).collect::<String>());
    html! {
        a href=(workflow_url(&s.view.namespace, &s.view.workflow)) { (words(&s.view.workflow)) }
        @if let Some(revision) = revision { " " small { "revision " code { (words(&revision)) } } }
        @if s.shapes.is_none() && s.status.workflow.is_some() {
            " " small { "(not the current revision, and not available: limits and agents are not shown)" }
        }
    }
}

fn lasted(s: &RunDetail<'_>) -> Markup {
    let Some(started) = s.status.started_at else { return html! { "not started" } };
    let length = s.view.duration.map(short).unwrap_or_default();
    html! {
        @match s.status.finished_at {
            Some(end) => { (length) ", ended " (time(end, &end.0.strftime("%-d %b %H:%M:%S UTC").to_string())) },
            None => { (since(started, &length)) " so far" },
        }
        @if let Some(active) = active(s) { ", active for " (short(active)) }
    }
}

/// The active time, if the run waited for a person in between.
fn active(s: &RunDetail<'_>) -> Option<Duration> {
    let before = Duration::from_secs(u64::try_from(s.status.active_seconds?).ok()?);
    let active = before + s.status.active_since.map_or(Duration::ZERO, |since| s.now.since(since));
    // Both values are rounded down to seconds.
    s.view.duration.filter(|all| *all > active + Duration::from_secs(2)).map(|_| active)
}

fn pairs_of(values: &BTreeMap<String, String>) -> Markup {
    html! {
        dl.pairs {
            @for (name, value) in values { div { dt { (words(name)) } dd { (output(value)) } } }
        }
    }
}

fn outputs(s: &RunDetail<'_>) -> Markup {
    html! {
        @if !s.view.outputs.is_empty() {
            (section("outputs", "Outputs of the run", html! {}, pairs_of(&s.view.outputs)))
        }
    }
}

fn decisions(all: &[DecisionResult]) -> Markup {
    let heads = [
        Head::text("Time"),
        Head::text("By"),
        Head::text("Action"),
        Head::text("Result"),
        Head::text("Decision"),
    ];
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .rev()
        .map(|d| {
            vec![
                time(d.at, &d.at.0.strftime("%-d %b %H:%M:%S").to_string()),
                words(d.by.as_deref().unwrap_or("–")),
                html! { (d.action) },
                words(&d.result),
                html! { code { (words(&d.name)) } },
            ]
        })
        .collect();
    html! {
        @if !rows.is_empty() {
            (section("decisions", "Decisions", html! {}, table("Decisions, newest first", &heads, &rows)))
        }
    }
}

fn conditions(all: &[Condition]) -> Markup {
    let heads = [Head::text("Condition"), Head::text("Status"), Head::text("Reason"), Head::text("Message")];
    let row = |c: &Condition| vec![words(&c.type_), words(&c.status), words(&c.reason), words(&c.message)];
    let rows: Vec<Vec<Markup>> = all.iter().map(row).collect();
    html! {
        @if !rows.is_empty() {
            (section("conditions", "Conditions", html! {}, details("conditions-table",
                html! { "Kubernetes conditions" }, table("Conditions", &heads, &rows), false)))
        }
    }
}

/// Commands for the run, and where to find the whole object.
fn by_hand(s: &RunDetail<'_>) -> Markup {
    let run = at(&s.view.name, &s.view.namespace);
    let over = s.view.phase.is_some_and(Phase::is_terminal);
    let mut lines = vec![format!("mc workflow status {run}"), format!("mc workflow logs {run}")];
    let pause = if s.status.hold.is_some() { Action::Resume } else { Action::Pause };
    let orders = if over { Vec::new() } else { vec![pause, Action::Abort] };
    lines.extend(orders.iter().map(|o| format!("mc workflow {} {run}", o.as_str().to_lowercase())));
    lines.push(format!("kubectl get workflowrun {run} -o yaml"));
    section(
        "commands",
        "Commands",
        html! {},
        html! {
            @if !over { (questions::orders(&context(s), &orders)) }
            p.quiet-text { "The dashboard shows neither logs nor the whole manifest. These commands use your own rights." }
            @for line in lines { (command(&line)) }
        },
    )
}
