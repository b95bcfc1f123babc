//! Removes from Jobs and Pods what the operator's stores do not need. All that [`fact`](super::fact::fact) and the
//! patches read stays. A trimmed Job makes no Pod: [`build_pod`](super::build::build_pod) takes the answer to the
//! create.

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod, PodSpec, Volume};

use crate::api::labels::LAUNCH_HASH;

/// Keeps names, owners, labels, the hash, the name of its controller, and the status.
pub fn trim_job(job: &mut Job) {
    job.metadata.managed_fields = None;
    if let Some(annotations) = &mut job.metadata.annotations {
        annotations.retain(|key, _| key == LAUNCH_HASH);
    }
    if let Some(spec) = job.spec.take() {
        job.spec = Some(JobSpec { managed_by: spec.managed_by, suspend: spec.suspend, ..JobSpec::default() });
    }
}

/// Keeps names, owners, labels, the node, the deadline, the mounted claims, the number of containers, and the states of
/// the containers.
pub fn trim_pod(pod: &mut Pod) {
    pod.metadata.managed_fields = None;
    pod.metadata.annotations = None;
    if let Some(spec) = pod.spec.take() {
        pod.spec = Some(PodSpec {
            active_deadline_seconds: spec.active_deadline_seconds,
            node_name: spec.node_name,
            containers: names(spec.containers),
            init_containers: spec.init_containers.map(names),
            volumes: spec.volumes.map(claims).filter(|v| !v.is_empty()),
            ..PodSpec::default()
        });
    }
    if let Some(status) = &mut pod.status {
        if let Some(conditions) = &mut status.conditions {
            conditions.retain(|c| matches!(c.type_.as_str(), "DisruptionTarget" | "PodScheduled"));
        }
        let containers = status.container_statuses.iter_mut().flatten();
        containers.chain(status.init_container_statuses.iter_mut().flatten()).for_each(trim_container);
        status.ephemeral_container_statuses = None;
        status.host_ip = None;
        status.host_ips = None;
        status.pod_ip = None;
        status.pod_ips = None;
        status.qos_class = None;
        status.resource_claim_statuses = None;
    }
}

fn claims(volumes: Vec<Volume>) -> Vec<Volume> {
    volumes.into_iter().filter(|v| v.persistent_volume_claim.is_some()).collect()
}

fn names(containers: Vec<Container>) -> Vec<Container> {
    containers.into_iter().map(|c| Container { name: c.name, ..Container::default() }).collect()
}

fn trim_container(status: &mut ContainerStatus) {
    status.image_id = String::new();
    status.allocated_resources = None;
    status.allocated_resources_status = None;
    status.resources = None;
    status.user = None;
    status.volume_mounts = None;
}
