use super::mounts::mount;
use super::*;
use crate::api::agent::{EnvVar, ValueFrom};
use crate::api::labels;
use crate::engine::ids;
use k8s_openapi::api::core::v1::{Capabilities, Container, SecretKeySelector, SecurityContext};

fn agent_of(job: &Job) -> Container {
    job.spec.clone().unwrap().template.spec.unwrap().containers.remove(0)
}

fn value_of(job: &Job, name: &str) -> Option<String> {
    agent_of(job).env.unwrap().into_iter().find(|e| e.name == name).and_then(|e| e.value)
}

fn built(launch: &Launch) -> Job {
    build_job(launch, &OWNER, JobController::Operator)
}

#[test]
fn a_launch_becomes_this_job() {
    let labels = json!({
        "app.kubernetes.io/managed-by": "mission-control",
        "missioncontrol.dev/attempt": "1",
        "missioncontrol.dev/run": "oauth-login",
        "missioncontrol.dev/run-uid": "run-uid",
        "missioncontrol.dev/step": "plan",
        "missioncontrol.dev/workflow": "feature-dev",
    });
    let mut job = serde_json::to_value(built(&launch())).unwrap();
    let hash = job["metadata"]["annotations"]["missioncontrol.dev/launch-hash"].take();
    assert_eq!(hash.as_str().unwrap().len(), 32);
    assert_eq!(
        job,
        json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {
                "name": NAME, "namespace": "team", "labels": labels,
                "annotations": {"missioncontrol.dev/launch-hash": null},
                "ownerReferences": [{
                    "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun", "name": "oauth-login",
                    "uid": "run-uid", "controller": true, "blockOwnerDeletion": false,
                }],
            },
            "spec": {
                "backoffLimit": 0,
                "managedBy": "missioncontrol.dev/operator",
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "activeDeadlineSeconds": 1560,
                        "automountServiceAccountToken": false,
                        "enableServiceLinks": false,
                        "restartPolicy": "Never",
                        "securityContext": {
                            "fsGroup": 65532, "runAsGroup": 65532, "runAsNonRoot": true, "runAsUser": 65532,
                            "seccompProfile": {"type": "RuntimeDefault"},
                        },
                        "volumes": [{"name": "tmp", "emptyDir": {}}],
                        "containers": [{
                            "name": "agent", "image": "agent:1",
                            "env": [
                                {"name": "HOME", "value": "/tmp"},
                                {"name": "MISSION_RUN", "value": "oauth-login"},
                                {"name": "MISSION_STEP", "value": "plan"},
                                {"name": "MISSION_ITEM", "value": ""},
                                {"name": "MISSION_ATTEMPT", "value": "1"},
                                {"name": "MISSION_ATTEMPT_ID", "value": "abc"},
                                {"name": "MISSION_INPUT", "value": "Say $$(API_KEY)"},
                            ],
                            "securityContext": {
                                "allowPrivilegeEscalation": false,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": true,
                            },
                            "terminationMessagePolicy": "File",
                            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                        }],
                    },
                },
            },
        })
    );
}

#[test]
fn the_stored_job_becomes_this_pod() {
    let job = job();
    let pod = build_pod(&job).unwrap();
    let mut labels = job.metadata.labels.clone().unwrap();
    for (key, value) in [("job-name", NAME), ("controller-uid", "job-uid")] {
        labels.insert(key.into(), value.into());
        labels.insert(format!("batch.kubernetes.io/{key}"), value.into());
    }
    assert_eq!(
        serde_json::to_value(&pod.metadata).unwrap(),
        json!({
            "name": NAME, "namespace": "team", "labels": labels,
            "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "Job", "name": NAME, "uid": "job-uid",
                "controller": true, "blockOwnerDeletion": false,
            }],
        })
    );
    assert_eq!(pod.spec, job.spec.unwrap().template.spec);
}

