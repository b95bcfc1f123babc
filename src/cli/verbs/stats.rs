//! `mc workflow stats`: the records of ended runs, and live runs -> figures.

use clap::Args;
use jiff::Timestamp;
use kube::api::ListParams;
use serde::Serialize;

use crate::api::labels::{self, label_value};
use crate::api::{Phase, RunRecord, Stamp, Workflow, WorkflowRun};
use crate::cli::cluster::pages;
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::{Format, Global, Length, length};
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::table::{Cell, Table};
use crate::cli::terminal::{out, paint, program};
use crate::view::stats::{FEW, Figures, Seconds, Stats as Totals, Trend, WorkflowStats};

use numbers::{percent, seconds, shown};

mod numbers;
mod trend;

/// Show success rates, durations, retries and bottlenecks
///
/// Counts the runs that ended in the last 30 days (or --since), by their
/// RunRecords, and the runs that are live now. Rates, durations and averages
/// cover ended runs only; retries and escalations cover live runs, too.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  mc workflow stats
  mc workflow stats feature-dev --since 7d -o json

Success is Succeeded / (Succeeded + Failed): green over 80%, amber over 50%.
Bottlenecks are steps that fail in more than 10% of the runs that reach them,
or have more than 0.5 retries on average; the worst five are listed. A step
counts as failed in a run if any of its attempts failed, even if a later
attempt succeeded.

-o wide adds columns, a row for each day (UTC) on which runs ended and, for one
workflow, a row for each step. -o json prints {since, all, workflows: [...],
trend: {since, until, days, workflows: [{days, steps}]}}. docs/metrics.md
defines each figure."
)]
pub(crate) struct Stats {
    /// Only this workflow.
    #[arg(value_name = "WORKFLOW")]
    workflow: Option<String>,
    /// Count runs that ended within this time, such as 12h or 1d12h (default: 30d).
    #[arg(long, value_name = "TIME", default_value = "30d", hide_default_value = true, value_parser = length)]
    since: Length,
}

pub(crate) fn run(args: &Stats, global: &Global) -> Result<Exit, Fault> {
    if global.output == Some(Format::Name) {
        return Err(Fault::input("stats does not support -o name: use -o json, yaml or wide"));
    }
    session::with(global, async |session| stats(args, global.output, session).await)
}

/// What `-o json` prints.
#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    totals: Totals,
    trend: Trend,
}

/// A verb of the earlier system. There is nothing to refresh.
pub(crate) fn refresh(args: &Stats, global: &Global) -> Result<Exit, Fault> {
    out::note("figures are computed from the runs and their records each time: there is nothing to refresh");
    run(args, global)
}

async fn stats(args: &Stats, output: Option<Format>, session: Session) -> Result<Exit, Fault> {
    let now = Stamp::of(Timestamp::now());
    let since = Stamp(now.0.checked_sub(args.since.duration).unwrap_or(Timestamp::MIN));
    let view = read(&session, args.workflow.as_deref(), since, now).await?;
    if let Some(name) = args.workflow.as_deref().filter(|_| view.totals.all.total == 0) {
        exists(&session, name).await?;
    }
    match output {
        Some(format @ (Format::Json | Format::Yaml | Format::Name)) => out::value(&view, format)?,
        Some(Format::Wide) => {
            print_figures(&view, &args.since, args.workflow.is_some(), session.everywhere, true)
        }
        None => print_figures(&view, &args.since, args.workflow.is_some(), session.everywhere, false),
    }
    Ok(Exit::Done)
}

/// Lists live runs first: a run that ends in between then has a record, which counts it once.
async fn read(session: &Session, workflow: Option<&str>, since: Stamp, now: Stamp) -> Result<View, Fault> {
    let mut records = ListParams::default();
    if let Some(name) = workflow {
        records = records.labels(&format!("{}={}", labels::WORKFLOW, label_value(name)));
    }
    let runs: Vec<WorkflowRun> = pages::all(session, pages::live(workflow)).await?;
    let records: Vec<RunRecord> = pages::all(session, records).await?;
    Ok(View { totals: Totals::of(&records, &runs, since), trend: Trend::of(&records, since, now) })
}

/// A workflow without runs is not an error; an unknown name is.
async fn exists(session: &Session, name: &str) -> Result<(), Fault> {
    let all: Vec<Workflow> =
        pages::all(session, ListParams::default().fields(&format!("metadata.name={name}"))).await?;
    if !all.is_empty() {
        return Ok(());
    }
    Err(Fault::input(format!("there is no workflow {name} {}, and no run of it", session.location()))
        .next(format!("{} workflow list", program::name())))
}

