use super::*;
use crate::api::agent::InputAs;
use crate::api::workflow::{AccessMode, Workspace};
use crate::engine::effect::Mount;

/// A volume in few words.
pub(super) fn mount(read_only: bool) -> Mount {
    let workspace = Workspace { size: "5Gi".into(), ..Workspace::default() };
    Mount { claim: "oauth-login-ws-0123456789".into(), workspace, read_only }
}

fn with_files(mut launch: Launch) -> Launch {
    launch.agent.files = [("AGENTS.md", "Be careful"), ("rules/style.md", "Be brief")]
        .map(|(name, text)| (name.to_string(), text.to_string()))
        .into();
    launch
}

fn with_file_input(mut launch: Launch) -> Launch {
    launch.agent.input_as = Some(InputAs::File);
    launch.context = Some("{\"task\": \"t\"}".into());
    launch
}

fn with_workspace(read_only: bool) -> Launch {
    Launch { workspace: Some(mount(read_only)), ..launch() }
}

/// The Pod's volumes and the agent's mounts, but for `/tmp`.
fn mounted(launch: &Launch) -> (Value, Value) {
    let job = build_job(launch, &OWNER, JobController::Operator);
    let spec = serde_json::to_value(job.spec.unwrap().template.spec.unwrap()).unwrap();
    let but_tmp = |list: &Value| -> Value {
        list.as_array().unwrap().iter().filter(|v| v["name"] != "tmp").cloned().collect()
    };
    (but_tmp(&spec["volumes"]), but_tmp(&spec["containers"][0]["volumeMounts"]))
}

fn told() -> Value {
    json!({"configMap": {"name": NAME, "items": [
        {"key": "input", "path": "input"}, {"key": "context.json", "path": "context.json"},
    ]}})
}

fn files() -> Value {
    json!({"configMap": {"name": "feature-dev-0123456789abcdef-planner", "items": [
        {"key": "file-0", "path": "files/AGENTS.md"}, {"key": "file-1", "path": "files/rules/style.md"},
    ]}})
}

fn mission(sources: &[Value]) -> (Value, Value) {
    (
        json!([{"name": "mission", "projected": {"sources": sources}}]),
        json!([{"name": "mission", "mountPath": "/mission", "readOnly": true}]),
    )
}

#[test]
fn mission_is_one_read_only_folder_of_what_there_is() {
    assert_eq!(mounted(&launch()), (json!([]), json!([])));
    assert_eq!(mounted(&with_file_input(launch())), mission(&[told()]));
    assert_eq!(mounted(&with_files(launch())), mission(&[files()]));
    assert_eq!(mounted(&with_files(with_file_input(launch()))), mission(&[told(), files()]));
}

#[test]
fn an_input_in_a_file_is_not_in_the_environment() {
    let job = build_job(&with_file_input(launch()), &OWNER, JobController::Operator);
    let env = job.spec.unwrap().template.spec.unwrap().containers.remove(0).env.unwrap();
    assert!(!env.iter().any(|e| e.name == "MISSION_INPUT"), "{env:?}");
}

#[test]
fn what_one_attempt_is_told_goes_with_its_job() {
    let launch = with_files(with_file_input(launch()));
    assert_eq!(
        serde_json::to_value(build_told(&launch, &job()).unwrap()).unwrap(),
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "immutable": true,
            "metadata": {
                "name": NAME, "namespace": "team", "labels": job().metadata.labels,
                "ownerReferences": [{
                    "apiVersion": "batch/v1", "kind": "Job", "name": NAME, "uid": "job-uid",
                    "controller": true, "blockOwnerDeletion": false,
                }],
            },
            "data": {"input": "Say $(API_KEY)", "context.json": "{\"task\": \"t\"}"},
        })
    );
    assert_eq!(build_told(&with_files(super::launch()), &job()), None);
}