#[test]
fn the_built_in_controllers_job_differs_in_managed_by_only_and_gets_no_pod_of_ours() {
    let mut theirs = stored(JobController::Kubernetes);
    assert_eq!((managed_by_operator(&theirs), build_pod(&theirs)), (false, None));
    theirs.spec.as_mut().unwrap().managed_by = Some(labels::JOB_CONTROLLER.into());
    assert_eq!(theirs, job());
}

#[test]
fn a_suspended_or_dying_job_gets_no_pod() {
    let (mut suspended, mut dying) = (job(), job());
    suspended.spec.as_mut().unwrap().suspend = Some(true);
    dying.metadata.deletion_timestamp = dying.metadata.creation_timestamp.clone();
    assert_eq!((build_pod(&suspended), build_pod(&dying)), (None, None));
}

#[test]
fn every_dollar_of_a_rendered_value_is_doubled_and_secrets_pass_by_reference() {
    let secret = SecretKeySelector { name: "llm".into(), key: "token".into(), optional: None };
    let mut launch = launch();
    launch.item = Some("$(API_KEY)".into());
    launch.env = [("BASE".to_string(), "$5 $$(API_KEY)".to_string())].into();
    launch.agent.env = vec![
        EnvVar {
            name: "API_KEY".into(),
            value: None,
            value_from: Some(ValueFrom { secret_key_ref: secret.clone() }),
        },
        EnvVar { name: "BASE".into(), value: Some("{{ a }}".into()), value_from: None },
        EnvVar { name: "NOT_RENDERED".into(), value: Some("{{ b }}".into()), value_from: None },
    ];
    let job = built(&launch);
    let values =
        ["MISSION_ITEM", "BASE", "MISSION_INPUT", "API_KEY", "NOT_RENDERED"].map(|n| value_of(&job, n));
    assert_eq!(
        values.each_ref().map(|v| v.as_deref()),
        [Some("$$(API_KEY)"), Some("$$5 $$$$(API_KEY)"), Some("Say $$(API_KEY)"), None, None]
    );
    let key = agent_of(&job).env.unwrap().into_iter().find(|e| e.name == "API_KEY").unwrap();
    assert_eq!(key.value_from.unwrap().secret_key_ref, Some(secret));
}

#[test]
fn an_agents_own_home_wins() {
    let mut launch = launch();
    launch.agent.env = vec![EnvVar { name: "HOME".into(), value: Some("/root".into()), value_from: None }];
    launch.env = [("HOME".to_string(), "/root".to_string())].into();
    assert_eq!(value_of(&built(&launch), "HOME").as_deref(), Some("/root"));
}

#[test]
fn an_agent_overrides_security_fields_one_by_one() {
    let mut launch = launch();
    launch.agent.security_context = Some(SecurityContext {
        run_as_user: Some(1000),
        read_only_root_filesystem: Some(false),
        capabilities: Some(Capabilities { add: Some(vec!["NET_BIND_SERVICE".into()]), drop: None }),
        ..SecurityContext::default()
    });
    assert_eq!(
        serde_json::to_value(agent_of(&built(&launch)).security_context).unwrap(),
        json!({
            "runAsUser": 1000, "readOnlyRootFilesystem": false, "allowPrivilegeEscalation": false,
            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
        })
    );
}

