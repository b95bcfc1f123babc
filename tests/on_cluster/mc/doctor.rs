//! `mc doctor`, `mc version` and names for Tab: with all rights, with none, and with the wrong ones.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::mc::{Said, command, mc, said};
use crate::support::{Fixture, step, workflow};

/// What `mc doctor -o json` says about one check; the first where there are several.
fn finding(said: &Said, check: &str) -> Value {
    let read = serde_json::from_str(&said.out);
    let findings: Vec<Value> = read.unwrap_or_else(|e| panic!("doctor prints no JSON: {e}: {said:?}"));
    let found = findings.iter().find(|f| f["check"] == check);
    found.unwrap_or_else(|| panic!("no {check} in {said:?}")).clone()
}

fn doctor(f: &Fixture, more: &[&str]) -> Said {
    mc(&[&["doctor", "-n", &f.namespace, "-o", "json"], more].concat())
}

#[track_caller]
fn assert_finding(said: &Said, check: &str, state: &str, message: &str) {
    let found = finding(said, check);
    let told = found["message"].as_str().unwrap_or_default();
    assert!(found["state"] == state && told.contains(message), "{found}\n{}", said.err);
    assert_eq!(found["fix"].is_null(), state == "ok", "{found}");
}

async fn until_led(f: &Fixture) {
    let lease =
        || f.try_kubectl(&["get", "lease", "mission-control", "-o", "jsonpath={.spec.holderIdentity}"]);
    f.until_true("leader", async || lease().is_ok_and(|holder| !holder.is_empty())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_at_everything_and_changes_nothing() {
    let f = Fixture::new().await;
    until_led(&f).await;
    f.workflow(workflow("good", [step("one", "echo STATUS: done")])).await;

    let said = doctor(&f, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_finding(&said, "cluster", "ok", "Kubernetes v1.");
    assert_finding(&said, "crds", "ok", "all four CRDs of missioncontrol.dev are installed");
    assert_finding(
        &said,
        "operator",
        "ok",
        &format!("operator-0 is the leader (lease {}/mission-control", f.namespace),
    );
    assert_finding(&said, "storage", "ok", "the default StorageClass local");
    assert_finding(&said, "runs", "ok", "no run in namespace");
    assert_finding(&said, "workflows", "ok", "1 workflow in namespace");
    assert_finding(&said, "may list workflowruns", "ok", "listing runs");
    assert_finding(&said, "may get pods/log", "ok", "reading agents' logs");
    let text = mc(&["doctor", "-n", &f.namespace]).ended(0);
    assert!(text.contains("ok    cluster "), "{text}");
    assert!(text.contains("\nlist workflowruns          yes       listing runs\n"), "{text}");

    let version = mc(&["version"]).ended(0);
    let of = |head: &str| version.lines().find(|l| l.starts_with(head)).unwrap_or_default().to_string();
    assert!(of("mc ").contains(env!("CARGO_PKG_VERSION")) && of("API server ").contains("v1."), "{version}");
    assert!(of("operator ").contains("there is no Deployment"), "{version}");

    bad_things_are_found(&f).await;
}

async fn bad_things_are_found(f: &Fixture) {
    f.workflow(workflow("bad", [step("one", "{{ nothing }}")])).await;
    f.until_true("problems of the workflow", async || doctor(f, &[]).code == 1).await;
    let said = doctor(f, &[]);
    assert_finding(&said, "workflows", "bad", "1 of 2 cannot be run: bad");
    f.kubectl(&["delete", "workflow", "bad"]);

    // A Deployment that never becomes ready, in a namespace where somebody leads.
    f.apply(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: mc, labels: {app.kubernetes.io/name: mission-control}},
          spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}},
            spec: {containers: [{name: mission-control, image: 'missioncontrol.dev/none:v1'}]}}}}",
    );
    let said = doctor(f, &[]);
    assert_finding(&said, "operator", "bad", "/mc is scaled to 0");
    assert_finding(&said, "leader", "ok", "operator-0 is the leader");
    assert_eq!(said.code, 1);
    let version = mc(&["version"]).ended(0);
    assert!(version.contains(&format!("missioncontrol.dev/none:v1 ({}/mc)", f.namespace)), "{version}");
    run_fix(&finding(&said, "operator"));
    f.until_true("one replica to be wanted", async || {
        finding(&doctor(f, &[]), "operator")["message"].as_str().is_some_and(|m| m.contains("0 of 1 ready"))
    })
    .await;
    f.kubectl(&["delete", "deployment", "mc"]);
}

