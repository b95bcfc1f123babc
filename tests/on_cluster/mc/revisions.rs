//! Revisions of a workflow, and what changed between them.

use kube::ResourceExt;
use mission_control::api::{Phase, Workflow};
use mission_control::engine::ids;
use serde_json::json;

use crate::support::mc::{Said, mc};
use crate::support::{Fixture, ends_by_term, is, step, workflow};

#[tokio::test(flavor = "multi_thread")]
async fn revisions_name_their_runs_and_show_what_changed() {
    let f = Fixture::new().await;
    let revisions = |more: &[&str]| -> Said { mc(&[&["revisions", "w", "-n", &f.namespace], more].concat()) };
    let said = revisions(&[]);
    assert!(said.err.contains("there is no workflow w"), "{}", said.err);
    said.ended(3);

    let first = f.workflow(workflow("w", [step("long", &ends_by_term("begun"))])).await;
    let said = revisions(&[]);
    assert_eq!(said.err, "workflow w has no revision yet: its first run creates one\n");
    said.ended(0);
    f.run("old", "w").await;
    f.until("old", "start", is(Phase::Running)).await;
    let patch = json!({"spec": {"timeout": "2h", "description": "no part of a revision", "steps": [
        {"name": "quick", "agent": "sh", "input": "echo STATUS: done"}]}});
    let second: Workflow = f.patch("w", patch).await.unwrap();
    let (first, second) = (ids::revision_hash(&first.spec), ids::revision_hash(&second.spec));
    let rows = |text: &str| -> Vec<Vec<String>> {
        // All but the age.
        let words = |l: &str| l.split_whitespace().map(String::from).collect::<Vec<_>>();
        text.lines()
            .map(words)
            .map(|mut w| {
                w.remove(2);
                w
            })
            .collect()
    };
    let head = ["REVISION", "CURRENT", "RUNS"];

    let said = revisions(&[]);
    assert!(
        said.err.contains(&format!("the current workflow w ({second}) has no revision yet")),
        "{}",
        said.err
    );
    assert_eq!(rows(&said.ended(0)), [head, [first.as_str(), "no", "old"]]);
    f.run("new", "w").await;
    f.until("new", "its end", is(Phase::Succeeded)).await;
    let said = revisions(&[]);
    assert_eq!(said.err, "");
    let text = said.ended(0);
    assert_eq!(rows(&text)[0], head);
    assert!(rows(&text)[1..].contains(&vec![second.clone(), "yes".into(), "-".into()]), "{text}");
    assert!(rows(&text)[1..].contains(&vec![first.clone(), "no".into(), "old".into()]), "{text}");

    let diff = revisions(&["--diff", &first[..8]]).ended(0);
    assert!(diff.starts_with(&format!("--- w-{first}\n+++ w, current ({second})\n@@ ")), "{diff}");
    let changed = |mark: &str, what: &str| diff.lines().any(|l| l.starts_with(mark) && l.contains(what));
    assert!(
        changed("+", "timeout: 2h") && changed("+", "name: quick") && changed("-", "name: long"),
        "{diff}"
    );
    assert!(!diff.contains("no part of a revision"), "{diff}");
    let between = revisions(&["--diff", &second, &first]).ended(0);
    assert!(between.lines().any(|l| l.starts_with('-') && l.contains("timeout: 2h")), "{between}");
    let said = revisions(&["--diff", &second]);
    assert!(said.err.starts_with("no difference"), "{}", said.err);
    assert_eq!(said.ended(0), "");

    let names = revisions(&["-o", "name"]).ended(0);
    assert!(names.lines().any(|l| l == format!("controllerrevision.apps/w-{first}")), "{names}");
    f.api::<Workflow>().delete("w", &Default::default()).await.unwrap();
    let said = revisions(&[]);
    assert!(said.err.contains("workflow w was deleted"), "{}", said.err);
    assert_eq!(said.ended(0).lines().count(), 3);
    assert_eq!(f.runs().get("old").await.unwrap().name_any(), "old");
}
