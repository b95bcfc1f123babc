//! What the engine asks the shell to do. `before` runs first and in order; then the status is written; then `after`.

use std::collections::BTreeMap;

use crate::api::agent::Agent;
use crate::api::workflow::Workspace;
use crate::api::{RunRecordSpec, Span, Stamp, WorkflowRunStatus, WorkflowSpec};

/// The maximum size of an environment variable: Linux allows 128 KiB, including the name and doubled `$`.
pub const INPUT_LIMIT: usize = 96 * 1024;
/// The maximum size of a ConfigMap (1 MiB), minus room for its metadata: the input as a file and its context.
pub const FILE_LIMIT: usize = 900 * 1024;

/// The answer to a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Objects that must exist before the status names them.
    pub before: Vec<Before>,
    /// The status as it should be; written only when it differs from the stored one.
    pub status: WorkflowRunStatus,
    /// Done after the status is committed. Safe to repeat.
    pub after: Vec<Effect>,
    /// When to look again even if nothing happens.
    pub wake: Option<Stamp>,
}

/// Done before the status is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Before {
    /// Create the ControllerRevision of that name; one of the same content is fine.
    EnsureRevision { name: String, spec: Box<WorkflowSpec> },
    /// Move aside the RunRecord of that name and run UID, because the workflow was changed since and the run may run
    /// again: first a copy is created under the name `aside`, which no run ever looks up; then the record is deleted.
    SupersedeRecord { name: String, aside: String, run_uid: String },
    /// Create the RunRecord of that name. If it exists: read it, set `Snapshot::record`, plan again.
    WriteRecord { name: String, record: Box<RunRecordSpec> },
    /// Delete the claim of the run's workspace; one that does not exist is fine.
    DropWorkspace { claim: String },
}

/// Done after the status is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Create the attempt's Job (create only) and, where the operator is its controller, its Pod.
    Launch(Box<Launch>),
    /// Lower the running Pod's `activeDeadlineSeconds`: the kubelet stops it, its log stays.
    Stop { job: String },
    /// The Pod did not end in time: read the tail of its log, then delete it. (The shell keeps the log for the next
    /// pass.)
    Kill { job: String },
    /// Write the Job's end (operator-managed Jobs only; safe to repeat).
    FinishJob { job: String, success: bool, message: String },
    /// Copy a decision's result into its own status.
    AnswerDecision { name: String, result: String, at: Stamp },
    /// Delete the run's Jobs (Background): their retention has expired.
    DeleteChildren,
    /// Delete the run itself: its retention has expired.
    DeleteRun,
}

/// Everything that an attempt's Job is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Name of the Job and of its Pod.
    pub job: String,
    pub workflow: String,
    /// Hash of the content of the workflow that the run executes.
    pub revision: String,
    pub step: String,
    pub item: Option<String>,
    pub n: u32,
    /// An idempotency key: different for every attempt of every run.
    pub attempt_id: String,
    pub agent: Agent,
    /// The rendered input.
    pub input: String,
    /// The template context as JSON: for agents that receive files.
    pub context: Option<String>,
    /// The run's volume, if the agent may access it.
    pub workspace: Option<Mount>,
    /// The rendered values of the agent's `env` entries that have a `value`.
    pub env: BTreeMap<String, String>,
    pub timeout: Span,
    pub pending_timeout: Span,
}

/// A run's volume, as an attempt mounts it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// Name of the PersistentVolumeClaim.
    pub claim: String,
    /// The spec to create the claim from.
    pub workspace: Workspace,
    pub read_only: bool,
}

/// Why an input of `size` bytes (as a file, with its context) cannot be passed to a container.
pub fn too_large(as_file: bool, size: usize) -> Option<String> {
    let (limit, kind) = if as_file { (FILE_LIMIT, "File") } else { (INPUT_LIMIT, "Env") };
    let (kib, most) = (size.div_ceil(1024), limit / 1024);
    (size > limit)
        .then(|| format!("the rendered input is {kib} KiB; the limit for inputAs: {kind} is {most} KiB"))
}
