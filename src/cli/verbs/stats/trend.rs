//! The figures per day and per step, as tables.

use crate::cli::terminal::table::{Cell, Table};
use crate::view::stats::{Day, Executions, Seconds, WorkflowTrend};

use super::numbers::{percent, seconds, shown};

/// Ended runs per day; days without any are left out.
pub(crate) fn days(all: &[Day]) -> Option<Table> {
    let mut table =
        Table::new(&["DAY", "ENDED", "SUCCESS", "P50", "P95", "RETRIES", "LOST", "SENT-BACK", "ESCALATED"]);
    let busy: Vec<&Day> = all.iter().filter(|d| d.ended > 0).collect();
    for day in &busy {
        let (rate, colour) = percent(day.success_rate);
        let (p50, p95) = middle_and_high(day.seconds.as_ref());
        let count = |n: u64| -> Cell { n.to_string().into() };
        table.row(vec![
            day.day.clone().into(),
            day.ended.to_string().into(),
            Cell::painted(rate, colour),
            p50,
            p95,
            count(day.retries),
            count(day.lost),
            count(day.rounds),
            count(day.escalations),
        ]);
    }
    (!busy.is_empty()).then_some(table)
}

/// The steps of one workflow.
pub(crate) fn steps(of: &WorkflowTrend) -> Option<Table> {
    let mut table = Table::new(&["STEP", "EXECUTIONS", "FAILED", "AVG RETRIES", "P50", "P95"]);
    for step in &of.steps {
        let Executions { executions, failure_rate, average_retries, seconds } = &step.whole;
        let (p50, p95) = middle_and_high(seconds.as_ref());
        table.row(vec![
            step.step.clone().into(),
            executions.to_string().into(),
            format!("{:.0}%", failure_rate * 100.0).into(),
            format!("{average_retries:.1}").into(),
            p50,
            p95,
        ]);
    }
    (!of.steps.is_empty()).then_some(table)
}

fn middle_and_high(of: Option<&Seconds>) -> (Cell, Cell) {
    let cell = |value: Option<u64>| value.map_or("-".into(), |s| shown(seconds(s))).into();
    (cell(of.map(|s| s.p50)), cell(of.map(|s| s.p95)))
}
