use super::*;

fn failed(reason: &str, statuses: &[Value]) -> Pod {
    pod(json!({"phase": "Failed", "reason": reason, "message": "why", "containerStatuses": statuses}))
}

#[test]
fn a_deleted_pod_is_lost() {
    let message = "its Pod was deleted before its end was observed";
    for pod in [agent_is("Running", running()), pod(json!({"phase": "Pending"}))] {
        assert_eq!(seen_deleted(&pod), lost(Loss::PodDeleted, message));
    }
}

#[test]
fn a_pod_that_was_deleted_by_a_disruption_is_disrupted() {
    let pod =
        with_condition(agent_is("Running", running()), "DisruptionTarget", "True", "DeletionByTaintManager");
    assert_eq!(seen_deleted(&pod), lost(Loss::Disrupted, "DeletionByTaintManager: because"));
}

#[test]
fn an_evicted_pod_is_disrupted() {
    assert_eq!(seen(&failed("Evicted", &[])), lost(Loss::Disrupted, "Evicted: why"));
    let unseen = failed("Evicted", &[container("agent", unknown())]);
    assert_eq!(seen(&unseen), lost(Loss::Disrupted, "Evicted: why"));
}

#[test]
fn a_pod_of_a_node_that_is_gone_is_disrupted() {
    let pod = with_condition(agent_is("Failed", running()), "DisruptionTarget", "True", "DeletionByPodGC");
    assert_eq!(seen(&pod), lost(Loss::Disrupted, "DeletionByPodGC: because"));
}

#[test]
fn a_pod_that_the_kubelet_refused_is_rejected() {
    for reason in ["OutOfcpu", "NodeAffinity", "UnexpectedAdmissionError", "Terminated", "NodeShutdown"] {
        assert_eq!(seen(&failed(reason, &[])), lost(Loss::PodRejected, &format!("{reason}: why")));
    }
}

#[test]
fn a_pod_that_was_stopped_before_its_agent_started_never_started() {
    for statuses in [vec![], vec![container("agent", unknown())]] {
        let pod = failed("DeadlineExceeded", &statuses);
        assert_eq!(seen(&pod), lost(Loss::NeverStarted, "DeadlineExceeded: why"));
    }
}

#[test]
fn a_pod_whose_init_container_failed_never_started() {
    let pod = pod(json!({
        "phase": "Failed",
        "initContainerStatuses": [container("istio-init", ended(1, ""))],
        "containerStatuses": [container("agent", json!({"waiting": {"reason": "PodInitializing"}}))],
    }));
    assert_eq!(seen(&pod), lost(Loss::NeverStarted, "init container istio-init failed"));
}

#[test]
fn an_invented_end_of_an_agent_that_ran_is_no_result() {
    let mut state = container("agent", unknown());
    state["containerID"] = "containerd://1".into();
    let pod = pod(json!({"phase": "Failed", "containerStatuses": [state]}));
    assert_eq!(seen(&pod), lost(Loss::Disrupted, "its Pod ended, but its container has no exit code"));
}
