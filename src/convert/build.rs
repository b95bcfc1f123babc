//! A [`Draft`] -> the Workflow, and the points to check. Pure. Start reading at [`build`].

use std::collections::BTreeMap;

use crate::api::agent::{Agent, EnvVar, WorkspaceAccess};
use crate::api::step::{ForEach, OnRetry, Retry, Step};
use crate::api::workflow::{Keep, RunOutput, Workspace};
use crate::api::{Workflow, WorkflowSpec};

use super::draft::{self, Draft};
use super::report::{Notes, Owner, Settled};
use super::template::{self, Oddity};
use super::variables::{Facts, Variables};
use super::{keys, names};

/// The options of the command line.
#[derive(Clone, Debug)]
pub(crate) struct Chosen<'a> {
    pub image: &'a str,
    pub name: &'a str,
}

/// Keys that describe problems of the work, the best first.
const FEEDBACK: &[&str] = &["ISSUES", "FAILURES", "FEEDBACK"];
/// Maximum length of a description.
const DESCRIPTION: usize = 1024;

/// `files`: the texts of each agent's files.
pub(crate) fn build(
    draft: &Draft,
    chosen: &Chosen<'_>,
    files: Vec<BTreeMap<String, String>>,
    notes: &mut Notes,
) -> (Workflow, Settled) {
    let (settled, facts) = settle(draft, &files, notes);
    let mut variables =
        Variables { shape: draft.shape, steps: &facts, context: &draft.context, params: Vec::new() };
    let shared = draft.steps.len() > 1;
    let steps = draft
        .steps
        .iter()
        .enumerate()
        .map(|(i, s)| {
            let agent = s.agent.as_ref().map(|id| agent_of(id, draft, &settled));
            step(s, i, agent, &mut variables, notes)
        })
        .collect();
    for (key, _) in draft
        .context
        .iter()
        .filter(|(k, _)| !variables.params.iter().any(|p| p.name == super::variables::param_name(k)))
    {
        notes.add(Owner::Spec.at("params"), format!("`context.{key}` is left out: no step names it"));
    }
    if shared {
        notes.add(
            Owner::Spec.at("workspace"),
            "steps no longer share this machine's files: each run has its own volume at /workspace, which starts empty. Let an \
             early step clone the repository and choose the size; if steps pass on texts only, remove the workspace",
        );
    }
    let spec = WorkflowSpec {
        description: draft.description.as_ref().and_then(|d| description(d, Owner::Spec, notes)),
        workspace: shared.then(|| Workspace {
            size: "5Gi".into(),
            keep: Some(Keep::OnFailure),
            ..Workspace::default()
        }),
        agents: agents(draft, chosen, &settled, files, shared, notes),
        steps,
        params: variables.params,
        outputs: outputs(draft, &facts),
        notify: draft.notify(),
        ..WorkflowSpec::default()
    };
    (Workflow::new(chosen.name, spec), settled)
}

/// Names for all ids, and the facts about the steps.
fn settle(draft: &Draft, files: &[BTreeMap<String, String>], notes: &mut Notes) -> (Settled, Vec<Facts>) {
    let ids: Vec<String> = draft.agents.iter().map(|a| a.id.clone()).collect();
    let agents = names::names(&ids, "agent");
    for (i, (id, (name, changed))) in ids.iter().zip(&agents).enumerate() {
        renamed(id, name, *changed, Owner::Agent(i), notes);
    }
    let ids: Vec<String> = draft.steps.iter().map(|s| s.id.clone()).collect();
    let steps = names::names(&ids, "step");
    let mut settled = Settled {
        agents: agents.into_iter().map(|(name, _)| name).collect(),
        steps: vec![Default::default(); ids.len()],
    };
    for (i, (step, (name, changed))) in draft.steps.iter().zip(&steps).enumerate() {
        if let Some(place) = settled.steps.get_mut(step.old) {
            *place = (i, name.clone());
        }
        renamed(&step.id, name, *changed, Owner::Step(step.old), notes);
    }
    let verifiers: Vec<&String> =
        draft.steps.iter().filter_map(|s| s.each.as_ref()?.verifier.as_ref()).collect();
    let facts = draft.steps.iter().zip(steps).map(|(step, (name, _))| {
        let mut printed = step.input.as_deref().map(keys::printed).unwrap_or_default();
        printed.extend(files_of(draft, files, step).flat_map(|text| keys::lines(text)));
        Facts {
            id: step.id.clone(),
            name,
            keys: printed,
            each: step.each.is_some(),
            per_item: step.each.is_some() || verifiers.contains(&&step.id),
        }
    });
    (settled, facts.collect())
}

fn files_of<'a>(
    draft: &'a Draft,
    files: &'a [BTreeMap<String, String>],
    step: &'a draft::Step,
) -> impl Iterator<Item = &'a String> {
    let agent = draft.agents.iter().position(|a| Some(&a.id) == step.agent.as_ref());
    agent.and_then(|i| files.get(i)).into_iter().flat_map(BTreeMap::values)
}

fn renamed(id: &str, name: &str, changed: bool, owner: Owner, notes: &mut Notes) {
    if changed {
        notes.add(
            owner.at("name"),
            format!("{id:?} would get the same name as another: it is {name} now; choose a better name"),
        );
    } else if name != id {
        notes.add(owner.at("name"), "renamed, since names consist of lower-case letters, digits and `-`. Adapt agents that read the name (MISSION_STEP)");
    }
}

