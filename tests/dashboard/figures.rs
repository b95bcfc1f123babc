//! Pages and JSON of two hundred rehearsed runs show what was made to happen, counted by hand.
//!
//! The engine writes the records, the record cache keeps them, and the pages are parsed as a browser sees them.
//! Nothing here uses the code that counts. tests/figures compares the same accounts with the figures themselves.

#[path = "../figures/by_hand.rs"]
#[allow(clippy::cast_precision_loss, reason = "small counts")]
mod by_hand;
mod page;
#[path = "../figures/rehearsal.rs"]
mod rehearsal;
mod said;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use mission_control::api::{Phase, Stamp};
use mission_control::dashboard::Dashboard;
use mission_control::dashboard::access::rights::{ObjectKind, Permission};
use mission_control::dashboard::access::token::Token;
use mission_control::view::time::short;

use super::data::{dashboard_at, workflow};
use super::{admin, read};
use by_hand::Lengths;
use page::Page;
use rehearsal::{Account, all, later};
use said::{as_json, length, share};

/// A third of the runs ended before the window.
fn now() -> Stamp {
    later(24 * 48)
}

const WORKFLOWS: [(&str, &str); 4] =
    [("other", "flow-0"), ("other", "never"), ("team", "flow-0"), ("team", "flow-1")];

/// The runs in the window: those that ended in it, and live ones.
fn accounts() -> Vec<&'static Account> {
    let since = Stamp(now().0 - Duration::from_secs(30 * 24 * 3600));
    let all: Vec<&Account> = all().accounts.iter().collect();
    let of: Vec<&Account> = all.iter().copied().filter(|a| a.end.is_none_or(|end| end >= since)).collect();
    assert!(of.len() > 100 && all.len() - of.len() > 50, "{} of {}", of.len(), all.len());
    of
}

fn of_workflow(namespace: &str, name: &str) -> Vec<&'static Account> {
    accounts().into_iter().filter(|a| a.namespace == namespace && a.workflow == name).collect()
}

fn filled() -> Arc<Dashboard> {
    let all = all();
    let mut records = all.records.clone();
    // A crash between the copy of a superseded record and its deletion leaves two.
    let mut copy = records[records.len() - 1].clone();
    copy.metadata.name = Some("copy".into());
    records.push(copy);
    let named =
        |(namespace, name): (&str, &str)| workflow(namespace, |w| w["metadata"]["name"] = json!(name));
    let d = dashboard_at(all.runs.clone(), WORKFLOWS.map(named).to_vec(), records, now);
    let sees = |(namespace, name)| (Permission::get(ObjectKind::Workflows, namespace, name), true);
    d.access.remember(&Token::read(admin(&d)).unwrap(), Some("root"), &WORKFLOWS.map(sees));
    d
}

async fn page(path: &str) -> Page {
    let answer = read(&filled(), "admin", path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    Page::of(&answer.body)
}

async fn data(path: &str) -> Value {
    serde_json::from_str(&read(&filled(), "admin", path).await.body).unwrap()
}

fn lengths(of: Option<Lengths>, each: fn(&Lengths) -> f64) -> String {
    of.map_or("–".into(), |l| short(Duration::from_secs_f64(each(&l))))
}

#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn cards(page: &Page, of: &[&Account]) {
    let f = by_hand::figures(of);
    let completed = f.completed.map_or("no".into(), |c| format!("{c:.1}"));
    let about = format!("{} ended, {} live; {completed} steps completed on average", f.ended, f.live);
    assert_eq!(page.card("Total runs"), [f.total.to_string(), about]);
    let band = match f.rate {
        None => "no run succeeded or failed yet",
        Some(r) if r > 0.8 => "green: over 80 %",
        Some(r) if r > 0.5 => "amber: over 50 %",
        Some(_) => "red: 50 % or less",
    };
    assert_eq!(page.card("Success rate"), [f.rate.map_or("–".into(), share), band.into()]);
    let of = |each| lengths(f.lengths, each);
    let (p50, p95) = (of(|l| l.p50 as f64), of(|l| l.p95 as f64));
    let (min, max) = (of(|l| l.min as f64), of(|l| l.max as f64));
    let note = format!("p50 {p50}, p95 {p95}, from {min} to {max}");
    assert_eq!(page.card("Average duration"), [of(|l| l.average), note]);
    let note = format!("{} lost, {} sent back", f.lost, f.rounds);
    assert_eq!(page.card("Total retries"), [f.retries.to_string(), note]);
    assert_eq!(page.card("Escalations"), [f.questions.to_string(), "questions to people".into()]);
}

