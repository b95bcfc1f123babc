//! Figures against the truth: two hundred runs are rehearsed with failures, losses, rework, questions and pauses, while the
//! test itself keeps account of what it made happen. What it then counts by hand must be what the figures say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::cast_precision_loss, reason = "small counts")]

mod rehearsal;

use mission_control::api::{Phase, Stamp, StepPhase};
use mission_control::view::stats::{Figures, Seconds, Stats, Trend};

use rehearsal::{Account, OfStep, all, first, later};

/// The same by hand: sorted, the smallest that so many per cent of all do not exceed.
fn seconds(of: &[&Account]) -> Option<Seconds> {
    let mut all: Vec<u64> = of.iter().map(|a| a.active).collect();
    all.sort_unstable();
    let rank = |percent: f64| all[((percent / 100.0 * all.len() as f64).ceil() as usize).max(1) - 1];
    (!all.is_empty()).then(|| Seconds {
        average: all.iter().sum::<u64>() as f64 / all.len() as f64,
        min: all[0],
        max: all[all.len() - 1],
        p50: rank(50.0),
        p95: rank(95.0),
    })
}

fn count(of: &[&Account], phase: Phase) -> usize {
    of.iter().filter(|a| a.phase == Some(phase)).count()
}

fn compare(figures: &Figures, of: &[&Account]) {
    let ended: Vec<&Account> = of.iter().copied().filter(|a| a.outcome.is_some()).collect();
    let sum = |f: fn(&Account) -> u64| of.iter().map(|a| f(a)).sum::<u64>();
    assert_eq!((figures.total, figures.ended), (of.len(), ended.len()));
    for (phase, _) in Phase::ALL {
        assert_eq!(figures.phases[phase], count(of, *phase), "{phase}");
    }
    let (won, failed) = (count(&ended, Phase::Succeeded), count(&ended, Phase::Failed));
    assert_eq!(figures.success_rate, Some(won as f64 / (won + failed) as f64));
    assert_eq!(figures.seconds, seconds(&ended));
    assert_eq!(
        (figures.retries, figures.lost, figures.rounds, figures.escalations),
        (sum(|a| a.retries), sum(|a| a.lost), sum(|a| a.rounds), sum(|a| a.questions))
    );
    let satisfied = [StepPhase::Succeeded, StepPhase::Skipped, StepPhase::Tolerated].map(Some);
    let done = ended.iter().flat_map(|a| a.steps.values()).filter(|s| satisfied.contains(&s.ended)).count();
    assert_eq!(figures.steps_completed, Some(done as f64 / ended.len() as f64));
}

/// Failure rate and average retries of a step over the runs that executed it.
fn of_step(of: &[&Account], step: &str) -> Option<(usize, f64, f64)> {
    let all: Vec<&OfStep> = of.iter().filter_map(|a| a.steps.get(step)).filter(|s| s.attempts > 0).collect();
    let failed = |s: &&&OfStep| s.failures > 0 || s.ended == Some(StepPhase::Failed);
    let (n, failed) = (all.len(), all.iter().filter(failed).count());
    let retries: u32 = all.iter().map(|s| s.retries).sum();
    (n > 0).then(|| (n, failed as f64 / n as f64, f64::from(retries) / n as f64))
}

