//! The content of the gallery's pages.

use maud::{Markup, html};

use super::pictures;
use super::samples::{HOSTILE, at};
use mission_control::api::{Phase, StepPhase};
use mission_control::dashboard::draw::{Caption, sparkline};
use mission_control::dashboard::parts::*;

fn none() -> Markup {
    html! {}
}

pub(crate) fn overview() -> Markup {
    let text = |words: &str| html! { (words) };
    html! {
        (page_head("Overview", none(), none(), ""))
        (notice(Tone::Ask, "Two runs wait for a person", html! { p { a href="/runs?status=Paused" { "Show them" } } }))
        (cards(&[
            card("Success rate", "91.4 %", text("213 of 233 that ended"), Tone::Good),
            card("Live", "4", text("2 running, 2 paused"), Tone::Live),
            card("Waiting for a person", "2", html! { "the oldest for " (since(at("07:12:00"), "3h18m")) }, Tone::Ask),
            card("Median duration", "12m40s", text("95 % within 1h04m"), Tone::Neutral),
            card("Failed", "20", text("in 30 days"), Tone::Bad),
            card("Steps completed", "6.2", text("on average"), Tone::Over),
        ]))
        (columns(&[
            section("per-day", "Runs per day", html! { "30 days, UTC" }, pictures::thirty_days("d")),
            section("took", "Duration", html! { "of runs that ended" }, pictures::thirty_durations("t")),
        ]))
        (section("status", "Status", none(), pictures::breakdown("s")))
        (section("by-workflow", "By workflow", html! { a href="/workflows" { "All workflows" } }, by_workflow()))
        (section("bottlenecks", "Bottlenecks", html! { "steps that delay runs" }, bottlenecks()))
    }
}

fn by_workflow() -> Markup {
    let heads = [
        Head::text("Workflow"),
        Head::figures("Runs"),
        Head::text("Success"),
        Head::figures("p50"),
        Head::figures("p95"),
        Head::text("Trend"),
    ];
    let row = |name: &str, runs: &str, rate: Option<f64>, tone: Tone, n: usize| {
        let values: Vec<Option<f64>> =
            (0..12).map(|d| (d % 5 != n % 5).then(|| ((d * 7 + n * 3) % 11) as f64)).collect();
        vec![
            html! { a href="/workflows/team/x" { (words(name)) } },
            html! { (runs) },
            meter(rate, tone),
            html! { "12m40s" },
            html! { "1h04m" },
            sparkline("duration over 12 weeks, last 9 minutes", &values),
        ]
    };
    table(
        "Figures of 30 days",
        &heads,
        &[
            row("feature-dev", "128", Some(0.914), Tone::Good, 1),
            row("security-audit", "64", Some(0.63), Tone::Ask, 2),
            row("bug-fix", "41", Some(0.41), Tone::Bad, 3),
            row("code-review", "0", None, Tone::Neutral, 4),
            row("تدقيق-الأمان", "3", Some(0.999), Tone::Good, 5),
        ],
    )
}

fn bottlenecks() -> Markup {
    let heads = [
        Head::text("Step"),
        Head::text("Workflow"),
        Head::figures("Executions"),
        Head::figures("Failure"),
        Head::figures("Retries on average"),
    ];
    let row = |cells: [&str; 5]| cells.iter().map(|c| html! { (c) }).collect();
    table(
        "Worst first",
        &heads,
        &[
            row(["implement", "feature-dev", "128", "35 %", "2.3"]),
            row(["scan", "security-audit", "64", "12 %", "0.8"]),
        ],
    )
}

pub(crate) fn runs() -> Markup {
    let statuses = [("", "any"), ("Running", "Running"), ("Paused", "Paused"), ("Failed", "Failed")];
    let heads = [
        Head::text("Run"),
        Head::text("Workflow"),
        Head::text("Status"),
        Head::text("Step"),
        Head::figures("Progress"),
        Head::figures("Duration"),
        Head::text("Started"),
    ];
    let row = |n: usize, (phase, _): &(Phase, &str)| {
        vec![
            html! { a href="/runs/team/oauth-login" { (words(&format!("oauth-login-{n}"))) } },
            words("feature-dev"),
            badge(phase.as_str(), *phase),
            words("implement"),
            html! { "3/7" },
            if phase.is_terminal() {
                html! { "12m40s" }
            } else {
                since(at("10:02:00"), "28m00s")
            },
            time(at("10:02:00"), "28m ago"),
        ]
    };
    let rows: Vec<_> = Phase::ALL.iter().enumerate().map(|(n, phase)| row(n, phase)).collect();
    html! {
        (page_head("Runs", none(), none(), ""))
        (filters("/runs", &[
            Field { name: "status", label: "Status", value: "Running", way: Way::Choice(&statuses) },
            Field { name: "q", label: "Name", value: "oauth", way: Way::Text { hint: "part of a name" } },
        ]))
        div {
            (table("Runs, the newest first", &heads, &rows))
            (pager(&Pages { words: "51–100 of 1,204 runs", newer: Some("/runs?page=1"), older: None }))
        }
    }
}