/// The tables beside the drawings by day, newest day first.
fn days(page: &Page, of: &[&Account]) {
    let (mut ended, mut took, mut sums) = (Vec::new(), Vec::new(), [0; 3]);
    for back in 0..31 {
        let day = Stamp(now().0 - Duration::from_secs(back * 24 * 3600)).0.to_string()[..10].to_string();
        let of: Vec<&Account> = of.iter().copied().filter(|a| a.outcome.is_some() && a.day == day).collect();
        let f = by_hand::figures(&of);
        let counts = [Phase::Succeeded, Phase::Failed, Phase::Cancelled].map(|p| f.phases[&p]);
        sums = [0, 1, 2].map(|n| sums[n] + counts[n]);
        let [p50, p95] = [f.lengths.map(|l| l.p50), f.lengths.map(|l| l.p95)];
        let words = |seconds: Option<u64>| seconds.map_or("–".to_string(), length);
        took.push(vec![day.clone(), words(p50), words(p95)]);
        ended.push([vec![day], counts.map(|n| n.to_string()).to_vec()].concat());
    }
    assert_eq!(page.table("Runs that ended, by day"), ended);
    assert_eq!(page.table("Duration of runs, by the day they ended"), took);
    let [won, failed, cancelled] = sums;
    let legend = [format!("Succeeded {won}"), format!("Failed {failed}"), format!("Cancelled {cancelled}")];
    assert_eq!(page.legend("Runs that ended"), legend);
}

