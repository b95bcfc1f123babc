//! Agents: the only place in the API with Pod-level fields.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    LocalObjectReference, ResourceRequirements, SecretKeySelector, SecurityContext, Toleration,
};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An agent: a container that does the work of steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.image.contains('{{') && !self.image.contains('{%')").message("templates are not rendered in image; write the name of the image").field_path(".image"))]
#[x_kube(validation = Rule::new("!has(self.command) || self.command.all(c, !c.contains('{{') && !c.contains('{%'))").message("templates are not rendered in command; pass data in the input of the step or in env").field_path(".command"))]
#[x_kube(validation = Rule::new("!has(self.args) || self.args.all(c, !c.contains('{{') && !c.contains('{%'))").message("templates are not rendered in args; pass data in the input of the step or in env").field_path(".args"))]
#[x_kube(validation = Rule::new("!has(self.serviceAccountName) || !self.serviceAccountName.contains('{{')").message("templates are not rendered in serviceAccountName; write the name of the ServiceAccount").field_path(".serviceAccountName"))]
pub struct Agent {
    /// The name of the agent, by which steps refer to it: lower-case letters, digits and `-`.
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// A description of the agent, for people. It has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub description: Option<String>,
    /// The container image. Templates are not allowed.
    #[schemars(length(min = 1, max = 500))]
    pub image: String,
    /// The entry point of the container. If absent, that of the image is used. Templates are not allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 64), inner(length(max = 4096)))]
    pub command: Vec<String>,
    /// The arguments of the entry point. Templates are not allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 64), inner(length(max = 4096)))]
    pub args: Vec<String>,
    /// The environment variables of the container. For the value of a Secret, use `valueFrom`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub env: Vec<EnvVar>,
    /// How the container receives the input of the step: in an environment variable or in a file. Defaults to Env.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_as: Option<InputAs>,
    /// Files that are mounted read-only in /mission/files. A key is a path below that directory, a value is the content
    /// of the file. All files together: at most 900 KiB.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub files: BTreeMap<String, String>,
    /// How the workspace of the run is mounted into the container. Defaults to ReadWrite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_access: Option<WorkspaceAccess>,
    /// The ServiceAccount whose token is mounted. If absent, no token is mounted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub service_account_name: Option<String>,
    /// The compute resources of the container: requests and limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// The labels that a node must have to run the Pod.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub node_selector: BTreeMap<String, String>,
    /// The taints that the Pod tolerates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 32))]
    pub tolerations: Vec<Toleration>,
    /// The RuntimeClass of the Pod, such as gvisor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub runtime_class_name: Option<String>,
    /// The Secrets for pulling the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 8))]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// When the kubelet pulls the image. If absent: `Always` for the tag `latest` or no tag, otherwise `IfNotPresent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<ImagePullPolicy>,
    /// The security context of the container. A field that is set here overrides its restricted default: user 65532, a
    /// read-only root file system, no capabilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_context: Option<SecurityContext>,
}

/// One environment variable: a value (a template), or a reference to a key of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.value) != has(self.valueFrom)").message("set either value or valueFrom, and not both"))]
#[x_kube(validation = Rule::new("!self.name.startsWith('MISSION_')").message("names that start with MISSION_ are reserved for the operator; choose another name"))]
pub struct EnvVar {
    /// The name of the variable. Names that start with MISSION_ are reserved.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// The value of the variable, a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16384))]
    pub value: Option<String>,
    /// The source of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
}

/// The source of a value. The Secret is in the namespace of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValueFrom {
    /// The Secret, and the key in it.
    pub secret_key_ref: SecretKeySelector,
}

/// How the container receives the input of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum InputAs {
    /// In the environment variable MISSION_INPUT. At most 96 KiB.
    Env,
    /// In the file /mission/input. At most 900 KiB. The file /mission/context.json has all values that templates can
    /// use.
    File,
}

/// How the workspace is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum WorkspaceAccess {
    /// For reading and writing.
    ReadWrite,
    /// For reading only.
    ReadOnly,
    /// Not mounted.
    None,
}

/// When the kubelet pulls an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ImagePullPolicy {
    /// At every start of a container.
    Always,
    /// If the node does not have the image.
    IfNotPresent,
    /// Not at all. The node must have the image.
    Never,
}

impl ImagePullPolicy {
    /// The value as in the spec of a Pod.
    pub const fn as_str(self) -> &'static str {
        match self {
            ImagePullPolicy::Always => "Always",
            ImagePullPolicy::IfNotPresent => "IfNotPresent",
            ImagePullPolicy::Never => "Never",
        }
    }
}
