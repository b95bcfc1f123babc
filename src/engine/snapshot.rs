//! The engine's view of one run: everything that the shell observed, and the time of the observation.

use std::collections::BTreeMap;

use crate::api::{RunRecordSpec, Span, Stamp, Workflow, WorkflowDecision, WorkflowRun, WorkflowSpec};

/// One run and all objects that concern it.
#[derive(Clone, Debug)]
pub struct Snapshot<'a> {
    pub now: Stamp,
    pub run: &'a WorkflowRun,
    /// The Workflow that the run names, as it is now.
    pub workflow: WorkflowFact<'a>,
    /// The revision that the run's status pins (or that `workflowRef.revision` names).
    pub revision: RevisionFact,
    /// Every decision that names the run, in any order.
    pub decisions: Vec<&'a WorkflowDecision>,
    /// The attempt that each `status.steps[].current` names, by Job name. A missing entry is `AttemptFact::Absent`.
    pub attempts: BTreeMap<String, AttemptFact>,
    /// The live answer of the API server (not of a cache) about the run's RunRecord.
    pub record: RecordFact,
    /// Other runs of the same workflow that have not ended; filled while this run has not started.
    pub peers: Vec<&'a WorkflowRun>,
    /// Pods of an earlier run of the same name that are still running.
    pub namesake_pods: Vec<String>,
    /// Whether Jobs of the run exist.
    pub has_children: bool,
    /// The run's operator-managed Jobs whose status has no end yet.
    pub open_jobs: Vec<OpenJob>,
    /// What the API server did not do of `Plan::before` a moment ago: the plan is made anew with it.
    pub refused: Option<Refused>,
}

/// A step of `Plan::before` that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub what: Refusal,
    /// Which object, and the API server's words.
    pub message: String,
}

/// Which kind of step was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `EnsureRevision`
    Revision,
    /// `SupersedeRecord` or `WriteRecord`
    Record,
    /// `DropWorkspace`
    Claim,
}

/// A Job that the operator has to finish once its attempt has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenJob {
    pub job: String,
    pub step: String,
    pub n: u32,
}

/// The Workflow that a run names.
#[derive(Clone, Copy, Debug)]
pub enum WorkflowFact<'a> {
    Absent,
    /// It exists, but cannot be decoded as a Workflow.
    Undecodable,
    Present(&'a Workflow),
}

/// The ControllerRevision that a run is bound to.
#[derive(Clone, Debug, PartialEq)]
pub enum RevisionFact {
    /// The run names none, or the shell did not need it (a terminal run).
    NotAsked,
    Missing,
    /// Its content does not hash to its name.
    Tampered,
    Found(Box<WorkflowSpec>),
}

/// What is known of the run's RunRecord.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordFact {
    /// The API server has not been asked yet. The engine starts and ends nothing on this.
    Unknown,
    None,
    Found(Box<RunRecordSpec>),
}

/// What is known of one attempt: its Job and its Pod together.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptFact {
    /// There is no Job of that name: it has yet to be created.
    Absent,
    /// The Job exists; its Pod is being created, or has no started container yet. `since`: the Job's creation.
    Pending { since: Stamp, message: Option<String> },
    /// The API server does not create the Pod for now (quota): retried until `pendingTimeout`.
    Blocked { since: Stamp, message: String },
    /// The API server refused the Pod for good (policy, invalid field).
    Refused { message: String },
    /// The agent's container runs since then.
    Running { since: Stamp },
    /// The agent's container has ended, and its output has not been read yet. It will be: try again.
    Unread,
    /// The agent's container has ended, and its output was read.
    Exited(Exit),
    /// There is no terminated state and there will be none.
    Lost { cause: Loss, message: String },
    /// The Pod is being deleted on a node that does not respond; `overdue`: its deadline has passed.
    Unreachable { since: Stamp, overdue: bool, message: String },
    /// An object of another owner has the name.
    NameTaken { message: String },
}

/// How an attempt was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    PodDeleted,
    Disrupted,
    PodRejected,
    NeverStarted,
}

/// How an agent's container ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    pub code: i32,
    pub out_of_memory: bool,
    /// The Pod carries `DisruptionTarget`: an exit code other than 0 is then a loss.
    pub disrupted: bool,
    /// The Pod is deleted, or being deleted: a signal that ended the agent then comes from the deletion, and the
    /// attempt is lost.
    pub deleted: bool,
    pub started: Option<Stamp>,
    pub finished: Option<Stamp>,
    pub output: AgentOutput,
}

/// An agent's output.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentOutput {
    /// The whole of it, or (`cut`) its last part.
    Text { text: String, cut: bool },
    /// It cannot be read, and all tries failed.
    Unreadable { message: String },
}

/// How long a stopped Pod may take to end before its log is read and it is deleted.
pub const STOP_GRACE: Span = Span::secs(30);
