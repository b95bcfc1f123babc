//! Agents: the only place in the API with Pod-level fields.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    LocalObjectReference, ResourceRequirements, SecretKeySelector, SecurityContext, Toleration,
};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A program in a container that does steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.image.contains('{{') && !self.image.contains('{%')").message("templates are not rendered in image: name the image literally").field_path(".image"))]
#[x_kube(validation = Rule::new("!has(self.command) || self.command.all(c, !c.contains('{{') && !c.contains('{%'))").message("templates are not rendered in command: pass data in the step's input or in env").field_path(".command"))]
#[x_kube(validation = Rule::new("!has(self.args) || self.args.all(c, !c.contains('{{') && !c.contains('{%'))").message("templates are not rendered in args: pass data in the step's input or in env").field_path(".args"))]
#[x_kube(validation = Rule::new("!has(self.serviceAccountName) || !self.serviceAccountName.contains('{{')").message("templates are not rendered in serviceAccountName").field_path(".serviceAccountName"))]
pub struct Agent {
    /// Name by which steps call it: lower-case letters, digits and `-`.
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// What the agent is good for, for readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// Container image. Literal: templates are refused.
    #[schemars(length(min = 1, max = 500))]
    pub image: String,
    /// Entry point instead of the image's own. Literal: templates are refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 64), inner(length(max = 4096)))]
    pub command: Vec<String>,
    /// Arguments. Literal: templates are refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 64), inner(length(max = 4096)))]
    pub args: Vec<String>,
    /// Environment; secrets by reference only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub env: Vec<EnvVar>,
    /// How the container is given the step's input: `Env` (variable MISSION_INPUT, up to 96 KiB) or `File`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_as: Option<InputAs>,
    /// Files mounted read-only under /mission/files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub files: BTreeMap<String, String>,
    /// What the agent may do in the run's workspace, enforced by the mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_access: Option<WorkspaceAccess>,
    /// Service account whose token is mounted. Without it no token is mounted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub service_account_name: Option<String>,
    /// CPU and memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// Labels that a node must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the agent's Pod tolerates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 32))]
    pub tolerations: Vec<Toleration>,
    /// Container runtime, such as gvisor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub runtime_class_name: Option<String>,
    /// Secrets for pulling the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 8))]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// When the image is pulled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<ImagePullPolicy>,
    /// Overrides of the restricted defaults (user 65532, read-only root, no capabilities) that the image needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_context: Option<SecurityContext>,
}

/// One environment variable: a value (a template) or a reference to a key of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.value) != has(self.valueFrom)").message("give either value or valueFrom"))]
#[x_kube(validation = Rule::new("!self.name.startsWith('MISSION_')").message("names that begin with MISSION_ are the operator's"))]
pub struct EnvVar {
    /// Name of the variable.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// Its value; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16384))]
    pub value: Option<String>,
    /// Where the value comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
}

/// A value from a Secret of the run's namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValueFrom {
    /// The Secret and its key.
    pub secret_key_ref: SecretKeySelector,
}

/// How the container is given the step's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum InputAs {
    /// In the variable MISSION_INPUT.
    Env,
    /// In the file /mission/input.
    File,
}

/// What an agent may do in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum WorkspaceAccess {
    /// Read and write.
    ReadWrite,
    /// Read only.
    ReadOnly,
    /// Not mounted.
    None,
}

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ImagePullPolicy {
    /// At every start.
    Always,
    /// When the node does not have it.
    IfNotPresent,
    /// Never.
    Never,
}

impl ImagePullPolicy {
    /// The word that a Pod carries.
    pub const fn as_str(self) -> &'static str {
        match self {
            ImagePullPolicy::Always => "Always",
            ImagePullPolicy::IfNotPresent => "IfNotPresent",
            ImagePullPolicy::Never => "Never",
        }
    }
}