fn bottlenecks(page: &Page, of: &[&Account]) {
    let worst = by_hand::worst(of);
    if worst.is_empty() {
        assert!(page.has("No step fails in more than 10 % of its executions"));
        return;
    }
    let row = |((namespace, workflow), step, s): &((&str, &str), &str, by_hand::Step)| {
        let percent = s.failure_rate * 100.0;
        let words = format!("{step}: {percent:.0}% failure, {:.1} avg retries", s.average_retries);
        vec![words, format!("{namespace}/{workflow}"), s.executions.to_string()]
    };
    assert_eq!(page.table("Bottlenecks, worst first"), worst.iter().map(row).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_overview_says_what_happened() {
    let (page, of) = (page("/").await, accounts());
    cards(&page, &of);
    days(&page, &of);
    bottlenecks(&page, &of);
    let f = by_hand::figures(&of);
    let legend: Vec<String> = f.phases.iter().map(|(phase, n)| format!("{phase} {n}")).collect();
    assert_eq!(page.legend("Runs by status"), legend);
    let part = |n: usize| format!("{:.1} %", n as f64 / f.total as f64 * 100.0);
    let rows = f.phases.iter().map(|(phase, n)| vec![phase.to_string(), n.to_string(), part(*n)]);
    assert_eq!(page.table("How many there are of each"), rows.collect::<Vec<_>>());
    assert!(page.has("RunRecords since 19 March 2026"));
}

#[tokio::test]
#[allow(clippy::cast_precision_loss, reason = "small counts")]
async fn the_overview_has_a_row_for_each_workflow() {
    let of = accounts();
    let mut each: Vec<_> = by_hand::by_workflow(&of).into_iter().collect();
    each.sort_by_key(|(_, of)| std::cmp::Reverse(of.len()));
    let row = |((namespace, name), of): &((&str, &str), Vec<&Account>)| {
        let f = by_hand::figures(of);
        let rate = f.rate.map_or("no figure yet".into(), share);
        let (average, p95) = (lengths(f.lengths, |l| l.average), lengths(f.lengths, |l| l.p95 as f64));
        let counts = [f.ended, f.live].map(|n| n.to_string());
        let events = [f.retries, f.questions].map(|n| n.to_string());
        [vec![format!("{name} {namespace}")], counts.to_vec(), vec![rate, average, p95], events.to_vec()]
            .concat()
    };
    assert_eq!(page("/").await.table("Runs by workflow"), each.iter().map(row).collect::<Vec<_>>());
}

#[tokio::test]
#[allow(clippy::cast_precision_loss, reason = "small counts")]
async fn the_page_of_a_workflow_says_what_happened_to_its_runs_and_steps() {
    for (namespace, name) in WORKFLOWS {
        let (page, of) =
            (page(&format!("/workflows/{namespace}/{name}")).await, of_workflow(namespace, name));
        cards(&page, &of);
        days(&page, &of);
        bottlenecks(&page, &of);
        let mut rows = page.table("Steps in the last 30 days");
        rows.sort();
        let mut counted = Vec::new();
        for step in ["a", "b", "c", "gate", "tidy"] {
            let Some(s) = by_hand::step(&of, step) else { continue };
            let (p50, p95) = (lengths(s.lengths, |l| l.p50 as f64), lengths(s.lengths, |l| l.p95 as f64));
            let (failure, retries) = (share(s.failure_rate), format!("{:.1}", s.average_retries));
            let days = said::days(&of, step);
            counted.push(vec![step.into(), s.executions.to_string(), failure, retries, p50, p95, days]);
        }
        assert_eq!(rows, counted, "{namespace}/{name}");
    }
}

#[tokio::test]
async fn the_list_of_workflows_says_how_their_runs_went() {
    let rows = page("/workflows").await.table("Workflows, by name");
    let told = rows.iter().map(|r| r[3..6].to_vec()).collect::<Vec<_>>();
    let mut all = WORKFLOWS.to_vec();
    all.sort_by_key(|(namespace, name)| (*name, *namespace));
    let counted = all.iter().map(|(namespace, name)| {
        let f = by_hand::figures(&of_workflow(namespace, name));
        vec![f.ended.to_string(), f.live.to_string(), f.rate.map_or("no figure yet".into(), share)]
    });
    assert_eq!(told, counted.collect::<Vec<_>>());
}

#[tokio::test]
async fn json_says_what_happened() {
    let of = accounts();
    let mut told = data("/api/v1/overview").await;
    assert_eq!(told["since"], "2026-03-19T00:00:00.000Z");
    assert_eq!(told["all"], as_json(&of));
    let each = told["workflows"].take();
    let counted = by_hand::by_workflow(&of).into_iter().map(|((namespace, workflow), of)| {
        let mut counted = as_json(&of);
        (counted["namespace"], counted["workflow"]) = (json!(namespace), json!(workflow));
        counted
    });
    assert_eq!(each, json!(counted.collect::<Vec<_>>()));
    for row in data("/api/v1/workflows").await["workflows"].as_array().unwrap() {
        let of = of_workflow(row["namespace"].as_str().unwrap(), row["name"].as_str().unwrap());
        assert_eq!(row["figures"], as_json(&of), "{}", row["name"]);
    }
    for (namespace, name) in WORKFLOWS {
        let one = data(&format!("/api/v1/workflows/{namespace}/{name}")).await;
        assert_eq!(one["figures"], as_json(&of_workflow(namespace, name)), "{namespace}/{name}");
    }
}

#[tokio::test]
async fn a_list_of_runs_counts_those_that_are_there_whenever_they_ended() {
    let runs = &all().runs;
    for (phase, _) in Phase::ALL {
        let is = |r: &&mission_control::api::WorkflowRun| {
            r.status.as_ref().and_then(|s| s.phase).unwrap_or(Phase::Pending) == *phase
        };
        let count = runs.iter().filter(is).count();
        assert_eq!(data(&format!("/api/v1/runs?status={phase}")).await["total"], count, "{phase}");
        let page = page(&format!("/runs?status={phase}")).await;
        assert!(count == 0 || page.has(&format!("of {count}")), "{phase}: {count}");
    }
    assert_eq!(data("/api/v1/runs").await["total"], runs.len());
}

#[tokio::test]
async fn who_sees_one_namespace_gets_the_figures_of_that_alone() {
    let d = filled();
    let mut asks = Vec::new();
    for kind in [ObjectKind::Runs, ObjectKind::Workflows, ObjectKind::Records] {
        asks.push((Permission::list(kind, None), false));
        asks.extend(["team", "other"].map(|n| (Permission::list(kind, Some(n)), n == "team")));
    }
    d.access.remember(&Token::read("vera").unwrap(), Some("vera"), &asks);
    let of: Vec<&Account> = accounts().into_iter().filter(|a| a.namespace == "team").collect();
    let answer = read(&d, "vera", "/").await;
    cards(&Page::of(&answer.body), &of);
    bottlenecks(&Page::of(&answer.body), &of);
    let told: Value = serde_json::from_str(&read(&d, "vera", "/api/v1/overview").await.body).unwrap();
    assert_eq!(told["all"], as_json(&of));
}
