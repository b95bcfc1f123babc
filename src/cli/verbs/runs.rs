//! `mc workflow runs`: the newest runs as a table.

use clap::Args;
use jiff::Timestamp;
use kube::api::{ListParams, ObjectMeta};

use crate::api::{Phase, Stamp, WorkflowRun};
use crate::cli::cluster::pages;
use crate::cli::cluster::server_table::{self, Row};
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global, Length, length};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::table::{Cell, Table};
use crate::cli::terminal::{out, paint, program};
use crate::view::time::age;
use crate::view::words::{self, phase_of};

/// List runs, newest first.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow runs
  mc workflow runs --status running --workflow feature-dev
  mc workflow runs -A --since 24h --limit 100")]
pub(crate) struct Runs {
    /// Show only runs in this status, such as Running or COMPLETED.
    #[arg(short, long, value_name = "STATUS", value_parser = phase_of)]
    status: Option<Phase>,
    /// Show only runs of this workflow.
    #[arg(short, long, value_name = "NAME")]
    workflow: Option<String>,
    /// Show at most N runs; 0 shows all.
    #[arg(short, long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Show only runs created within this time, such as 2h or 7d.
    #[arg(long, value_name = "AGE", value_parser = length)]
    since: Option<Length>,
}

pub(crate) fn run(args: &Runs, global: &Global) -> Result<Exit, Fault> {
    session::with(global, |session| list(args, global.output, session))
}

async fn list(args: &Runs, format: Option<Format>, session: Session) -> Result<Exit, Fault> {
    if let Some(format @ (Format::Json | Format::Yaml)) = format {
        let all = pages::all::<WorkflowRun>(&session, selected(args)).await?;
        out::list(&newest(args, all, |run| &run.metadata).0, format)?;
        return Ok(Exit::Done);
    }
    let all = server_table::list::<WorkflowRun>(&session, &selected(args)).await?;
    let (rows, all) = newest(args, all, |row| &row.metadata);
    if format == Some(Format::Name) {
        rows.iter().for_each(|row| out::line(row.path::<WorkflowRun>()));
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        out::note(format!("No runs found {}", session.location()));
        out::note(format!("next: {} workflow run WORKFLOW \"the task\"", program::name()));
        return Ok(Exit::Done);
    }
    table(&session, &rows, format == Some(Format::Wide)).print();
    let shown = match rows.len() {
        n if n < all => format!(" ({n} shown; --limit 0 shows all)"),
        _ => String::new(),
    };
    out::note(format!("Total: {}{shown}", out::counted(all, "run")));
    Ok(Exit::Done)
}

/// The newest runs up to the limit, and the number of all.
fn newest<T>(args: &Runs, mut all: Vec<T>, meta: fn(&T) -> &ObjectMeta) -> (Vec<T>, usize) {
    if let Some(since) = &args.since {
        let now = Stamp::of(Timestamp::now());
        all.retain(|one| created(meta(one)).is_some_and(|at| now.since(at) <= since.duration));
    }
    all.sort_by(|a, b| {
        let (a, b) = (meta(a), meta(b));
        created(b).cmp(&created(a)).then_with(|| a.name.cmp(&b.name))
    });
    let count = all.len();
    if args.limit > 0 {
        all.truncate(args.limit);
    }
    (all, count)
}

fn selected(args: &Runs) -> ListParams {
    let status = args.status.map(|phase| format!("status.phase={phase}"));
    let workflow = args.workflow.as_ref().map(|name| format!("spec.workflowRef.name={name}"));
    let fields: Vec<String> = status.into_iter().chain(workflow).collect();
    if fields.is_empty() { ListParams::default() } else { ListParams::default().fields(&fields.join(",")) }
}

fn created(meta: &ObjectMeta) -> Option<Stamp> {
    meta.creation_timestamp.as_ref().map(|t| Stamp::of(t.0))
}

fn table(session: &Session, rows: &[Row], wide: bool) -> Table {
    let now = Stamp::of(Timestamp::now());
    let namespace_column: &[&str] = if session.everywhere { &["NAMESPACE"] } else { &[] };
    let more: &[&str] = if wide { &["RETRIES", "MESSAGE"] } else { &[] };
    let head = [namespace_column, &["RUN", "WORKFLOW", "STATUS", "PROGRESS", "STEP", "REASON", "AGE"], more]
        .concat();
    let mut table = Table::new(&head);
    for row in rows {
        let phase = row.text("PHASE");
        let style = paint::phase(phase_of(&phase).ok());
        let reason = Some(row.text("REASON")).filter(|r| *r != phase).unwrap_or_default();
        let namespace = session.everywhere.then(|| row.metadata.namespace.clone().unwrap_or_default());
        let shown = words::shown(phase_of(&phase).ok());
        let cells = namespace.into_iter().map(Cell::new).chain([
            Cell::new(row.name()),
            Cell::new(row.text("WORKFLOW")),
            Cell::painted(shown, style),
            Cell::new(row.text("PROGRESS")),
            Cell::new(row.text("STEP")),
            Cell::new(reason),
            Cell::new(created(&row.metadata).map(|at| age(at, now)).unwrap_or_default()),
        ]);
        let more = wide.then(|| ["RETRIES", "MESSAGE"].map(|c| Cell::new(row.text(c)))).into_iter().flatten();
        table.row(cells.chain(more));
    }
    table
}
