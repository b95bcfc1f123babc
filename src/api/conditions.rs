//! Merges conditions: `lastTransitionTime` changes only when the status of a condition changes.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::time::Stamp;

/// A condition without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub kind: &'static str,
    pub status: &'static str,
    pub reason: String,
    pub message: String,
}

/// `facts` as conditions. A condition that `old` has with the same status keeps its transition time.
pub fn merge(old: &[Condition], facts: Vec<Fact>, generation: i64, now: Stamp) -> Vec<Condition> {
    facts
        .into_iter()
        .map(|fact| {
            let since = old
                .iter()
                .find(|c| c.type_ == fact.kind && c.status == fact.status)
                .map_or_else(|| Time(now.0), |c| c.last_transition_time.clone());
            Condition {
                type_: fact.kind.into(),
                status: fact.status.into(),
                reason: fact.reason,
                message: fact.message,
                observed_generation: Some(generation),
                last_transition_time: to_seconds(since),
            }
        })
        .collect()
}

/// The API server keeps whole seconds in a condition: a finer time would differ from the stored one at the next read.
fn to_seconds(t: Time) -> Time {
    Time(jiff::Timestamp::from_second(t.0.as_second()).unwrap_or(t.0))
}