pub(crate) fn run() -> Markup {
    html! {
        (page_head(
            "oauth-login",
            badge("Paused", Phase::Paused),
            html! { "running for " (since(at("10:02:00"), "28m00s")) },
            "Add OAuth login with the company's provider.\nKeep the session cookie.",
        ))
        (question(&Question {
            id: "e1-7f3a2c",
            about: "gate",
            cause: "Approval",
            message: "Open a pull request for Add OAuth login?\n\n3 stories are done, 12 files changed.",
            hint: None,
            times: html! { "for " (since(at("10:20:00"), "10m00s")) ", expires in " (until(at("10:50:00"), "20m00s")) },
            answer: Some(Answer { url: "/runs/team/oauth-login/decide", csrf: "3f9c", actions: &["Approve", "Reject", "Abort"], outputs: true }),
            command: "mc workflow approve oauth-login",
        }))
        (definitions(&[
            ("Workflow", html! { a href="/workflows/team/feature-dev" { "feature-dev" } " at 9f3c2a" }),
            ("Started", time(at("10:02:00"), "10:02:00 UTC")),
            ("Progress", html! { "3/7" }),
            ("repo", words("https://git.example/app")),
        ]))
        (section("graph", "Steps", none(), pictures::feature_dev("g", true)))
        (section("when", "When", none(), pictures::live_gantt("w")))
        (section("steps", "Steps", none(), step("step-plan", html! { "plan " (badge("Succeeded", Tone::Good)) },
            item("step-plan-item-a", words("a"), definitions(&[("Attempts", html! { "1" })])))))
        (section("outputs", "What was said", none(), said()))
    }
}

/// Every color and attribute, as a program prints them.
pub(crate) fn colours() -> String {
    let both = (0..8).map(|n| format!("\u{1b}[3{n}mfront {n}\u{1b}[9{n}m bright\u{1b}[0m \u{1b}[4{n}mback\u{1b}[10{n}m bright\u{1b}[0m\n"));
    both.collect::<String>() + "\u{1b}[1mbold\u{1b}[22m \u{1b}[2mdim\u{1b}[22m \u{1b}[4munder\u{1b}[24m\n"
}

fn said() -> Markup {
    let plan = "Three stories.\n\nSTATUS: done\nSTORIES_JSON: [\n  {\"id\": \"s1\", \"title\": \"Login\"}\n]";
    html! {
        (folds(details("step-plan-0", html! { "Input" }, output(plan), false)))
        (details("step-plan-1", html! { (badge("Done", Tone::Good)) " plan, attempt 1" }, output(plan), true))
        (details("step-implement-1", html! { (badge("Failed", Tone::Bad)) " implement, attempt 1" }, output(&colours()), true))
        (details("step-verify-1", html! { (badge("Skipped", StepPhase::Skipped)) " verify" }, output(" "), false))
    }
}

pub(crate) fn workflow() -> Markup {
    html! {
        (page_head("feature-dev", badge("Ready", Tone::Good), none(), "Drop in a feature request, get back a reviewed pull request."))
        (section("graph", "Steps", none(), pictures::feature_dev("g", false)))
        (section("branches", "Branches", none(), pictures::branches("b")))
    }
}

pub(crate) fn empty() -> Markup {
    html! {
        (page_head("Overview", none(), none(), ""))
        (empty_part())
        (cards(&[card("Success rate", "–", html! { "no run has ended" }, Tone::Neutral)]))
        (columns(&[pictures::no_days("d"), pictures::no_durations("t")]))
        (pictures::no_shares("s"))
        (pictures::no_gantt("w"))
        (pictures::no_graph("g"))
        (table("No rows", &[Head::text("Run")], &[]))
        (sparkline("no figures", &[]))
    }
}

fn empty_part() -> Markup {
    mission_control::dashboard::parts::empty(
        "No runs yet",
        "A run is an object like any other: apply one, and it appears here.",
        Some("mc workflow run feature-dev --task 'Add OAuth login' --namespace team"),
    )
}

pub(crate) fn huge() -> Markup {
    let long = "implement-the-whole-thing-".repeat(20);
    html! {
        (page_head(&long, badge("Running", Phase::Running), none(), &"A task of many words. ".repeat(60)))
        (pictures::chain("c", 60))
        (pictures::large_gantt("w", 60))
        (pictures::many_days("d"))
        (output(&format!("{}\n{}", "x".repeat(3_000), "line\n".repeat(20_000))))
        (command(&"mc ".repeat(200)))
    }
}

pub(crate) fn hostile() -> Markup {
    let caption = Caption { id: "h", title: HOSTILE };
    html! {
        (page_head(HOSTILE, badge(HOSTILE, Tone::Bad), words(HOSTILE), HOSTILE))
        (notice(Tone::Bad, HOSTILE, words(HOSTILE)))
        (cards(&[card(HOSTILE, HOSTILE, words(HOSTILE), Tone::Bad)]))
        (section("x", HOSTILE, none(), output(HOSTILE)))
        (definitions(&[(HOSTILE, words(HOSTILE))]))
        (table(HOSTILE, &[Head::text(HOSTILE), Head::text(HOSTILE)], &[vec![words(HOSTILE), html! { (HOSTILE) }]]))
        (filters("/runs", &[
            Field { name: "q", label: HOSTILE, value: HOSTILE, way: Way::Text { hint: HOSTILE } },
            Field { name: "s", label: HOSTILE, value: HOSTILE, way: Way::Choice(&[(HOSTILE, HOSTILE)]) },
        ]))
        (pager(&Pages { words: HOSTILE, newer: Some(HOSTILE), older: None }))
        (details(HOSTILE, words(HOSTILE), output(HOSTILE), true))
        (question(&Question {
            id: HOSTILE, about: HOSTILE, cause: HOSTILE, message: HOSTILE, hint: Some(HOSTILE), times: words(HOSTILE), command: HOSTILE,
            answer: Some(Answer { url: HOSTILE, csrf: HOSTILE, actions: &[HOSTILE], outputs: true }),
        }))
        (mission_control::dashboard::parts::empty(HOSTILE, HOSTILE, Some(HOSTILE)))
        (pictures::hostile(&caption))
    }
}

pub(crate) fn sign_in() -> Markup {
    mission_control::dashboard::parts::sign_in(
        Some("The API server does not accept this token."),
        "3f9c",
        "kubectl create token alice --duration 8h",
    )
}
