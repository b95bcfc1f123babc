//! The RunRecord: created once, when a run ends. Its creation commits that end.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::{DecisionResult, Totals};
use super::terms::{Cause, Phase, StepPhase};
use super::time::Stamp;

/// How a run ended. The record prevents a second execution, and is the source of figures and audits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "missioncontrol.dev",
    version = "v1alpha1",
    kind = "RunRecord",
    plural = "runrecords",
    namespaced,
    shortname = "mcrec",
    category = "mission-control",
    doc = "A RunRecord states how a run ended. The operator creates it once. Without it, the same run can be executed again.",
    derive = "PartialEq",
    printcolumn(name = "RUN", type_ = "string", json_path = ".spec.run"),
    printcolumn(name = "WORKFLOW", type_ = "string", json_path = ".spec.workflow"),
    printcolumn(name = "OUTCOME", type_ = "string", json_path = ".spec.outcome"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".spec.reason"),
    printcolumn(name = "FINISHED", type_ = "date", json_path = ".spec.finishedAt"),
    validation = Rule::new("self.spec == oldSelf.spec").message("a RunRecord is immutable; it can only be deleted")
)]
#[serde(rename_all = "camelCase")]
pub struct RunRecordSpec {
    /// The name of the run.
    pub run: String,
    /// The UID of the run.
    #[serde(rename = "runUID")]
    pub run_uid: String,
    /// `spec.runID` of the run.
    #[serde(default, rename = "runID", skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The SHA-256 of `workflowRef`, `task`, `params` and `runID` of the run. With the namespace and the name of the
    /// run, it identifies one execution.
    pub spec_hash: String,
    /// The name of the Workflow.
    pub workflow: String,
    /// The revision that was executed. Absent if nothing was executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The final phase of the run: Succeeded, Failed or Cancelled.
    pub outcome: Phase,
    /// Why the run has this outcome.
    pub reason: super::terms::Reason,
    /// The reason, in a sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the run started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Stamp>,
    /// When the run ended.
    pub finished_at: Stamp,
    /// The time that the run was active, in seconds. Time spent waiting for people is not included.
    pub active_seconds: i64,
    /// Sums over all steps.
    pub totals: Totals,
    /// How each step ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepRecord>,
    /// The outputs of the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// The last decisions on the run, and their results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionResult>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// The name of the step.
    pub name: String,
    /// The phase of the step when the run ended.
    pub phase: StepPhase,
    /// The number of attempts that were started.
    pub attempts: u32,
    /// The number of attempts that failed or timed out, whether or not they were retried.
    #[serde(default)]
    pub failures: u32,
    /// The number of failed attempts that were retried, over all rounds, items and decisions. `totals.retries` is the
    /// sum over all steps.
    pub retries: u32,
    /// The number of attempts that were lost, over all rounds, items and decisions.
    pub lost: u32,
    /// How often the step was sent back.
    #[serde(default)]
    pub rounds: u32,
    /// When the first attempt of the step started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Stamp>,
    /// When the step finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Stamp>,
    /// Why the last attempt was not Done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}
