//! `/workflows/NAMESPACE/NAME`: the definition of a workflow, the revisions that live runs execute, and its figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use maud::{Markup, html};

use crate::api::workflow::Param;
use crate::api::{Phase, Stamp, Workflow, WorkflowRun};
use crate::dashboard::Dashboard;
use crate::dashboard::access::Reader;
use crate::dashboard::access::rights::ObjectKind;
use crate::dashboard::cluster_view::{Cached, readable};
use crate::dashboard::draw::{Caption, Graph, graph};
use crate::dashboard::figures::FigureSet;
use crate::dashboard::page::{Page, Problem, events_url};
use crate::dashboard::parts::{
    self, Head, Nav, RUNS, Tone, command, definitions, details, notice, output, page_head, section, table,
    words,
};
use crate::view::shape::{self, ShapeKind, StepShape};
use crate::view::stats::WorkflowTrend;

use super::{at, charts, drawings, many, overview, run_list, step_id, workflows};

/// Runs listed here; the page of runs has all.
const LATEST: usize = 10;

pub async fn page(
    State(d): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Page, Problem> {
    let folded = d.figures(&reader).await?;
    let seen = d.workflow(&reader, &namespace, &name).await?.ok_or(Problem::NotFound)?;
    let workflow = readable::<Workflow>(&seen).ok_or_else(|| {
        Problem::Invalid(format!("Workflow {name} can't be read; its condition Ready says why."))
    })?;
    let mut runs = d.cluster.visible_runs(&d.visibility(&reader, ObjectKind::Runs).await?);
    runs.retain(|r| readable::<WorkflowRun>(r).is_some_and(|r| is_of(r, &namespace, &name)));
    let page = WorkflowPage { workflow, namespace: &namespace, name: &name, now: (d.now)() };
    Ok(Page {
        title: format!("{name} in {namespace}"),
        nav: Some(Nav::Workflows),
        live: Some(events_url(folded.version, &[("namespace", &namespace)])),
        window: overview::window(&folded),
        main: page.main(&folded, &runs),
    })
}

fn is_of(run: &WorkflowRun, namespace: &str, workflow: &str) -> bool {
    run.metadata.namespace.as_deref() == Some(namespace) && run.spec.workflow_ref.name == workflow
}

struct WorkflowPage<'a> {
    workflow: &'a Workflow,
    namespace: &'a str,
    name: &'a str,
    now: Stamp,
}