#[test]
fn an_agents_files_go_with_the_revision_and_belong_to_no_run() {
    let wanted = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "immutable": true,
        "metadata": {
            "name": "feature-dev-0123456789abcdef-planner", "namespace": "team",
            "labels": {
                "app.kubernetes.io/managed-by": "mission-control", "missioncontrol.dev/workflow": "feature-dev",
            },
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ControllerRevision", "name": "feature-dev-0123456789abcdef",
                "uid": "revision-uid", "blockOwnerDeletion": false,
            }],
        },
        "data": {"file-0": "Be careful", "file-1": "Be brief"},
    });
    let another = Owner { name: "another", uid: "another-uid", ..OWNER };
    let second = Launch { n: 2, job: "another-plan-2".into(), ..with_files(launch()) };
    for (launch, owner) in [(with_files(launch()), OWNER), (second, another)] {
        let built = build_agent_files(&launch, &owner, "revision-uid").unwrap();
        assert_eq!(serde_json::to_value(built).unwrap(), wanted);
    }
    assert_eq!(build_agent_files(&with_file_input(launch()), &OWNER, "revision-uid"), None);
}

#[test]
fn a_workspace_is_mounted_as_the_agent_may_use_it() {
    let claim = "oauth-login-ws-0123456789";
    assert_eq!(
        mounted(&with_workspace(false)),
        (
            json!([{"name": "workspace", "persistentVolumeClaim": {"claimName": claim}}]),
            json!([{"name": "workspace", "mountPath": "/workspace"}]),
        )
    );
    let mut read_only = with_workspace(true);
    read_only.workspace.as_mut().unwrap().workspace.mount_path = Some("/src".into());
    assert_eq!(
        mounted(&read_only),
        (
            json!([{"name": "workspace", "persistentVolumeClaim": {"claimName": claim, "readOnly": true}}]),
            json!([{"name": "workspace", "mountPath": "/src", "readOnly": true}]),
        )
    );
}

#[test]
fn a_claim_goes_with_its_run() {
    let spec = |launch: &Launch| build_claim(launch, &OWNER).map(|c| serde_json::to_value(c.spec).unwrap());
    let built = build_claim(&with_workspace(true), &OWNER).unwrap();
    assert_eq!(
        serde_json::to_value(built.metadata).unwrap(),
        json!({
            "name": "oauth-login-ws-0123456789", "namespace": "team",
            "labels": {
                "app.kubernetes.io/managed-by": "mission-control", "missioncontrol.dev/run": "oauth-login",
                "missioncontrol.dev/run-uid": "run-uid", "missioncontrol.dev/workflow": "feature-dev",
            },
            "ownerReferences": [{
                "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun", "name": "oauth-login",
                "uid": "run-uid", "blockOwnerDeletion": false,
            }],
        })
    );
    let plain = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}});
    // However the first attempt may use it: those after it may write.
    assert_eq!(
        (spec(&with_workspace(true)), spec(&with_workspace(false))),
        (Some(plain.clone()), Some(plain))
    );
    assert_eq!(spec(&launch()), None);
    let mut chosen = with_workspace(false);
    let workspace = &mut chosen.workspace.as_mut().unwrap().workspace;
    workspace.storage_class_name = Some("fast".into());
    workspace.access_mode = Some(AccessMode::ReadWriteMany);
    assert_eq!(
        spec(&chosen),
        Some(json!({
            "accessModes": ["ReadWriteMany"], "storageClassName": "fast",
            "resources": {"requests": {"storage": "5Gi"}},
        }))
    );
}

#[test]
fn the_name_of_files_is_safe_for_the_longest_names() {
    let mut launch = Launch { workflow: "w".repeat(63), ..with_files(launch()) };
    launch.agent.name = "a".repeat(40);
    assert_eq!(agent_files_name(&launch).len(), 63 + 1 + 16 + 1 + 40);
}

#[test]
fn a_pod_is_known_to_hold_its_claim_after_it_was_trimmed() {
    let pod_of = |launch: &Launch| {
        let mut job = build_job(launch, &OWNER, JobController::Operator);
        job.metadata.uid = Some("job-uid".into());
        let mut pod = build_pod(&job).unwrap();
        trim_pod(&mut pod);
        pod
    };
    let claim = "oauth-login-ws-0123456789";
    let (with, without) = (pod_of(&with_files(with_workspace(true))), pod_of(&with_files(launch())));
    assert_eq!(
        [holds_claim(&with, claim), holds_claim(&with, "another"), holds_claim(&without, claim)],
        [true, false, false]
    );
    assert_eq!(with.spec.unwrap().volumes.unwrap().len(), 1);
}
