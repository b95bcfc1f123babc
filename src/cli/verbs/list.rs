//! `mc workflow list`: workflows as a table.

use clap::Args;
use jiff::Timestamp;
use kube::ResourceExt;
use kube::api::ListParams;

use crate::api::{Stamp, Workflow};
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::table::{Cell, Table};
use crate::cli::terminal::{out, paint};
use crate::view::plain::one_line;
use crate::view::time::age;

/// List workflows.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mc workflow list
  mc workflow list --all -o wide")]
pub(crate) struct List {
    /// Show workflows that cannot be run, too: suspended or invalid ones.
    #[arg(short, long)]
    all: bool,
}

pub(crate) fn run(args: &List, global: &Global) -> Result<Exit, Fault> {
    session::with(global, |session| list(args, global.output, session))
}

async fn list(args: &List, format: Option<Format>, session: Session) -> Result<Exit, Fault> {
    let found = session.scope::<Workflow>().list(&ListParams::default()).await;
    let mut found = found.map_err(|e| session.fault("list workflows", &e))?.items;
    let all = found.len();
    found.retain(|w| args.all || state(w).0 == "Active");
    match format {
        Some(format @ (Format::Json | Format::Yaml | Format::Name)) => out::list(&found, format)?,
        None | Some(Format::Wide) => {
            if !found.is_empty() {
                table(&session, &found, format == Some(Format::Wide)).print();
            }
            print_total(&session, found.len(), all);
        }
    }
    Ok(Exit::Done)
}

fn print_total(session: &Session, shown: usize, all: usize) {
    match (shown, all - shown) {
        (0, 0) => {
            out::note(format!("No workflows found {}", session.location()));
            out::note("next: kubectl apply -f workflows/code-review.yaml, or apply your own");
        }
        (n, 0) => out::note(format!("Total: {}", out::counted(n, "workflow"))),
        (n, more) => out::note(format!(
            "Total: {}, and {more} that cannot be run (--all shows them)",
            out::counted(n, "workflow")
        )),
    }
}

/// Whether the workflow can be run, by its status.
fn state(workflow: &Workflow) -> (&'static str, anstyle::Style) {
    let problems = workflow.status.as_ref().is_some_and(|s| !s.problems.is_empty());
    match (problems, workflow.spec.suspend.unwrap_or(false)) {
        (true, _) => ("Invalid", paint::BAD),
        (false, true) => ("Inactive", paint::WAITS),
        (false, false) => ("Active", paint::GOOD),
    }
}

fn table(session: &Session, workflows: &[Workflow], wide: bool) -> Table {
    let namespace_column: &[&str] = if session.everywhere { &["NAMESPACE"] } else { &[] };
    let more: &[&str] = if wide { &["AGE", "PARAMS", "DESCRIPTION"] } else { &["AGE"] };
    let mut table = Table::new(&[namespace_column, &["NAME", "AGENTS", "STEPS", "STATUS"], more].concat());
    let now = Stamp::of(Timestamp::now());
    for workflow in workflows {
        let (label, style) = state(workflow);
        let namespace = session.everywhere.then(|| Cell::new(workflow.namespace().unwrap_or_default()));
        let aged = workflow.creation_timestamp().map(|t| age(Stamp::of(t.0), now)).unwrap_or_default();
        let cells = namespace.into_iter().chain([
            Cell::new(workflow.name_any()),
            Cell::new(workflow.spec.agents.len().to_string()),
            Cell::new(workflow.spec.steps.len().to_string()),
            Cell::painted(label, style),
            Cell::new(aged),
        ]);
        let params: Vec<&str> = workflow.spec.params.iter().map(|p| p.name.as_str()).collect();
        let described = one_line(workflow.spec.description.as_deref().unwrap_or_default());
        let more = wide.then(|| [Cell::new(params.join(",")), Cell::new(described)]).into_iter().flatten();
        table.row(cells.chain(more));
    }
    table
}
