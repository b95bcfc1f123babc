use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::*;

#[test]
fn an_ended_agent_is_judged_by_its_message() {
    let exit = exited(0, text("STATUS: done"));
    assert_eq!(seen(&agent_is("Succeeded", ended(0, "STATUS: done"))), AttemptFact::Exited(exit.clone()));
    assert_eq!(seen_deleted(&agent_is("Succeeded", ended(0, "STATUS: done"))), AttemptFact::Exited(exit));
}

#[test]
fn an_ended_agent_beside_a_running_sidecar_is_over() {
    let pod = pod(json!({"phase": "Running", "containerStatuses": [
        container("proxy", running()), container("agent", ended(0, "STATUS: done")),
    ]}));
    assert_eq!(seen(&pod), AttemptFact::Exited(exited(0, text("STATUS: done"))));
}

#[test]
fn an_agent_without_message_is_unread_until_its_log_is() {
    let (job, pod) = (job(), agent_is("Failed", ended(3, "")));
    let read = LogRead::Text { text: "log".into(), cut: false };
    let failed = LogRead::Failed { message: "no route".into() };
    let with = |log| fact(&Sight { job: Some(&job), pod: Some(&pod), log, ..sight() }, &OWNER);
    assert_eq!(with(None), AttemptFact::Unread);
    let exit = exited(3, text("log"));
    assert_eq!(with(Some(&read)), AttemptFact::Exited(exit));
    let exit = exited(3, AgentOutput::Unreadable { message: "no route".into() });
    assert_eq!(with(Some(&failed)), AttemptFact::Exited(exit));
}

#[test]
fn a_deleted_pod_without_message_keeps_its_exit_code() {
    let output = AgentOutput::Unreadable { message: "its Pod was deleted before its log was read".into() };
    assert_eq!(seen_deleted(&agent_is("Failed", ended(3, ""))), AttemptFact::Exited(exited(3, output)));
}

#[test]
fn running_out_of_memory_and_disruption_are_told() {
    let mut state = ended(137, "half");
    state["terminated"]["reason"] = "OOMKilled".into();
    let exit = Exit { out_of_memory: true, ..exited(137, text("half")) };
    assert_eq!(seen(&agent_is("Failed", state)), AttemptFact::Exited(exit));

    let pod = agent_is("Failed", ended(143, "half"));
    let pod = with_condition(pod, "DisruptionTarget", "True", "EvictionByEvictionAPI");
    let exit = Exit { disrupted: true, ..exited(143, text("half")) };
    assert_eq!(seen(&pod), AttemptFact::Exited(exit));
}

#[test]
fn a_deletion_counts_only_when_it_came_before_the_end() {
    let mut pod = agent_is("Failed", ended(143, "half"));
    pod.metadata.deletion_grace_period_seconds = Some(30);
    let deleted = |pod: &Pod| match seen(pod) {
        AttemptFact::Exited(exit) => exit.deleted,
        other => panic!("{other:?}"),
    };
    pod.metadata.deletion_timestamp = Some(Time("2026-01-01T00:00:38Z".parse().unwrap()));
    assert!(deleted(&pod), "asked for at 8 s, ended at 9 s");
    pod.metadata.deletion_timestamp = Some(Time("2026-01-01T00:00:40Z".parse().unwrap()));
    assert!(!deleted(&pod), "asked for at 10 s");
}

#[test]
fn a_container_that_could_not_be_started_has_no_start() {
    let mut state = ended(128, "exec: no such file");
    state["terminated"]["startedAt"] = "1970-01-01T00:00:00Z".into();
    let exit = Exit { started: None, ..exited(128, text("exec: no such file")) };
    assert_eq!(seen(&agent_is("Failed", state)), AttemptFact::Exited(exit));
}

#[test]
fn trimmed_objects_tell_the_same() {
    let (mut job, mut small) = (job(), agent_is("Failed", ended(1, &"x".repeat(3072))));
    let containers = &mut small.spec.as_mut().unwrap().containers;
    containers.extend(vec![containers[0].clone(); 3]);
    let small = with_condition(small, "DisruptionTarget", "True", "EvictionByEvictionAPI");
    let (full, mut small) = (small.clone(), small);
    trim_job(&mut job);
    trim_pod(&mut small);
    let sight = Sight { job: Some(&job), pod: Some(&small), ..sight() };
    assert_eq!((fact(&sight, &OWNER), seen(&full)), (AttemptFact::Unread, AttemptFact::Unread));
    assert!(is_ours(&job, &OWNER) && managed_by_operator(&job));
    assert!(small.spec.unwrap().volumes.is_none());
}
