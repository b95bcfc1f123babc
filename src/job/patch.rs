//! Turns the progress of an attempt into merge patches: of the status of the Job (the operator is its controller), and
//! of a Pod that is to be stopped. It never sends them.
//!
//! The rules of the API server: success is `SuccessCriteriaMet` + `Complete` with a completionTime not before the
//! startTime; failure is `FailureTarget` + `Failed` without a completionTime; times never change once set; at the end
//! nothing is active, ready, terminating or uncounted.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{Job, JobCondition};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::{finished, managed_by_operator, true_conditions};
use crate::api::Stamp;

/// The conditions of one outcome of a Job.
struct End {
    target: &'static str,
    last: &'static str,
    reason: &'static str,
    /// The target of the other outcome: a Job that has it cannot end this way.
    never_with: &'static str,
}

const SUCCESS: End = End {
    target: "SuccessCriteriaMet",
    last: "Complete",
    // The reason that the Job controller of Kubernetes writes.
    reason: "CompletionsReached",
    never_with: "FailureTarget",
};
const FAILURE: End = End {
    target: "FailureTarget",
    last: "Failed",
    reason: "AttemptFailed",
    never_with: "SuccessCriteriaMet",
};

/// The patch of a Job whose attempt is running. `ready` is 0, because the Job does not know whether its Pod is ready.
pub fn started_patch(job: &Job) -> Value {
    let mut status = json!({ "active": 1, "ready": 0 });
    if let (Some(start), Some(map)) = (start(job), status.as_object_mut()) {
        map.insert("startTime".into(), json!(start));
    }
    json!({ "status": status })
}

/// The patch of a Job whose Pod ended or certainly does not exist. `None` if there is nothing to write: the operator is
/// not the controller of the Job, or the Job has ended or must end the other way.
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

/// The creationTimestamp, so that all writers agree. A time that is already set stays.
fn start(job: &Job) -> Option<Time> {
    let set = job.status.as_ref().and_then(|s| s.start_time.clone());
    set.or_else(|| job.metadata.creation_timestamp.clone())
}

/// A merge patch replaces the list, so the other conditions are written again.
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

/// Whole seconds, as the API server keeps a time: a comparison must use the stored value.
fn whole_seconds(t: Timestamp) -> Time {
    Time(Timestamp::from_second(t.as_second()).unwrap_or(t))
}

/// How far the kubelet's clock may be behind the operator's before a stop is late.
const CLOCK_SKEW_SECS: u64 = 60;

/// Lowers `activeDeadlineSeconds` of the Pod (the kubelet counts from `status.startTime`) below the time that has
/// passed: the kubelet stops the Pod now, and its log and termination message stay. `None` if that stops nothing,
/// because the Pod ended or no kubelet has started it: delete it instead.
pub fn stop_patch(pod: &Pod, now: Stamp) -> Option<Value> {
    let status = pod.status.as_ref()?;
    if matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let past = now.since(Stamp::of(status.start_time.as_ref()?.0)).as_secs().saturating_sub(CLOCK_SKEW_SECS);
    // The API server only allows a lower value, and at least 1.
    let stored = pod.spec.as_ref().and_then(|s| s.active_deadline_seconds).unwrap_or(i64::MAX);
    let deadline = i64::try_from(past).unwrap_or(i64::MAX).min(stored).clamp(1, i64::from(i32::MAX));
    Some(json!({ "spec": { "activeDeadlineSeconds": deadline } }))
}
