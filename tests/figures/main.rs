//! Figures against the truth: two hundred runs are rehearsed with failures, losses, rework, questions and pauses,
//! while the test itself keeps account of what it made happen. The figures must equal what it then counts by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::cast_precision_loss, reason = "small counts")]

mod by_hand;
mod rehearsal;
#[path = "../support/script/script.rs"]
#[allow(dead_code, reason = "every target uses another part")]
mod script;

use mission_control::api::{Phase, Stamp, WorkflowRun};
use mission_control::view::stats::{Executions, Figures, Seconds, Stats, Trend};

use by_hand::{Lengths, Step};
use rehearsal::{Account, all, first, later};

fn same(told: Option<Seconds>, counted: Option<Lengths>, about: &str) {
    let told = told.map(|s| Lengths { average: s.average, min: s.min, max: s.max, p50: s.p50, p95: s.p95 });
    assert_eq!(told, counted, "{about}");
}

fn compare(told: &Figures, of: &[&Account], about: &str) {
    let counted = by_hand::figures(of);
    assert_eq!((told.total, told.ended, told.live), (counted.total, counted.ended, counted.live), "{about}");
    assert_eq!(told.phases, counted.phases, "{about}");
    assert_eq!(told.success_rate, counted.rate, "{about}");
    same(told.seconds, counted.lengths, about);
    assert_eq!(
        (told.retries, told.lost, told.rounds, told.escalations),
        (counted.retries, counted.lost, counted.rounds, counted.questions),
        "{about}"
    );
    assert_eq!(told.steps_completed, counted.completed, "{about}");
}

fn step(told: &Executions) -> Step {
    let lengths =
        told.seconds.map(|s| Lengths { average: s.average, min: s.min, max: s.max, p50: s.p50, p95: s.p95 });
    let (executions, failure_rate, average_retries) =
        (told.executions, told.failure_rate, told.average_retries);
    Step { executions, failure_rate, average_retries, lengths }
}

#[test]
fn the_dice_had_something_of_everything() {
    let all = all();
    let some = |f: fn(&Account) -> bool| all.accounts.iter().filter(|a| f(a)).count();
    let had = [
        some(|a| a.retries > 0),
        some(|a| a.lost > 0),
        some(|a| a.rounds > 0),
        some(|a| a.questions > 0),
        some(|a| a.pauses > 0),
        some(|a| a.outcome == Some(Phase::Failed)),
        some(|a| a.outcome == Some(Phase::Cancelled)),
        some(|a| a.outcome.is_none()),
        some(|a| a.outcome.is_some() && !a.started),
        all.superseded,
        all.answered,
    ];
    assert!(had.iter().all(|n| *n >= 4), "{had:?}");
}

#[test]
fn the_figures_of_two_hundred_runs_are_what_was_made_to_happen() {
    let all = all();
    let accounts: Vec<&Account> = all.accounts.iter().collect();
    let stats = Stats::of(&all.records, &all.runs, first());
    compare(&stats.all, &accounts, "all");
    let each = by_hand::by_workflow(&accounts);
    assert_eq!(stats.workflows.len(), each.len());
    for (told, (key, of)) in stats.workflows.iter().zip(&each) {
        assert_eq!((&*told.namespace, &*told.workflow), *key);
        compare(&told.figures, of, &told.workflow);
    }
    let told: Vec<_> = stats
        .all
        .bottlenecks
        .iter()
        .map(|b| ((&*b.namespace, &*b.workflow), &*b.step, b.executions, b.failure_rate, b.average_retries))
        .collect();
    let worst: Vec<_> = by_hand::worst(&accounts)
        .into_iter()
        .map(|(workflow, name, s)| (workflow, name, s.executions, s.failure_rate, s.average_retries))
        .collect();
    assert_eq!(told, worst);
}

