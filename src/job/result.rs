//! Turns the status of a Pod into the state of its agent, and into the agent's output. Injected sidecars and init
//! containers have no effect here: only the state of the agent's container counts.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::Stamp;
use crate::api::labels::AGENT_CONTAINER;
use crate::engine::snapshot::AgentOutput;

/// The result of reading an agent's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogRead {
    /// The log, or (`cut`) its last part.
    Text { text: String, cut: bool },
    /// The log cannot be read, and no retries are left.
    Failed { message: String },
}

/// Whether the agent ended and its termination message does not contain its whole output.
pub fn needs_log(pod: &Pod) -> bool {
    match agent(pod) {
        Agent::Ended(end) => whole_message(pod, end).is_none(),
        Agent::Vanished | Agent::Running { .. } | Agent::NotStarted => false,
    }
}

/// The agent's output: its termination message, or its log if the message is empty or truncated. `None` until the agent
/// ended, and until the log is read if it is needed.
pub fn agent_output(pod: &Pod, log: Option<&LogRead>) -> Option<AgentOutput> {
    let Agent::Ended(end) = agent(pod) else { return None };
    if let Some(text) = whole_message(pod, end) {
        return Some(AgentOutput::Text { text: text.to_string(), cut: false });
    }
    log.map(|log| match log {
        LogRead::Text { text, cut } => AgentOutput::Text { text: text.clone(), cut: *cut },
        LogRead::Failed { message } => AgentOutput::Unreadable { message: message.clone() },
    })
}

/// A kubelet that has already removed the container (its Pod is being deleted) answers with 200 and this sentence
/// instead of the log. The agent did not print it.
pub fn is_excuse(log: &str) -> bool {
    let container = log.trim_end().strip_prefix("unable to retrieve container logs for ");
    container.is_some_and(|id| id.contains("://") && !id.contains(char::is_whitespace))
}

/// The kubelet keeps at most 4,096 bytes of a message, and 12 KiB for all containers of a Pod together: with more than
/// three containers (sidecars), the share of each is smaller.
fn whole_message<'a>(pod: &Pod, end: &'a ContainerStateTerminated) -> Option<&'a str> {
    let spec = pod.spec.as_ref();
    let containers = spec.map_or(0, |s| s.containers.len() + s.init_containers.as_ref().map_or(0, Vec::len));
    let limit = (12 * 1024 / containers.max(1)).min(4096);
    end.message.as_deref().filter(|m| !m.is_empty() && m.len() < limit)
}

/// The state of the agent's container, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Agent<'a> {
    /// It ended, and its end was observed.
    Ended(&'a ContainerStateTerminated),
    /// It ran, and its end was never observed.
    Vanished,
    Running {
        since: Option<Stamp>,
    },
    NotStarted,
}

pub(super) fn agent(pod: &Pod) -> Agent<'_> {
    let Some(status) = agent_status(pod) else { return Agent::NotStarted };
    if let Some(end) = status.state.as_ref().and_then(seen_end) {
        return Agent::Ended(end);
    }
    if let Some(running) = status.state.as_ref().and_then(|s| s.running.as_ref()) {
        return Agent::Running { since: stamp(running.started_at.as_ref()) };
    }
    // Containers are never restarted here, so a last state is the end. The kubelet writes `lastState: {}` for a
    // container that has not started.
    match status.last_state.as_ref().filter(|s| s.terminated.is_some()) {
        Some(last) => seen_end(last).map_or(Agent::Vanished, Agent::Ended),
        None if status.container_id.as_ref().is_some_and(|id| !id.is_empty()) => Agent::Vanished,
        None => Agent::NotStarted,
    }
}

pub(super) fn agent_status(pod: &Pod) -> Option<&ContainerStatus> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses.iter().find(|c| c.name == AGENT_CONTAINER)
}

/// A terminated state that was observed. The kubelet makes up `ContainerStatusUnknown` (exit code 137) for a container
/// that it cannot find or that was never created.
fn seen_end(state: &ContainerState) -> Option<&ContainerStateTerminated> {
    state.terminated.as_ref().filter(|t| t.reason.as_deref() != Some("ContainerStatusUnknown"))
}

/// Container runtimes write the year 1970 for what did not happen, such as the start of a container that could not
/// start.
pub(super) fn stamp(time: Option<&Time>) -> Option<Stamp> {
    time.filter(|t| t.0 > Timestamp::UNIX_EPOCH).map(|t| Stamp::of(t.0))
}