fn description(text: &str, owner: Owner, notes: &mut Notes) -> Option<String> {
    let text = text.trim();
    if text.chars().count() > DESCRIPTION {
        notes.add(owner.at("description"), format!("cut to {DESCRIPTION} characters, the maximum"));
    }
    Some(text.chars().take(DESCRIPTION).collect::<String>()).filter(|t| !t.is_empty())
}

fn agents(
    draft: &Draft,
    chosen: &Chosen<'_>,
    settled: &Settled,
    files: Vec<BTreeMap<String, String>>,
    shared: bool,
    notes: &mut Notes,
) -> Vec<Agent> {
    let all = draft.agents.iter().zip(&settled.agents).zip(files).enumerate();
    all.map(|(i, ((agent, name), files))| Agent {
        name: name.clone(),
        description: agent.description.as_ref().and_then(|d| description(d, Owner::Agent(i), notes)),
        image: chosen.image.into(),
        env: agent
            .persona
            .iter()
            .map(|p| EnvVar { name: "PERSONA".into(), value: Some(template::literal(p)), value_from: None })
            .collect(),
        workspace_access: (agent.judges && shared).then_some(WorkspaceAccess::ReadOnly),
        files,
        ..Agent::default()
    })
    .collect()
}

fn step(
    step: &draft::Step,
    i: usize,
    agent: Option<String>,
    variables: &mut Variables<'_>,
    notes: &mut Notes,
) -> Step {
    let facts = variables.steps;
    let owner = Owner::Step(step.old);
    let name_of =
        |id: &str| facts.iter().find(|f| f.id == id).map_or_else(|| id.to_string(), |f| f.name.clone());
    let on_retry = step.back.as_ref().map(|back| OnRetry {
        rerun: name_of(&back.to),
        limit: back.limit,
        feedback: Some(feedback(facts.get(i)).into()),
    });
    Step {
        name: facts.get(i).map(|f| f.name.clone()).unwrap_or_default(),
        agent,
        input: step.input.as_ref().map(|text| input(text, i, owner, variables, notes)),
        expects: step.expects.clone().filter(|e| !is_default(e)),
        timeout: step.timeout,
        retry: step.retries.map(|limit| Retry { limit: Some(limit), ..Retry::default() }),
        for_each: step.each.as_ref().map(|each| ForEach {
            list: each.list.clone(),
            verify_with: each.verifier.as_deref().map(name_of),
            ..ForEach::default()
        }),
        on_retry,
        ..Step::default()
    }
}

/// The agent with that id, else one that gets the same name.
fn agent_of(id: &str, draft: &Draft, settled: &Settled) -> String {
    let name = names::name(id, "agent", names::LONGEST);
    let exact = draft.agents.iter().position(|a| a.id == id).and_then(|i| settled.agents.get(i));
    exact.cloned().unwrap_or(name)
}

/// Whether the text is the default, in any case.
pub(crate) fn is_default(expects: &str) -> bool {
    let words: Vec<&str> = expects.split_whitespace().collect();
    words.concat().eq_ignore_ascii_case("STATUS:done")
}

fn feedback(step: Option<&Facts>) -> &'static str {
    let printed = |key: &&&str| step.is_some_and(|s| s.keys.iter().any(|k| k == **key));
    FEEDBACK.iter().find(printed).copied().unwrap_or("ISSUES")
}

fn input(text: &str, i: usize, owner: Owner, variables: &mut Variables<'_>, notes: &mut Notes) -> String {
    let at = owner.at("input");
    let (template, odd) = template::convert(text, &mut |used| variables.expression(i, &at, used, notes));
    for oddity in odd {
        notes.add(at.clone(), describe(&oddity));
    }
    template
}

fn describe(oddity: &Oddity) -> String {
    match oddity {
        Oddity::Unclosed(name) => format!(
            "the section {{{{#{name}}}}} was never closed: it extends to the end now; check where it should end"
        ),
        Oddity::Stray(name) => format!("{{{{/{name}}}}} (or an else) closes no section: it is left out"),
        Oddity::Repeats(name) => format!(
            "{{{{#each {name}}}}} is a condition now, since values are texts; use forEach to run a step per item of a list"
        ),
        Oddity::Unknown(tag) => format!("{tag} has no counterpart and is left out"),
        Oddity::Literal(text) => format!("{text} is not a variable: it is kept as text"),
    }
}

/// Variables of the final notification become outputs of the run.
fn outputs(draft: &Draft, facts: &[Facts]) -> Vec<RunOutput> {
    let mut all: Vec<RunOutput> = Vec::new();
    template::convert(draft.message.as_deref().unwrap_or_default(), &mut |used| {
        let printer = facts
            .iter()
            .rev()
            .find_map(|s| s.keys.iter().find(|k| k.eq_ignore_ascii_case(used.name)).map(|k| (s, k)));
        if let Some((step, key)) = printer {
            let name = key.to_ascii_lowercase();
            if !all.iter().any(|o| o.name == name) {
                all.push(RunOutput { from: format!("steps.{}.outputs.{name}", step.name), name });
            }
        }
        String::new()
    });
    all
}