/// A fix is a command that can be run.
#[track_caller]
fn run_fix(finding: &Value) {
    let fix = finding["fix"].as_str().expect("there is a fix");
    let done = Command::new("bash").args(["-c", fix]).output().expect("bash cannot be started");
    assert!(done.status.success(), "{fix}: {}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_no_operator_sees_is_found_after_a_minute() {
    let mut f = Fixture::new().await;
    f.operator.kill();
    f.run("lonely", "no-such-workflow").await;
    assert_finding(&doctor(&f, &[]), "runs", "ok", "no run in namespace");
    tokio::time::sleep(Duration::from_secs(61)).await;
    let said = doctor(&f, &[]);
    assert_finding(&said, "runs", "bad", "no operator has picked up lonely");
    assert_eq!(said.code, 1);
    f.operator = f.another_operator("operator-0");
    f.until_true("the operator to look", async || finding(&doctor(&f, &[]), "runs")["state"] == "ok").await;
}

/// The cluster's kubeconfig, as a file of this test's own in which the user is another.
fn kubeconfig(f: &Fixture, user: Value) -> String {
    let raw = f.kubectl(&["config", "view", "--raw", "--flatten", "-o", "json"]);
    let mut config: Value = serde_json::from_str(&raw).expect("the kubeconfig is no JSON");
    for entry in config["users"].as_array_mut().expect("it has users") {
        entry["user"] = user.clone();
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.kubeconfig", f.namespace));
    std::fs::write(&path, config.to_string()).expect("the kubeconfig cannot be written");
    path.to_string_lossy().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_rights_is_told_which_and_how_to_get_them() {
    let f = Fixture::new().await;
    let token = f.kubectl(&["create", "token", "default"]);
    let file = kubeconfig(&f, json!({"token": token.trim()}));
    let me = format!("system:serviceaccount:{}:default", f.namespace);
    let here = ["--kubeconfig", &file];

    let said = doctor(&f, &here);
    assert_eq!(said.code, 1, "{said:?}");
    assert_finding(&said, "cluster", "ok", &format!("you are {me}"));
    assert_finding(&said, "crds", "ok", "all four kinds of missioncontrol.dev are served");
    assert_finding(
        &said,
        "operator",
        "warn",
        &format!("not visible to you: you ({me}) may not list deployments"),
    );
    assert_finding(&said, "decisions", "warn", "not visible to you");
    assert_finding(&said, "storage", "warn", "not visible to you");
    assert_finding(&said, "may list workflowruns", "bad", "listing runs");
    assert_finding(
        &said,
        "may create workflowdecisions",
        "warn",
        "answering, pausing, resuming and aborting runs",
    );

    for right in ["list workflowruns", "create workflowruns", "list workflows", "get pods/log"] {
        run_fix(&finding(&said, &format!("may {right}")));
    }
    f.until_true("the rights to be there", async || {
        let said = doctor(&f, &here);
        let is_ok = |right: &str| finding(&said, &format!("may {right}"))["state"] == "ok";
        is_ok("list workflowruns") && is_ok("get pods/log") && said.code == 0
    })
    .await;

    let version = mc(&["version", "--kubeconfig", &file]).ended(0);
    assert!(version.contains("operator     not visible to you: you ("), "{version}");
    assert!(version.contains("API server   v1."), "{version}");
    std::fs::remove_file(file).expect("the kubeconfig is gone already");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_and_contexts_end_with_a_sentence() {
    let f = Fixture::new().await;
    let file = kubeconfig(&f, json!({"token": "expired"}));
    for (verb, what) in [("doctor", "read the API server's version"), ("version", "read the versions")] {
        let said = mc(&[verb, "--kubeconfig", &file]);
        let expected = format!(
            "error: cannot {what}: the API server does not accept your credentials; they are wrong or have expired\n\
             next:  sign in again; kubectl auth whoami must work, too\n"
        );
        assert_eq!((said.code, said.err), (3, expected));
    }
    let said = mc(&["doctor", "--context", "no-such-context"]);
    assert_eq!(said.code, 3);
    assert!(
        said.err
            .starts_with("error: the kubeconfig has no context 'no-such-context'\nnext:  choose one with"),
        "{}",
        said.err
    );
    std::fs::remove_file(file).expect("the kubeconfig is gone already");
}

/// The completions that kubectl would get for these words; the last is at the cursor.
fn offered(f: &Fixture, words: &[&str]) -> Vec<String> {
    let before = ["--", "mc", "-n", &f.namespace];
    let answer = said(command().env("MC_COMPLETE", "kubectl").args(before).args(words)).ended(0);
    let lines = answer.strip_suffix(":4\n").unwrap_or_else(|| panic!("{words:?}: {answer}")).lines();
    lines.map(|l| l.split('\t').next().unwrap_or_default().to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_completed_from_the_cluster() {
    let f = Fixture::new().await;
    let steps = [step("first", "echo STATUS: done"), step("second", "echo STATUS: done")];
    f.workflow(workflow("flow", steps)).await;
    f.run("tab-1", "flow").await;
    f.run("other", "flow").await;
    f.until_status("tab-1", "its steps", |s| s.steps.len() == 2).await;
    assert_eq!(offered(&f, &["workflow", "run", ""]), ["flow"]);
    assert_eq!(offered(&f, &["runs", "--workflow", "f"]), ["flow"]);
    assert_eq!(offered(&f, &["status", ""]), ["other", "tab-1"]);
    assert_eq!(offered(&f, &["wf", "retry", "t"]), ["tab-1"]);
    assert_eq!(offered(&f, &["retry", "tab-1", "--step", ""]), ["first", "second"]);
    let half = f.namespace.split_at(f.namespace.len() - 3).0;
    assert!(offered(&f, &["runs", "-n", half]).contains(&f.namespace));
}
