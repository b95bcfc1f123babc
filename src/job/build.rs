//! Turns a [`Launch`] into a Job, and the stored Job into its only Pod. It never fails: the API server rejects what is
//! invalid with a message, and that is a fact about the attempt.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{Pod, PodSecurityContext, PodSpec, PodTemplateSpec, SeccompProfile};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use super::metadata::{label_map, owned_by, owned_by_run, some_list};
use super::{JobController, Owner, container, managed_by_operator, mounts};
use crate::api::labels;
use crate::engine::effect::Launch;
use crate::engine::ids::sha256_hex;

/// User, group and fsGroup of an agent: the `nonroot` of distroless images.
pub(super) const NONROOT: i64 = 65532;
/// How much later than the operator the deadline of the Pod itself ends it.
const BACKSTOP_SECS: u64 = 60;

/// The Job of the attempt.
pub fn build_job(launch: &Launch, owner: &Owner, controller: JobController) -> Job {
    let labels = child_labels(launch, owner);
    Job {
        metadata: ObjectMeta {
            name: Some(launch.job.clone()),
            namespace: Some(owner.namespace.to_string()),
            labels: Some(labels.clone()),
            annotations: Some([(labels::LAUNCH_HASH.to_string(), launch_hash(launch, owner))].into()),
            owner_references: Some(vec![owned_by_run(owner)]),
            ..ObjectMeta::default()
        },
        spec: Some(JobSpec {
            backoff_limit: Some(0),
            managed_by: match controller {
                JobController::Operator => Some(labels::JOB_CONTROLLER.to_string()),
                JobController::Kubernetes => None,
            },
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
                spec: Some(pod_spec(launch, owner)),
            },
            ..JobSpec::default()
        }),
        status: None,
    }
}

fn child_labels(launch: &Launch, owner: &Owner) -> BTreeMap<String, String> {
    let mut all = label_map([
        (labels::RUN, labels::label_value(owner.name)),
        (labels::RUN_UID, owner.uid),
        (labels::WORKFLOW, labels::label_value(&launch.workflow)),
        (labels::STEP, labels::label_value(&launch.step)),
        (labels::ATTEMPT, launch.n.to_string().as_str()),
        (labels::MANAGED_BY, labels::OPERATOR),
    ]);
    if let Some(item) = &launch.item {
        all.insert(labels::ITEM.to_string(), labels::label_value(item).to_string());
    }
    all
}

/// The hash of all that the Job is built from. It marks the Job as created by the operator; its value decides nothing.
fn launch_hash(launch: &Launch, owner: &Owner) -> String {
    let Launch {
        job,
        workflow,
        revision,
        step,
        item,
        n,
        attempt_id,
        agent,
        input,
        context,
        workspace,
        env,
        timeout,
        pending_timeout,
    } = launch;
    let workspace = workspace.as_ref().map(|w| (&w.claim, &w.workspace, w.read_only));
    let content = json!({
        "run": owner.uid, "job": job, "workflow": workflow, "revision": revision, "step": step, "item": item, "n": n,
        "attemptID": attempt_id, "agent": agent, "input": input, "context": context, "workspace": workspace, "env": env,
        "timeout": timeout, "pendingTimeout": pending_timeout,
    });
    let mut hex = sha256_hex(content.to_string().as_bytes());
    hex.truncate(32);
    hex
}

fn pod_spec(launch: &Launch, owner: &Owner) -> PodSpec {
    let agent = &launch.agent;
    PodSpec {
        active_deadline_seconds: Some(backstop(launch)),
        automount_service_account_token: Some(agent.service_account_name.is_some()),
        containers: vec![container::agent(launch, owner)],
        enable_service_links: Some(false),
        image_pull_secrets: some_list(&agent.image_pull_secrets),
        node_selector: Some(agent.node_selector.clone()).filter(|s| !s.is_empty()),
        restart_policy: Some("Never".to_string()),
        runtime_class_name: agent.runtime_class_name.clone(),
        // For the whole Pod, so that an injected sidecar without its own settings passes `restricted` as well.
        security_context: Some(PodSecurityContext {
            fs_group: Some(NONROOT),
            run_as_group: Some(NONROOT),
            run_as_non_root: Some(true),
            run_as_user: Some(NONROOT),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_string(),
                ..SeccompProfile::default()
            }),
            ..PodSecurityContext::default()
        }),
        service_account_name: agent.service_account_name.clone(),
        tolerations: some_list(&agent.tolerations),
        volumes: Some(mounts::volumes(launch)),
        ..PodSpec::default()
    }
}

/// The deadline that the kubelet enforces, in case no operator is running to stop the Pod.
fn backstop(launch: &Launch) -> i64 {
    let sum = launch.pending_timeout.as_duration().saturating_add(launch.timeout.as_duration());
    let whole = sum.as_secs().saturating_add(u64::from(sum.subsec_nanos() > 0));
    // The field is an int64, but the API server takes no more than an int32.
    i64::from(i32::try_from(whole.saturating_add(BACKSTOP_SECS)).unwrap_or(i32::MAX))
}

/// The only Pod of the attempt, from the Job as the API server stored it (never from a trimmed one). `None` if the
/// operator creates no Pod: it is not the controller of the Job, or the Job is suspended or being deleted.
pub fn build_pod(stored: &Job) -> Option<Pod> {
    let spec = stored.spec.as_ref()?;
    let (name, uid) = (stored.metadata.name.clone()?, stored.metadata.uid.clone()?);
    let withheld = spec.suspend == Some(true) || stored.metadata.deletion_timestamp.is_some();
    if !managed_by_operator(stored) || withheld {
        return None;
    }
    let template = spec.template.metadata.clone().unwrap_or_default();
    let mut labels = template.labels.unwrap_or_default();
    // The labels of the Job controller of Kubernetes: `kubectl logs job/…` and dashboards select by them.
    for (key, value) in [("job-name", &name), ("controller-uid", &uid)] {
        labels.insert(key.to_string(), value.clone());
        labels.insert(format!("batch.kubernetes.io/{key}"), value.clone());
    }
    Some(Pod {
        metadata: ObjectMeta {
            owner_references: Some(vec![owned_by(stored)?]),
            name: Some(name),
            namespace: stored.metadata.namespace.clone(),
            labels: Some(labels),
            annotations: template.annotations,
            ..ObjectMeta::default()
        },
        spec: spec.template.spec.clone(),
        status: None,
    })
}
