//! A namespace after some weeks of use: the four workflows that ship, a month of records, and runs of every kind.
//!
//! Runs and their steps are real, done by the scripted agents; the records of earlier weeks are written as the operator
//! would have. Start reading at [`settle`].

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mission_control::api::{Phase, RunRecord, RunRecordSpec};
use serde_json::{Value, json};

use crate::support::{Fixture, until};

const PATIENCE: Duration = Duration::from_secs(300);

/// Runs whose pages are looked at, and what is special about each.
pub(super) const RUNS: [&str; 5] =
    ["tax-rounding", "one-time-code", "open-source-audit", "release-notes-2-8", "checkout-timeouts"];

/// Fills the namespace, and returns when nothing moves any more but the run that stays live.
pub(super) async fn settle(f: &Fixture) {
    for workflow in ["bug-fix", "code-review", "feature-dev", "security-audit"] {
        f.apply(&read(&format!("workflows/{workflow}.yaml")));
    }
    f.apply(RELEASE_NOTES);
    history(f).await;
    start(f, "bug-fix", "demo-bug", "tax-rounding");
    start(f, "feature-dev", "demo-feature", "one-time-code");
    start(f, "security-audit", "demo-audit", "open-source-audit");
    f.apply(LIVE);
    f.apply(FAILS);
    ended(f, "tax-rounding", Phase::Succeeded).await;
    ended(f, "one-time-code", Phase::Succeeded).await;
    ended(f, "checkout-timeouts", Phase::Failed).await;
    ended(f, "open-source-audit", Phase::Paused).await;
    f.until_status("release-notes-2-8", "two of its items", |s| {
        let done = |s: &mission_control::api::StepStatus| {
            s.items.iter().filter(|i| i.work.phase.is_finished()).count()
        };
        s.steps.iter().any(|s| s.name == "write" && done(s) == 2)
    })
    .await;
}

async fn ended(f: &Fixture, run: &str, phase: Phase) {
    let there =
        |r: &mission_control::api::WorkflowRun| r.status.as_ref().and_then(|s| s.phase) == Some(phase);
    until(&f.runs(), run, phase.as_str(), PATIENCE, there).await;
}