#[test]
fn a_day_of_the_trend_is_what_ended_on_it() {
    let all = all();
    let now = later(24 * 49 + 5);
    let trend = Trend::of(&all.records, first(), now);
    let days: Vec<&str> = trend.days.iter().map(|d| d.day.as_str()).collect();
    assert_eq!((days.len(), days[0], days[49]), (50, "2026-03-01", "2026-04-19"));
    let accounts: Vec<&Account> = all.accounts.iter().collect();
    let ended = by_hand::ended(&accounts);
    for day in &trend.days {
        let of: Vec<&Account> = ended.iter().copied().filter(|a| a.day == day.day).collect();
        let counted = by_hand::figures(&of);
        let phases = [Phase::Succeeded, Phase::Failed, Phase::Cancelled].map(|p| counted.phases[&p]);
        let told = [day.succeeded, day.failed, day.cancelled];
        assert_eq!((day.ended, told), (counted.ended, phases), "{}", day.day);
        assert_eq!(day.success_rate, counted.rate, "{}", day.day);
        same(day.seconds, counted.lengths, &day.day);
        assert_eq!(
            (day.retries, day.lost, day.rounds, day.escalations),
            (counted.retries, counted.lost, counted.rounds, counted.questions)
        );
    }
    assert_eq!(trend.days.iter().map(|d| d.ended).sum::<usize>(), ended.len());
    let each = by_hand::by_workflow(&ended);
    assert_eq!(trend.workflows.len(), each.len());
    for (workflow, (key, of)) in trend.workflows.iter().zip(&each) {
        assert_eq!((&*workflow.namespace, &*workflow.workflow), *key);
        for told in &workflow.steps {
            let about = format!("{}/{}", workflow.workflow, told.step);
            assert_eq!(Some(step(&told.whole)), by_hand::step(of, &told.step), "{about}");
            for day in &told.days {
                let of: Vec<&Account> = of.iter().copied().filter(|a| a.day == day.day).collect();
                assert_eq!(Some(step(&day.of)), by_hand::step(&of, &told.step), "{about} {}", day.day);
            }
            assert_eq!(told.days.iter().map(|d| d.of.executions).sum::<usize>(), told.whole.executions);
        }
    }
}

#[test]
fn applying_runs_again_changes_no_figure() {
    let all = all();
    let before = Stats::of(&all.records, &all.runs, first());
    let (mut records, mut runs) = (all.records.clone(), all.runs.clone());
    // Between the copy of a superseded record and its deletion, one execution has two.
    let mut copy = records[7].clone();
    copy.metadata.name = Some("r-7-copy".into());
    records.push(copy);
    // A run that was answered by its record.
    let is_over = |r: &&WorkflowRun| r.status.as_ref().and_then(|s| s.phase).is_some_and(Phase::is_terminal);
    let answered = runs.iter().find(is_over).unwrap();
    let mut answered = answered.clone();
    answered.metadata.uid = Some("another".into());
    runs.push(answered);
    // And one that ended long ago.
    let mut old = records[3].clone();
    (old.spec.run_uid, old.spec.finished_at) = ("old".into(), Stamp("2025-01-01T00:00:00Z".parse().unwrap()));
    records.push(old);
    assert_eq!(Stats::of(&records, &runs, first()), before);
    let trend = |records| Trend::of(records, first(), later(24 * 30));
    assert_eq!(trend(&records), trend(&all.records));
}

#[test]
fn a_trend_has_every_day_and_the_words_of_the_api() {
    let trend = Trend::of(&[], first(), later(25));
    let json = serde_json::to_value(&trend).unwrap();
    assert_eq!(
        json["days"][0],
        serde_json::json!({
            "day": "2026-03-01", "ended": 0, "succeeded": 0, "failed": 0, "cancelled": 0,
            "retries": 0, "lost": 0, "rounds": 0, "escalations": 0,
        })
    );
    assert_eq!((json["days"][1]["day"].as_str(), json["days"][2].as_str()), (Some("2026-03-02"), None));
    let all = all();
    let json = serde_json::to_value(Trend::of(&all.records, first(), later(24 * 30))).unwrap();
    let step = &json["workflows"][0]["steps"][0];
    for field in ["step", "executions", "failureRate", "averageRetries", "seconds", "days"] {
        assert!(!step[field].is_null(), "{field}: {step}");
    }
    assert!(step["days"][0]["averageRetries"].is_number(), "{step}");
}
