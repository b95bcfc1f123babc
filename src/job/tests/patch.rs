use super::*;

const NOW: &str = "2026-01-01T00:00:09.700Z";

fn condition(kind: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": "True", "reason": reason, "message": message,
        "lastProbeTime": "2026-01-01T00:00:09Z", "lastTransitionTime": "2026-01-01T00:00:09Z",
    })
}

#[test]
fn a_started_job_is_active_since_its_creation() {
    let status = json!({"active": 1, "ready": 0, "startTime": "2026-01-01T00:00:00Z"});
    assert_eq!(started_patch(&job()), json!({ "status": status }));
}

#[test]
fn success_is_two_conditions_and_a_completion_time() {
    assert_eq!(
        finish_patch(&job(), true, "done", at(NOW)),
        Some(json!({"status": {
            "active": 0, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {}, "succeeded": 1,
            "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:09Z",
            "conditions": [
                condition("SuccessCriteriaMet", "CompletionsReached", "done"),
                condition("Complete", "CompletionsReached", "done"),
            ],
        }}))
    );
}

#[test]
fn failure_is_two_conditions_without_a_completion_time() {
    assert_eq!(
        finish_patch(&job(), false, "exit code 1", at(NOW)),
        Some(json!({"status": {
            "active": 0, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {}, "failed": 1,
            "startTime": "2026-01-01T00:00:00Z",
            "conditions": [
                condition("FailureTarget", "AttemptFailed", "exit code 1"),
                condition("Failed", "AttemptFailed", "exit code 1"),
            ],
        }}))
    );
}

#[test]
fn a_clock_that_is_behind_completes_no_job_before_its_start() {
    let patch = finish_patch(&job(), true, "", at("2025-12-31T23:59:59Z")).unwrap();
    assert_eq!(patch["status"]["completionTime"], "2026-01-01T00:00:00Z");
}

#[test]
fn a_start_time_and_conditions_of_others_stay() {
    let mut job = with_conditions(job(), &["JobReplaced"]);
    job.status.as_mut().unwrap().start_time =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time("2026-01-01T00:00:03Z".parse().unwrap()));
    let patch = finish_patch(&job, false, "", at(NOW)).unwrap();
    let kinds: Vec<&str> =
        patch["status"]["conditions"].as_array().unwrap().iter().filter_map(|c| c["type"].as_str()).collect();
    assert_eq!(kinds, ["JobReplaced", "FailureTarget", "Failed"]);
    assert_eq!(patch["status"]["startTime"], "2026-01-01T00:00:03Z");
}

#[test]
fn a_job_of_the_built_in_controller_or_a_finished_one_is_left_alone() {
    let jobs = [
        stored(JobController::Kubernetes),
        with_conditions(job(), &["SuccessCriteriaMet", "Complete"]),
        with_conditions(job(), &["FailureTarget", "Failed"]),
    ];
    for job in jobs {
        assert_eq!([true, false].map(|success| finish_patch(&job, success, "", at(NOW))), [None, None]);
    }
}

#[test]
fn a_job_that_is_bound_to_fail_never_completes_nor_the_other_way() {
    let failing = with_conditions(job(), &["FailureTarget"]);
    let succeeding = with_conditions(job(), &["SuccessCriteriaMet"]);
    assert_eq!(finish_patch(&failing, true, "", at(NOW)), None);
    assert_eq!(finish_patch(&succeeding, false, "", at(NOW)), None);
    assert!(finish_patch(&failing, false, "", at(NOW)).is_some());
}

#[test]
fn a_trimmed_job_is_finished_alike() {
    let mut small = with_conditions(job(), &["JobReplaced"]);
    let full = small.clone();
    trim_job(&mut small);
    assert_eq!(finish_patch(&small, true, "", at(NOW)), finish_patch(&full, true, "", at(NOW)));
    assert_eq!(started_patch(&small), started_patch(&full));
}

#[test]
fn a_stop_lowers_the_deadline_to_what_is_past() {
    let pod = || pod(json!({"phase": "Running", "startTime": "2026-01-01T00:00:00Z"}));
    let stop = |now: &str, stored: i64| {
        let mut pod = pod();
        pod.spec.as_mut().unwrap().active_deadline_seconds = Some(stored);
        stop_patch(&pod, at(now)).map(|p| p["spec"]["activeDeadlineSeconds"].clone())
    };
    // A minute less than what is past, for a kubelet whose clock is behind.
    assert_eq!(stop("2026-01-01T00:10:00.500Z", 1560), Some(json!(540)));
    assert_eq!(stop("2026-01-01T00:00:00.100Z", 1560), Some(json!(1)));
    assert_eq!(stop("2025-12-31T23:59:00Z", 1560), Some(json!(1)));
    assert_eq!(stop("2026-01-01T01:00:00Z", 1560), Some(json!(1560)));
}

#[test]
fn a_stop_that_was_sent_may_be_sent_again() {
    let mut pod = pod(json!({"phase": "Running", "startTime": "2026-01-01T00:00:00Z"}));
    pod.spec.as_mut().unwrap().active_deadline_seconds = Some(540);
    let patch = stop_patch(&pod, at("2026-01-01T00:10:05Z"));
    assert_eq!(patch, Some(json!({"spec": {"activeDeadlineSeconds": 540}})));
}

#[test]
fn a_pod_that_is_over_or_that_no_kubelet_took_up_is_not_stopped_but_deleted() {
    let started = "2026-01-01T00:00:00Z";
    for status in [
        json!({"phase": "Pending"}),
        json!({"phase": "Succeeded", "startTime": started}),
        json!({"phase": "Failed", "startTime": started}),
    ] {
        assert_eq!(stop_patch(&pod(status), at(NOW)), None);
    }
}
