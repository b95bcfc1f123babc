//! Open pages update by themselves.

use kube::ResourceExt;
use mission_control::api::{Action, Phase, WorkflowRunStatus};

use crate::support::{Fixture, is, step, workflow};

use super::{DASHBOARD, Scripts, Visitor, run_page, viewer};

/// Says something that a page which was loaded again would have forgotten.
const MARK: &str = "window.isTheFirstPage = true;";
const MARKED: &str = "return window.isTheFirstPage === true;";

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_runs_shows_a_new_run_and_its_end_without_being_loaded_again() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    f.workflow(workflow("flow", [step("say", "echo STATUS: done")])).await;
    let v = Visitor::new(&f, "viewer", viewer(), Scripts::On).await;
    v.screen.open("/runs").await;
    v.screen.until_text(".empty", "There are no runs").await;
    v.screen.until_text("#pulse", "Live").await;
    v.screen.execute(MARK).await;

    f.run("demo", "flow").await;
    v.screen.until_text("tbody tr", "demo").await;
    v.screen.until_text("tbody tr .badge", "Succeeded").await;
    assert_eq!(v.screen.execute(MARKED).await, true, "the page was loaded again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_run_follows_it_from_its_first_step_to_its_end() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    let waits = "while [ ! -e /tmp/go ]; do sleep 0.1; done; echo STATUS: done";
    f.workflow(workflow(
        "flow",
        [step("first", waits), crate::dashboard::gate(), step("last", "echo STATUS: done")],
    ))
    .await;
    f.run("demo", "flow").await;
    let job =
        |s: &WorkflowRunStatus| s.steps.first()?.work.current.as_ref().map(|current| current.job.clone());
    let status = f.until_status("demo", "its first attempt", |s| job(s).is_some()).await;
    let pod = f.running_pod(&job(&status).unwrap()).await.name_any();

    let v = Visitor::new(&f, "viewer", viewer(), Scripts::On).await;
    v.screen.open(&run_page(&f, "demo")).await;
    v.screen.until_text("#pulse", "Live").await;
    v.screen.execute(MARK).await;
    v.screen.until_text(".page-head .badge", "Running").await;
    v.screen.until_text("#step-first .badge", "Running").await;
    // Between two renewals the script counts the time on.
    let before = v.screen.text(".page-head time").await;
    f.until_true("another second on the page", async || v.screen.text(".page-head time").await != before)
        .await;

    f.kubectl(&["exec", &pod, "--", "touch", "/tmp/go"]);
    v.screen.until_text(".page-head .badge", "Paused").await;
    v.screen.until_text(".question", "Open it?").await;
    let status = f.until("demo", "its question", is(Phase::Paused)).await;
    f.answer("demo", &status.escalations[0], Action::Approve, None).await;
    v.screen.until_text(".page-head .badge", "Succeeded").await;
    v.screen.until_text("#step-last .badge", "Succeeded").await;
    assert_eq!(v.screen.count(".question").await, 0, "a question that was answered is still shown");
    assert_eq!(v.screen.execute(MARKED).await, true, "the page was loaded again");
    assert_eq!(v.screen.console().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_writing_is_not_disturbed_by_news() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    f.workflow(workflow("flow", [crate::dashboard::gate()])).await;
    f.run("demo", "flow").await;
    f.until("demo", "its question", is(Phase::Paused)).await;
    let v = Visitor::new(&f, "approver", super::approver(), Scripts::On).await;
    v.screen.open(&run_page(&f, "demo")).await;
    v.screen.until_text("#pulse", "Live").await;
    v.screen.type_into("textarea[name=feedback]", "half a sen").await;
    // Something of the run changes, and the page hears of it.
    f.patch::<mission_control::api::WorkflowRun>("demo", serde_json::json!({"spec": {"suspend": true}}))
        .await
        .expect("refused");
    v.screen.until_text("#pulse", "held back").await;
    v.screen.type_into("textarea[name=feedback]", "tence").await;
    let said = v.screen.execute("return document.querySelector('textarea[name=feedback]').value").await;
    assert_eq!(said, "half a sentence");
    // A reload by hand always shows the new state.
    v.screen.click("#renew").await;
    v.screen.until_text("main", "No new attempt starts").await;
}
