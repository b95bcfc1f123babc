//! What a step's container finds mounted: the run's workspace, its input in a file, its agent's files.

use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim};
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use mission_control::api::agent::{Agent, InputAs, WorkspaceAccess};
use mission_control::api::status::EscalationStatus;
use mission_control::api::step::{OnExhausted, Retry, Step};
use mission_control::api::workflow::{Keep, Param, Workspace};
use mission_control::api::{
    Action, Cause, Phase, Workflow, WorkflowRun, WorkflowRunSpec, WorkflowRunStatus, WorkflowSpec, labels,
};
use mission_control::engine::ids;
use serde_json::json;

use crate::support::{Fixture, agent, is, step, to, workflow};

/// A workflow whose steps share a volume; the agent `reader` may only read it.
fn sharing(keep: Keep, steps: impl IntoIterator<Item = Step>) -> Workflow {
    let mut w = workflow("w", steps);
    let reader = Agent { workspace_access: Some(WorkspaceAccess::ReadOnly), ..named("reader") };
    let outsider = Agent { workspace_access: Some(WorkspaceAccess::None), ..named("outsider") };
    w.spec.agents.extend([reader, outsider]);
    w.spec.workspace = Some(Workspace { size: "16Mi".into(), keep: Some(keep), ..Workspace::default() });
    w
}

fn named(name: &str) -> Agent {
    Agent { name: name.into(), ..agent() }
}

fn by(agent: &str, step: Step) -> Step {
    Step { agent: Some(agent.into()), ..step }
}

fn output<'a>(status: &'a WorkflowRunStatus, step: &str) -> &'a str {
    let found = status.steps.iter().find(|s| s.name == step);
    found.and_then(|s| s.work.output.as_deref()).unwrap_or_default()
}

async fn claims(f: &Fixture) -> Vec<PersistentVolumeClaim> {
    f.api().list(&ListParams::default()).await.expect("claims cannot be listed").items
}

