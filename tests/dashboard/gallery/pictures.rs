//! The drawings of the gallery.

use jiff::ToSpan;
use jiff::civil::date;
use maud::{Markup, html};

use super::samples::{HOSTILE, at};
use mission_control::api::{Stamp, StepPhase};
use mission_control::dashboard::draw::*;
use mission_control::dashboard::parts::Tone;

fn the_days(count: i64) -> Vec<Day> {
    let day = |n: i64| Day {
        date: date(2026, 10, 27).saturating_add(n.days()),
        succeeded: (n * 7 % 13) as u64,
        failed: (n % 4 / 2) as u64 * (n % 3) as u64,
        cancelled: u64::from(n % 9 == 4),
    };
    (0..count).map(day).collect()
}

pub(crate) fn thirty_days(id: &str) -> Markup {
    days(&Caption { id, title: "Runs that ended, by day" }, &the_days(30))
}

pub(crate) fn many_days(id: &str) -> Markup {
    let mut all = the_days(3);
    all.push(Day { date: date(2026, 11, 1), succeeded: 1_204_331, failed: 12, cancelled: 1 });
    days(&Caption { id, title: "One day with very many" }, &all)
}

pub(crate) fn thirty_durations(id: &str) -> Markup {
    let day = |n: u64| DayDurations {
        date: date(2026, 10, 27).saturating_add((n as i64).days()),
        p50: (n % 8 != 3).then_some(600 + n * 37 % 400),
        p95: (n % 8 != 3).then_some(1_900 + n * 211 % 1_700),
    };
    durations(
        &Caption { id, title: "Active time of runs, by the day they ended" },
        &(0..30).map(day).collect::<Vec<_>>(),
    )
}

const KINDS: [(&str, u64, Tone); 6] = [
    ("Succeeded", 213, Tone::Good),
    ("Failed", 20, Tone::Bad),
    ("Cancelled", 9, Tone::Over),
    ("Running", 2, Tone::Live),
    ("Paused", 2, Tone::Ask),
    ("Pending", 1, Tone::Neutral),
];

pub(crate) fn breakdown(id: &str) -> Markup {
    let all = KINDS.map(|(name, count, tone)| Share { name, count, tone, href: Some("/runs?status=Failed") });
    shares(&Caption { id, title: "Runs by status" }, &all)
}

fn node(name: &str, shape: Shape, note: &str, after: &[&str]) -> Node {
    let after = after.iter().map(|s| s.to_string()).collect();
    Node { name: name.into(), shape, note: note.into(), after, sends_back_to: None, phase: None }
}

pub(crate) fn feature_dev(id: &str, live: bool) -> Markup {
    let mut nodes = vec![
        node("plan", Shape::Task, "planner", &[]),
        node("implement", Shape::Loop("stories".into()), "developer", &["plan"]),
        node("verify", Shape::Task, "verifier", &["implement"]),
        node("lint", Shape::Task, "linter", &["plan"]),
        node("gate", Shape::Approval, "a person", &["verify", "lint"]),
        node("pr", Shape::Task, "gh", &["gate", "plan"]),
        node("cleanup", Shape::Finally, "gh", &["pr"]),
    ];
    nodes[2].sends_back_to = Some("implement".into());
    nodes[4].sends_back_to = Some("implement".into());
    let phases = [
        StepPhase::Succeeded,
        StepPhase::Running,
        StepPhase::Backoff,
        StepPhase::Failed,
        StepPhase::Escalated,
        StepPhase::Pending,
        StepPhase::Skipped,
    ];
    if live {
        nodes.iter_mut().zip(phases).for_each(|(node, phase)| node.phase = Some(phase));
    }
    graph(&Caption { id, title: "Steps of feature-dev" }, &Graph { nodes: &nodes })
}

/// Many branches, and lines that pass columns.
pub(crate) fn branches(id: &str) -> Markup {
    let mut nodes = vec![node("start", Shape::Task, "planner", &[])];
    for name in ["alpha", "beta", "gamma", "delta"] {
        nodes.push(node(&format!("{name}-scan"), Shape::Task, "scanner", &["start"]));
        nodes.push(node(
            &format!("{name}-report-with-a-long-name"),
            Shape::Task,
            "reporter of long names",
            &[&format!("{name}-scan")],
        ));
    }
    nodes.push(node(
        "merge",
        Shape::Task,
        "writer",
        &["alpha-report-with-a-long-name", "beta-scan", "delta-report-with-a-long-name", "start"],
    ));
    nodes.push(node("تقرير", Shape::Approval, "شخص", &["merge"]));
    nodes.last_mut().unwrap().sends_back_to = Some("gamma-scan".into());
    graph(&Caption { id, title: "A workflow with branches" }, &Graph { nodes: &nodes })
}

pub(crate) fn chain_nodes(count: usize) -> Vec<Node> {
    let mut nodes: Vec<Node> = (0..count)
        .map(|n| node(&format!("step-{n}"), Shape::Task, "agent", &[&format!("step-{}", n.wrapping_sub(1))]))
        .collect();
    for n in (7..count).step_by(11) {
        nodes[n].sends_back_to = Some(format!("step-{}", n - 4));
        nodes[n].after.push(format!("step-{}", n - 5));
    }
    nodes
}

pub(crate) fn chain(id: &str, count: usize) -> Markup {
    graph(&Caption { id, title: "Sixty steps" }, &Graph { nodes: &chain_nodes(count) })
}

