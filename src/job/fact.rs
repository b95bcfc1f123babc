//! Turns what is seen of an attempt (its Job, its Pod, what the API server answered) into one [`AttemptFact`].
//! Total: every sight is a fact. [`fact`] is the decision table; the first row that fits decides.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, Pod, PodCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::result::{Agent, LogRead, agent, agent_output, agent_status, stamp};
use super::{Owner, finished, is_ours, is_pod_of, managed_by_operator};
use crate::api::Stamp;
use crate::engine::snapshot::{AgentOutput, AttemptFact, Exit, Loss};

/// All that the shell knows of one attempt. An object that the API server answered a create with is passed here until
/// the stores have it (or its deletion): a store that is behind must not look like a deletion.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    pub job: Option<&'a Job>,
    pub pod: Option<&'a Pod>,
    /// `pod` is the last state of a deleted one; without a `pod`: there is none, and there will be none.
    pub pod_deleted: bool,
    /// This process created the Job, and its Pod's create is under way or done.
    pub made_here: bool,
    /// The Pod's create was answered with success, so a Pod that is not there is gone. Say it only of a Pod that the API
    /// server does not have: a cache that lags proves nothing.
    pub pod_seen_created: bool,
    /// The API server does not create the Pod for now (its words).
    pub blocked: Option<&'a str>,
    /// The API server refused the Pod for good (its words).
    pub refused: Option<&'a str>,
    /// What the agent's log came to. `None` with `pod_deleted`: it was not read and will not be.
    pub log: Option<&'a LogRead>,
    pub now: Stamp,
    /// The Pod's node does not answer.
    pub node_unreachable: bool,
}

/// What is known of the attempt.
pub fn fact(sight: &Sight, owner: &Owner) -> AttemptFact {
    match (sight.job, sight.pod) {
        (Some(job), _) if !is_ours(job, owner) => name_taken("Job", &job.metadata),
        (_, Some(pod)) if !is_pod_of(pod, sight.job, owner) => name_taken("Pod", &pod.metadata),
        (_, Some(pod)) => of_pod(sight, pod),
        (Some(job), None) => of_job_without_pod(sight, job),
        (None, None) => of_nothing(sight),
    }
}

fn name_taken(kind: &str, meta: &ObjectMeta) -> AttemptFact {
    let name = meta.name.as_deref().unwrap_or_default();
    AttemptFact::NameTaken { message: format!("{kind} {name} was not made by the operator for this run") }
}

fn of_nothing(sight: &Sight) -> AttemptFact {
    match sight.refused {
        Some(message) => AttemptFact::Refused { message: cut(message) },
        // The Job was deleted together with its Pod. `Absent` would run the attempt a second time.
        None if sight.pod_seen_created => lost(Loss::PodDeleted, "its Job and its Pod were deleted"),
        None => AttemptFact::Absent,
    }
}

fn of_job_without_pod(sight: &Sight, job: &Job) -> AttemptFact {
    let since = created(&job.metadata, sight.now);
    let waits = || AttemptFact::Pending { since, message: suspended(job) };
    match (sight.refused, finished(job), managed_by_operator(job)) {
        (Some(message), ..) => AttemptFact::Refused { message: cut(message) },
        (None, Some(end), _) => lost(Loss::PodDeleted, &format!("its Job is {end}, but its Pod is gone")),
        // The one Job without a Pod that will not get one: see `reconcile::stop`.
        (None, None, false) if sight.pod_deleted => {
            lost(Loss::NeverStarted, "its Job was suspended before it had a Pod")
        }
        (None, None, false) => waits(),
        // Deleted or never made: nobody can tell, and only the process that made the Job makes its Pod.
        (None, None, true) if !sight.made_here => {
            lost(Loss::NeverStarted, "its Job was found without a Pod after the operator was replaced")
        }
        (None, None, true) if sight.pod_seen_created => lost(Loss::PodDeleted, "its Pod was deleted"),
        (None, None, true) => match sight.blocked {
            Some(message) => AttemptFact::Blocked { since, message: cut(message) },
            None => waits(),
        },
    }
}

