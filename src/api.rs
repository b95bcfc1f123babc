//! The API: the four kinds as Rust types. `crds/*.yaml` and docs/workflow-reference.md are generated from them.
//!
//! Turns doc comments, defaults and rules into CRDs. It never decides anything about a run.
//! Start reading at [`workflow`], then [`run`], then [`status`].
// The derives of CRD types name public items that the lint takes for unreachable.
#![allow(unreachable_pub)]

pub mod agent;
pub mod conditions;
pub mod crds;
pub mod decision;
pub mod labels;
pub mod record;
pub mod reference;
pub mod run;
pub mod status;
pub mod step;
pub mod terms;
pub mod time;
pub mod work;
pub mod workflow;

pub use decision::{Action, WorkflowDecision, WorkflowDecisionSpec, WorkflowDecisionStatus};
pub use record::{RunRecord, RunRecordSpec};
pub use run::{WorkflowRef, WorkflowRun, WorkflowRunSpec};
pub use status::{StepStatus, Work, WorkflowRunStatus};
pub use terms::{Cause, Outcome, Phase, Reason, StepPhase};
pub use time::{Span, Stamp};
pub use workflow::{Workflow, WorkflowSpec};

/// The API group of all kinds.
pub const GROUP: &str = "missioncontrol.dev";
/// The only version of the API.
pub const VERSION: &str = "v1alpha1";
