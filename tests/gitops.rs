//! What Git tools read: the engine's objects of every stage, and Argo CD's customizations, generated from the Lua
//! files.
//!
//! Needs no cluster. tests/gitops/health and tests/gitops/on-cluster run the tools' own code on it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "support/script/script.rs"]
#[allow(dead_code, reason = "every target uses another part")]
mod script;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kube::ResourceExt;
use mission_control::api::{Workflow, WorkflowRun, crds};
use mission_control::engine::{lint, params};
use mission_control::reconcile::workflow;
use mission_control::rehearse::cluster::SimulatedCluster;
use serde_json::{Value, json};

/// Set to any value, the recorded objects are written instead of compared.
const RECORD: &str = "RECORD";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn customizations() -> PathBuf {
    root().join("charts/mission-control/files/argocd/missioncontrol.dev")
}

/// A stage of stages.txt.
struct Stage {
    kind: String,
    name: String,
    events: Vec<String>,
}

fn stages() -> Vec<Stage> {
    let text = fs::read_to_string(root().join("tests/gitops/stages.txt")).unwrap();
    let mut found: Vec<Stage> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match line.strip_prefix("== ") {
            Some(title) => {
                let (kind, name) = title.split_once(' ').unwrap();
                found.push(Stage { kind: kind.into(), name: name.into(), events: Vec::new() });
            }
            None => found.last_mut().unwrap().events.push(line.into()),
        }
    }
    found
}

/// What the API server writes into a new object's status.
fn default_status(kind: &str) -> Option<Value> {
    let (_, crd) = crds::all().into_iter().find(|(_, crd)| crd.spec.names.kind == kind).unwrap();
    let crd = serde_json::to_value(crd).unwrap();
    crd.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/status/default").cloned()
}

impl Stage {
    /// The object as the API server would show it at the end of the stage.
    fn object(&self) -> Value {
        let mut cluster = SimulatedCluster::new();
        for line in &self.events {
            script::event(&mut cluster, line).unwrap_or_else(|e| panic!("{}: {line}: {e}", self.name));
            assert!(cluster.settle(), "{}: {line}: the plan never came to rest", self.name);
        }
        let mut object = if self.kind == "Workflow" {
            let mut made = cluster.workflow.clone().expect("a workflow");
            made.status = (!cluster.away).then(|| workflow::status(&made, cluster.now));
            serde_json::to_value(made).unwrap()
        } else {
            serde_json::to_value(cluster.run.expect("a run")).unwrap()
        };
        object["metadata"]["resourceVersion"] = json!("100");
        if object.get("status").is_none_or(Value::is_null) {
            object["status"] = default_status(&self.kind).expect("a default of the status");
        }
        object
    }

    fn path(&self) -> PathBuf {
        customizations().join(&self.kind).join("testdata").join(format!("{}.yaml", self.name))
    }
}

#[test]
fn the_recorded_objects_are_what_the_engine_says_of_every_stage() {
    let mut stale = Vec::new();
    for stage in stages() {
        let object = stage.object();
        if std::env::var_os(RECORD).is_some() {
            fs::create_dir_all(stage.path().parent().unwrap()).unwrap();
            fs::write(stage.path(), serde_yaml::to_string(&object).unwrap()).unwrap();
            continue;
        }
        let text = fs::read_to_string(stage.path()).unwrap_or_default();
        if serde_yaml::from_str::<Value>(&text).ok().as_ref() != Some(&object) {
            stale.push(stage.path().display().to_string());
        }
    }
    assert!(
        stale.is_empty(),
        "run `RECORD=1 cargo test --test gitops` and look at the difference of\n{}",
        stale.join("\n")
    );
}