/// The run that the demo makes of that workflow, under another name.
fn start(f: &Fixture, workflow: &str, was: &str, name: &str) {
    f.apply(&read(&format!("tests/demo/runs/{workflow}.yaml")).replace(was, name));
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Days of history, and the number of records per day.
const DAYS: i64 = 28;

async fn history(f: &Fixture) {
    for day in 1..=DAYS {
        // As in a week of people: less on two days of seven.
        let runs = if day % 7 < 2 { 1 } else { 3 + day % 3 };
        for n in 0..runs {
            let spec: RunRecordSpec = serde_json::from_value(record(day, n)).expect("no record");
            f.create(&RunRecord::new(&format!("r-{day:02}-{n}"), spec)).await;
        }
    }
}

/// Steps of a workflow, and how many seconds each takes.
type Shape = (&'static str, &'static [(&'static str, i64)]);

const SHAPES: [Shape; 4] = [
    (
        "bug-fix",
        &[("triage", 95), ("investigate", 340), ("setup", 60), ("fix", 820), ("verify", 210), ("pr", 40)],
    ),
    (
        "feature-dev",
        &[
            ("plan", 180),
            ("setup", 70),
            ("implement", 2700),
            ("verify", 640),
            ("test", 420),
            ("pr", 45),
            ("review", 300),
        ],
    ),
    ("code-review", &[("review", 150), ("critique", 80), ("approve", 20)]),
    (
        "security-audit",
        &[
            ("scan", 600),
            ("prioritize", 90),
            ("setup", 60),
            ("fix", 1900),
            ("verify", 700),
            ("test", 380),
            ("pr", 45),
        ],
    ),
];

/// Made of two numbers only, so that a picture is the same tomorrow.
fn record(day: i64, n: i64) -> Value {
    let mix = (day * 7 + n * 13) % 20;
    let (workflow, steps) = SHAPES[usize::try_from((day + n * 3) % 4).expect("not negative")];
    let (outcome, reason) = match mix {
        0 | 11 => ("Failed", "StepFailed"),
        5 => ("Cancelled", "Aborted"),
        _ => ("Succeeded", "Succeeded"),
    };
    let slower = 80 + mix * 4 + day;
    let took: i64 = steps.iter().map(|(_, s)| s * slower / 100).sum();
    let end = Timestamp::now() - SignedDuration::from_hours(24 * day) - SignedDuration::from_mins(47 * n);
    let begin = end - SignedDuration::from_secs(took);
    let mut at = begin;
    let steps: Vec<Value> =
        steps.iter().map(|(name, s)| step(name, s * slower / 100, mix, &mut at)).collect();
    let sum = |key: &str| steps.iter().filter_map(|s| s[key].as_i64()).sum::<i64>();
    json!({
        "run": format!("{workflow}-{day}{n}"), "runUID": format!("00000000-0000-4000-8000-{day:06}{n:06}"),
        "specHash": format!("{day:032}{n:032}"), "workflow": workflow, "revision": "0f3c9a1b77",
        "outcome": outcome, "reason": reason, "startedAt": second(begin), "finishedAt": second(end), "activeSeconds": took,
        "totals": {"attempts": sum("attempts"), "retries": sum("retries"), "lost": i64::from(mix == 17),
            "escalations": i64::from(mix % 9 == 2), "rounds": sum("rounds")},
        "steps": steps,
    })
}

fn step(name: &str, seconds: i64, mix: i64, at: &mut Timestamp) -> Value {
    let hard = matches!(name, "fix" | "implement");
    let retries = i64::from(hard && mix % 3 == 0) + i64::from(hard && mix == 11);
    let failed = hard && matches!(mix, 0 | 11);
    let begin = *at;
    *at += SignedDuration::from_secs(seconds);
    json!({"name": name, "phase": if failed { "Failed" } else { "Succeeded" }, "attempts": 1 + retries, "retries": retries,
        "failures": retries + i64::from(failed), "lost": 0, "rounds": i64::from(hard && mix % 4 == 1),
        "startedAt": second(begin), "finishedAt": second(*at)})
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// One that stays live: two pages are written, the third is being written for as long as the test takes.
const RELEASE_NOTES: &str = r#"
apiVersion: missioncontrol.dev/v1alpha1
kind: Workflow
metadata: {name: release-notes}
spec:
  description: Writes the release notes from merged changes, a page for each part of the product, and asks before they are published.
  params: [{name: version, required: true, description: "The release, such as 2.8."}]
  agents:
  - name: writer
    description: Reads changes and writes for users.
    image: missioncontrol.dev/agents/test:v1
    command: [/bin/sh, -c, 'eval "$MISSION_INPUT"']
    securityContext: {readOnlyRootFilesystem: true}
  steps:
  - name: collect
    agent: writer
    input: |
      echo "CHANGES: 41 merged since 2.7"
      echo 'STORIES_JSON: [{"id":"checkout","title":"Checkout","description":"d","acceptanceCriteria":["a"]},{"id":"search","title":"Search and filters","description":"d","acceptanceCriteria":["a"]},{"id":"accounts","title":"Accounts and sign-in","description":"d","acceptanceCriteria":["a"]},{"id":"admin","title":"Administration","description":"d","acceptanceCriteria":["a"]}]'
      echo "STATUS: done"
  - name: write
    agent: writer
    forEach: {in: stories, as: story, parallelism: 1}
    input: |
      case '{{ current_story }}' in *accounts*) trap 'exit 143' TERM; echo reading 14 changes; sleep 3600 & wait ;; esac
      echo "PAGE: written"; echo "STATUS: done"
  - name: proofread
    agent: writer
    input: 'echo "STATUS: done"'
  - name: publish
    approval: {message: "Publish the notes of {{ params.version }}?", expiresAfter: 48h}
"#;

const LIVE: &str = "
apiVersion: missioncontrol.dev/v1alpha1
kind: WorkflowRun
metadata: {name: release-notes-2-8}
spec:
  workflowRef: {name: release-notes}
  task: Write the release notes of 2.8 for people who use the shop, not for people who build it.
  params: {version: '2.8'}
";

/// Fails with its retries spent, by a message of its own.
const FAILS: &str = r#"
apiVersion: missioncontrol.dev/v1alpha1
kind: Workflow
metadata: {name: load-test}
spec:
  description: Runs the load test of a service and compares it with the last release.
  defaults: {retry: {limit: 2, backoff: {initial: 1s}}, onExhausted: Fail}
  agents:
  - name: runner
    image: missioncontrol.dev/agents/test:v1
    command: [/bin/sh, -c, 'eval "$MISSION_INPUT"']
    securityContext: {readOnlyRootFilesystem: true}
  steps:
  - {name: prepare, agent: runner, input: 'echo "SERVICE: checkout"; echo "STATUS: done"'}
  - name: load
    agent: runner
    input: |
      printf '\033[1mload\033[0m 500 users, 60 s\n\033[32m  ok\033[0m  GET /cart       p95  84 ms\n\033[31mslow\033[0m  POST /checkout p95 2.31 s\n'
      echo "REASON: p95 of POST /checkout is 2.31 s, and 0.8 s is allowed"
      echo "STATUS: failed"
  - {name: compare, agent: runner, input: 'echo "STATUS: done"'}
---
apiVersion: missioncontrol.dev/v1alpha1
kind: WorkflowRun
metadata: {name: checkout-timeouts}
spec:
  workflowRef: {name: load-test}
  task: Customers report timeouts at the checkout since Tuesday. Load it as on a Friday evening.
"#;
