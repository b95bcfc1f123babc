//! The terms of the API: phases, causes, outcomes and reasons. They are part of the contract. docs/concepts.md has the
//! same tables, and a test compares the two.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])+ $word:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[schemars(inline)]
        pub enum $name { $($(#[doc = $doc])+ $word,)+ }

        impl $name {
            /// Every word with its meaning, in the order of the docs.
            pub const ALL: &[($name, &str)] = &[$(($name::$word, concat!($($doc),+)),)+];
            /// The word as the API writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$word => stringify!($word),)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// The phase of a run.
    Phase {
        /// The run has not started; `reason` says what it waits for.
        Pending,
        /// At least one step is running, is in backoff or can start.
        Running,
        /// The run waits for a person, and nothing is running or can start.
        Paused,
        /// Every step succeeded, was skipped or was tolerated.
        Succeeded,
        /// A step failed, the run exceeded its timeout, or it could not start; `reason` says which.
        Failed,
        /// A person aborted the run, or an escalation expired.
        Cancelled,
    }
}

impl Phase {
    /// Whether the phase is final.
    pub const fn is_terminal(self) -> bool {
        match self {
            Phase::Pending | Phase::Running | Phase::Paused => false,
            Phase::Succeeded | Phase::Failed | Phase::Cancelled => true,
        }
    }
}

words! {
    /// The phase of a step.
    StepPhase {
        /// The step has not started; usually an earlier step is not finished.
        Pending,
        /// An attempt is in progress.
        Running,
        /// The last attempt did not succeed; the next one starts at `nextAttemptAt`.
        Backoff,
        /// The step waits for a person's decision.
        Escalated,
        /// The step succeeded.
        Succeeded,
        /// The step failed and is not retried.
        Failed,
        /// The step failed, and `onExhausted: Continue` lets the run continue.
        Tolerated,
        /// The condition in `when` was false, or a decision or an expired escalation skipped the step.
        Skipped,
        /// The run ended before the step finished.
        Cancelled,
    }
}

impl StepPhase {
    /// Whether later steps may start.
    pub const fn is_satisfied(self) -> bool {
        match self {
            StepPhase::Succeeded | StepPhase::Tolerated | StepPhase::Skipped => true,
            StepPhase::Pending
            | StepPhase::Running
            | StepPhase::Backoff
            | StepPhase::Escalated
            | StepPhase::Failed
            | StepPhase::Cancelled => false,
        }
    }
    /// Whether the step is over.
    pub const fn is_finished(self) -> bool {
        self.is_satisfied() || matches!(self, StepPhase::Failed | StepPhase::Cancelled)
    }
}

words! {
    /// How an attempt ended.
    Outcome {
        /// The agent did what was asked.
        Done,
        /// The agent did what was asked and sent earlier work back (`STATUS: retry`). Counts against `onRetry.limit`.
        SentBack,
        /// The agent ran and did not do what was asked. Counts against `retry.limit`.
        Failed,
        /// The attempt exceeded `timeout` or `pendingTimeout`. Counts against `retry.limit`.
        TimedOut,
        /// The cluster removed the attempt, or it never ran. Counts against `retry.lostLimit`.
        Lost,
        /// The operator stopped the attempt because the run ended.
        Stopped,
    }
}

words! {
    /// Why an attempt ended as it did, or why a step waits for a person.
    Cause {
        /// The agent exited with a code other than 0.
        ExitCode,
        /// The agent exceeded its memory limit and was killed.
        OutOfMemory,
        /// The agent printed `STATUS: failed`.
        StatusFailed,
        /// The agent printed `STATUS: retry`, but the step has no `onRetry`.
        NoRetryTarget,
        /// The agent printed no `STATUS:` line, but `expects` asks for one.
        NoStatus,
        /// The last `STATUS:` line is not clear, or the output ends inside a thinking block.
        StatusUnclear,
        /// The output does not contain the text in `expects`.
        ExpectationNotMet,
        /// A value that something reads exceeds its size limit.
        ValueTooLong,
        /// A declared output is missing.
        OutputMissing,
        /// A declared output does not match its `pattern`.
        OutputInvalid,
        /// `STORIES_JSON` is not a valid list of stories.
        StoriesInvalid,
        /// The attempt ran longer than `timeout`.
        Timeout,
        /// The container did not start within `pendingTimeout`.
        PendingTimeout,
        /// The Pod was deleted before the attempt ended.
        PodDeleted,
        /// The cluster disrupted the Pod, for example by a drain, a preemption or the loss of the node.
        Disrupted,
        /// The kubelet rejected the Pod.
        PodRejected,
        /// The container never started, as far as the operator can tell: the Job has no Pod, or the Pod ended before
        /// its container started.
        NeverStarted,
        /// The run ended during the attempt.
        RunEnded,
        /// A template uses variables that do not exist.
        MissingVariable,
        /// A template cannot be rendered.
        TemplateError,
        /// The rendered input or an environment variable exceeds the size limit.
        InputTooLarge,
        /// The condition in `when` cannot be evaluated.
        ConditionError,
        /// The list of `forEach` is empty.
        NoItems,
        /// The list of `forEach` is missing or invalid.
        ListInvalid,
        /// Work was to be sent back again, but `onRetry.limit` was reached.
        ReworkExhausted,
        /// The step is an approval.
        Approval,
        /// The API server rejected the Pod, for example because of a policy or an invalid field.
        PodRefused,
        /// An object that the operator did not create has the name of the attempt.
        NameTaken,
        /// The agent exited with 0, but its output cannot be read.
        ResultUnreadable,
        /// The Pod is being deleted, but its node does not respond.
        NodeUnreachable,
        /// The status of the run would exceed its size limit.
        StatusTooLarge,
        /// The revision that the run executes was deleted or changed.
        RevisionLost,
    }
}

impl Cause {
    /// Causes that a new attempt alone does not fix: `Retry` is legal only together with `outputs`.
    pub const fn needs_outputs(self) -> bool {
        matches!(
            self,
            Cause::MissingVariable
                | Cause::InputTooLarge
                | Cause::StatusTooLarge
                | Cause::NoItems
                | Cause::ListInvalid
        )
    }
}

words! {
    /// Why the run is in its phase.
    Reason {
        /// The Workflow does not exist. The run starts when it is created.
        WorkflowNotFound,
        /// The Workflow is invalid; `status.problems` of the Workflow says why.
        WorkflowInvalid,
        /// The Workflow is suspended.
        WorkflowSuspended,
        /// `spec.suspend` of the run is true.
        Suspended,
        /// The revision in `workflowRef.revision` does not exist.
        RevisionNotFound,
        /// A Pod of an earlier run with the same name is still running.
        NamesakeRunning,
        /// The API server does not create what the run needs in order to start; the operator tries again.
        Blocked,
        /// The run waits for its turn (`concurrency`).
        Queued,
        /// Steps are running or can start.
        Running,
        /// A step waits for a person.
        Escalated,
        /// A person paused the run.
        Paused,
        /// The run is ending: its Pods are being stopped, or `finally` is running.
        Ending,
        /// Every step succeeded, was skipped or was tolerated.
        Succeeded,
        /// The same run was executed before; nothing was executed now.
        AlreadyRan,
        /// A step failed and is not retried.
        StepFailed,
        /// The run was active longer than the `timeout` of the Workflow.
        RunTimeout,
        /// A person answered an approval with `Reject`.
        Rejected,
        /// `params` of the run do not match those of the Workflow.
        InvalidParams,
        /// `concurrency.limit` was reached, and `concurrency.policy` is `Reject`.
        ConcurrencyRejected,
        /// A person aborted the run.
        Aborted,
        /// An escalation expired before it was answered.
        EscalationExpired,
        /// An approval expired, and `escalation.onExpiry` is `Skip`: an approval is never skipped.
        ApprovalExpired,
        /// The object cannot be decoded.
        Undecodable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docs_have_every_word_with_its_meaning() {
        let docs = include_str!("../../docs/concepts.md");
        let words = Phase::ALL
            .iter()
            .map(|(w, d)| (w.as_str(), *d))
            .chain(StepPhase::ALL.iter().map(|(w, d)| (w.as_str(), *d)))
            .chain(Outcome::ALL.iter().map(|(w, d)| (w.as_str(), *d)))
            .chain(Cause::ALL.iter().map(|(w, d)| (w.as_str(), *d)))
            .chain(Reason::ALL.iter().map(|(w, d)| (w.as_str(), *d)));
        let missing: Vec<String> = words
            .map(|(word, meaning)| format!("| `{word}` | {} |", meaning.trim()))
            .filter(|row| !docs.contains(row.as_str()))
            .collect();
        assert!(missing.is_empty(), "docs/concepts.md lacks these rows:\n{}", missing.join("\n"));
    }
}
