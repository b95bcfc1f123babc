//! The same pages in a browser that executes no JavaScript.

use mission_control::api::Phase;

use crate::dashboard::gate;
use crate::support::{Fixture, is, step, workflow};

use super::{DASHBOARD, Scripts, Visitor, approver, run_page};

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_pages_have_their_content_and_questions_are_answered() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    f.workflow(workflow("flow", [step("say", "echo STATUS: done"), gate()])).await;
    f.run("demo", "flow").await;
    f.until("demo", "its question", is(Phase::Paused)).await;
    let v = Visitor::new(&f, "approver", approver(), Scripts::Off).await;
    assert!(v.screen.text(".question").await.contains("Open it?"));
    // What only a script could do is not offered.
    for what in ["#renew", "button.copy"] {
        assert!(v.screen.text(what).await.is_empty(), "{what} is shown");
    }
    assert_eq!(v.screen.text("#pulse").await, "", "the script ran");

    v.screen.open("/workflows").await;
    v.screen.click("tbody th a").await;
    v.screen.until_text("h1", "flow").await;
    assert!(v.screen.text("#step-gate").await.contains("a person"));

    v.screen.open("/runs").await;
    v.screen.type_into("input[name=q]", "nothing is called that").await;
    v.screen.click(".filters button").await;
    v.screen.until_text(".empty", "No runs match").await;

    v.screen.open(&run_page(&f, "demo")).await;
    assert!(v.screen.text("#step-say .badge").await.contains("Succeeded"));
    v.screen.click("#step-say-output summary").await;
    assert!(v.screen.text("#step-say-output .output").await.contains("STATUS: done"));
    v.screen.type_into("textarea[name=feedback]", "by hand").await;
    v.screen.click("button[value=Approve]").await;
    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.decisions[0].by.as_deref(), Some(v.reader.user.as_str()));
    v.screen.open(&run_page(&f, "demo")).await;
    assert!(v.screen.text(".page-head .badge").await.contains("Succeeded"));
}
