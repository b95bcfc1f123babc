//! A cluster -> words: expectations are compared with them.

use std::fmt::Write;

use mission_control::api::{Span, Work};

use mission_control::rehearse::cluster::SimulatedCluster;

/// The cluster in words.
pub(crate) fn describe(cluster: &SimulatedCluster) -> Vec<String> {
    let Some(run) = &cluster.run else {
        let records = format!("records={}", cluster.records.len());
        return vec!["no-run".into(), format!("problems={}", cluster.problems.len()), records];
    };
    let status = run.status.clone().unwrap_or_default();
    let mut words = vec![
        status.phase.map_or("none".into(), |p| p.to_string()),
        status.reason.map_or("none".into(), |r| format!("reason={r}")),
        format!("progress={}", status.progress.clone().unwrap_or_default()),
        format!("problems={}", cluster.problems.len()),
        format!("launched={}", cluster.launched.len()),
        format!("stopped={}", cluster.stopped.len()),
        format!("records={}", cluster.records.len()),
        format!("jobs={}", cluster.attempts.len()),
        format!("asked={}", status.escalations.len()),
        format!("active={}s", status.active_seconds.unwrap_or(0)),
        format!("clock={}", if status.active_since.is_some() { "on" } else { "off" }),
    ];
    words.push(format!("superseded={}", cluster.superseded.len()));
    for record in cluster.records.values() {
        words.push(format!("recorded.retries={}", record.totals.retries));
        words.push(format!("recorded.lost={}", record.totals.lost));
        for step in &record.steps {
            words.push(format!("recorded.{}.failures={}", step.name, step.failures));
            words.push(format!("recorded.{}.retries={}", step.name, step.retries));
            words.push(format!("recorded.{}.lost={}", step.name, step.lost));
        }
    }
    for step in &status.steps {
        describe_work(cluster, &step.name, &step.work, &mut words);
        for item in &step.items {
            describe_work(cluster, &format!("{}/{}", step.name, item.id), &item.work, &mut words);
        }
    }
    words.push(format!("claims={}", cluster.claims.len()));
    words.extend(status.outputs.iter().map(|(name, value)| format!("out.{name}={value}")));
    for (job, success) in &cluster.finished_jobs {
        if let Some(launch) = cluster.launched.iter().find(|l| &l.job == job) {
            words.push(format!(
                "job:{}#{}={}",
                launch.step,
                launch.n,
                if *success { "Complete" } else { "Failed" }
            ));
        }
    }
    for condition in &status.conditions {
        words.push(format!("{}={}", condition.type_, condition.status));
    }
    words
}

fn describe_work(cluster: &SimulatedCluster, name: &str, work: &Work, words: &mut Vec<String>) {
    let n = if work.attempts > 0 { format!("#{}", work.attempts) } else { String::new() };
    words.push(format!("{name}={}{n}", work.phase));
    words.push(format!("{name}.retries={}", work.retries));
    words.push(format!("{name}.lost={}", work.lost));
    words.push(format!("{name}.rounds={}", work.rounds));
    words.push(format!("{name}.failures={}", work.failures));
    words.push(format!("{name}.totalRetries={}", work.total_retries));
    words.push(format!("{name}.totalLost={}", work.total_lost));
    if let Some(at) = work.next_attempt_at {
        words.push(format!("{name}.next=+{}", Span::from(at.since(cluster.now))));
    }
    if let Some(last) = &work.last {
        words.push(format!("{name}.last={}", last.outcome));
        words.extend(last.cause.map(|c| format!("{name}.cause={c}")));
    }
    for (key, value) in &work.outputs {
        words.push(format!("{name}.{key}={value}"));
    }
}

pub(super) fn prose(cluster: &SimulatedCluster) -> String {
    let mut text = String::new();
    if let Some(status) = cluster.run.as_ref().and_then(|r| r.status.as_ref()) {
        let _ = writeln!(text, "message: {}", status.message.as_deref().unwrap_or_default());
        let _ = writeln!(text, "waiting: {}", status.waiting.as_deref().unwrap_or_default());
        for step in &status.steps {
            let of_items = step.items.iter().map(|i| &i.work);
            for work in std::iter::once(&step.work).chain(of_items) {
                let last = work.last.as_ref().and_then(|l| l.message.as_deref()).unwrap_or_default();
                let _ =
                    writeln!(text, "{}: {last} {}", step.name, work.output.as_deref().unwrap_or_default());
            }
        }
        for e in &status.escalations {
            let _ = writeln!(text, "asked: {}", e.message_with_hint());
        }
        for d in &status.decisions {
            let _ = writeln!(text, "decision: {}", d.result);
        }
    }
    for problem in &cluster.problems {
        let _ = writeln!(text, "lint: {problem}");
    }
    if let Some(launch) = cluster.launched.last() {
        let _ = writeln!(text, "input: {}", launch.input);
        for (name, value) in &launch.env {
            let _ = writeln!(text, "env {name}={value}");
        }
        let mount = launch.workspace.as_ref().map(|w| if w.read_only { "ReadOnly" } else { "ReadWrite" });
        let _ = writeln!(text, "workspace: {}", mount.unwrap_or("None"));
    }
    text
}
