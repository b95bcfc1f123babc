//! The known objects of the tests: a run in each of two namespaces, a workflow, a record; and large numbers of them.

use std::sync::Arc;

use jiff::Timestamp;
use kube::Config;
use kube::core::DeserializeGuard;
use kube::runtime::watcher::Event;
use serde_json::{Value, json};

use mission_control::api::{RunRecord, Stamp, Workflow, WorkflowRun};
use mission_control::dashboard::Dashboard;
use mission_control::dashboard::access::Access;
use mission_control::dashboard::cluster_view::{Cached, ClusterView};
use mission_control::dashboard::record_cache::RecordCache;

pub(crate) fn now() -> Stamp {
    Stamp("2026-03-01T12:00:00Z".parse().unwrap())
}

pub(crate) fn run(namespace: &str, name: &str, change: impl FnOnce(&mut Value)) -> WorkflowRun {
    let mut run = json!({
        "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun",
        "metadata": {"name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"),
            "creationTimestamp": "2026-03-01T11:00:00Z"},
        "spec": {"workflowRef": {"name": "flow"}, "task": format!("task of {namespace}")},
        "status": {"phase": "Paused", "reason": "Escalated", "progress": "0/1", "startedAt": "2026-03-01T11:00:00Z",
            "steps": [{"name": "build", "phase": "Escalated", "attempts": 2, "retries": 1,
                "startedAt": "2026-03-01T11:00:00Z", "output": "the output",
                "last": {"n": 2, "outcome": "Failed", "cause": "ExitCode", "exitCode": 1, "message": "exit code 1"}}],
            "escalations": [{"id": "e1-aaaaaa", "step": "build", "cause": "ExitCode", "message": "it failed",
                "since": "2026-03-01T11:30:00Z", "actions": ["Retry", "Skip", "Abort"]}]},
    });
    change(&mut run);
    serde_json::from_value(run).unwrap()
}

pub(crate) fn workflow(namespace: &str, change: impl FnOnce(&mut Value)) -> Workflow {
    let mut workflow = json!({
        "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "Workflow",
        "metadata": {"name": "flow", "namespace": namespace},
        "spec": {"description": format!("flow of {namespace}"), "agents": [{"name": "smith", "image": "i"}],
            "steps": [{"name": "build", "agent": "smith", "input": "do {{ task }}", "retry": {"limit": 3}}]},
    });
    change(&mut workflow);
    serde_json::from_value(workflow).unwrap()
}

pub(crate) fn record(namespace: &str, name: &str, end: Timestamp) -> RunRecord {
    serde_json::from_value(json!({
        "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "RunRecord",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"run": name, "runUID": format!("{namespace}/{name}"), "specHash": "h", "workflow": "flow",
            "outcome": "Succeeded", "reason": "Succeeded", "startedAt": end, "finishedAt": end, "activeSeconds": 90,
            "totals": {"attempts": 5, "retries": 1, "lost": 0, "escalations": 1},
            "steps": (0..5).map(|n| json!({"name": format!("step-{n}"), "phase": "Succeeded", "attempts": 1,
                "retries": 0, "lost": 0, "startedAt": end, "finishedAt": end})).collect::<Vec<_>>()},
    }))
    .unwrap()
}

/// A dashboard that knows these objects. The address of its API server does not answer.
pub(crate) fn dashboard(
    runs: Vec<WorkflowRun>,
    workflows: Vec<Workflow>,
    records: Vec<RunRecord>,
) -> Arc<Dashboard> {
    dashboard_at(runs, workflows, records, now)
}

/// The same at another time. The records arrive as the first list of a watch.
pub(crate) fn dashboard_at(
    runs: Vec<WorkflowRun>,
    workflows: Vec<Workflow>,
    records: Vec<RunRecord>,
    now: fn() -> Stamp,
) -> Arc<Dashboard> {
    let cache = Arc::new(RecordCache::default());
    cache.apply(None, Event::Init, now());
    for record in records {
        cache.apply(None, Event::InitApply(record), now());
    }
    cache.apply(None, Event::InitDone, now());
    let runs: Arc<Vec<Cached<WorkflowRun>>> = Arc::new(runs.into_iter().map(seen).collect());
    let workflows: Arc<Vec<Cached<Workflow>>> = Arc::new(workflows.into_iter().map(seen).collect());
    let (all_runs, all_workflows) = (Arc::clone(&runs), Arc::clone(&workflows));
    let cluster = ClusterView {
        runs: Box::new(move || all_runs.to_vec()),
        run: Box::new(move |namespace, name| find(&runs, namespace, name)),
        workflows: Box::new(move || all_workflows.to_vec()),
        workflow: Box::new(move |namespace, name| find(&workflows, namespace, name)),
        jobs: Box::new(|_| Vec::new()),
        revision: Box::new(|_, _, _| None),
        is_full: Box::new(|| true),
        records: cache,
    };
    let access = Access::new(&Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
    Arc::new(Dashboard::new(cluster, access, true, now))
}

/// A run, a workflow and a record in each of the namespaces `a` and `b`.
pub(crate) fn two_namespaces() -> Arc<Dashboard> {
    let each = |of: fn(&str) -> WorkflowRun| vec![of("a"), of("b")];
    dashboard(
        each(|n| run(n, if n == "a" { "one" } else { "two" }, |_| {})),
        vec![workflow("a", |_| {}), workflow("b", |_| {})],
        vec![record("a", "r", now().0), record("b", "r", now().0)],
    )
}

fn seen<K>(object: K) -> Arc<DeserializeGuard<K>> {
    Arc::new(DeserializeGuard(Ok(object)))
}

fn find<K: kube::Resource>(all: &[Cached<K>], namespace: &str, name: &str) -> Option<Cached<K>> {
    let is = |o: &&Cached<K>| {
        let meta = o.0.as_ref().unwrap().meta();
        meta.namespace.as_deref() == Some(namespace) && meta.name.as_deref() == Some(name)
    };
    all.iter().find(is).cloned()
}
