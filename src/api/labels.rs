//! Labels, annotations and fixed names on objects that the operator makes.

/// The run's name, on every child. Names longer than a label value are cut by [`label_value`].
pub const RUN: &str = "missioncontrol.dev/run";
/// The run's UID, on every child: a namesake's children are told apart by it.
pub const RUN_UID: &str = "missioncontrol.dev/run-uid";
/// The workflow's name.
pub const WORKFLOW: &str = "missioncontrol.dev/workflow";
/// The step's name.
pub const STEP: &str = "missioncontrol.dev/step";
/// The item's id, on children of a step with `forEach`.
pub const ITEM: &str = "missioncontrol.dev/item";
/// The attempt's number.
pub const ATTEMPT: &str = "missioncontrol.dev/attempt";
/// `true` on a RunRecord that made room for a later execution of the same run: figures count it, no run is answered by it.
pub const SUPERSEDED: &str = "missioncontrol.dev/superseded";
/// Who made it; the operator's watches select by this.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`].
pub const OPERATOR: &str = "mission-control";
/// `spec.managedBy` of a Job whose controller is the operator.
pub const JOB_CONTROLLER: &str = "missioncontrol.dev/operator";
/// Annotation on a Job: the hash of what it was made from. A Job of our name without it is a stranger's.
pub const LAUNCH_HASH: &str = "missioncontrol.dev/launch-hash";
/// The container that is the agent; others in the Pod are injected sidecars.
pub const AGENT_CONTAINER: &str = "agent";

/// `text` as a label value: cut at 63 characters, ending in a letter or digit.
pub fn label_value(text: &str) -> &str {
    let cut = text.get(..63).unwrap_or(text);
    cut.trim_end_matches(|c: char| !c.is_ascii_alphanumeric())
}
