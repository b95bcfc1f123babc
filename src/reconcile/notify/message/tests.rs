use super::*;
use crate::api::WorkflowRunSpec;
use serde_json::Value;

fn status(text: Value) -> WorkflowRunStatus {
    serde_json::from_value(text).unwrap()
}

fn question(id: &str, message: &str) -> Value {
    json!({
        "id": id, "step": "build", "cause": "ExitCode", "message": message,
        "hint": format!("Answer with a WorkflowDecision named demo-{id}: Retry, Skip, Abort"),
        "since": "2026-01-01T00:00:00Z", "actions": ["Retry", "Skip", "Abort"],
    })
}

fn run() -> WorkflowRun {
    let mut run = WorkflowRun::new("demo", WorkflowRunSpec::default());
    run.metadata.namespace = Some("ns".into());
    run.metadata.uid = Some("u-1".into());
    run.spec.workflow_ref.name = "w".into();
    run
}

fn events(old: Value, new: Value) -> Vec<(NotifyEvent, Option<String>)> {
    let (old, new) = (status(old), status(new));
    let change = Transition::between(&old, &new, Stamp(jiff::Timestamp::UNIX_EPOCH));
    news(&change).into_iter().map(|n| (n.event, n.escalation.map(|e| e.id.clone()))).collect()
}

#[test]
fn each_question_is_told_once_when_it_is_opened() {
    let one = json!({"phase": "Paused", "escalations": [question("e1", "")]});
    let two = json!({"phase": "Paused", "escalations": [question("e1", ""), question("e2", "")]});
    let running = json!({"phase": "Running"});
    assert_eq!(events(running.clone(), one.clone()), [(NotifyEvent::Escalated, Some("e1".into()))]);
    assert_eq!(events(one.clone(), two.clone()), [(NotifyEvent::Escalated, Some("e2".into()))]);
    assert_eq!(events(two.clone(), two.clone()), []);
    assert_eq!(events(two, running), []);
}

#[test]
fn an_end_is_told_once() {
    let running = json!({"phase": "Running"});
    for (phase, event) in [
        ("Succeeded", NotifyEvent::Succeeded),
        ("Failed", NotifyEvent::Failed),
        ("Cancelled", NotifyEvent::Cancelled),
    ] {
        let end = json!({"phase": phase});
        assert_eq!(events(running.clone(), end.clone()), [(event, None)]);
        assert_eq!(events(end.clone(), end), []);
    }
    assert_eq!(events(json!({}), json!({"phase": "Pending"})), []);
    assert_eq!(events(running, json!({"phase": "Paused"})), []);
}

#[test]
fn a_run_that_was_answered_by_its_record_is_not_told() {
    assert_eq!(events(json!({}), json!({"phase": "Succeeded", "reason": "AlreadyRan"})), []);
}

#[test]
fn a_webhook_gets_everything_but_what_agents_said() {
    let status = status(json!({
        "phase": "Paused", "reason": "Escalated", "message": "the glance", "step": "other",
        "startedAt": "2026-01-01T00:00:00Z",
        "steps": [{"name": "build", "phase": "Escalated", "output": "agent text", "outputs": {"k": "agent text"}}],
        "outputs": {"k": "agent text"},
        "totals": {"attempts": 3, "retries": 2, "lost": 0, "escalations": 1},
        "escalations": [question("e1-abc", "exit code 1")],
    }));
    let news = News { event: NotifyEvent::Escalated, escalation: status.escalations.first() };
    let message = Message::new(&run(), &status, &news, Some("https://mc/ns/demo".into()));
    let body: Value = serde_json::from_str(&message.body(Kind::Webhook)).unwrap();
    assert_eq!(
        body,
        json!({
            "event": "Escalated", "namespace": "ns", "run": "demo", "workflow": "w",
            "phase": "Paused", "reason": "Escalated", "message": "exit code 1", "step": "build",
            "escalations": [{
                "id": "e1-abc", "step": "build", "cause": "ExitCode", "actions": ["Retry", "Skip", "Abort"],
                "hint": "Answer with a WorkflowDecision named demo-e1-abc: Retry, Skip, Abort",
            }],
            "startedAt": "2026-01-01T00:00:00.000Z", "finishedAt": null,
            "attempts": 3, "retries": 2, "url": "https://mc/ns/demo",
        })
    );
}

#[test]
fn a_chat_gets_a_few_lines_with_the_answer_that_is_asked_for() {
    let status = status(json!({
        "phase": "Paused", "reason": "Escalated",
        "escalations": [question("e1-abc", "see <!channel> & <https://evil|this>")],
    }));
    let news = News { event: NotifyEvent::Escalated, escalation: status.escalations.first() };
    let body = Message::new(&run(), &status, &news, None).body(Kind::Slack);
    let text = "Escalated: run ns/demo of workflow w, step build (ExitCode)\n\
        see &lt;!channel&gt; &amp; &lt;https://evil|this&gt;\n\
        Answer with a WorkflowDecision named demo-e1-abc: Retry, Skip, Abort";
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({"text": text}));
}

#[test]
fn an_answer_that_the_message_names_is_not_said_twice() {
    let text = "it failed. Answer with a WorkflowDecision named demo-e1-abc: Retry";
    let mut asked = question("e1-abc", text);
    asked.as_object_mut().unwrap().remove("hint");
    let status = status(json!({"phase": "Paused", "escalations": [asked]}));
    let news = News { event: NotifyEvent::Escalated, escalation: status.escalations.first() };
    assert_eq!(Message::new(&run(), &status, &news, None).text().matches("WorkflowDecision").count(), 1);
}

#[test]
fn a_message_has_no_control_characters_and_an_end() {
    assert_eq!(plain("a\u{1b}[31mb\r\n\tc\u{202e}d\0"), "a [31mb cd");
    let long = plain(&"ü".repeat(5000));
    assert_eq!((long.chars().count(), long.chars().last()), (1024, Some('…')));
}

#[test]
fn the_key_is_the_same_for_the_same_thing_only() {
    let status = status(json!({"escalations": [question("e1", ""), question("e2", "")]}));
    let of = |event, escalation| {
        Message::new(&run(), &status, &News { event, escalation }, None).key().to_string()
    };
    let keys = [
        of(NotifyEvent::Escalated, status.escalations.first()),
        of(NotifyEvent::Escalated, status.escalations.last()),
        of(NotifyEvent::Failed, None),
        of(NotifyEvent::Succeeded, None),
    ];
    let different: std::collections::BTreeSet<&String> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
    assert_eq!(of(NotifyEvent::Failed, None), keys[2]);
}