impl WorkflowPage<'_> {
    fn main(&self, folded: &FigureSet, runs: &[Cached<WorkflowRun>]) -> Markup {
        let spec = &self.workflow.spec;
        let shapes = shape::steps(spec).ok();
        html! {
            (page_head(self.name, workflows::state(self.workflow), html! { (self.namespace) },
                spec.description.as_deref().unwrap_or_default()))
            (self.problems())
            (self.figures(folded))
            (self.runs(runs))
            @if let Some(shapes) = &shapes {
                (section("graph-part", "Graph", html! {}, graph(&Caption { id: "graph", title: "Order of the steps" },
                    &Graph { nodes: &drawings::nodes(shapes, &[]) })))
                (section("steps", "Steps", html! { (many(shapes.len(), "step")) },
                    html! { @for step in shapes { (self.step(step)) } }))
            }
            (section("agents", "Agents", html! {}, self.agents()))
            @if !spec.params.is_empty() { (section("params", "Params", html! {}, params(&spec.params))) }
            (self.by_hand())
        }
    }

    fn problems(&self) -> Markup {
        let problems = self.workflow.status.as_ref().map(|s| s.problems.as_slice()).unwrap_or_default();
        html! {
            @if !problems.is_empty() {
                (notice(Tone::Bad, "No run can start", html! { ul { @for p in problems { li { (words(p)) } } } }))
            }
        }
    }

    fn figures(&self, folded: &FigureSet) -> Markup {
        let of = workflows::figures(folded, self.namespace, self.name);
        section(
            "figures",
            "The last 30 days",
            html! {},
            html! {
                @match of {
                    None => p.quiet-text { "No run ended in that time, and none is live." },
                    Some(of) => {
                        (overview::figure_cards(of))
                        @if let Some(trend) = self.trend(folded) {
                            (charts::by_day(&trend.days))
                            (charts::steps(&trend.steps))
                        }
                        (overview::bottlenecks(&of.bottlenecks))
                    }
                }
            },
        )
    }

    fn trend<'f>(&self, folded: &'f FigureSet) -> Option<&'f WorkflowTrend> {
        let mut all = folded.trend.workflows.iter();
        all.find(|w| w.namespace == self.namespace && w.workflow == self.name)
    }

    fn runs(&self, runs: &[Cached<WorkflowRun>]) -> Markup {
        let all: Vec<&WorkflowRun> = runs.iter().filter_map(|r| readable::<WorkflowRun>(r)).collect();
        let latest = all.get(..LATEST).unwrap_or(&all);
        let href = format!("{RUNS}?workflow={}&namespace={}", self.name, self.namespace);
        section(
            "runs",
            "Runs",
            html! { a href=(href) { "All " (all.len()) } },
            html! {
                @if all.is_empty() { p.quiet-text { "There are no runs that you may see." } }
                @else { (run_list::rows("The latest runs", latest, self.now)) }
                (self.revisions(&all))
            },
        )
    }

    /// The revisions that live runs execute: an edit does not affect them.
    fn revisions(&self, runs: &[&WorkflowRun]) -> Markup {
        let mut live: BTreeMap<&str, usize> = BTreeMap::new();
        for status in runs.iter().filter_map(|r| r.status.as_ref()) {
            if let Some(pinned) =
                status.workflow.as_ref().filter(|_| !status.phase.is_some_and(Phase::is_terminal))
            {
                *live.entry(&pinned.revision).or_default() += 1;
            }
        }
        let current = self.workflow.status.as_ref().and_then(|s| s.revision.as_deref());
        html! {
            @if !live.is_empty() {
                h3 { "Revisions in use" }
                ul {
                    @for (revision, count) in &live {
                        li {
                            code { (words(revision)) } ": " (many(*count, "live run"))
                            @if current == Some(revision) { " (the current one)" } @else { " (an earlier one)" }
                        }
                    }
                }
            }
        }
    }

    fn step(&self, step: &StepShape) -> Markup {
        let after = if step.after.is_empty() { "no other step".into() } else { step.after.join(", ") };
        let mut facts = vec![("After", words(&after))];
        let (who, title, text) = match &step.kind {
            ShapeKind::Task { agent, input } => (agent.as_str(), "Input", input),
            ShapeKind::Approval { message } => ("a person", "Question", message),
        };
        facts.insert(0, ("Who", words(who)));
        if let Some(list) = &step.over {
            facts.push(("For each of", words(list)));
        }
        if let Some(when) = &step.when {
            facts.push(("When", html! { code { (words(when)) } }));
        }
        if let Some(target) = &step.sends_back_to {
            facts.push(("Sends back to", words(target)));
        }
        if matches!(step.kind, ShapeKind::Task { .. }) {
            facts.push(("Retries", html! { (step.retries) }));
            facts.push(("Timeout", html! { (step.timeout) " per attempt" }));
        }
        let here = step_id(&step.name, None);
        let head = html! { (words(&step.name)) @if step.finally { " " small { "finally" } } };
        let folded = details(&format!("{here}-input"), html! { (title) }, output(text), false);
        parts::step(&here, head, html! { (definitions(&facts)) (folded) })
    }

    fn agents(&self) -> Markup {
        let heads = [Head::text("Agent"), Head::text("Image"), Head::text("Description")];
        let rows: Vec<Vec<Markup>> = self
            .workflow
            .spec
            .agents
            .iter()
            .map(|a| {
                let image = html! { code { (words(&a.image)) } };
                vec![words(&a.name), image, words(a.description.as_deref().unwrap_or("–"))]
            })
            .collect();
        table("Agents of the steps", &heads, &rows)
    }

    fn by_hand(&self) -> Markup {
        let name = at(self.name, self.namespace);
        let required =
            self.workflow.spec.params.iter().filter(|p| p.required == Some(true) && p.default.is_none());
        let params: String = required.map(|p| format!(" --param {}=VALUE", p.name)).collect();
        section(
            "commands",
            "Commands",
            html! {},
            html! {
                (command(&format!("mc workflow run {name} \"TASK\"{params}")))
                (command(&format!("mc workflow stats {name}")))
                (command(&format!("mc workflow revisions {name}")))
                (command(&format!("kubectl get workflow {name} -o yaml")))
            },
        )
    }
}

fn params(all: &[Param]) -> Markup {
    let heads =
        [Head::text("Param"), Head::text("Required"), Head::text("Default"), Head::text("Description")];
    let row = |p: &Param| {
        vec![
            html! { code { (words(&p.name)) } },
            html! { @if p.required == Some(true) { "yes" } @else { "no" } },
            words(p.default.as_deref().unwrap_or("–")),
            words(p.description.as_deref().unwrap_or("–")),
        ]
    };
    table("Params of a run", &heads, &all.iter().map(row).collect::<Vec<_>>())
}
