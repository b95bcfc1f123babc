//! What all objects of an attempt have: labels and owner references, and lists that are absent where they are empty.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::Owner;
use crate::api::{GROUP, VERSION};

pub(super) fn label_map<const N: usize>(labels: [(&str, &str); N]) -> BTreeMap<String, String> {
    labels.map(|(key, value)| (key.to_string(), value.to_string())).into()
}

/// `blockOwnerDeletion` is false, here and below: true needs the right to update the owner's finalizers, which the
/// operator does not have.
pub(super) fn owned_by_run(owner: &Owner) -> OwnerReference {
    OwnerReference {
        api_version: format!("{GROUP}/{VERSION}"),
        kind: "WorkflowRun".to_string(),
        name: owner.name.to_string(),
        uid: owner.uid.to_string(),
        controller: Some(true),
        block_owner_deletion: Some(false),
    }
}

pub(super) fn owned_by(stored: &Job) -> Option<OwnerReference> {
    Some(OwnerReference {
        api_version: "batch/v1".to_string(),
        kind: "Job".to_string(),
        name: stored.metadata.name.clone()?,
        uid: stored.metadata.uid.clone()?,
        controller: Some(true),
        block_owner_deletion: Some(false),
    })
}

pub(super) fn some_list<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}