#[test]
fn pod_level_fields_of_the_agent_reach_the_pod() {
    let mut launch = launch();
    launch.agent.service_account_name = Some("planner".into());
    launch.agent.runtime_class_name = Some("gvisor".into());
    launch.agent.node_selector = [("disk".to_string(), "ssd".to_string())].into();
    launch.agent.tolerations = serde_json::from_value(json!([{"key": "gpu", "operator": "Exists"}])).unwrap();
    launch.agent.image_pull_secrets = serde_json::from_value(json!([{"name": "pull"}])).unwrap();
    launch.agent.image_pull_policy = Some(crate::api::agent::ImagePullPolicy::Always);
    launch.agent.resources = serde_json::from_value(json!({"requests": {"cpu": "500m"}})).unwrap();
    launch.agent.command = vec!["/bin/agent".into()];
    launch.agent.args = vec!["-v".into()];
    let spec = serde_json::to_value(built(&launch).spec.unwrap().template.spec).unwrap();
    assert_eq!(
        json!([
            spec["serviceAccountName"],
            spec["automountServiceAccountToken"],
            spec["runtimeClassName"],
            spec["nodeSelector"],
            spec["tolerations"],
            spec["imagePullSecrets"],
            spec["containers"][0]["imagePullPolicy"],
            spec["containers"][0]["resources"],
            spec["containers"][0]["command"],
            spec["containers"][0]["args"],
        ]),
        json!([
            "planner", true, "gvisor", {"disk": "ssd"}, [{"key": "gpu", "operator": "Exists"}],
            [{"name": "pull"}], "Always", {"requests": {"cpu": "500m"}}, ["/bin/agent"], ["-v"],
        ])
    );
}

#[test]
fn names_and_labels_of_the_longest_run_fit() {
    let run = "r".repeat(253);
    let step = "s".repeat(40);
    let owner = Owner { name: &run, namespace: "team", uid: "9c0e2f0e-0000-4000-8000-000000000000" };
    let mut launch = launch();
    launch.job = ids::job_name(&run, owner.uid, &step, None, 123);
    launch.step = step;
    launch.workflow = "w".repeat(253);
    let mut job = build_job(&launch, &owner, JobController::Operator);
    job.metadata.uid = Some(owner.uid.into());
    let pod = build_pod(&job).unwrap();
    assert!(pod.metadata.name.unwrap().len() <= 63);
    for (key, value) in pod.metadata.labels.unwrap() {
        assert!(value.len() <= 63, "{key}={value}");
    }
}

#[test]
fn the_longest_times_stay_a_deadline_that_the_api_server_takes() {
    let mut launch = launch();
    launch.timeout = Span::hours(87_840);
    launch.pending_timeout = Span::hours(87_840);
    let deadline = |l: &Launch| built(l).spec.unwrap().template.spec.unwrap().active_deadline_seconds;
    assert_eq!(deadline(&launch), Some(632_448_060));
    launch.timeout = Span::millis(1);
    launch.pending_timeout = Span::millis(1);
    assert_eq!(deadline(&launch), Some(61));
}

#[test]
fn a_job_is_ours_by_its_hash_and_its_run() {
    let (ours, mut unmarked) = (job(), job());
    unmarked.metadata.annotations = None;
    let namesake = Owner { uid: "other", ..OWNER };
    assert_eq!(
        [is_ours(&ours, &OWNER), is_ours(&ours, &namesake), is_ours(&unmarked, &OWNER)],
        [true, false, false]
    );
}

#[test]
fn the_launch_hash_tells_launches_and_runs_apart() {
    let hash = |l: &Launch, o: &Owner| build_job(l, o, JobController::Operator).metadata.annotations;
    let others = [
        Launch { input: "else".into(), ..launch() },
        Launch { context: Some("{}".into()), ..launch() },
        Launch { workspace: Some(mount(true)), ..launch() },
        Launch { workspace: Some(mount(false)), ..launch() },
    ];
    assert_eq!(hash(&launch(), &OWNER), stored(JobController::Kubernetes).metadata.annotations);
    let mut hashes: Vec<_> = others.iter().map(|l| hash(l, &OWNER)).collect();
    hashes.push(hash(&launch(), &OWNER));
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 5);
    assert_ne!(hash(&launch(), &OWNER), hash(&launch(), &Owner { uid: "other", ..OWNER }));
}

#[test]
fn job_controllers_read_and_write_alike() {
    for controller in [JobController::Operator, JobController::Kubernetes] {
        assert_eq!(controller.to_string().parse(), Ok(controller));
    }
    assert!("operator".parse::<JobController>().is_err());
}
