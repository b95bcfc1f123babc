//! Labels, annotations and fixed names of the objects that the operator creates.

/// The name of the run, on every child. [`label_value`] truncates names that are longer than a label value.
pub const RUN: &str = "missioncontrol.dev/run";
/// The UID of the run, on every child. It distinguishes the children of two runs with the same name.
pub const RUN_UID: &str = "missioncontrol.dev/run-uid";
/// The name of the Workflow.
pub const WORKFLOW: &str = "missioncontrol.dev/workflow";
/// The name of the step.
pub const STEP: &str = "missioncontrol.dev/step";
/// The id of the item, on children of a step with `forEach`.
pub const ITEM: &str = "missioncontrol.dev/item";
/// The number of the attempt.
pub const ATTEMPT: &str = "missioncontrol.dev/attempt";
/// `true` on a RunRecord that a later execution of the same run replaced. Figures count the record, but it no longer
/// prevents an execution.
pub const SUPERSEDED: &str = "missioncontrol.dev/superseded";
/// The creator of the object. The operator's watches select by this label.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`] on objects of the operator.
pub const OPERATOR: &str = "mission-control";
/// `spec.managedBy` of a Job whose controller is the operator.
pub const JOB_CONTROLLER: &str = "missioncontrol.dev/operator";
/// Annotation on a Job: the hash of what the Job was built from. A Job without it was not created by the operator.
pub const LAUNCH_HASH: &str = "missioncontrol.dev/launch-hash";
/// The container of the agent. Other containers in the Pod are injected sidecars.
pub const AGENT_CONTAINER: &str = "agent";

/// `text` as a label value: at most 63 characters, ending in a letter or a digit.
pub fn label_value(text: &str) -> &str {
    let cut = text.get(..63).unwrap_or(text);
    cut.trim_end_matches(|c: char| !c.is_ascii_alphanumeric())
}
