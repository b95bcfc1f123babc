//! Plays a workflow that ships without a cluster: the step's own template is rendered, the scripted agent does the step in a
//! temporary folder, and its answer is read as the operator reads it. Never decides what comes next: the tests do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mission_control::api::agent::{Agent, WorkspaceAccess};
use mission_control::api::step::Step;
use mission_control::api::{Workflow, WorkflowSpec};
use mission_control::engine::context::{camel_output, snake_output};
use mission_control::engine::output::{Output, Status, parse};
use mission_control::engine::params::resolve;
use mission_control::engine::template::Template;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn load(name: &str) -> Workflow {
    let path = root().join("workflows").join(format!("{name}.yaml"));
    let text = fs::read_to_string(&path).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(crate) fn step<'a>(spec: &'a WorkflowSpec, name: &str) -> &'a Step {
    spec.steps.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("there is no step {name}"))
}

/// One item of `STORIES_JSON`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Story {
    pub id: String,
    pub title: String,
    pub description: String,
    pub acceptance_criteria: Vec<String>,
}

impl Story {
    fn text(&self) -> String {
        let criteria: Vec<String> =
            self.acceptance_criteria.iter().enumerate().map(|(i, c)| format!("  {}. {c}", i + 1)).collect();
        let Self { id, title, description, .. } = self;
        format!("Story {id}: {title}\n\n{description}\n\nAcceptance Criteria:\n{}", criteria.join("\n"))
    }
}

/// What an attempt is told besides the run: its item, and the words of a verifier and of a person.
#[derive(Clone, Copy, Default)]
pub(crate) struct Told<'a> {
    pub story: Option<&'a Story>,
    pub feedback: &'a str,
    pub human: &'a str,
    /// Why the attempt before this one was not done.
    pub failure: &'a str,
}

/// A run that is played.
pub(crate) struct Play {
    pub spec: WorkflowSpec,
    folder: PathBuf,
    context: Map<String, Value>,
    attempts: BTreeMap<(String, String), u32>,
    completed: Vec<String>,
}

