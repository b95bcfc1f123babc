//! Text from agents and people is never executed, in any field.

use mission_control::api::status::EscalationStatus;
use mission_control::api::step::{ForEach, Step};
use mission_control::api::workflow::Param;
use mission_control::api::{Action, Phase, WorkflowDecision, WorkflowDecisionSpec, WorkflowRunSpec};
use serde_json::Value;

use crate::dashboard::gate;
use crate::support::{Fixture, is, step, to, workflow};

use super::screen::{LOOKS, Screen};
use super::{DASHBOARD, Scripts, Visitor, approver, run_page};

/// Ends attributes, elements and comments; runs a script four ways; colours, titles and clears a terminal; turns the
/// line around.
const HOSTILE: &str = "\"'--></textarea></title></pre><script>window.acted=1;alert(1)</script><img src=x onerror=window.acted=1>\
    <svg onload=window.acted=1></svg><a href=javascript:window.acted=1>x</a><style>body{display:none}</style>\
    <bdo dir=rtl>&lt;b&gt;\u{1b}[31m\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gnp.exe\u{2066}\u{200b} {{ task }}";

/// The same as a shell's word, and printed by it.
fn printed(key: &str) -> String {
    let text = HOSTILE.replace('\'', "'\\''").replace("{{ task }}", "");
    format!("printf '%s\\n' '{key}: {text}'\n")
}

/// A long line that no browser can break at a space.
fn line(length: usize) -> String {
    format!("{HOSTILE}{}", "x".repeat(length - HOSTILE.len()))
}

async fn full_of_it() -> Fixture {
    let f = Fixture::with_arguments(DASHBOARD).await;
    let stories = serde_json::json!([{"id": "a\"><b>", "title": HOSTILE, "description": HOSTILE, "acceptanceCriteria": [HOSTILE]}]);
    let stories = stories.to_string().replace('\'', "'\\''").replace("{{ task }}", "");
    let say = format!("{}printf '%s\\n' 'STORIES_JSON: {stories}'\necho STATUS: done", printed("RESULT"));
    let each = Step {
        for_each: Some(ForEach { list: "stories".into(), ..ForEach::default() }),
        ..step(
            "each",
            &format!("{}head -c 3000 /dev/zero | tr '\\0' y; echo; echo STATUS: done", printed("SAID")),
        )
    };
    let mut asks = gate();
    asks.approval.as_mut().unwrap().message = HOSTILE.replace("{{ task }}", "{{ result }}");
    let mut flow = workflow("flow", [step("say", &say), each, asks]);
    flow.spec.description = Some(HOSTILE.into());
    flow.spec.agents[0].description = Some(HOSTILE.into());
    let param = Param {
        name: "long".into(),
        description: Some(HOSTILE.into()),
        default: Some(HOSTILE.into()),
        ..Param::default()
    };
    flow.spec.params = vec![param];
    f.workflow(flow).await;
    // The longest that the API takes, in one line each; together below what etcd takes.
    let params = [("long".to_string(), line(1_000_000))].into();
    f.run_of("demo", WorkflowRunSpec { task: Some(line(200_000)), params, ..to("flow") }).await;
    f
}

/// An answer by somebody who claims to be somebody.
async fn answer(f: &Fixture, question: &EscalationStatus) {
    let spec = WorkflowDecisionSpec {
        run: "demo".into(),
        escalation: Some(question.id.clone()),
        action: Action::Reject,
        feedback: Some(HOSTILE.into()),
        outputs: [].into(),
        by: Some(HOSTILE.chars().take(253).collect()),
    };
    f.create(&WorkflowDecision::new(&format!("demo-{}", question.id), spec)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_in_every_field_is_shown_and_does_nothing() {
    let f = full_of_it().await;
    let v = Visitor::new(&f, "approver", approver(), Scripts::On).await;
    let status = f.until("demo", "its question", is(Phase::Paused)).await;
    let page = run_page(&f, "demo");
    let workflow = format!("/workflows/{}/flow", f.namespace);
    for path in ["/", "/runs", "/workflows", &workflow, &page] {
        inert(&v.screen, path).await;
    }
    v.screen.open("/runs").await;
    v.screen.type_into("input[name=q]", "\"><script>window.acted=1</script>").await;
    v.screen.click(".filters button").await;
    v.screen.until_text(".empty", "No runs match").await;
    harmless(&v.screen, "the search").await;

    answer(&f, &status.escalations[0]).await;
    f.until_status("demo", "the answer", |s| s.decisions.len() == 1).await;
    inert(&v.screen, &page).await;
    let shown = v.screen.text("section[aria-labelledby=decisions]").await;
    assert!(shown.contains("<script>") && shown.contains("⟨U+202E⟩"), "{shown}");
}

/// The page with everything unfolded, in every look.
async fn inert(screen: &Screen, path: &str) {
    for look in LOOKS {
        screen.look(look, 800).await;
        screen.open(path).await;
        screen.execute("document.querySelectorAll('details').forEach((d) => { d.open = true; });").await;
        assert_eq!(screen.overflowing().await, Vec::<String>::new(), "{path}, {look:?}");
        harmless(screen, path).await;
    }
}

async fn harmless(screen: &Screen, path: &str) {
    assert!(!screen.has_dialog().await, "{path} opened a dialog");
    let found = screen.execute(ACTED).await;
    assert_eq!(found, Value::Array(Vec::new()), "{path}");
    assert_eq!(screen.console().await, Vec::<String>::new(), "{path}");
}

const ACTED: &str = "const wrong = [];
const not = (what, is) => { if (is) wrong.push(what); };
const all = [...document.querySelectorAll('*')];
not('a script ran', window.acted !== undefined);
not('another script', document.scripts.length !== 1);
not('an element of theirs', document.querySelector('body :is(img, style, script, bdo, iframe, object, meta, link, base)'));
not('an attribute that runs', all.some((e) => [...e.attributes].some((a) => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))));
not('a direction of theirs', all.some((e) => e.hasAttribute('dir') && e.dir !== 'auto'));
not('the page is turned', getComputedStyle(document.body).direction !== 'ltr');
not('characters that turn or hide', /[\\u202a-\\u202e\\u2066-\\u2069\\u200b\\u001b\\u0007]/.test(document.documentElement.outerHTML));
not('the page is hidden', getComputedStyle(document.body).display === 'none');
const heads = [...document.querySelectorAll('h1, h2')].map((e) => e.getBoundingClientRect());
not('a heading is out of sight', heads.length === 0 || heads.some((r) => r.width <= 0 || r.left < 0 || r.right > innerWidth));
not('the page is endless', document.documentElement.scrollHeight > 60000);
return wrong;";
