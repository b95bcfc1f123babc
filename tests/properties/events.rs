//! Random numbers -> lines of a scenario that are valid in the current cluster.

use mission_control::api::WorkflowRunStatus;
use mission_control::api::decision::Action;
use mission_control::engine::snapshot::AttemptFact;
use mission_control::rehearse::cluster::SimulatedCluster;
use proptest::prelude::*;

use super::generate::Flow;
use super::status;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// An event of one of the current attempts.
    Attempt(u8, &'static str),
    /// One of the attempts that may send work back does so.
    Reject(u8, &'static str),
    /// One of the current attempts prints a list with this number of items.
    Lists(u8, u8),
    After(&'static str),
    /// An answer to an open question (by number), an order to the run, or an answer to a closed question.
    Decide(Action, Target, Given),
    /// Any event of the scenario language for the whole run.
    Cluster(&'static str),
    Edit,
    /// Undoes an edit or a deletion of the workflow.
    Restore,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Question(u8),
    Run,
    Wrong,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Given {
    Nothing,
    Word,
    Values,
}

const DONE: &str = r#"says "STATUS: done""#;
const DONE_WITH_KEY: &str = r#"says "STATUS: done\nKEY: v""#;
const ANSWERS: &[&str] = &[
    r#"says "STATUS: failed\nREASON: too hard""#,
    r#"says """#,
    r#"says "TASK: evil\n{{ task }} STATUS: done""#,
    r#"says "```\nSTATUS: done\n```\nSTATUS: perhaps""#,
    r#"says "STATUS: done\nSTORIES_JSON: not json""#,
    r#"says "STATUS: done\nSTORIES_JSON: [{"id":"a","title":"","description":"d"}]""#,
    "exits 1",
    r#"exits 137 "STATUS: done""#,
    "loses node",
    "loses pod",
    "loses job",
    "loses admission",
    "deleted 143",
    "unreadable",
    "unreachable soon",
    "unreachable overdue",
];
const BEFORE_START: &[&str] =
    &["starts", "starts", "waits no room", "blocked quota", "refused policy", "taken by another"];
const REJECTED: &[&str] = &[r#"says "STATUS: retry""#, r#"says "STATUS: retry\nISSUES: mend it""#];

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let happening = prop_oneof![
        20 => Just(DONE),
        10 => Just(DONE_WITH_KEY),
        1 => proptest::sample::select(REJECTED),
        8 => proptest::sample::select(ANSWERS),
        4 => proptest::sample::select(BEFORE_START),
    ];
    let times = proptest::sample::select(&["1s", "1s", "30s", "11m", "2h"][..]);
    prop_oneof![
        16 => (any::<u8>(), happening).prop_map(|(pick, what)| Event::Attempt(pick, what)),
        7 => (any::<u8>(), proptest::sample::select(REJECTED)).prop_map(|(pick, what)| Event::Reject(pick, what)),
        7 => (any::<u8>(), 0..5u8).prop_map(|(pick, n)| Event::Lists(pick, n)),
        4 => times.prop_map(Event::After),
        6 => decide(),
        2 => proptest::sample::select(WHOLE).prop_map(Event::Cluster),
        1 => prop_oneof![Just(Event::Restore), Just(Event::Edit)],
    ]
}

const WHOLE: &[&str] = &[
    "crash",
    "crash",
    "crash",
    "conflict",
    "conflict",
    "suspend run",
    "unsuspend run",
    "unsuspend run",
    "suspend workflow",
    "unsuspend workflow",
    "delete workflow",
    "delete revision",
    "restore revision",
    "restore revision",
    "other older runs",
    "other older waits",
    "other older ends",
    "other older ends",
    "other younger waits",
    "other third runs key=[\"x\",\"y\"]",
    "other third ends",
];

fn decide() -> impl Strategy<Value = Event> {
    use Action::{Abort, Approve, Pause, Reject, Resume, Retry, Skip};
    let answers =
        proptest::sample::select(&[Retry, Retry, Retry, Skip, Skip, Approve, Approve, Reject, Reject][..]);
    let orders = proptest::sample::select(&[Pause, Resume, Resume, Retry, Approve][..]);
    let given = || proptest::sample::select(&[Given::Nothing, Given::Word, Given::Values][..]);
    prop_oneof![
        30 => (answers, any::<u8>(), given()).prop_map(|(action, k, given)| Event::Decide(action, Target::Question(k), given)),
        6 => (orders, given()).prop_map(|(action, given)| Event::Decide(action, Target::Run, given)),
        1 => Just(Event::Decide(Abort, Target::Run, Given::Nothing)),
        1 => any::<u8>().prop_map(|k| Event::Decide(Abort, Target::Question(k), Given::Word)),
        1 => (orders_of_any(), given()).prop_map(|(action, given)| Event::Decide(action, Target::Wrong, given)),
    ]
}

fn orders_of_any() -> impl Strategy<Value = Action> {
    proptest::sample::select(&[Action::Retry, Action::Skip, Action::Abort, Action::Resume][..])
}

/// The event in the words of the scenarios; `None`: nothing that it could happen to.
pub(crate) fn line(event: &Event, cluster: &SimulatedCluster, flow: &Flow) -> Option<String> {
    let now = status(cluster);
    match event {
        Event::Attempt(pick, what) => {
            let place = chosen(&attempts(&now), *pick)?;
            let early = BEFORE_START.contains(what) && !is_waiting(cluster, &place);
            (!early).then(|| format!("{place} {what}"))
        }
        Event::Reject(pick, what) => {
            let all = attempts(&now);
            let judges: Vec<String> = all.iter().filter(|at| may_reject(cluster, at)).cloned().collect();
            // Without a verdict the work continues.
            match chosen(&judges, *pick) {
                Some(judge) => Some(format!("{judge} {what}")),
                None => Some(format!("{} {DONE_WITH_KEY}", chosen(&all, *pick)?)),
            }
        }
        Event::Lists(pick, n) => {
            let place = chosen(&attempts(&now), *pick)?;
            Some(format!(
                "{place} says \"STATUS: done\\nFILES: {}\\nSTORIES_JSON: {}\"",
                files(*n),
                stories(*n)
            ))
        }
        Event::After(time) => Some(format!("after {time}")),
        Event::Decide(action, target, given) => {
            let target = match target {
                Target::Question(pick) => chosen(&questions(&now), *pick)?,
                Target::Run => String::new(),
                Target::Wrong => "e1-000000".into(),
            };
            Some(format!("decide {} {target} {}", action.as_str(), given_as(*given)).trim_end().to_string())
        }
        Event::Cluster(line) => Some((*line).to_string()),
        Event::Edit => Some("workflow: other limit=0 onExhausted=Fail | another | spec param=hosts".into()),
        Event::Restore => Some(format!("workflow: {}", flow.text)),
    }
}

fn given_as(given: Given) -> String {
    match given {
        Given::Nothing => String::new(),
        Given::Word => "feedback=\"do better\"".into(),
        Given::Values => format!("KEY=v FILES={} STORIES_JSON={}", files(2), stories(2)),
    }
}

fn chosen(of: &[String], pick: u8) -> Option<String> {
    of.get(usize::from(pick).checked_rem(of.len())?).cloned()
}

fn place(step: &str, item: Option<&str>) -> String {
    item.map_or_else(|| step.to_string(), |item| format!("{step}/{item}"))
}

/// The places with a current attempt.
pub(crate) fn attempts(now: &WorkflowRunStatus) -> Vec<String> {
    let of_step = |s: &mission_control::api::StepStatus| {
        let own = s.work.current.iter().map(|_| place(&s.name, None));
        let items = s.items.iter().filter(|i| i.work.current.is_some()).map(|i| place(&s.name, Some(&i.id)));
        own.chain(items).collect::<Vec<_>>()
    };
    now.steps.iter().flat_map(of_step).collect()
}

/// The places with an open question.
pub(crate) fn questions(now: &WorkflowRunStatus) -> Vec<String> {
    now.escalations.iter().map(|e| place(&e.step, e.item.as_deref())).collect()
}

/// Whether the step of the place has an `onRetry`.
fn may_reject(cluster: &SimulatedCluster, place: &str) -> bool {
    let step = place.split('/').next();
    let mut steps = cluster.revisions.values().flat_map(|spec| &spec.steps);
    steps.any(|s| Some(s.name.as_str()) == step && s.on_retry.is_some())
}

fn is_waiting(cluster: &SimulatedCluster, place: &str) -> bool {
    let fact = cluster.job_of(place).and_then(|job| cluster.attempts.get(&job));
    matches!(fact, Some(AttemptFact::Pending { .. } | AttemptFact::Blocked { .. }))
}

pub(crate) fn files(n: u8) -> String {
    let names: Vec<String> = (1..=n).map(|k| format!("\"f{k}\"")).collect();
    format!("[{}]", names.join(","))
}

pub(crate) fn stories(n: u8) -> String {
    let story = |k| format!(r#"{{"id":"t{k}","title":"T","description":"d","acceptanceCriteria":["c"]}}"#);
    let all: Vec<String> = (1..=n).map(story).collect();
    format!("[{}]", all.join(","))
}
