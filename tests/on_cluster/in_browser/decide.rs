//! A question that is answered with a click, and one that the user may not answer.

use kube::api::ListParams;
use mission_control::api::{Phase, WorkflowDecision};

use crate::dashboard::gate;
use crate::support::{Fixture, is, workflow};

use super::{DASHBOARD, Scripts, Visitor, approver, run_page, viewer};

async fn asked() -> Fixture {
    let f = Fixture::with_arguments(DASHBOARD).await;
    f.workflow(workflow("flow", [gate()])).await;
    f.run("demo", "flow").await;
    f.until("demo", "its question", is(Phase::Paused)).await;
    f
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_clicked_by_who_may_and_the_page_shows_who_it_was() {
    let f = asked().await;
    let v = Visitor::new(&f, "approver", approver(), Scripts::On).await;
    // From the overview, as a person comes who looks for what waits.
    v.screen.until_text(".question", "Open it?").await;
    v.screen.click(".question h3 a").await;
    v.screen.until_text("h1", "demo").await;
    v.screen.type_into("textarea[name=feedback]", "well done").await;
    v.screen.click("button[value=Approve]").await;

    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    let by: Vec<_> = status.decisions.iter().map(|d| (d.by.as_deref(), d.result.as_str())).collect();
    assert_eq!(by, [(Some(v.reader.user.as_str()), "Applied")]);
    let made = f.api::<WorkflowDecision>().list(&ListParams::default()).await.expect("no list").items;
    assert_eq!(made.iter().map(|d| d.spec.feedback.as_deref()).collect::<Vec<_>>(), [Some("well done")]);
    v.screen.until_text(".page-head .badge", "Succeeded").await;
    v.screen.until_text("section[aria-labelledby=decisions]", &v.reader.user).await;
    assert_eq!(v.screen.path().await, run_page(&f, "demo"));
    assert_eq!(v.screen.console().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_approve_has_no_button_and_the_command_for_somebody_who_may() {
    let f = asked().await;
    let v = Visitor::new(&f, "viewer", viewer(), Scripts::On).await;
    v.screen.open(&run_page(&f, "demo")).await;
    assert!(v.screen.text(".question").await.contains("Open it?"));
    assert_eq!(v.screen.count("main form").await, 0);
    assert_eq!(v.screen.count("button[name=action]").await, 0);
    let command = format!("mc workflow approve demo -n {}", f.namespace);
    assert_eq!(v.screen.text(".question .command code").await, command);
}