#[test]
fn the_figures_of_two_hundred_runs_are_what_was_made_to_happen() {
    let all = all();
    let accounts: Vec<&Account> = all.accounts.iter().collect();
    // The dice had something of everything.
    let some = |f: fn(&Account) -> bool| accounts.iter().filter(|a| f(a)).count();
    let had = [
        some(|a| a.retries > 0),
        some(|a| a.lost > 0),
        some(|a| a.rounds > 0),
        some(|a| a.questions > 0),
        some(|a| a.pauses > 0),
        some(|a| a.outcome == Some(Phase::Failed)),
        some(|a| a.outcome == Some(Phase::Cancelled)),
        some(|a| a.outcome.is_none()),
    ];
    assert!(had.iter().all(|n| *n >= 4), "{had:?}");

    let stats = Stats::of(&all.records, &all.runs, first());
    compare(&stats.all, &accounts);
    assert_eq!(stats.workflows.len(), 2);
    let mut worst = Vec::new();
    for (flow, figures) in stats.workflows.iter().enumerate() {
        let of: Vec<&Account> = accounts.iter().copied().filter(|a| a.flow == flow).collect();
        compare(&figures.figures, &of);
        let ended: Vec<&Account> = of.iter().copied().filter(|a| a.outcome.is_some()).collect();
        for step in ["a", "b", "c"] {
            let Some((n, rate, retries)) = of_step(&ended, step) else { continue };
            if rate > 0.1 || retries > 0.5 {
                worst.push((format!("flow-{flow}"), step, n, rate, retries));
            }
        }
    }
    worst.sort_by(|a, b| b.3.total_cmp(&a.3).then(b.4.total_cmp(&a.4)));
    let told: Vec<_> = stats
        .all
        .bottlenecks
        .iter()
        .map(|b| (b.workflow.clone(), b.step.as_str(), b.executions, b.failure_rate, b.average_retries))
        .collect();
    worst.truncate(5);
    assert_eq!(told, worst);
}

#[test]
fn a_day_of_the_trend_is_what_ended_on_it() {
    let all = all();
    let now = later(24 * 29 + 5);
    let trend = Trend::of(&all.records, first(), now);
    let days: Vec<&str> = trend.days.iter().map(|d| d.day.as_str()).collect();
    assert_eq!((days.len(), days[0], days[29]), (30, "2026-03-01", "2026-03-30"));
    let ended: Vec<&Account> = all.accounts.iter().filter(|a| a.outcome.is_some()).collect();
    for day in &trend.days {
        let of: Vec<&Account> = ended.iter().copied().filter(|a| a.day == day.day).collect();
        let sum = |f: fn(&Account) -> u64| of.iter().map(|a| f(a)).sum::<u64>();
        let phases = [Phase::Succeeded, Phase::Failed, Phase::Cancelled].map(|p| count(&of, p));
        assert_eq!(
            (day.ended, [day.succeeded, day.failed, day.cancelled]),
            (of.len(), phases),
            "{}",
            day.day
        );
        assert_eq!(day.seconds, seconds(&of), "{}", day.day);
        assert_eq!(
            (day.retries, day.lost, day.rounds, day.escalations),
            (sum(|a| a.retries), sum(|a| a.lost), sum(|a| a.rounds), sum(|a| a.questions))
        );
    }
    assert_eq!(trend.days.iter().map(|d| d.ended).sum::<usize>(), ended.len());
    for (flow, workflow) in trend.workflows.iter().enumerate() {
        let of: Vec<&Account> = ended.iter().copied().filter(|a| a.flow == flow).collect();
        for step in &workflow.steps {
            let whole = &step.whole;
            let told = (whole.executions, whole.failure_rate, whole.average_retries);
            assert_eq!(Some(told), of_step(&of, &step.step), "{}/{}", workflow.workflow, step.step);
            for day in &step.days {
                let of: Vec<&Account> = of.iter().copied().filter(|a| a.day == day.day).collect();
                let told = (day.of.executions, day.of.failure_rate, day.of.average_retries);
                assert_eq!(Some(told), of_step(&of, &step.step), "{} {}", step.step, day.day);
            }
            assert_eq!(step.days.iter().map(|d| d.of.executions).sum::<usize>(), whole.executions);
        }
    }
}

#[test]
fn applying_runs_again_changes_no_figure() {
    let all = all();
    let before = Stats::of(&all.records, &all.runs, first());
    let (mut records, mut runs) = (all.records.clone(), all.runs.clone());
    // Between the copy of a superseded record and its deletion there are two of one execution.
    let mut copy = records[7].clone();
    copy.metadata.name = Some("r-7-copy".into());
    records.push(copy);
    // A run that its record answered.
    let answered = runs.iter().find(|r| r.status.as_ref().unwrap().phase.unwrap().is_terminal()).unwrap();
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
