//! Turns what was observed of an attempt (its Job, its Pod, the API server's answers) into one [`AttemptFact`].
//! Total: every observation is a fact. [`fact`] is the decision table; the first row that matches decides.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, Pod, PodCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::result::{Agent, LogRead, agent, agent_output, agent_status, stamp};
use super::{Owner, finished, is_ours, is_pod_of, is_suspended, managed_by_operator};
use crate::api::Stamp;
use crate::engine::snapshot::{AgentOutput, AttemptFact, Exit, Loss};

/// All that the shell knows of one attempt. An object in the API server's answer to a create is passed here until the
/// stores have it (or its deletion): a store that lags behind must not look like a deletion.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    pub job: Option<&'a Job>,
    pub pod: Option<&'a Pod>,
    /// `pod` is the last state of a deleted Pod. Without a `pod`: there is none, and there will be none.
    pub pod_deleted: bool,
    /// This process created the Job, and is creating or has created the Pod.
    pub made_here: bool,
    /// The Pod was created successfully, so a Pod that is missing was deleted. Set it only if the API server does not
    /// have the Pod: a cache that lags proves nothing.
    pub pod_seen_created: bool,
    /// The UID of the Pod in the answer to this process's create.
    pub created_uid: Option<&'a str>,
    /// The API server's message, if it does not create the Pod for now.
    pub blocked: Option<&'a str>,
    /// The API server's message, if it rejected the Pod permanently.
    pub refused: Option<&'a str>,
    /// The result of reading the agent's log. `None` with `pod_deleted`: it was not read and will not be.
    pub log: Option<&'a LogRead>,
    pub now: Stamp,
    /// The node of the Pod does not respond.
    pub node_unreachable: bool,
}

/// The fact about the attempt.
pub fn fact(sight: &Sight, owner: &Owner) -> AttemptFact {
    match (sight.job, sight.pod) {
        (Some(job), _) if !is_ours(job, owner) => name_taken("Job", &job.metadata),
        (_, Some(pod)) if !is_pod_of(pod, sight.job, sight.created_uid, owner) => {
            name_taken("Pod", &pod.metadata)
        }
        (_, Some(pod)) => of_pod(sight, pod),
        (Some(job), None) => of_job_without_pod(sight, job),
        (None, None) => of_nothing(sight),
    }
}

fn name_taken(kind: &str, meta: &ObjectMeta) -> AttemptFact {
    let name = meta.name.as_deref().unwrap_or_default();
    let message =
        format!("{kind} {name} was not created by the operator for this run; delete it, then retry");
    AttemptFact::NameTaken { message }
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
        (None, Some(end), _) => {
            lost(Loss::PodDeleted, &format!("its Job is {end}, but its Pod does not exist"))
        }
        // The only Job without a Pod that will not get one: see `reconcile::stop`.
        (None, None, false) if sight.pod_deleted => {
            lost(Loss::NeverStarted, "its Job was suspended before it had a Pod")
        }
        (None, None, false) => waits(),
        // Whether the Pod was deleted or never created is unknown. Only the process that created the Job creates its
        // Pod.
        (None, None, true) if !sight.made_here => {
            lost(Loss::NeverStarted, "its Job was found without a Pod after the operator was replaced")
        }
        (None, None, true) if sight.pod_seen_created => lost(Loss::PodDeleted, "its Pod was deleted"),
        (None, None, true) => match sight.blocked {
            // Nobody tries again while it is suspended, whatever was said before.
            Some(message) => {
                AttemptFact::Blocked { since, message: suspended(job).unwrap_or_else(|| cut(message)) }
            }
            None => waits(),
        },
    }
}

