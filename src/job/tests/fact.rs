//! A test per row of the decision table.

mod with_a_living_pod;
mod with_a_result;
mod without_a_pod;
mod without_a_result;

use super::*;
use crate::engine::snapshot::{AgentOutput, AttemptFact, Exit, Loss};

/// Nothing seen yet, five minutes after the Job's creation.
fn sight() -> Sight<'static> {
    Sight {
        job: None,
        pod: None,
        pod_deleted: false,
        made_here: false,
        pod_seen_created: false,
        created_uid: None,
        blocked: None,
        refused: None,
        log: None,
        now: at("2026-01-01T00:05:00Z"),
        node_unreachable: false,
    }
}

/// The attempt's Job and this Pod.
fn seen(pod: &Pod) -> AttemptFact {
    fact(&Sight { job: Some(&job()), pod: Some(pod), ..sight() }, &OWNER)
}

fn seen_deleted(pod: &Pod) -> AttemptFact {
    fact(&Sight { job: Some(&job()), pod: Some(pod), pod_deleted: true, ..sight() }, &OWNER)
}

fn pending(message: Option<&str>) -> AttemptFact {
    AttemptFact::Pending { since: at("2026-01-01T00:00:00Z"), message: message.map(Into::into) }
}

fn lost(cause: Loss, message: &str) -> AttemptFact {
    AttemptFact::Lost { cause, message: message.into() }
}

fn exited(code: i32, output: AgentOutput) -> Exit {
    Exit {
        code,
        out_of_memory: false,
        disrupted: false,
        deleted: false,
        started: Some(at("2026-01-01T00:00:05Z")),
        finished: Some(at("2026-01-01T00:00:09Z")),
        output,
    }
}

fn text(text: &str) -> AgentOutput {
    AgentOutput::Text { text: text.into(), cut: false }
}

fn with_condition(mut pod: Pod, kind: &str, status: &str, reason: &str) -> Pod {
    let condition = json!([{"type": kind, "status": status, "reason": reason, "message": "because"}]);
    pod.status.as_mut().unwrap().conditions = serde_json::from_value(condition).unwrap();
    pod
}