fn of_pod(sight: &Sight, pod: &Pod) -> AttemptFact {
    let over = matches!(phase(pod), "Succeeded" | "Failed");
    match (agent(pod), over, sight.pod_deleted) {
        // A result that can be read is the attempt's result, whatever removed the Pod.
        (Agent::Ended(end), ..) => of_result(sight, pod, end),
        (Agent::Running { .. } | Agent::Vanished, true, _) => lost(Loss::Disrupted, &why_over(pod)),
        (Agent::NotStarted, true, _) => lost(why_not_started(pod), &why_over(pod)),
        (_, false, true) if is_disrupted(pod) => lost(Loss::Disrupted, &why_over(pod)),
        (_, false, true) => lost(Loss::PodDeleted, "its Pod was deleted before its end was seen"),
        (alive, false, false) => match unreachable(sight, pod) {
            Some(unreachable) => unreachable,
            None => of_living(sight, pod, alive),
        },
    }
}

fn of_living(sight: &Sight, pod: &Pod, alive: Agent) -> AttemptFact {
    let created = created(&pod.metadata, sight.now);
    match alive {
        Agent::Running { since } => AttemptFact::Running { since: since.unwrap_or(created) },
        // The kubelet lost sight of it (its node was restarted) and will say so in the Pod's phase.
        Agent::Vanished => AttemptFact::Running { since: created },
        // `Ended` is decided above; for completeness it reads as not read yet.
        Agent::Ended(_) => AttemptFact::Unread,
        Agent::NotStarted => AttemptFact::Pending {
            since: sight.job.map_or(created, |job| self::created(&job.metadata, sight.now)),
            message: why_waiting(pod),
        },
    }
}

fn of_result(sight: &Sight, pod: &Pod, end: &ContainerStateTerminated) -> AttemptFact {
    let output = match (agent_output(pod, sight.log), sight.pod_deleted) {
        (Some(output), _) => output,
        (None, true) => {
            AgentOutput::Unreadable { message: "its Pod was deleted before its log was read".into() }
        }
        (None, false) => return AttemptFact::Unread,
    };
    AttemptFact::Exited(Exit {
        code: end.exit_code,
        out_of_memory: end.reason.as_deref() == Some("OOMKilled"),
        disrupted: is_disrupted(pod),
        deleted: was_deleted_under(pod, end),
        started: stamp(end.started_at.as_ref()),
        finished: stamp(end.finished_at.as_ref()),
        output,
    })
}

/// When the Pod's deletion was asked for: its timestamp is the end of its grace period.
fn deletion_asked(pod: &Pod) -> Option<jiff::Timestamp> {
    let deadline = pod.metadata.deletion_timestamp.as_ref()?.0;
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or_default();
    Some(deadline.checked_sub(jiff::SignedDuration::from_secs(grace)).unwrap_or(deadline))
}

/// The deletion came before the agent's end, not after it.
fn was_deleted_under(pod: &Pod, end: &ContainerStateTerminated) -> bool {
    let finished = end.finished_at.as_ref().map(|t| t.0);
    deletion_asked(pod).is_some_and(|asked| finished.is_none_or(|finished| asked <= finished))
}

/// A Pod that is being deleted on a node that does not answer: its container may still run.
fn unreachable(sight: &Sight, pod: &Pod) -> Option<AttemptFact> {
    let deadline = pod.metadata.deletion_timestamp.as_ref().filter(|_| sight.node_unreachable)?;
    let asked = deletion_asked(pod).unwrap_or(deadline.0);
    let node = pod.spec.as_ref().and_then(|s| s.node_name.as_deref()).unwrap_or("of its Pod");
    Some(AttemptFact::Unreachable {
        since: Stamp::of(asked),
        overdue: sight.now.0 > deadline.0,
        message: format!("node {node} does not answer, and its Pod is being deleted"),
    })
}