async fn until_no_claim(f: &Fixture) {
    f.until_true("namespace without a claim", async || claims(f).await.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_share_a_workspace_as_far_as_each_may_use_it() {
    let f = Fixture::new().await;
    let read = "cat /workspace/src/note; echo no > /workspace/src/note || echo REFUSED: yes
        touch /workspace/new || echo REFUSED_TOO: yes; echo STATUS: done";
    f.workflow(sharing(
        Keep::Never,
        [
            step("write", "mkdir /workspace/src; echo NOTE: 42 > /workspace/src/note; echo STATUS: done"),
            by("reader", step("read", read)),
            by("outsider", step("outside", "ls /workspace || echo ABSENT: yes; echo STATUS: done")),
            step("again", "cat /workspace/src/note; echo more >> /workspace/src/note; echo STATUS: done"),
        ],
    ))
    .await;
    f.run("demo", "w").await;

    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    let read = output(&status, "read");
    assert!(read.contains("NOTE: 42") && read.contains("Read-only file system"), "{read}");
    assert!(read.contains("REFUSED: yes") && read.contains("REFUSED_TOO: yes"), "{read}");
    assert!(output(&status, "outside").contains("ABSENT: yes"), "{}", output(&status, "outside"));
    assert!(output(&status, "again").contains("NOTE: 42"), "{}", output(&status, "again"));
    assert_eq!(status.workspace, None);
    until_no_claim(&f).await;
    let left: Vec<String> =
        f.pods().await.iter().filter_map(|p| p.labels().get(labels::STEP).cloned()).collect();
    assert_eq!((left, f.jobs().await.len()), (vec!["outside".to_string()], 4));
}

/// A run that fails, and its claim afterwards.
async fn failed(f: &Fixture, keep: Keep) -> (WorkflowRunStatus, PersistentVolumeClaim) {
    let fails = Step {
        retry: Some(Retry { limit: Some(0), ..Retry::default() }),
        on_exhausted: Some(OnExhausted::Fail),
        ..step("a", "echo half > /workspace/half; exit 3")
    };
    f.workflow(sharing(keep, [fails])).await;
    let run = f.run("demo", "w").await;
    let status = f.until("demo", "its end", is(Phase::Failed)).await;
    let name = ids::workspace_name("demo", &run.uid().unwrap());
    let claim = f.api::<PersistentVolumeClaim>().get(&name).await.expect("the claim is gone");
    assert_eq!(f.pods().await.len(), 1);
    (status, claim)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_kept_for_a_look_at_the_failure_until_the_run_is_deleted() {
    let f = Fixture::new().await;
    let (status, claim) = failed(&f, Keep::OnFailure).await;
    assert_eq!(status.workspace, claim.metadata.name);
    assert_eq!(claim.metadata.deletion_timestamp, None);
    f.runs().delete("demo", &DeleteParams::background()).await.unwrap();
    until_no_claim(&f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_a_workspace_that_is_not_kept_goes_with_the_pods_that_explain_it() {
    let f = Fixture::new().await;
    let (status, claim) = failed(&f, Keep::Never).await;
    assert_eq!(status.workspace, None);
    assert!(claim.metadata.deletion_timestamp.is_some());
    let pod = f.pods().await.remove(0).name_any();
    f.kubectl(&["logs", &pod]);
    f.kubectl(&["delete", "pod", &pod]);
    until_no_claim(&f).await;
}

/// A run whose claim's name is taken, and the question that follows.
async fn a_taken_name(f: &Fixture) -> (PersistentVolumeClaim, EscalationStatus) {
    f.workflow(sharing(Keep::Never, [step("a", "touch /workspace/x; echo STATUS: done")])).await;
    let run = f.run_of("demo", WorkflowRunSpec { suspend: Some(true), ..to("w") }).await;
    let name = ids::workspace_name("demo", &run.uid().unwrap());
    let theirs: PersistentVolumeClaim = serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }))
    .unwrap();
    let theirs = f.create(&theirs).await;
    f.patch::<WorkflowRun>("demo", json!({"spec": {"suspend": false}})).await.unwrap();

    let asked = f.until("demo", "question", is(Phase::Paused)).await;
    let question = asked.escalations[0].clone();
    assert_eq!(question.cause, Cause::PodRefused);
    let told = format!("PersistentVolumeClaim {name} is somebody else's");
    assert!(question.message.contains(&told), "{}", question.message);
    assert_eq!(f.jobs().await.len(), 0);
    (theirs, question)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_claim_of_our_name_asks_a_person_and_outlives_the_run() {
    let f = Fixture::new().await;
    let (theirs, _) = a_taken_name(&f).await;
    f.abort("demo").await;
    f.until("demo", "its end", is(Phase::Cancelled)).await;
    let left = f.api::<PersistentVolumeClaim>().get(&theirs.name_any()).await;
    let left = left.expect("a stranger's claim was deleted");
    assert_eq!((left.uid(), left.metadata.deletion_timestamp), (theirs.uid(), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_runs_once_the_strangers_claim_is_gone() {
    let f = Fixture::new().await;
    let (theirs, question) = a_taken_name(&f).await;
    let claims = f.api::<PersistentVolumeClaim>();
    claims.delete(&theirs.name_any(), &DeleteParams::background()).await.unwrap();
    until_no_claim(&f).await;
    f.answer("demo", &question, Action::Retry, None).await;
    f.until("demo", "its end", is(Phase::Succeeded)).await;
    until_no_claim(&f).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_holds_the_claim_back_until_there_is_room() {
    let f = Fixture::new().await;
    f.apply(
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none}\nspec: {hard: {persistentvolumeclaims: 0}}\n",
    );
    f.until_true("quota in force", async || {
        f.kubectl(&["get", "resourcequota", "none", "-o", "jsonpath={.status.hard}"]).contains('0')
    })
    .await;
    f.workflow(sharing(Keep::Never, [step("a", "touch /workspace/x; echo STATUS: done")])).await;
    f.run("demo", "w").await;
    f.until_status("demo", "word about the quota", |s| {
        s.waiting.as_deref().is_some_and(|w| w.contains("exceeded quota"))
    })
    .await;
    assert_eq!(f.jobs().await.len(), 0);
    f.kubectl(&["delete", "resourcequota", "none"]);
    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    assert_eq!(status.steps[0].work.attempts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_too_long_for_the_environment_comes_as_a_file_with_its_context() {
    let f = Fixture::new().await;
    // Each line tells its place: nothing can be missing, doubled or out of order.
    let lines = |from: usize, to: usize| (from..to).map(|i| format!("line {i:07}\n")).collect::<String>();
    let (task, more) = (lines(0, 19_000), lines(19_000, 24_000));
    let script = r#"
        exec 2> /dev/null
        [ "${MISSION_INPUT-unset}" = unset ] && echo ENV: unset
        sed 1d /mission/input | awk '{ if ($0 != sprintf("line %07d", NR - 1)) exit 1 } END { print "LINES: " NR }'
        echo "BYTES: $(wc -c < /mission/input)"
        ends='^[{].*[}]$'
        grep -q "$ends" /mission/context.json && echo OBJECT: yes
        echo "RUN: $(sed 's/.*"name":"\([^"]*\)","namespace".*/\1/' /mission/context.json)"
        echo "CONTEXT_LINES: $(grep -o 'line [0-9]\{7\}\\n' /mission/context.json | wc -l)"
        echo x > /mission/input || echo WRITE: refused
        echo STATUS: done
    "#;
    let mut w = workflow("w", [step("a", "Do this:\n{{ task }}{{ params.more }}")]);
    w.spec.params = vec![Param { name: "more".into(), required: Some(true), ..Param::default() }];
    w.spec.agents[0].command = ["/bin/sh", "-c", script].map(String::from).to_vec();
    w.spec.agents[0].input_as = Some(InputAs::File);
    f.workflow(w).await;
    let params = [("more".to_string(), more.clone())].into();
    f.run_of("demo", WorkflowRunSpec { task: Some(task.clone()), params, ..to("w") }).await;

    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    let said = |key: &str| status.steps[0].work.outputs.get(key).map(String::as_str).unwrap_or_default();
    let bytes = ("Do this:\n".len() + task.len() + more.len()).to_string();
    assert!(task.len() + more.len() > 300_000, "{bytes}");
    assert_eq!(
        ["env", "lines", "bytes", "object", "run", "context_lines", "write"].map(said),
        ["unset", "24000", &bytes, "yes", "demo", "24000", "refused"],
        "{:?}",
        status.steps[0].work.output
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_files_are_one_config_map_for_all_its_attempts_and_runs() {
    let f = Fixture::new().await;
    let read = "exec 2> /dev/null; cat /mission/files/AGENTS.md /mission/files/rules/style.md
        echo x > /mission/files/AGENTS.md || echo WRITE: refused; rm -f /mission/files/AGENTS.md || echo REMOVE: refused";
    let at_second = format!("{read}\n[ $MISSION_ATTEMPT = 2 ] || exit 1; echo STATUS: done");
    let mut w = workflow("w", [step("a", &at_second), step("b", &format!("{read}\necho STATUS: done"))]);
    w.spec.agents[0].files = [("AGENTS.md", "GUIDE: be careful\n"), ("rules/style.md", "STYLE: brief\n")]
        .map(|(name, text)| (name.to_string(), text.to_string()))
        .into();
    let revision = revision(&w.spec);
    f.workflow(w).await;
    for run in ["demo", "again"] {
        f.run(run, "w").await;
        let status = f.until(run, "its end", is(Phase::Succeeded)).await;
        assert_eq!(status.steps[0].work.attempts, 2);
        for step in &status.steps {
            let said = |key: &str| step.work.outputs.get(key).map(String::as_str);
            assert_eq!(
                ["guide", "style", "write", "remove"].map(said),
                ["be careful", "brief", "refused", "refused"].map(Some),
                "{:?}",
                step.work.output
            );
        }
    }

    let all = f.api::<ConfigMap>().list(&ListParams::default()).await.unwrap().items;
    let ours: Vec<&ConfigMap> = all.iter().filter(|c| c.name_any() != "kube-root-ca.crt").collect();
    let names: Vec<String> = ours.iter().map(|c| c.name_any()).collect();
    assert_eq!(names, [format!("{revision}-sh")]);
    assert_eq!(ours[0].immutable, Some(true));

    // As the sweep does when nothing names the revision any more.
    f.kubectl(&["delete", "controllerrevision", &revision]);
    f.until_true("end of the files with their revision", async || {
        f.api::<ConfigMap>().get_opt(&names[0]).await.is_ok_and(|c| c.is_none())
    })
    .await;
}

fn revision(spec: &WorkflowSpec) -> String {
    ids::revision_name("w", &ids::revision_hash(spec))
}
