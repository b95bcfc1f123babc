//! What an attempt's Pod mounts: `/tmp`, `/mission` (input, context and the agent's files) and the run's workspace.
//! Turns a [`Launch`] into the Pod's volumes and mounts, and into the objects that they name.
//!
//! The three objects have different owners: the claim is deleted with its run, the files of an agent with their
//! revision, and the input of an attempt with its Job. Nothing here checks whether they exist.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapProjection, EmptyDirVolumeSource, KeyToPath, PersistentVolumeClaim,
    PersistentVolumeClaimSpec, PersistentVolumeClaimVolumeSource, Pod, ProjectedVolumeSource, Volume,
    VolumeMount, VolumeProjection, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::Owner;
use super::metadata::{label_map, owned_by, owned_by_run};
use crate::api::agent::InputAs;
use crate::api::labels;
use crate::engine::effect::{Launch, Mount};
use crate::engine::ids;

const TMP: &str = "tmp";
const MISSION: &str = "mission";
const WORKSPACE: &str = "workspace";
/// The default of `workspace.mountPath`.
const WORKSPACE_PATH: &str = "/workspace";

pub(super) fn volumes(launch: &Launch) -> Vec<Volume> {
    let tmp = Volume {
        name: TMP.to_string(),
        empty_dir: Some(EmptyDirVolumeSource::default()),
        ..Volume::default()
    };
    let workspace = launch.workspace.as_ref().map(|mount| Volume {
        name: WORKSPACE.to_string(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: mount.claim.clone(),
            read_only: mount.read_only.then_some(true),
        }),
        ..Volume::default()
    });
    [Some(tmp), mission(launch), workspace].into_iter().flatten().collect()
}

/// One directory from both ConfigMaps, or from the only one.
fn mission(launch: &Launch) -> Option<Volume> {
    let told = projection(launch.job.clone(), &told(launch));
    let files = projection(agent_files_name(launch), &files(launch));
    let sources: Vec<VolumeProjection> = told.into_iter().chain(files).collect();
    if sources.is_empty() {
        return None;
    }
    Some(Volume {
        name: MISSION.to_string(),
        projected: Some(ProjectedVolumeSource { sources: Some(sources), ..ProjectedVolumeSource::default() }),
        ..Volume::default()
    })
}

fn projection(config_map: String, files: &[File<'_>]) -> Option<VolumeProjection> {
    if files.is_empty() {
        return None;
    }
    let items = files.iter().map(|f| KeyToPath { key: f.key.clone(), path: f.path.clone(), mode: None });
    Some(VolumeProjection {
        config_map: Some(ConfigMapProjection {
            name: config_map,
            items: Some(items.collect()),
            optional: None,
        }),
        ..VolumeProjection::default()
    })
}

pub(super) fn mounts(launch: &Launch) -> Vec<VolumeMount> {
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.to_string(),
        mount_path: path.to_string(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    let path = |m: &Mount| m.workspace.mount_path.clone().unwrap_or_else(|| WORKSPACE_PATH.to_string());
    let mission = mission(launch).map(|_| mount(MISSION, "/mission", true));
    let workspace = launch.workspace.as_ref().map(|m| mount(WORKSPACE, &path(m), m.read_only));
    [Some(mount(TMP, "/tmp", false)), mission, workspace].into_iter().flatten().collect()
}

struct File<'a> {
    /// The key in the ConfigMap. Not the path: keys allow fewer characters than file names.
    key: String,
    /// The path below `/mission`.
    path: String,
    text: &'a str,
}

/// The input and context of this attempt, as files.
fn told(launch: &Launch) -> Vec<File<'_>> {
    match launch.agent.input_as {
        Some(InputAs::File) => {
            let file = |name: &str, text| File { key: name.to_string(), path: name.to_string(), text };
            let context = launch.context.as_deref().map(|text| file("context.json", text));
            std::iter::once(file("input", launch.input.as_str())).chain(context).collect()
        }
        Some(InputAs::Env) | None => Vec::new(),
    }
}

