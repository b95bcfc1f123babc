//! The words of the API: phases, causes, outcomes and reasons. They are part of the contract; docs/concepts.md
//! has the same table, and a test holds the two together.

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
    /// Where a run is.
    Phase {
        /// Accepted, not started; `reason` says what it waits for.
        Pending,
        /// At least one step runs, waits for its backoff or can start.
        Running,
        /// Something waits for a person, and nothing else runs or can start.
        Paused,
        /// Every step is done, skipped or tolerated.
        Succeeded,
        /// A step failed for good, the run took too long, or it could not start at all.
        Failed,
        /// A person (or an escalation's expiry) ended it.
        Cancelled,
    }
}

impl Phase {
    /// True for the phases that never change again.
    pub const fn is_terminal(self) -> bool {
        match self {
            Phase::Pending | Phase::Running | Phase::Paused => false,
            Phase::Succeeded | Phase::Failed | Phase::Cancelled => true,
        }
    }
}

words! {
    /// Where a step is.
    StepPhase {
        /// Not started: a step before it is not finished.
        Pending,
        /// An attempt is under way.
        Running,
        /// The last attempt did not succeed; the next one starts at `nextAttemptAt`.
        Backoff,
        /// Waits for a person's decision.
        Escalated,
        /// Done.
        Succeeded,
        /// Failed for good.
        Failed,
        /// Failed for good, and `onExhausted: Continue` lets the run go on.
        Tolerated,
        /// Its `when` was false, or a person said to go on without it.
        Skipped,
        /// The run ended before it was finished.
        Cancelled,
    }
}

impl StepPhase {
    /// True when later steps may start.
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
    /// True when nothing more happens to the step.
    pub const fn is_finished(self) -> bool {
        self.is_satisfied() || matches!(self, StepPhase::Failed | StepPhase::Cancelled)
    }
}

words! {
    /// How an attempt ended.
    Outcome {
        /// It did what was asked.
        Done,
        /// It did what was asked and sent earlier work back (`STATUS: retry`); charged to `onRetry.limit`.
        SentBack,
        /// It ran and did not do what was asked; charged to `retry`.
        Failed,
        /// It was stopped because it took too long; charged to `retry`.
        TimedOut,
        /// The cluster took it away, or it never ran; charged to `lostLimit`.
        Lost,
        /// The operator stopped it because the run ended.
        Stopped,
    }
}

words! {
    /// Why an attempt ended as it did, or why a step waits for a person.
    Cause {
        /// The agent's exit code is not 0.
        ExitCode,
        /// The agent was killed for using more memory than its limit.
        OutOfMemory,
        /// The agent printed `STATUS: failed`.
        StatusFailed,
        /// The agent printed `STATUS: retry`, and no step takes work back.
        NoRetryTarget,
        /// The agent printed no `STATUS:` line although `expects` asks for one.
        NoStatus,
        /// The last `STATUS:` line is not a clear one, or the output ends inside of a thinking block.
        StatusUnclear,
        /// The output does not contain what `expects` names.
        ExpectationNotMet,
        /// A `KEY: value` that something reads is longer than a value may be.
        ValueTooLong,
        /// A declared output is missing.
        OutputMissing,
        /// A declared output does not match its pattern.
        OutputInvalid,
        /// `STORIES_JSON` is not a list of stories.
        StoriesInvalid,
        /// It ran longer than `timeout`.
        Timeout,
        /// Its container did not start within `pendingTimeout`.
        PendingTimeout,
        /// Its Pod was deleted under it.
        PodDeleted,
        /// The cluster disrupted its Pod (drain, preemption, node lost).
        Disrupted,
        /// The kubelet refused its Pod.
        PodRejected,
        /// Its Job exists without a Pod after the operator was replaced: it never ran, or nobody can tell.
        NeverStarted,
        /// The run ended while it was running.
        RunEnded,
        /// A template names variables that do not exist.
        MissingVariable,
        /// A template cannot be rendered.
        TemplateError,
        /// The rendered input is larger than the container can be given.
        InputTooLarge,
        /// A condition cannot be evaluated.
        ConditionError,
        /// The list of `forEach` is empty.
        NoItems,
        /// The list of `forEach` is missing or not a list.
        ListInvalid,
        /// Work was sent back as often as `onRetry.limit` allows.
        ReworkExhausted,
        /// The step is a question to a person.
        Approval,
        /// The API server refused the Pod (policy, invalid field).
        PodRefused,
        /// An object of somebody else has the attempt's name.
        NameTaken,
        /// The agent exited with 0, but what it said can't be read.
        ResultUnreadable,
        /// The Pod is being deleted on a node that does not answer.
        NodeUnreachable,
        /// The run's status would grow past its limit.
        StatusTooLarge,
        /// The revision that the run executes is gone or was changed.
        RevisionLost,
    }
}

impl Cause {
    /// Causes that a new attempt cannot mend: `Retry` is legal only together with `outputs`.
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
        /// The Workflow it names does not exist (yet).
        WorkflowNotFound,
        /// The Workflow it names has problems; they stand in the Workflow's status.
        WorkflowInvalid,
        /// The Workflow it names is suspended.
        WorkflowSuspended,
        /// The run's own `suspend` is true.
        Suspended,
        /// The revision that `workflowRef.revision` names does not exist.
        RevisionNotFound,
        /// A Pod of an earlier run of this name is still running.
        NamesakeRunning,
        /// It waits for its turn (`concurrency`).
        Queued,
        /// Steps are running or can start.
        Running,
        /// A step waits for a person.
        Escalated,
        /// A person paused the run.
        Paused,
        /// The run is being ended; its Pods are being stopped.
        Ending,
        /// Every step is done, skipped or tolerated.
        Succeeded,
        /// This very run was executed before; nothing was executed now.
        AlreadyRan,
        /// A step failed for good.
        StepFailed,
        /// The run was active for longer than its `timeout`.
        RunTimeout,
        /// A person rejected it at an approval step.
        Rejected,
        /// Its `params` do not fit the Workflow.
        InvalidParams,
        /// As many runs as `concurrency` allows are under way, and its policy is Reject.
        ConcurrencyRejected,
        /// A person aborted it.
        Aborted,
        /// Nobody answered an escalation in time.
        EscalationExpired,
        /// The object cannot be read.
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