fn print_figures(view: &View, since: &Length, of_one: bool, everywhere: bool, wide: bool) {
    let title = paint::TITLE;
    out::line(format!("{title}Runs that ended in the last {}; live now{title:#}", since.text));
    let View { totals, trend } = view;
    lines(&totals.all).into_iter().for_each(out::line);
    if !totals.workflows.is_empty() && (wide || (!of_one && totals.workflows.len() > 1)) {
        out::line("");
        workflows(&totals.workflows, everywhere, wide).print();
    }
    if wide {
        by_day_and_step(trend, of_one);
    }
    if !totals.all.bottlenecks.is_empty() {
        out::line(format!("\n{title}Bottlenecks{title:#}"));
    }
    for step in &totals.all.bottlenecks {
        let namespace = if everywhere { format!("{}/", step.namespace) } else { String::new() };
        let path = if of_one { String::new() } else { format!("{namespace}{}/", step.workflow) };
        out::line(format!("  {path}{step}"));
    }
    if totals.all.are_few() {
        out::note(format!("note:  fewer than {FEW} runs have ended: the figures are not meaningful yet"));
    }
}

fn by_day_and_step(all: &Trend, of_one: bool) {
    let steps = all.workflows.iter().filter(|_| of_one).filter_map(trend::steps);
    for table in trend::days(&all.days).into_iter().chain(steps) {
        out::line("");
        table.print();
    }
}

/// The figures of all runs, one per line.
fn lines(all: &Figures) -> Vec<String> {
    let phases = |terminal: bool| -> String {
        let of = all.phases.iter().filter(|(p, _)| p.is_terminal() == terminal);
        of.map(|(phase, n)| format!("{n} {phase}")).collect::<Vec<_>>().join(", ")
    };
    let (rate, colour) = percent(all.success_rate);
    let times = all.seconds.as_ref().map_or("-".into(), |s| {
        let [min, max, p50, p95] = [s.min, s.max, s.p50, s.p95].map(|s| shown(seconds(s)));
        format!("{} on average; {min} to {max}, p50 {p50}, p95 {p95}", shown(s.average))
    });
    let steps = all.steps_completed.map_or("-".into(), |n| format!("{n:.1} completed on average"));
    vec![
        format!("Total        {}", all.total),
        format!("Ended        {}: {}", all.ended, phases(true)),
        format!("Live         {}: {}", all.live, phases(false)),
        format!("Success      {colour}{rate}{colour:#}"),
        format!("Duration     {times}"),
        format!("Steps        {steps}"),
        format!("Retries      {}; {} lost, {} sent back", all.retries, all.lost, all.rounds),
        format!("Escalations  {}", all.escalations),
    ]
}

fn workflows(all: &[WorkflowStats], everywhere: bool, wide: bool) -> Table {
    let mut head = if everywhere { vec!["NAMESPACE"] } else { Vec::new() };
    head.extend(["WORKFLOW", "ENDED", "LIVE", "SUCCESS", "AVERAGE", "P95", "RETRIES", "ESCALATED"]);
    if wide {
        head.extend(["MIN", "P50", "MAX", "LOST", "SENT-BACK", "STEPS", "SUCCEEDED", "FAILED", "CANCELLED"]);
    }
    let mut table = Table::new(&head);
    for of in all {
        let mut row: Vec<Cell> = if everywhere { vec![of.namespace.clone().into()] } else { Vec::new() };
        row.push(of.workflow.clone().into());
        row.extend(cells(&of.figures));
        if wide {
            row.extend(more_cells(&of.figures));
        }
        table.row(row);
    }
    table
}

fn cells(figures: &Figures) -> [Cell; 7] {
    let (rate, colour) = percent(figures.success_rate);
    [
        figures.ended.to_string().into(),
        figures.live.to_string().into(),
        Cell::painted(rate, colour),
        time(figures, |s| s.average),
        time(figures, |s| seconds(s.p95)),
        figures.retries.to_string().into(),
        figures.escalations.to_string().into(),
    ]
}

fn more_cells(figures: &Figures) -> [Cell; 9] {
    let count = |phase| figures.phases.get(&phase).copied().unwrap_or(0).to_string().into();
    [
        time(figures, |s| seconds(s.min)),
        time(figures, |s| seconds(s.p50)),
        time(figures, |s| seconds(s.max)),
        figures.lost.to_string().into(),
        figures.rounds.to_string().into(),
        figures.steps_completed.map_or("-".into(), |n| format!("{n:.1}")).into(),
        count(Phase::Succeeded),
        count(Phase::Failed),
        count(Phase::Cancelled),
    ]
}

fn time(figures: &Figures, of: fn(&Seconds) -> f64) -> Cell {
    figures.seconds.as_ref().map_or("-".into(), |s| shown(of(s))).into()
}
