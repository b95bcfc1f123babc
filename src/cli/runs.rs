//! `mc workflow runs`: the newest runs, as a table.

use clap::Args;
use jiff::Timestamp;
use kube::api::{Api, ListParams};

use crate::api::{Phase, Span, Stamp, WorkflowRun};
use crate::view::time::age;
use crate::view::words::phase_of;

use super::args::{Format, Global};
use super::exit::{Exit, Fault};
use super::server_table::{self, Row};
use super::session::{self, Session};
use super::table::{Cell, Table};
use super::{out, paint, program};

/// List runs, newest first.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow runs
  mc workflow runs --status running --workflow feature-dev
  mc workflow runs -A --since 24h --limit 100")]
pub struct Runs {
    /// Only runs in this status, such as Running or COMPLETED.
    #[arg(short, long, value_name = "STATUS", value_parser = phase_of)]
    status: Option<Phase>,
    /// Only runs of this workflow.
    #[arg(short, long, value_name = "NAME")]
    workflow: Option<String>,
    /// At most so many; 0 for all.
    #[arg(short, long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Only runs that were created since then, such as 2h or 7d.
    #[arg(long, value_name = "AGE", value_parser = span)]
    since: Option<Span>,
}

/// A length of time, `7d` included.
pub fn span(text: &str) -> Result<Span, String> {
    let days = text.strip_suffix('d').and_then(|n| n.parse::<u64>().ok());
    days.map_or_else(|| text.parse(), |days| Ok(Span::hours(days * 24)))
}

pub fn run(args: &Runs, global: &Global) -> Result<Exit, Fault> {
    session::with(global, |session| list(args, global.output, session))
}

async fn list(args: &Runs, format: Option<Format>, session: Session) -> Result<Exit, Fault> {
    let mut rows = server_table::list::<WorkflowRun>(&session, &selected(args)).await?;
    let now = Stamp::of(Timestamp::now());
    if let Some(since) = args.since {
        let young = |r: &Row| created(r).is_some_and(|at| now.since(at) <= since.as_duration());
        rows.retain(young);
    }
    let all = rows.len();
    if args.limit > 0 {
        rows.truncate(args.limit);
    }
    match format {
        Some(format @ (Format::Json | Format::Yaml | Format::Name)) => whole(&session, &rows, format).await?,
        None | Some(Format::Wide) => {
            if rows.is_empty() {
                out::note(format!("No runs found {}", session.place()));
                out::note(format!("next: {} workflow run NAME \"what is to be done\"", program::said()));
                return Ok(Exit::Done);
            }
            table(&session, &rows, format == Some(Format::Wide), now).print();
            let shown = if rows.len() < all {
                format!(" ({} shown; --limit 0 shows all)", rows.len())
            } else {
                String::new()
            };
            out::note(format!("Total: {all} run(s){shown}"));
        }
    }
    Ok(Exit::Done)
}

fn selected(args: &Runs) -> ListParams {
    let status = args.status.map(|phase| format!("status.phase={phase}"));
    let workflow = args.workflow.as_ref().map(|name| format!("spec.workflowRef.name={name}"));
    let fields: Vec<String> = status.into_iter().chain(workflow).collect();
    if fields.is_empty() { ListParams::default() } else { ListParams::default().fields(&fields.join(",")) }
}

/// The objects of the rows, as the API has them.
async fn whole(session: &Session, rows: &[Row], format: Format) -> Result<(), Fault> {
    let mut runs = Vec::new();
    for row in rows {
        let namespace = row.metadata.namespace.as_deref().unwrap_or_default();
        let api: Api<WorkflowRun> = Api::namespaced(session.client.clone(), namespace);
        let run = api.get_opt(row.name()).await.map_err(|e| session.fault("get workflowruns", &e))?;
        runs.extend(run);
    }
    out::list(&runs, format)
}

fn created(row: &Row) -> Option<Stamp> {
    row.metadata.creation_timestamp.as_ref().map(|t| Stamp::of(t.0))
}

fn table(session: &Session, rows: &[Row], wide: bool, now: Stamp) -> Table {
    let place: &[&str] = if session.everywhere { &["NAMESPACE"] } else { &[] };
    let more: &[&str] = if wide { &["RETRIES", "MESSAGE"] } else { &[] };
    let head = [place, &["RUN", "WORKFLOW", "STATUS", "PROGRESS", "STEP", "REASON", "AGE"], more].concat();
    let mut table = Table::new(&head);
    for row in rows {
        let phase = row.text("PHASE");
        let style = paint::phase(phase_of(&phase).ok());
        let reason = Some(row.text("REASON")).filter(|r| *r != phase).unwrap_or_default();
        let namespace = session.everywhere.then(|| row.metadata.namespace.clone().unwrap_or_default());
        let shown = if phase.is_empty() { "New".into() } else { phase };
        let cells = namespace.into_iter().map(Cell::new).chain([
            Cell::new(row.name()),
            Cell::new(row.text("WORKFLOW")),
            Cell::painted(shown, style),
            Cell::new(row.text("PROGRESS")),
            Cell::new(row.text("STEP")),
            Cell::new(reason),
            Cell::new(created(row).map(|at| age(at, now)).unwrap_or_default()),
        ]);
        let more = wide.then(|| ["RETRIES", "MESSAGE"].map(|c| Cell::new(row.text(c)))).into_iter().flatten();
        table.row(cells.chain(more));
    }
    table
}
