use super::*;
use crate::engine::snapshot::AgentOutput;
use crate::job::result::is_excuse;

fn text(text: &str, cut: bool) -> Option<AgentOutput> {
    Some(AgentOutput::Text { text: text.into(), cut })
}

#[test]
fn a_whole_termination_message_is_what_was_said_and_needs_no_log() {
    let pod = agent_is("Succeeded", ended(0, "STATUS: done"));
    assert_eq!((needs_log(&pod), agent_output(&pod, None)), (false, text("STATUS: done", false)));
}

#[test]
fn an_empty_or_cut_message_needs_the_log() {
    let log = LogRead::Text { text: "the log".into(), cut: true };
    let failed = LogRead::Failed { message: "timed out".into() };
    for message in ["".to_string(), "x".repeat(4096)] {
        let pod = agent_is("Succeeded", ended(0, &message));
        assert_eq!((needs_log(&pod), agent_output(&pod, None)), (true, None));
        assert_eq!(agent_output(&pod, Some(&log)), text("the log", true));
        assert_eq!(
            agent_output(&pod, Some(&failed)),
            Some(AgentOutput::Unreadable { message: "timed out".into() })
        );
    }
    assert!(!needs_log(&agent_is("Succeeded", ended(0, &"x".repeat(4095)))));
}

#[test]
fn many_containers_share_what_the_kubelet_keeps_of_their_messages() {
    let mut pod = agent_is("Succeeded", ended(0, &"x".repeat(3072)));
    assert!(!needs_log(&pod));
    let containers = &mut pod.spec.as_mut().unwrap().containers;
    let one = containers[0].clone();
    containers.extend([one.clone(), one.clone(), one]);
    assert!(needs_log(&pod));
}

#[test]
fn nothing_is_said_before_the_end_nor_by_a_container_that_vanished() {
    let log = LogRead::Text { text: "so far".into(), cut: false };
    for pod in
        [agent_is("Running", running()), agent_is("Failed", unknown()), pod(json!({"phase": "Pending"}))]
    {
        assert_eq!((needs_log(&pod), agent_output(&pod, Some(&log))), (false, None));
    }
}

#[test]
fn a_kubelet_that_lost_the_log_is_not_taken_for_the_agent() {
    assert!(is_excuse("unable to retrieve container logs for containerd://e0f4a75d55bed4ab"));
    assert!(!is_excuse("unable to retrieve container logs for containerd://e0f4\nSTATUS: done"));
    assert!(!is_excuse("unable to retrieve container logs for the demo"));
}
