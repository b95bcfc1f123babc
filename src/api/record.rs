//! The RunRecord: written once when a run ends. Its create is the commit point of that end.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::{DecisionResult, Totals};
use super::terms::{Cause, Phase, StepPhase};
use super::time::Stamp;

/// How a run ended: ledger, metrics and audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "missioncontrol.dev",
    version = "v1alpha1",
    kind = "RunRecord",
    plural = "runrecords",
    namespaced,
    shortname = "mcrec",
    category = "mission-control",
    doc = "A RunRecord is written once when a run ends. Deleting it allows the same run to be executed again.",
    derive = "PartialEq",
    printcolumn(name = "RUN", type_ = "string", json_path = ".spec.run"),
    printcolumn(name = "WORKFLOW", type_ = "string", json_path = ".spec.workflow"),
    printcolumn(name = "OUTCOME", type_ = "string", json_path = ".spec.outcome"),
    printcolumn(name = "REASON", type_ = "string", json_path = ".spec.reason"),
    printcolumn(name = "FINISHED", type_ = "date", json_path = ".spec.finishedAt"),
    validation = Rule::new("self.spec == oldSelf.spec").message("a record is immutable")
)]
#[serde(rename_all = "camelCase")]
pub struct RunRecordSpec {
    /// Name of the run.
    pub run: String,
    /// Its UID.
    #[serde(rename = "runUID")]
    pub run_uid: String,
    /// Its `runID`.
    #[serde(default, rename = "runID", skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// SHA-256 over what the run asked for.
    pub spec_hash: String,
    /// The workflow.
    pub workflow: String,
    /// The revision that was executed; absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Succeeded, Failed or Cancelled.
    pub outcome: Phase,
    /// Why.
    pub reason: super::terms::Reason,
    /// The same for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Stamp>,
    /// When it ended.
    pub finished_at: Stamp,
    /// Seconds that it was active.
    pub active_seconds: i64,
    /// Sums over the steps.
    pub totals: Totals,
    /// The steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepRecord>,
    /// What the run gave back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// The decisions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionResult>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// Its name.
    pub name: String,
    /// Where it was in the end.
    pub phase: StepPhase,
    /// Attempts started.
    pub attempts: u32,
    /// Attempts that failed or took too long, whatever followed.
    #[serde(default)]
    pub failures: u32,
    /// Failed attempts that were repeated, over all rounds, items and decisions; the sum over the steps is that of `totals`.
    pub retries: u32,
    /// Attempts that the cluster took away, likewise.
    pub lost: u32,
    /// How often it was sent back.
    #[serde(default)]
    pub rounds: u32,
    /// When its first attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Stamp>,
    /// When it was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Stamp>,
    /// Why its last attempt was not Done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}