#[test]
fn every_recorded_object_is_a_stage_and_has_its_line_for_flux() {
    let stages: BTreeSet<String> = stages().iter().map(|s| format!("{}/{}.yaml", s.kind, s.name)).collect();
    let mut recorded = BTreeSet::new();
    for kind in ["Workflow", "WorkflowRun"] {
        for entry in fs::read_dir(customizations().join(kind).join("testdata")).unwrap() {
            recorded.insert(format!("{kind}/{}", entry.unwrap().file_name().to_string_lossy()));
        }
    }
    let flux = fs::read_to_string(root().join("tests/gitops/kstatus.txt")).unwrap();
    let flux: BTreeSet<String> = flux.lines().map(|l| l.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(recorded, stages);
    assert_eq!(flux, stages);
}

/// Each reason for which a run can be Pending is worth a stage: Git tools must take none of them for a failure.
#[test]
fn every_reason_to_be_pending_is_a_stage() {
    let reasons: BTreeSet<String> = stages()
        .iter()
        .map(Stage::object)
        .filter(|o| o["status"]["phase"] == "Pending")
        .map(|o| o["status"]["reason"].as_str().unwrap().to_owned())
        .collect();
    let all = [
        "Blocked",
        "NamesakeRunning",
        "Paused",
        "Queued",
        "RevisionNotFound",
        "Suspended",
        "WorkflowInvalid",
        "WorkflowNotFound",
        "WorkflowSuspended",
    ];
    assert_eq!(reasons, all.map(String::from).into());
}

#[test]
fn the_argocd_cm_of_the_example_is_made_of_the_lua_files() {
    let folder = std::env::temp_dir().join(format!("gitops-{}", std::process::id()));
    let made = Command::new(root().join("charts/generate")).args(["argocd", "--into"]).arg(&folder).status();
    assert!(made.unwrap().success());
    let fresh = fs::read_to_string(folder.join("argocd-cm.yaml")).unwrap();
    let stored = fs::read_to_string(root().join("examples/gitops/argocd/argocd-cm.yaml")).unwrap_or_default();
    fs::remove_dir_all(folder).unwrap();
    assert_eq!(stored, fresh, "examples/gitops/argocd/argocd-cm.yaml is stale: run `charts/generate argocd`");
    let config: Value = serde_yaml::from_str(&fresh).unwrap();
    for kind in ["Workflow", "WorkflowRun"] {
        let lua = fs::read_to_string(customizations().join(kind).join("health.lua")).unwrap();
        assert_eq!(config["data"][format!("resource.customizations.health.missioncontrol.dev_{kind}")], lua);
    }
    let actions =
        config["data"]["resource.customizations.actions.missioncontrol.dev_WorkflowRun"].as_str().unwrap();
    let actions: Value = serde_yaml::from_str(actions).unwrap();
    let folder = customizations().join("WorkflowRun/actions");
    let lua = |file: &str| json!(fs::read_to_string(folder.join(file)).unwrap());
    assert_eq!(actions["discovery.lua"], lua("discovery.lua"));
    let names = ["abort", "approve", "pause", "reject", "resume", "retry"];
    let definitions = names.map(|n| json!({"name": n, "action.lua": lua(&format!("{n}/action.lua"))}));
    assert_eq!(actions["definitions"], json!(definitions));
}

/// Every YAML document of an example repository.
fn documents(folder: &Path, found: &mut Vec<Value>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            let all: Vec<Value> =
                serde_yaml::from_multiple(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            found.extend(all);
        }
    }
}

/// Objects of a kind in an example repository.
fn objects<K: serde::de::DeserializeOwned>(repository: &str, kind: &str) -> Vec<K> {
    let mut found = Vec::new();
    documents(&root().join("examples/gitops").join(repository), &mut found);
    let of_kind = found.into_iter().filter(|d| d["kind"] == kind);
    of_kind
        .map(|d| serde_json::from_value(d).unwrap_or_else(|e| panic!("{repository}: {kind}: {e}")))
        .collect()
}

#[test]
fn the_runs_of_both_repositories_fit_their_workflow_and_can_be_replaced_by_either_tool() {
    for repository in ["flux", "argocd"] {
        let workflows: Vec<Workflow> = objects(repository, "Workflow");
        assert_eq!(workflows.len(), 1, "{repository}");
        assert_eq!(lint::problems(&workflows[0].spec), [], "{repository}");
        let runs: Vec<WorkflowRun> = objects(repository, "WorkflowRun");
        assert!(runs.len() >= 2, "{repository}: {}", runs.len());
        for run in runs {
            let name = run.name_any();
            assert_eq!(run.spec.workflow_ref.name, workflows[0].name_any(), "{name}");
            assert_eq!(run.namespace(), workflows[0].namespace(), "{name}");
            let fit = params::resolve(&workflows[0].spec.params, &run.spec.params);
            assert!(fit.is_ok(), "{name}: {fit:?}");
            let carries = |key: &str| run.annotations().get(key).cloned().unwrap_or_default();
            assert_eq!(carries("kustomize.toolkit.fluxcd.io/force"), "Enabled", "{name}");
            assert_eq!(carries("argocd.argoproj.io/sync-options"), "Force=true,Replace=true", "{name}");
        }
    }
}

/// Replace=true on a run replaces it with every sync, a live one too, unless the Application leaves out what did not
/// change.
#[test]
fn the_application_of_the_runs_syncs_only_what_changed() {
    let applications: Vec<Value> = objects("argocd", "Application");
    let runs = applications.iter().find(|a| a["metadata"]["name"] == "runs").expect("an Application runs");
    assert_eq!(runs["spec"]["syncPolicy"]["syncOptions"], json!(["ApplyOutOfSyncOnly=true"]));
}
