//! Figures that were counted by hand -> the expected words and JSON.

use serde_json::{Value, json};

use super::by_hand;
use super::rehearsal::Account;

/// A rounded share is 0 or 100 % only if the exact share is.
pub(crate) fn share(rate: f64) -> String {
    let whole = format!("{:.0} %", rate * 100.0);
    let hides = (whole == "100 %" && rate < 1.0) || (whole == "0 %" && rate > 0.0);
    if hides { format!("{:.1} %", rate * 100.0) } else { whole }
}

/// `1h30m`: the two largest units that are not zero.
pub(crate) fn length(seconds: u64) -> String {
    let mut words = Vec::new();
    let mut rest = seconds;
    for (unit, letter) in [(24 * 3600, "d"), (3600, "h"), (60, "m"), (1, "s")] {
        if rest / unit > 0 {
            words.push(format!("{}{letter}", rest / unit));
        }
        rest %= unit;
    }
    if words.is_empty() { "0".into() } else { words[..words.len().min(2)].concat() }
}

/// The text alternative for the line of a step's days.
pub(crate) fn days(of: &[&Account], step: &str) -> String {
    let ran = |a: &&&Account| a.outcome.is_some() && a.steps.get(step).is_some_and(|s| s.attempts > 0);
    let mut all: Vec<&str> = of.iter().filter(ran).map(|a| a.day.as_str()).collect();
    all.sort_unstable();
    let on = |day: &str| {
        let of: Vec<&Account> = of.iter().copied().filter(|a| a.day == day).collect();
        format!("{} on {day}", share(by_hand::step(&of, step).unwrap().failure_rate))
    };
    format!("{}, {}", on(all[0]), on(all[all.len() - 1]))
}

pub(crate) fn as_json(of: &[&Account]) -> Value {
    let f = by_hand::figures(of);
    let bottleneck = |((namespace, workflow), step, s): ((&str, &str), &str, by_hand::Step)| {
        json!({"namespace": namespace, "workflow": workflow, "step": step, "executions": s.executions,
            "failureRate": s.failure_rate, "averageRetries": s.average_retries})
    };
    let mut all = json!({
        "total": f.total, "ended": f.ended, "live": f.live, "phases": f.phases,
        "retries": f.retries, "lost": f.lost, "rounds": f.rounds, "escalations": f.questions,
        "bottlenecks": by_hand::worst(of).into_iter().map(bottleneck).collect::<Vec<_>>(),
    });
    // Fields without a value are absent.
    if let Some(rate) = f.rate {
        all["successRate"] = json!(rate);
    }
    if let Some(l) = f.lengths {
        all["seconds"] =
            json!({"average": l.average, "min": l.min, "max": l.max, "p50": l.p50, "p95": l.p95});
    }
    if let Some(completed) = f.completed {
        all["stepsCompleted"] = json!(completed);
    }
    // As a client parses it: the last digit of a number may differ.
    serde_json::from_str(&all.to_string()).unwrap()
}
