use super::*;

#[test]
fn a_strangers_pod_has_the_name() {
    let mut pod = agent_is("Running", running());
    pod.metadata.labels = None;
    pod.metadata.owner_references = None;
    let message = format!("Pod {NAME} was not created by the operator for this run; delete it, then retry");
    assert_eq!(seen(&pod), AttemptFact::NameTaken { message });
}

#[test]
fn a_pod_that_is_seen_before_its_job_counts() {
    let pod = agent_is("Running", running());
    let fact = fact(&Sight { pod: Some(&pod), ..sight() }, &OWNER);
    assert_eq!(fact, AttemptFact::Running { since: at("2026-01-01T00:00:05Z") });
}

#[test]
fn a_pod_without_a_started_agent_is_pending_since_the_jobs_creation() {
    let creating = json!({"waiting": {"reason": "ContainerCreating"}});
    assert_eq!(seen(&pod(json!({"phase": "Pending"}))), pending(None));
    assert_eq!(seen(&agent_is("Pending", creating)), pending(None));
}

#[test]
fn an_empty_last_state_is_no_state() {
    let mut state = container("agent", json!({"waiting": {"reason": "ErrImageNeverPull"}}));
    state["lastState"] = json!({});
    let pod = pod(json!({"phase": "Pending", "containerStatuses": [state]}));
    assert_eq!(seen(&pod), pending(Some("ErrImageNeverPull")));
}

#[test]
fn a_waiting_agent_says_what_it_waits_for() {
    let rows = [
        (json!({"reason": "ErrImagePull", "message": "not found"}), "ImagePullBackOff: agent:1"),
        (json!({"reason": "ImagePullBackOff", "message": "Back-off"}), "ImagePullBackOff: agent:1"),
        (
            json!({"reason": "CreateContainerConfigError", "message": "secret \"llm\" not found"}),
            "CreateContainerConfigError: secret \"llm\" not found",
        ),
    ];
    for (waiting, message) in rows {
        assert_eq!(seen(&agent_is("Pending", json!({ "waiting": waiting }))), pending(Some(message)));
    }
}

#[test]
fn a_pod_that_no_node_takes_says_so() {
    let pod = with_condition(pod(json!({"phase": "Pending"})), "PodScheduled", "False", "Unschedulable");
    assert_eq!(seen(&pod), pending(Some("Unschedulable: because")));
}

#[test]
fn a_started_agent_runs_since_its_start() {
    let fact = AttemptFact::Running { since: at("2026-01-01T00:00:05Z") };
    assert_eq!(seen(&agent_is("Running", running())), fact);
}

#[test]
fn an_agent_that_the_kubelet_lost_sight_of_runs_until_it_is_over() {
    let mut state = container("agent", json!({"waiting": {"reason": "ContainerCreating"}}));
    state["lastState"] = unknown();
    let pod = pod(json!({"phase": "Running", "containerStatuses": [state]}));
    assert_eq!(seen(&pod), AttemptFact::Running { since: at("2026-01-01T00:00:01Z") });
}

#[test]
fn a_terminating_pod_whose_agent_runs_is_running() {
    let fact = AttemptFact::Running { since: at("2026-01-01T00:00:05Z") };
    assert_eq!(seen(&terminating()), fact);
}

#[test]
fn a_terminating_pod_on_a_dead_node_is_unreachable_and_overdue_past_its_deadline() {
    let pod = terminating();
    for (now, overdue) in [("2026-01-01T00:04:30Z", false), ("2026-01-01T00:04:31Z", true)] {
        let job = job();
        let sight =
            Sight { job: Some(&job), pod: Some(&pod), node_unreachable: true, now: at(now), ..sight() };
        let message = "node n1 does not respond, and its Pod is being deleted".to_string();
        let since = at("2026-01-01T00:04:00Z");
        assert_eq!(fact(&sight, &OWNER), AttemptFact::Unreachable { since, overdue, message });
    }
}

#[test]
fn a_pod_on_a_dead_node_that_nobody_deletes_is_running() {
    let (job, pod) = (job(), agent_is("Running", running()));
    let sight = Sight { job: Some(&job), pod: Some(&pod), node_unreachable: true, ..sight() };
    assert_eq!(fact(&sight, &OWNER), AttemptFact::Running { since: at("2026-01-01T00:00:05Z") });
}

fn terminating() -> Pod {
    let mut pod = agent_is("Running", running());
    pod.spec.as_mut().unwrap().node_name = Some("n1".into());
    pod.metadata.deletion_grace_period_seconds = Some(30);
    pod.metadata.deletion_timestamp =
        Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time("2026-01-01T00:04:30Z".parse().unwrap()));
    pod
}