fn of_pod(sight: &Sight, pod: &Pod) -> AttemptFact {
    let over = matches!(phase(pod), "Succeeded" | "Failed");
    match (agent(pod), over, sight.pod_deleted) {
        // A result that can be read counts, regardless of what removed the Pod.
        (Agent::Ended(end), ..) => of_result(sight, pod, end),
        (Agent::Running { .. } | Agent::Vanished, true, _) => lost(Loss::Disrupted, &why_over(pod)),
        (Agent::NotStarted, true, _) => lost(why_not_started(pod), &why_over(pod)),
        (_, false, true) if is_disrupted(pod) => lost(Loss::Disrupted, &why_over(pod)),
        (_, false, true) => lost(Loss::PodDeleted, "its Pod was deleted before its end was observed"),
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
        // The kubelet lost the container (its node was restarted), and will report that in the phase of the Pod.
        Agent::Vanished => AttemptFact::Running { since: created },
        // `Ended` is decided above; here it counts as not read yet.
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

/// When the deletion of the Pod was requested: its timestamp is the end of the grace period.
fn deletion_asked(pod: &Pod) -> Option<jiff::Timestamp> {
    let deadline = pod.metadata.deletion_timestamp.as_ref()?.0;
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or_default();
    Some(deadline.checked_sub(jiff::SignedDuration::from_secs(grace)).unwrap_or(deadline))
}

/// Whether the deletion was requested before the agent ended.
fn was_deleted_under(pod: &Pod, end: &ContainerStateTerminated) -> bool {
    let finished = end.finished_at.as_ref().map(|t| t.0);
    deletion_asked(pod).is_some_and(|asked| finished.is_none_or(|finished| asked <= finished))
}

/// A Pod that is being deleted on a node that does not respond: its container may still run.
fn unreachable(sight: &Sight, pod: &Pod) -> Option<AttemptFact> {
    let deadline = pod.metadata.deletion_timestamp.as_ref().filter(|_| sight.node_unreachable)?;
    let asked = deletion_asked(pod).unwrap_or(deadline.0);
    let node = pod.spec.as_ref().and_then(|s| s.node_name.as_deref()).unwrap_or("of the Pod");
    Some(AttemptFact::Unreachable {
        since: Stamp::of(asked),
        overdue: sight.now.0 > deadline.0,
        message: format!("node {node} does not respond, and its Pod is being deleted"),
    })
}

/// Why the agent of a Pod that ended never ran.
fn why_not_started(pod: &Pod) -> Loss {
    match reason(pod) {
        _ if is_disrupted(pod) => Loss::Disrupted,
        // Stopped while it was pending: by the operator (`pendingTimeout`, end of the run) or by the Pod's own
        // deadline.
        Some("DeadlineExceeded") => Loss::NeverStarted,
        // The kubelet rejected it: OutOfcpu, NodeAffinity, UnexpectedAdmissionError, NodeShutdown, …
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
        None => "its Pod ended, but its container has no exit code".to_string(),
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

/// What a Pod waits for before its agent starts. The text must not change by itself: each change is a status write.
fn why_waiting(pod: &Pod) -> Option<String> {
    let waiting = agent_status(pod).and_then(|c| Some((c, c.state.as_ref()?.waiting.as_ref()?)));
    if let Some((container, waiting)) = waiting {
        match (waiting.reason.as_deref(), waiting.message.as_deref()) {
            (None | Some("ContainerCreating" | "PodInitializing"), _) => {}
            // The kubelet alternates between the two, each with its own text.
            (Some("ErrImagePull" | "ImagePullBackOff"), _) => {
                return Some(cut(&format!("ImagePullBackOff: {}", container.image)));
            }
            (Some(reason), Some(message)) => return Some(cut(&format!("{reason}: {message}"))),
            (Some(reason), None) => return Some(cut(reason)),
        }
    }
    let unscheduled = condition(pod, "PodScheduled").filter(|c| c.status == "False")?;
    let reason = unscheduled.reason.as_deref().unwrap_or("Unschedulable");
    Some(cut(&format!("{reason}: {}", unscheduled.message.as_deref().unwrap_or("no node fits the Pod"))))
}

fn suspended(job: &Job) -> Option<String> {
    is_suspended(job).then(|| "its Job is suspended".to_string())
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

/// Truncates text of other programs to what a status keeps.
fn cut(message: &str) -> String {
    message.chars().take(256).collect()
}
