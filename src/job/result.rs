//! Turns a Pod's status into the state of its agent, and into what the agent said. Injected sidecars and init
//! containers say nothing here: the agent container's own state decides.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::Stamp;
use crate::api::labels::AGENT_CONTAINER;
use crate::engine::snapshot::AgentOutput;

/// What reading an agent's log came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogRead {
    /// The log, or (`cut`) its last part.
    Text { text: String, cut: bool },
    /// It can't be read; the bounded tries are spent.
    Failed { message: String },
}

/// Is the agent over, and its termination message does not tell all that it said?
pub fn needs_log(pod: &Pod) -> bool {
    match agent(pod) {
        Agent::Ended(end) => whole_message(pod, end).is_none(),
        Agent::Vanished | Agent::Running { .. } | Agent::NotStarted => false,
    }
}

/// What the agent said: its termination message, unless that is empty or cut, else its log. `None` while the agent is
/// not over, or while the log it takes is not read.
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

/// A kubelet that has removed the container already (its Pod is being deleted) answers 200 and this sentence in place of
/// the log. It is nothing that the agent said.
pub fn is_excuse(log: &str) -> bool {
    let container = log.trim_end().strip_prefix("unable to retrieve container logs for ");
    container.is_some_and(|id| id.contains("://") && !id.contains(char::is_whitespace))
}

/// The kubelet keeps at most 4,096 bytes of a message, and 12 KiB for all containers of a Pod together: with more than
/// three of them (sidecars) each one's share is smaller.
fn whole_message<'a>(pod: &Pod, end: &'a ContainerStateTerminated) -> Option<&'a str> {
    let spec = pod.spec.as_ref();
    let containers = spec.map_or(0, |s| s.containers.len() + s.init_containers.as_ref().map_or(0, Vec::len));
    let limit = (12 * 1024 / containers.max(1)).min(4096);
    end.message.as_deref().filter(|m| !m.is_empty() && m.len() < limit)
}

/// The agent's container, as far as it can be known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Agent<'a> {
    /// Over, and its end was seen.
    Ended(&'a ContainerStateTerminated),
    /// It ran, and its end was never seen.
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
    // Nothing is ever started a second time here: where a last state is, it is the end. The kubelet writes `lastState: {}`
    // for a container that was not started yet.
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

/// A terminated state that somebody saw. `ContainerStatusUnknown` is invented by the kubelet (exit code 137) for a
/// container that it can't find any more or that was never made.
fn seen_end(state: &ContainerState) -> Option<&ContainerStateTerminated> {
    state.terminated.as_ref().filter(|t| t.reason.as_deref() != Some("ContainerStatusUnknown"))
}

/// Container runtimes write the year 1970 for what did not happen (a container that could not be started).
pub(super) fn stamp(time: Option<&Time>) -> Option<Stamp> {
    time.filter(|t| t.0 > Timestamp::UNIX_EPOCH).map(|t| Stamp::of(t.0))
}