impl Drop for Play {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Play {
    pub(crate) fn new(workflow: &str, test: &str, task: &str, params: &[(&str, &str)]) -> Self {
        let spec = load(workflow).spec;
        let folder = std::env::temp_dir().join(format!("mission-control-{}-{test}", std::process::id()));
        fs::create_dir_all(folder.join("workspace")).unwrap();
        let given = params.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let params = resolve(&spec.params, &given).unwrap();
        let run =
            json!({"name": "a-run", "namespace": "default", "uid": "0a1b2c3d-0000-4000-8000-5e6f70819203"});
        let Value::Object(context) = json!({"task": task, "params": params, "run": run, "steps": {}}) else {
            unreachable!()
        };
        Self { spec, folder, context, attempts: BTreeMap::new(), completed: Vec::new() }
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// One attempt of a step that has to be done.
    pub(crate) fn done(&mut self, name: &str) -> Output {
        let output = self.attempt(name, Told::default());
        assert_eq!(output.status, Status::Done, "{name}: {:?}", output.values);
        output
    }

    /// One attempt. What a step that is done has said is there for the steps after it.
    pub(crate) fn attempt(&mut self, name: &str, told: Told<'_>) -> Output {
        let step = step(&self.spec, name).clone();
        let agent = self.spec.agents.iter().find(|a| Some(&a.name) == step.agent.as_ref()).unwrap().clone();
        let input = self.input(&step, told);
        let before = files(&self.workspace());
        let text = self.run(&step, &agent, told, &input);
        if agent.workspace_access != Some(WorkspaceAccess::ReadWrite) {
            assert_eq!(before, files(&self.workspace()), "{name} wrote to a workspace that it may only read");
        }
        let output = parse(&text, Some(&input));
        if output.status == Status::Done {
            self.remember(name, &text, &output);
        }
        output
    }

    /// One story to its end: work and verification, until it passes. Says how often it was sent back.
    pub(crate) fn story(&mut self, work: &str, verify: &str, story: &Story, human: &str) -> u32 {
        let on_retry = step(&self.spec, verify).on_retry.clone().unwrap();
        assert_eq!(on_retry.rerun, work);
        let mut feedback = String::new();
        for round in 0..=on_retry.limit.unwrap() {
            let told = Told { story: Some(story), feedback: &feedback, human, ..Told::default() };
            let output = self.attempt(work, told);
            assert_eq!(output.status, Status::Done, "{work} {}: {:?}", story.id, output.values);
            let verdict = self.attempt(verify, Told { story: Some(story), ..Told::default() });
            if verdict.status == Status::Done {
                self.completed.push(format!("- {}: {}", story.id, story.title));
                return round;
            }
            assert_eq!(verdict.status, Status::Retry, "{verify} {}: {:?}", story.id, verdict.values);
            feedback = verdict.values.get(on_retry.feedback.as_ref().unwrap()).unwrap().clone();
        }
        panic!("{} never passes: {feedback}", story.id);
    }

    fn input(&self, step: &Step, told: Told<'_>) -> String {
        let mut context = self.context.clone();
        context.insert("verify_feedback".into(), json!(told.feedback));
        context.insert("human_feedback".into(), json!(told.human));
        context.insert("last_failure".into(), json!(told.failure));
        context.insert("last_failure_output".into(), json!(told.failure));
        if let Some(story) = told.story {
            let completed =
                if self.completed.is_empty() { "(none yet)".into() } else { self.completed.join("\n") };
            context.insert("current_story".into(), json!(story.text()));
            context.insert("completed_stories".into(), json!(completed));
            context.insert("stories_remaining".into(), json!(1));
        }
        let template = Template::parse(step.input.as_deref().unwrap()).unwrap();
        template.render(&Value::Object(context)).unwrap_or_else(|e| panic!("{}: {e}", step.name))
    }

    fn remember(&mut self, name: &str, text: &str, output: &Output) {
        for (key, value) in &output.values {
            self.context.insert(key.clone(), json!(value));
            self.context.insert(key.to_lowercase(), json!(value));
        }
        self.context.insert(camel_output(name), json!(text));
        self.context.insert(snake_output(name), json!(text));
        self.context["steps"][name] = json!({"output": text});
    }

    fn run(&mut self, step: &Step, agent: &Agent, told: Told<'_>, input: &str) -> String {
        let item = told.story.map_or("", |s| s.id.as_str());
        let attempt = self.attempts.entry((step.name.clone(), item.into())).or_default();
        *attempt += 1;
        let attempt = attempt.to_string();
        let message = self.folder.join("termination-log");
        fs::write(&message, "").unwrap();
        let scripted = root().join("workflows/agents/scripted");
        let workspace = match agent.workspace_access {
            None | Some(WorkspaceAccess::None) => self.folder.join("not-mounted"),
            Some(WorkspaceAccess::ReadOnly | WorkspaceAccess::ReadWrite) => self.workspace(),
        };
        let mut command = shell(&self.folder);
        command.arg(scripted.join("bin/agent"));
        for var in &agent.env {
            command.env(&var.name, var.value.as_deref().unwrap());
        }
        let said = command
            .env("SCRIPTED_LIB", scripted.join("lib"))
            .env("WORKSPACE", workspace)
            .env("TERMINATION_LOG", &message)
            .env("MISSION_STEP", &step.name)
            .env("MISSION_ITEM", item)
            .env("MISSION_ATTEMPT", attempt)
            .env("MISSION_INPUT", input)
            .current_dir(&self.folder)
            .output()
            .unwrap();
        assert!(said.status.success(), "{}: {}", step.name, String::from_utf8_lossy(&said.stderr));
        assert_eq!(String::from_utf8_lossy(&said.stderr), "", "{}: nothing goes wrong on the way", step.name);
        let message = fs::read_to_string(message).unwrap();
        if message.is_empty() { String::from_utf8(said.stdout).unwrap() } else { message }
    }
}

/// busybox with nothing but its own programs, as in the image; a machine without it lends its own shell.
fn shell(folder: &Path) -> Command {
    let Ok(list) = Command::new("busybox").arg("--list").output() else {
        return Command::new("sh");
    };
    let (bin, busybox) = (folder.join("bin"), which("busybox"));
    if !bin.exists() {
        fs::create_dir_all(&bin).unwrap();
        for applet in String::from_utf8(list.stdout).unwrap().lines() {
            std::os::unix::fs::symlink(&busybox, bin.join(applet)).unwrap();
        }
    }
    let mut command = Command::new(bin.join("sh"));
    command.env_clear().env("PATH", bin).env("HOME", "/tmp");
    command
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|p| p.join(program)).find(|p| p.exists()).unwrap()
}

/// Every file below a folder with what is in it.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read_to_string(&path).unwrap());
        }
    }
    found
}