/// Why the agent of a Pod that is over never ran.
fn why_not_started(pod: &Pod) -> Loss {
    match reason(pod) {
        _ if is_disrupted(pod) => Loss::Disrupted,
        // Stopped while it was pending: by the operator (`pendingTimeout`, the run's end) or by the Pod's own deadline.
        Some("DeadlineExceeded") => Loss::NeverStarted,
        // The kubelet did not take it: OutOfcpu, NodeAffinity, UnexpectedAdmissionError, NodeShutdown, …
        Some(_) => Loss::PodRejected,
        // An init container failed.
        None => Loss::NeverStarted,
    }
}

fn is_disrupted(pod: &Pod) -> bool {
    condition(pod, "DisruptionTarget").is_some_and(|c| c.status == "True")
        || matches!(reason(pod), Some("Evicted" | "Preempting"))
}

fn why_over(pod: &Pod) -> String {
    let disruption = condition(pod, "DisruptionTarget").filter(|c| c.status == "True");
    let status = pod.status.as_ref();
    let words = [
        reason(pod).or_else(|| disruption.and_then(|c| c.reason.as_deref())),
        status.and_then(|s| s.message.as_deref()).or_else(|| disruption.and_then(|c| c.message.as_deref())),
    ];
    let said: Vec<&str> = words.into_iter().flatten().filter(|w| !w.is_empty()).collect();
    match failed_init(pod) {
        _ if !said.is_empty() => said.join(": "),
        Some(name) => format!("init container {name} failed"),
        None => "its Pod is over without an end of its container".to_string(),
    }
}

fn failed_init(pod: &Pod) -> Option<&str> {
    let mut inits = pod.status.iter().flat_map(|s| s.init_container_statuses.iter().flatten());
    let failed = inits.find(|c| {
        let end = c.state.as_ref().and_then(|s| s.terminated.as_ref());
        end.is_some_and(|t| t.exit_code != 0)
    });
    failed.map(|c| c.name.as_str())
}

/// What a Pod without a started agent waits for. No words that change by themselves: each would be a status write.
fn why_waiting(pod: &Pod) -> Option<String> {
    let waiting = agent_status(pod).and_then(|c| Some((c, c.state.as_ref()?.waiting.as_ref()?)));
    if let Some((container, waiting)) = waiting {
        match (waiting.reason.as_deref(), waiting.message.as_deref()) {
            (None | Some("ContainerCreating" | "PodInitializing"), _) => {}
            // The kubelet alternates between the two, each with a text of its own.
            (Some("ErrImagePull" | "ImagePullBackOff"), _) => {
                return Some(cut(&format!("ImagePullBackOff: {}", container.image)));
            }
            (Some(reason), Some(message)) => return Some(cut(&format!("{reason}: {message}"))),
            (Some(reason), None) => return Some(cut(reason)),
        }
    }
    let unscheduled = condition(pod, "PodScheduled").filter(|c| c.status == "False")?;
    let reason = unscheduled.reason.as_deref().unwrap_or("Unschedulable");
    Some(cut(&format!("{reason}: {}", unscheduled.message.as_deref().unwrap_or("no node takes the Pod"))))
}

fn suspended(job: &Job) -> Option<String> {
    let suspended = job.spec.as_ref().and_then(|s| s.suspend) == Some(true);
    suspended.then(|| "its Job is suspended".to_string())
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|s| s.phase.as_deref()).unwrap_or_default()
}

fn reason(pod: &Pod) -> Option<&str> {
    pod.status.as_ref().and_then(|s| s.reason.as_deref()).filter(|r| !r.is_empty())
}

fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a PodCondition> {
    pod.status.as_ref()?.conditions.iter().flatten().find(|c| c.type_ == kind)
}

fn created(meta: &ObjectMeta, now: Stamp) -> Stamp {
    meta.creation_timestamp.as_ref().map_or(now, |t| Stamp::of(t.0))
}

fn lost(cause: Loss, message: &str) -> AttemptFact {
    AttemptFact::Lost { cause, message: cut(message) }
}

/// Words of other programs go into a status: as many as it keeps.
fn cut(message: &str) -> String {
    message.chars().take(256).collect()
}
