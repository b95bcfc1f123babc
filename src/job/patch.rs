//! Turns an attempt's course into merge patches: of the Job's status (the operator is its controller) and of a Pod
//! that is to stop. Never sends them.
//!
//! The API server's rules: success is `SuccessCriteriaMet` + `Complete` with a completionTime not before the
//! startTime; failure is `FailureTarget` + `Failed` without a completionTime; times never change once set; at the end
//! nothing is active, ready, terminating or uncounted.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{Job, JobCondition};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::{finished, managed_by_operator, true_conditions};
use crate::api::Stamp;

/// The conditions of one way to end.
struct End {
    target: &'static str,
    last: &'static str,
    reason: &'static str,
    /// The target of the other way: with it, this way is refused.
    never_with: &'static str,
}

const SUCCESS: End = End {
    target: "SuccessCriteriaMet",
    last: "Complete",
    // As the built-in controller says it.
    reason: "CompletionsReached",
    never_with: "FailureTarget",
};
const FAILURE: End = End {
    target: "FailureTarget",
    last: "Failed",
    reason: "AttemptFailed",
    never_with: "SuccessCriteriaMet",
};

/// Of the status of a Job whose attempt is alive. `ready` is 0: the Job cannot tell whether its Pod is.
pub fn started_patch(job: &Job) -> Value {
    let mut status = json!({ "active": 1, "ready": 0 });
    if let (Some(start), Some(map)) = (start(job), status.as_object_mut()) {
        map.insert("startTime".into(), json!(start));
    }
    json!({ "status": status })
}

/// Of the status of a Job whose Pod is over or proven gone. `None` where nothing is to be written: the Job is not the
/// operator's, is finished already or is bound to end the other way.
pub fn finish_patch(job: &Job, success: bool, message: &str, now: Stamp) -> Option<Value> {
    let end = if success { SUCCESS } else { FAILURE };
    let barred = finished(job).is_some() || true_conditions(job).any(|kind| kind == end.never_with);
    if !managed_by_operator(job) || barred {
        return None;
    }
    let start = start(job).unwrap_or_else(|| whole_seconds(now.0));
    let mut status = json!({
        "active": 0, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {},
        "startTime": start, "conditions": conditions(job, &end, message, now),
    });
    if let Some(map) = status.as_object_mut() {
        if success {
            map.insert("succeeded".into(), json!(1));
            map.insert("completionTime".into(), json!(whole_seconds(now.0).max(start)));
        } else {
            map.insert("failed".into(), json!(1));
        }
    }
    Some(json!({ "status": status }))
}

/// The creationTimestamp, so that every writer agrees; a time that is already set stays.
fn start(job: &Job) -> Option<Time> {
    let set = job.status.as_ref().and_then(|s| s.start_time.clone());
    set.or_else(|| job.metadata.creation_timestamp.clone())
}

/// A merge patch replaces the list: what else stands in it is written again.
fn conditions(job: &Job, end: &End, message: &str, now: Stamp) -> Vec<JobCondition> {
    let stored = job.status.iter().flat_map(|s| s.conditions.iter().flatten());
    let others = stored.filter(|c| c.type_ != end.target && c.type_ != end.last).cloned();
    let at = whole_seconds(now.0);
    let ours = [end.target, end.last].map(|kind| JobCondition {
        type_: kind.to_string(),
        status: "True".to_string(),
        reason: Some(end.reason.to_string()),
        message: Some(message.to_string()),
        last_probe_time: Some(at.clone()),
        last_transition_time: Some(at.clone()),
    });
    others.chain(ours).collect()
}

/// As the API server keeps a time: a comparison must see what it will see.
fn whole_seconds(t: Timestamp) -> Time {
    Time(Timestamp::from_second(t.as_second()).unwrap_or(t))
}

/// How far the kubelet's clock may be behind the operator's before a stop comes late.
const CLOCK_SKEW_SECS: u64 = 60;

/// Lowers the Pod's `activeDeadlineSeconds` (counted by the kubelet from `status.startTime`) to what is past: the
/// kubelet stops it now, and its log and termination message stay. `None` where that stops nothing, because the Pod
/// is over or no kubelet took it up: delete it.
pub fn stop_patch(pod: &Pod, now: Stamp) -> Option<Value> {
    let status = pod.status.as_ref()?;
    if matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let past = now.since(Stamp::of(status.start_time.as_ref()?.0)).as_secs().saturating_sub(CLOCK_SKEW_SECS);
    // It can only be lowered; at least 1 is asked for.
    let stored = pod.spec.as_ref().and_then(|s| s.active_deadline_seconds).unwrap_or(i64::MAX);
    let deadline = i64::try_from(past).unwrap_or(i64::MAX).min(stored).clamp(1, i64::from(i32::MAX));
    Some(json!({ "spec": { "activeDeadlineSeconds": deadline } }))
}
