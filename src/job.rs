//! PURE. The Job codec: a [`Launch`](crate::engine::effect::Launch) becomes a Job ([`build`]) and what its Pod mounts
//! ([`mounts`]), and the stored Job becomes the attempt's Pod; a Job and a Pod seen together become an
//! [`AttemptFact`](crate::engine::snapshot::AttemptFact) ([`fact`]); an attempt's end becomes the patch of the Job's
//! status, and a stop the patch of the Pod ([`patch`]).
//!
//! **Invariant**: the only place that knows what a Job looks like. It decides nothing about the run and never fails:
//! an unexpected object is a fact too. No async, no clock, no client, no environment.
//! Start reading at [`fact::fact`], then [`build::build_job`].

pub mod build;
mod container;
pub mod fact;
mod metadata;
pub mod mounts;
pub mod patch;
pub mod result;
pub mod trim;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::api::labels;

pub use build::{build_job, build_pod};
pub use fact::{Sight, fact};
pub use mounts::{agent_files_name, build_agent_files, build_claim, build_told, holds_claim};
pub use patch::{finish_patch, started_patch, stop_patch};
pub use result::{LogRead, agent_output, needs_log};
pub use trim::{trim_job, trim_pod};

/// The controller that creates the Pods of the Jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobController {
    /// The operator (`spec.managedBy`). The Job controller of Kubernetes handles only a few Jobs per second.
    Operator,
    /// The Job controller of Kubernetes.
    Kubernetes,
}

impl fmt::Display for JobController {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            JobController::Operator => "Operator",
            JobController::Kubernetes => "Kubernetes",
        })
    }
}

impl FromStr for JobController {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "Operator" => Ok(JobController::Operator),
            "Kubernetes" => Ok(JobController::Kubernetes),
            _ => Err(format!("{s:?} is not a Job controller; write Operator or Kubernetes")),
        }
    }
}

/// The run that an attempt belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    pub uid: &'a str,
}

/// Whether the operator created this Job for this run. If not, the name is taken (`NameTaken`).
pub fn is_ours(job: &Job, owner: &Owner) -> bool {
    let hashed = job.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(labels::LAUNCH_HASH));
    hashed && controller_of(&job.metadata).is_some_and(|o| o.uid == owner.uid)
}

/// Whether `found` is the very Job that was asked for: made for this run, from the same launch.
pub fn is_same_launch(found: &Job, wanted: &Job, owner: &Owner) -> bool {
    let hash =
        |job: &Job| job.metadata.annotations.as_ref().and_then(|a| a.get(labels::LAUNCH_HASH).cloned());
    is_ours(found, owner) && hash(found) == hash(wanted)
}

/// Whether the operator is the controller of this Job. The *stored* Job decides: a cluster that does not know the field
/// drops it.
pub fn managed_by_operator(job: &Job) -> bool {
    job.spec.as_ref().and_then(|s| s.managed_by.as_deref()) == Some(labels::JOB_CONTROLLER)
}

/// Whether the Job is to have no Pod for now.
pub fn is_suspended(job: &Job) -> bool {
    job.spec.as_ref().and_then(|s| s.suspend) == Some(true)
}

/// Whether this Pod belongs to the attempt: it is the Pod that this process created, if it did; else the Job's own. The
/// UID of the run in its labels, which anybody can write, counts only if the Job is not observed (its watch lags behind
/// that of the Pods).
fn is_pod_of(pod: &Pod, job: Option<&Job>, created: Option<&str>, owner: &Owner) -> bool {
    match (created, job) {
        (Some(uid), _) => pod.metadata.uid.as_deref() == Some(uid),
        (None, Some(job)) => owns(job, pod),
        (None, None) => is_of_run(pod, owner.uid),
    }
}

/// Whether the Pod's labels name the run. Anybody can write labels: this counts only where the Job is not observed.
pub fn is_of_run(pod: &Pod, run_uid: &str) -> bool {
    pod.metadata.labels.as_ref().and_then(|l| l.get(labels::RUN_UID)).is_some_and(|uid| uid == run_uid)
}

/// Whether the Job is the Pod's controller: that very Job, and not only one of its name.
pub fn owns(job: &Job, pod: &Pod) -> bool {
    let uid = job.metadata.uid.as_deref();
    uid.is_some_and(|uid| controller_of(&pod.metadata).is_some_and(|o| o.uid == uid))
}

fn controller_of(meta: &ObjectMeta) -> Option<&OwnerReference> {
    meta.owner_references.iter().flatten().find(|o| o.controller == Some(true))
}

/// The condition that ended the Job, if it has one.
fn finished(job: &Job) -> Option<&str> {
    true_conditions(job).find(|kind| matches!(*kind, "Complete" | "Failed"))
}

fn true_conditions(job: &Job) -> impl Iterator<Item = &str> {
    let conditions = job.status.iter().flat_map(|s| s.conditions.iter().flatten());
    conditions.filter(|c| c.status == "True").map(|c| c.type_.as_str())
}
