//! Short constructors of workflows. The agent is a shell that runs the step's input.

use k8s_openapi::api::core::v1::SecurityContext;
use mission_control::api::agent::{Agent, ImagePullPolicy};
use mission_control::api::step::{Defaults, Retry, Step};
use mission_control::api::{Workflow, WorkflowSpec};

/// The agent `sh`: what a step's input says is what it does.
pub(crate) fn agent() -> Agent {
    Agent {
        name: "sh".into(),
        image: std::env::var("MISSION_AGENT_IMAGE")
            .unwrap_or_else(|_| "missioncontrol.dev/agents/test:v1".into()),
        command: ["/bin/sh", "-c", "eval \"$MISSION_INPUT\""].map(String::from).to_vec(),
        image_pull_policy: Some(ImagePullPolicy::IfNotPresent),
        security_context: Some(SecurityContext {
            read_only_root_filesystem: Some(true),
            ..SecurityContext::default()
        }),
        ..Agent::default()
    }
}

/// A step that runs a script.
pub(crate) fn step(name: &str, script: &str) -> Step {
    Step { name: name.into(), agent: Some("sh".into()), input: Some(script.into()), ..Step::default() }
}

/// A workflow of these steps. Losses are repeated without end: only a test about losses counts them.
pub(crate) fn workflow(name: &str, steps: impl IntoIterator<Item = Step>) -> Workflow {
    let retry = Retry { lost_limit: Some(100), ..Retry::default() };
    let spec = WorkflowSpec {
        agents: vec![agent()],
        steps: steps.into_iter().collect(),
        defaults: Some(Defaults { retry: Some(retry), ..Defaults::default() }),
        ..WorkflowSpec::default()
    };
    Workflow::new(name, spec)
}

/// A script that says `first`, then sleeps, and ends at once (143) on SIGTERM. A shell that is process 1 ignores
/// TERM unless it has a trap, and would be waited for for the whole grace period.
pub(crate) fn ends_by_term(first: &str) -> String {
    format!("trap 'exit 143' TERM; echo {first}; sleep 3600 & wait")
}