/// The files of the agent, the same for all its attempts.
fn files(launch: &Launch) -> Vec<File<'_>> {
    let numbered = launch.agent.files.iter().enumerate();
    numbered
        .map(|(i, (name, text))| File { key: format!("file-{i}"), path: format!("files/{name}"), text })
        .collect()
}

/// The immutable ConfigMap with the input and context of the attempt (`inputAs: File`). It has the name of the Job, is
/// owned by it, and is created after the Job and before the Pod. `None` if the input is in the environment.
pub fn build_told(launch: &Launch, stored: &Job) -> Option<ConfigMap> {
    let meta = ObjectMeta {
        name: Some(launch.job.clone()),
        namespace: stored.metadata.namespace.clone(),
        labels: stored.metadata.labels.clone(),
        owner_references: Some(vec![owned_by(stored)?]),
        ..ObjectMeta::default()
    };
    config_map(meta, told(launch))
}

/// The immutable ConfigMap with the files of the agent, for all runs of the revision. It is deleted with the revision.
/// `None` if the agent has no files.
pub fn build_agent_files(launch: &Launch, owner: &Owner, revision_uid: &str) -> Option<ConfigMap> {
    let meta = ObjectMeta {
        name: Some(agent_files_name(launch)),
        namespace: Some(owner.namespace.to_string()),
        labels: Some(label_map([
            (labels::WORKFLOW, labels::label_value(&launch.workflow)),
            (labels::MANAGED_BY, labels::OPERATOR),
        ])),
        owner_references: Some(vec![OwnerReference {
            api_version: "apps/v1".to_string(),
            kind: "ControllerRevision".to_string(),
            name: ids::revision_name(&launch.workflow, &launch.revision),
            uid: revision_uid.to_string(),
            controller: None,
            block_owner_deletion: Some(false),
        }]),
        ..ObjectMeta::default()
    };
    config_map(meta, files(launch))
}

/// The name of the ConfigMap with the files of the agent: at most 121 characters, because the name of a Workflow has at
/// most 63.
pub fn agent_files_name(launch: &Launch) -> String {
    format!("{}-{}", ids::revision_name(&launch.workflow, &launch.revision), launch.agent.name)
}

fn config_map(metadata: ObjectMeta, files: Vec<File<'_>>) -> Option<ConfigMap> {
    if files.is_empty() {
        return None;
    }
    let data = files.into_iter().map(|f| (f.key, f.text.to_string())).collect();
    Some(ConfigMap { metadata, data: Some(data), immutable: Some(true), binary_data: None })
}

/// The claim of the workspace: owned by the run, and so deleted with it in any case. `None` if the attempt does not
/// mount the workspace.
pub fn build_claim(launch: &Launch, owner: &Owner) -> Option<PersistentVolumeClaim> {
    let Mount { claim, workspace, read_only: _ } = launch.workspace.as_ref()?;
    Some(PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some(claim.clone()),
            namespace: Some(owner.namespace.to_string()),
            labels: Some(label_map([
                (labels::RUN, labels::label_value(owner.name)),
                (labels::RUN_UID, owner.uid),
                (labels::WORKFLOW, labels::label_value(&launch.workflow)),
                (labels::MANAGED_BY, labels::OPERATOR),
            ])),
            owner_references: Some(vec![OwnerReference { controller: None, ..owned_by_run(owner) }]),
            ..ObjectMeta::default()
        },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec![workspace.access_mode.unwrap_or_default().as_str().to_string()]),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_string(), Quantity(workspace.size.clone()))].into()),
                limits: None,
            }),
            storage_class_name: workspace.storage_class_name.clone(),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    })
}

/// Whether the Pod uses the claim. That is true of a Pod that ended as well: a claim is protected while any Pod names
/// it.
pub fn holds_claim(pod: &Pod, claim: &str) -> bool {
    let mut volumes = pod.spec.iter().flat_map(|s| s.volumes.iter().flatten());
    volumes.any(|v| v.persistent_volume_claim.as_ref().is_some_and(|c| c.claim_name == claim))
}