fn bar(from: &str, to: Option<&str>, kind: BarKind, words: &str) -> Bar {
    Bar { from: at(from), to: to.map(at), kind, words: words.into() }
}

fn lane(name: &str, indented: bool, tone: Tone, bars: Vec<Bar>) -> Lane {
    Lane { name: name.into(), indented, tone, href: (!indented).then(|| format!("#step-{name}")), bars }
}

pub(crate) fn live_lanes() -> Vec<Lane> {
    use BarKind::{Wait, Work};
    let work = Work;
    vec![
        lane(
            "plan",
            false,
            Tone::Good,
            vec![bar("10:02:00", Some("10:05:10"), work(Tone::Good), "attempt 1: Done")],
        ),
        lane("implement", false, Tone::Live, vec![]),
        lane(
            "s1 Login form with a rather long title",
            true,
            Tone::Good,
            vec![
                bar("10:05:12", Some("10:08:00"), work(Tone::Bad), "attempt 1: Failed (ExitCode)"),
                bar("10:08:00", Some("10:08:30"), Wait, "waits for its backoff"),
                bar("10:08:30", Some("10:13:00"), work(Tone::Ask), "attempt 2: SentBack"),
                bar("10:13:00", Some("10:17:45"), work(Tone::Good), "attempt 3: Done"),
            ],
        ),
        lane(
            "s2 تسجيل الدخول",
            true,
            Tone::Live,
            vec![
                bar("10:17:50", Some("10:20:00"), work(Tone::Over), "attempt 1: Lost (Disrupted)"),
                bar("10:20:01", None, work(Tone::Live), "attempt 2"),
            ],
        ),
        lane("gate", false, Tone::Ask, vec![bar("10:20:00", None, Wait, "waits for a person")]),
        lane("pr", false, Tone::Neutral, vec![]),
    ]
}

pub(crate) fn live_gantt(id: &str) -> Markup {
    let chart =
        Gantt { lanes: &live_lanes(), from: at("10:02:00"), to: at("10:31:30"), now: Some(at("10:30:00")) };
    gantt(&Caption { id, title: "Attempts over time" }, &chart)
}

fn later(seconds: i64) -> Stamp {
    Stamp(at("00:00:00").0.checked_add(seconds.seconds()).unwrap())
}

pub(crate) fn large_gantt(id: &str, count: i64) -> Markup {
    let lanes: Vec<Lane> = (0..count)
        .map(|n| {
            let kind = BarKind::Work(Tone::ALL[n as usize % 6]);
            let bars = vec![Bar {
                from: later(n * 3_000),
                to: Some(later(n * 3_000 + 2_900)),
                kind,
                words: "attempt 1".into(),
            }];
            lane(&format!("step-{n}"), false, Tone::Good, bars)
        })
        .collect();
    gantt(
        &Caption { id, title: "Sixty steps in two days" },
        &Gantt { lanes: &lanes, from: later(0), to: later(count * 3_000), now: None },
    )
}

pub(crate) fn no_days(id: &str) -> Markup {
    html! { (days(&Caption { id, title: "Runs per day" }, &[])) }
}

pub(crate) fn no_durations(id: &str) -> Markup {
    durations(&Caption { id, title: "Duration" }, &[])
}

pub(crate) fn no_shares(id: &str) -> Markup {
    shares(
        &Caption { id, title: "Status" },
        &[Share { name: "Failed", count: 0, tone: Tone::Bad, href: None }],
    )
}

pub(crate) fn no_gantt(id: &str) -> Markup {
    gantt(
        &Caption { id, title: "When" },
        &Gantt { lanes: &[], from: at("10:00:00"), to: at("10:00:00"), now: None },
    )
}

pub(crate) fn no_graph(id: &str) -> Markup {
    graph(&Caption { id, title: "Steps" }, &Graph { nodes: &[] })
}

pub(crate) fn hostile(caption: &Caption) -> Markup {
    let mut evil = node(HOSTILE, Shape::Loop(HOSTILE.into()), HOSTILE, &[HOSTILE]);
    evil.sends_back_to = Some(HOSTILE.into());
    let lanes = [lane(
        HOSTILE,
        false,
        Tone::Bad,
        vec![bar("10:05:00", Some("10:01:00"), BarKind::Work(Tone::Bad), HOSTILE)],
    )];
    html! {
        (graph(caption, &Graph { nodes: &[evil] }))
        (gantt(&Caption { id: "h2", ..*caption }, &Gantt { lanes: &lanes, from: at("10:02:00"), to: at("10:03:00"), now: Some(at("09:00:00")) }))
        (shares(&Caption { id: "h3", ..*caption }, &[Share { name: HOSTILE, count: u64::MAX, tone: Tone::Bad, href: Some(HOSTILE) }, Share { name: HOSTILE, count: 3, tone: Tone::Over, href: None }]))
        (days(&Caption { id: "h4", ..*caption }, &[Day { date: date(2026, 1, 1), succeeded: u64::MAX, failed: u64::MAX, cancelled: 0 }]))
        (durations(&Caption { id: "h5", ..*caption }, &[DayDurations { date: date(2026, 1, 1), p50: Some(u64::MAX), p95: None }]))
        (sparkline(HOSTILE, &[Some(f64::NAN), Some(f64::INFINITY), Some(f64::MAX), Some(f64::MIN), None]))
    }
}
