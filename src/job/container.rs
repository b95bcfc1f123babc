//! Turns a [`Launch`] into the container `agent`: its command, its environment, its rights.

use k8s_openapi::api::core::v1::{Capabilities, Container, EnvVar, EnvVarSource, SecurityContext};

use super::metadata::some_list;
use super::{Owner, mounts};
use crate::api::agent::{Agent, InputAs};
use crate::api::labels::AGENT_CONTAINER;
use crate::engine::effect::Launch;

pub(super) fn agent(launch: &Launch, owner: &Owner) -> Container {
    let agent = &launch.agent;
    Container {
        name: AGENT_CONTAINER.to_string(),
        image: Some(agent.image.clone()),
        image_pull_policy: agent.image_pull_policy.map(|p| p.as_str().to_string()),
        command: some_list(&agent.command),
        args: some_list(&agent.args),
        env: Some(env(launch, owner)),
        resources: agent.resources.clone(),
        security_context: Some(security(agent)),
        termination_message_policy: Some("File".to_string()),
        volume_mounts: Some(mounts::mounts(launch)),
        ..Container::default()
    }
}

fn env(launch: &Launch, owner: &Owner) -> Vec<EnvVar> {
    let n = launch.n.to_string();
    let mut env = Vec::new();
    if !agent_sets(&launch.agent, "HOME") {
        env.push(rendered("HOME", "/tmp"));
    }
    env.extend([
        rendered("MISSION_RUN", owner.name),
        rendered("MISSION_STEP", &launch.step),
        rendered("MISSION_ITEM", launch.item.as_deref().unwrap_or_default()),
        rendered("MISSION_ATTEMPT", &n),
        rendered("MISSION_ATTEMPT_ID", &launch.attempt_id),
    ]);
    match launch.agent.input_as {
        Some(InputAs::Env) | None => env.push(rendered("MISSION_INPUT", &launch.input)),
        Some(InputAs::File) => {}
    }
    env.extend(launch.agent.env.iter().filter_map(|var| match &var.value_from {
        Some(from) => Some(EnvVar {
            name: var.name.clone(),
            value: None,
            value_from: Some(EnvVarSource {
                secret_key_ref: Some(from.secret_key_ref.clone()),
                ..EnvVarSource::default()
            }),
        }),
        None => launch.env.get(&var.name).map(|value| rendered(&var.name, value)),
    }));
    env
}

fn agent_sets(agent: &Agent, name: &str) -> bool {
    agent.env.iter().any(|var| var.name == name)
}

/// A variable whose value is data. The kubelet expands `$(NAME)` and reads `$$` as `$`. With every `$` doubled, no text
/// (a task, or the id of an item from an agent's output) can reveal a secret of the environment.
fn rendered(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_string(), value: Some(value.replace('$', "$$")), value_from: None }
}

/// The `restricted` defaults. An agent may override each field.
fn security(agent: &Agent) -> SecurityContext {
    let own = agent.security_context.clone().unwrap_or_default();
    let capabilities = own.capabilities.unwrap_or_default();
    SecurityContext {
        allow_privilege_escalation: own.allow_privilege_escalation.or(Some(false)),
        capabilities: Some(Capabilities {
            add: capabilities.add,
            drop: capabilities.drop.or_else(|| Some(vec!["ALL".to_string()])),
        }),
        read_only_root_filesystem: own.read_only_root_filesystem.or(Some(true)),
        ..own
    }
}
