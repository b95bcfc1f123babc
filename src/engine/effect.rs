//! What the engine asks the shell to do. `before` is done first and in order; then the status is written; then `after`.

use std::collections::BTreeMap;

use crate::api::agent::Agent;
use crate::api::workflow::Workspace;
use crate::api::{RunRecordSpec, Span, Stamp, WorkflowRunStatus, WorkflowSpec};

/// What an environment variable may hold: Linux allows 128 KiB for one, name and doubled `$` included.
pub const INPUT_LIMIT: usize = 96 * 1024;
/// What a ConfigMap may hold (1 MiB) with room for its metadata: the input as a file and its context.
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
    /// When to look again though nothing happens.
    pub wake: Option<Stamp>,
}

/// Done before the status is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Before {
    /// Create the ControllerRevision of that name; one of the same content is fine.
    EnsureRevision { name: String, spec: Box<WorkflowSpec> },
    /// The RunRecord of that name and UID of its run makes room, because the workflow was mended since and the run may run:
    /// first a copy of it is created under the name `aside`, which no run ever asks for; then it is deleted.
    SupersedeRecord { name: String, aside: String, run_uid: String },
    /// Create the RunRecord of that name. If it exists: read it, set `Snapshot::record`, plan again.
    WriteRecord { name: String, record: Box<RunRecordSpec> },
    /// Delete the claim of the run's workspace; one that is gone is fine.
    DropWorkspace { claim: String },
}

/// Done after the status is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Create the attempt's Job (create only) and, where the operator is its controller, its Pod.
    Launch(Box<Launch>),
    /// Lower the running Pod's `activeDeadlineSeconds`: the kubelet stops it, its log stays.
    Stop { job: String },
    /// The Pod did not end in time: read its log's tail, then delete it. (The shell keeps what it read for the next pass.)
    Kill { job: String },
    /// Write the Job's end (operator-managed Jobs only; harmless to repeat).
    FinishJob { job: String, success: bool, message: String },
    /// Copy a decision's result into its own status.
    AnswerDecision { name: String, result: String, at: Stamp },
    /// Delete the run's Jobs (Background): its retention is over.
    DeleteChildren,
    /// Delete the run itself: its retention is over.
    DeleteRun,
}

/// All that an attempt's Job is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Name of the Job and of its Pod.
    pub job: String,
    pub workflow: String,
    /// Hash of the workflow's content that the run executes.
    pub revision: String,
    pub step: String,
    pub item: Option<String>,
    pub n: u32,
    /// An idempotency key: differs for every attempt of every run.
    pub attempt_id: String,
    pub agent: Agent,
    /// The rendered input.
    pub input: String,
    /// All that templates see, as JSON: for agents that are given files.
    pub context: Option<String>,
    /// The run's volume, if the agent may see it.
    pub workspace: Option<Mount>,
    /// The rendered values of the agent's `env` entries that have a `value`.
    pub env: BTreeMap<String, String>,
    pub timeout: Span,
    pub pending_timeout: Span,
}

/// A run's volume as an attempt sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// Name of the PersistentVolumeClaim.
    pub claim: String,
    /// What it is made from when it does not exist yet.
    pub workspace: Workspace,
    pub read_only: bool,
}

/// Why so many bytes (the input, and as a file its context) cannot be handed to a container.
pub fn too_large(as_file: bool, size: usize) -> Option<String> {
    let (limit, kind) = if as_file { (FILE_LIMIT, "File") } else { (INPUT_LIMIT, "Env") };
    let (kib, most) = (size.div_ceil(1024), limit / 1024);
    (size > limit)
        .then(|| format!("the rendered input is {kib} KiB; {most} KiB is the most for inputAs: {kind}"))
}
