//! PURE. The Job codec: a [`Launch`](crate::engine::effect::Launch) becomes a Job ([`build`]) and the stored Job becomes
//! the attempt's Pod.
//!
//! **Invariant**: the only place that knows what a Job looks like. It decides nothing about the run and never fails:
//! an object that makes no sense is a fact too. No async, no clock, no client, no environment.
//! Start reading at [`build::build_job`].

pub mod build;
mod container;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::api::labels;

pub use build::{build_files, build_job, build_pod};

/// Who makes the Pods of the Jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobController {
    /// The operator (`spec.managedBy`): the built-in controller is limited to a few Jobs a second.
    Operator,
    /// The built-in Job controller.
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

/// Did the operator make this Job for this very run? One of our name that is not ours is a stranger's (`NameTaken`).
pub fn is_ours(job: &Job, owner: &Owner) -> bool {
    let hashed = job.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(labels::LAUNCH_HASH));
    hashed && controller_of(&job.metadata).is_some_and(|o| o.uid == owner.uid)
}

/// Is the operator this Job's controller? The *stored* Job tells: a cluster that does not know the field drops it.
pub fn managed_by_operator(job: &Job) -> bool {
    job.spec.as_ref().and_then(|s| s.managed_by.as_deref()) == Some(labels::JOB_CONTROLLER)
}

fn controller_of(meta: &ObjectMeta) -> Option<&OwnerReference> {
    meta.owner_references.iter().flatten().find(|o| o.controller == Some(true))
}
