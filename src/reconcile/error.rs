//! What can go wrong while a pass talks to the API server. A user's mistake is never one of these.

use crate::cluster::{Failure, Name};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("reading run {0}")]
    ReadRun(Name, #[source] Failure),
    #[error("writing the status of run {0}")]
    WriteStatus(Name, #[source] Failure),
    #[error("deleting run {0}")]
    DeleteRun(Name, #[source] Failure),
    #[error("reading RunRecord {0}")]
    ReadRecord(Name, #[source] Failure),
    #[error("creating RunRecord {0}")]
    CreateRecord(Name, #[source] Failure),
    #[error("deleting RunRecord {0}")]
    DeleteRecord(Name, #[source] Failure),
    #[error("what run {0} needs comes and goes")]
    Unsettled(Name),
    #[error("reading ControllerRevision {0}")]
    ReadRevision(Name, #[source] Failure),
    #[error("creating ControllerRevision {0}")]
    CreateRevision(Name, #[source] Failure),
    #[error("writing revision {0} as JSON")]
    EncodeRevision(Name, #[source] serde_json::Error),
    #[error("suspending Job {0}")]
    SuspendJob(Name, #[source] Failure),
    #[error("writing the status of Job {0}")]
    WriteJobStatus(Name, #[source] Failure),
    #[error("deleting PersistentVolumeClaim {0}")]
    DeleteClaim(Name, #[source] Failure),
    #[error("deleting Job {0}")]
    DeleteJob(Name, #[source] Failure),
    #[error("reading Pod {0}")]
    ReadPod(Name, #[source] Failure),
    #[error("stopping Pod {0}")]
    StopPod(Name, #[source] Failure),
    #[error("deleting Pod {0}")]
    DeletePod(Name, #[source] Failure),
    #[error("answering decision {0}")]
    AnswerDecision(Name, #[source] Failure),
    #[error("writing the status of workflow {0}")]
    WriteWorkflow(Name, #[source] Failure),
    #[error("marking {0} as unreadable")]
    MarkUndecodable(Name, #[source] Failure),
    #[error("listing {0} for a sweep")]
    Sweep(&'static str, #[source] Failure),
    #[error("this process no longer leads")]
    NotLeading,
}

impl Error {
    /// The request that failed, of what is made before a status.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::CreateRevision(_, failure)
            | Self::CreateRecord(_, failure)
            | Self::DeleteRecord(_, failure)
            | Self::DeleteClaim(_, failure) => Some(failure),
            _ => None,
        }
    }
}
