//! The stores of this operator: their kinds, and the keys of their indexes.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::core::DeserializeGuard;
use kube::{Resource, ResourceExt};

use crate::api::{Phase, Stamp, Workflow, WorkflowDecision, WorkflowRun, labels};
use crate::cluster::Name;
use crate::job;
use crate::metrics::Live;

use super::scope::WatchScope;
use super::store::{ListState, Store};

/// All stores.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) runs: Store<DeserializeGuard<WorkflowRun>>,
    pub(crate) workflows: Store<DeserializeGuard<Workflow>>,
    pub(crate) decisions: Store<DeserializeGuard<WorkflowDecision>>,
    pub(crate) jobs: Store<Job>,
    pub(crate) pods: Store<Pod>,
}

impl Default for Stores {
    fn default() -> Self {
        Self {
            runs: Store::new(run_groups),
            workflows: Store::new(|_| Vec::new()),
            decisions: Store::new(decision_groups),
            jobs: Store::with_tombstones(job_groups),
            pods: Store::with_tombstones(pod_groups),
        }
    }
}

impl Stores {
    /// Whether every kind of a scope was listed: before that, an object that is not in a store may well exist.
    pub(crate) fn are_complete(&self, scope: &WatchScope) -> bool {
        self.list_states(scope).iter().all(|s| *s == ListState::Complete)
    }

    /// Whether a scope waits for permissions, and not for time.
    pub(crate) fn is_refused(&self, scope: &WatchScope) -> bool {
        self.list_states(scope).contains(&ListState::Refused)
    }

    fn list_states(&self, scope: &WatchScope) -> [ListState; 5] {
        [
            self.runs.list_state(scope),
            self.workflows.list_state(scope),
            self.decisions.list_state(scope),
            self.jobs.list_state(scope),
            self.pods.list_state(scope),
        ]
    }

    /// The metrics' view of the live runs. Runs that cannot be decoded are not among them.
    pub(crate) fn live(&self, now: Stamp) -> Live {
        self.runs.fold(|all| {
            let readable = all.filter_map(|run| run.0.as_ref().ok());
            Live::of(readable.map(|run| run.status.as_ref()), now)
        })
    }

    /// Runs of a workflow that have not started.
    pub(crate) fn waiting_for(&self, workflow: &Name) -> Vec<Name> {
        self.runs.group(&format!("waits/{workflow}")).iter().map(|r| Name::of(&**r)).collect()
    }

    /// Runs of a workflow that have not ended.
    pub(crate) fn live_runs_of(&self, workflow: &Name) -> Vec<Arc<DeserializeGuard<WorkflowRun>>> {
        self.runs.group(&format!("live/{workflow}"))
    }

    /// The run with that UID.
    pub(crate) fn run_with(&self, uid: &str) -> Option<Arc<DeserializeGuard<WorkflowRun>>> {
        self.runs.group(&format!("uid/{uid}")).into_iter().next()
    }

    /// The run that a child's label names, in the child's own namespace: anybody can write a label.
    pub(crate) fn run_of(&self, child: &impl Resource) -> Option<Arc<DeserializeGuard<WorkflowRun>>> {
        let run = self.run_with(child.meta().labels.as_ref()?.get(labels::RUN_UID)?)?;
        (run.namespace() == child.meta().namespace).then_some(run)
    }

    /// Runs whose children have that label.
    pub(crate) fn runs_labelled(&self, namespace: &str, label: &str) -> Vec<Name> {
        self.runs.group(&format!("label/{namespace}/{label}")).iter().map(|r| Name::of(&**r)).collect()
    }

    pub(crate) fn decisions_for(&self, run: &Name) -> Vec<Arc<DeserializeGuard<WorkflowDecision>>> {
        self.decisions.group(&run.to_string())
    }

    /// Jobs of a run whose status has no end.
    pub(crate) fn open_jobs(&self, namespace: &str, run_uid: &str) -> Vec<Arc<Job>> {
        self.jobs.group(&format!("open/{namespace}/{run_uid}"))
    }

    /// Whether a run has Jobs.
    pub(crate) fn has_jobs(&self, namespace: &str, run_uid: &str) -> bool {
        self.jobs.has(&format!("all/{namespace}/{run_uid}"))
    }

    /// Every Job of a run.
    pub(crate) fn jobs_of(&self, namespace: &str, run_uid: &str) -> Vec<Arc<Job>> {
        self.jobs.group(&format!("all/{namespace}/{run_uid}"))
    }

    /// The Pod of a Job: of the Job's name where the operator creates it (whose it is, is for the caller to judge); the
    /// cluster's own controller chooses another name, and then only the Job's UID counts. `job` is `None` while the Job
    /// is not observed.
    pub(crate) fn pod_of(&self, name: &Name, job: Option<&Job>) -> Option<Arc<Pod>> {
        if job.is_some_and(job::managed_by_operator) {
            return self.pods.get(name);
        }
        let owned = self.pods.group(&format!("job/{name}"));
        let newest = owned
            .into_iter()
            .filter(|pod| job.is_none_or(|job| job::owns(job, pod)))
            .max_by_key(|p| p.creation_timestamp().map(|t| t.0));
        newest.or_else(|| self.pods.get(name))
    }

    /// The last sight of a Job's Pod that is gone. The tombstones are searched only for Pods of another name.
    pub(crate) fn deleted_pod_of(&self, name: &Name, job: Option<&Job>) -> Option<Arc<Pod>> {
        let named = self.pods.tombstone(name);
        if named.is_some() || job.is_some_and(job::managed_by_operator) {
            return named;
        }
        self.pods.find_tombstone(|p| match job {
            Some(job) => job::owns(job, p),
            None => p.namespace().as_deref() == Some(&*name.namespace) && owner(p) == Some(&*name.name),
        })
    }

    /// The full name of the run that a Pod's Job was created for, if the Job is known.
    pub(crate) fn run_name_of(&self, pod: &Pod) -> Option<String> {
        let name = Name::of(pod).beside(owner(pod)?);
        let job = self.jobs.get(&name).or_else(|| self.jobs.tombstone(&name))?;
        let owners = job.owner_references().iter();
        owners.into_iter().find(|o| o.kind == "WorkflowRun").map(|o| o.name.clone())
    }

    /// Pods, not ended, of runs with that name.
    pub(crate) fn live_pods(&self, run: &Name) -> Vec<Arc<Pod>> {
        self.pods.group(&format!("{}/{}", run.namespace, labels::label_value(&run.name)))
    }

    /// Drops tombstones of Jobs and Pods that no run's status waits for.
    pub(crate) fn prune(&self) {
        const KEPT: Duration = Duration::from_secs(60);
        self.jobs.prune(KEPT, |job| self.is_current(job));
        self.pods.prune(KEPT, |pod| self.is_current(pod));
    }

    fn is_current(&self, child: &impl Resource) -> bool {
        let name = owner(child).or(child.meta().name.as_deref()).unwrap_or_default();
        let Some(run) = self.run_of(child) else { return false };
        let status = run.0.as_ref().ok().and_then(|r| r.status.as_ref());
        status.is_some_and(|s| s.works().any(|w| w.current.as_ref().is_some_and(|c| c.job == name)))
    }
}

fn run_groups(run: &DeserializeGuard<WorkflowRun>) -> Vec<String> {
    let mut groups = vec![format!("uid/{}", run.uid().unwrap_or_default())];
    if let Ok(run) = &run.0 {
        let phase = run.status.as_ref().and_then(|s| s.phase);
        if !phase.is_some_and(Phase::is_terminal) {
            groups.push(format!("live/{}", Name::of(run).beside(&run.spec.workflow_ref.name)));
        }
        if matches!(phase, None | Some(Phase::Pending)) {
            let workflow = Name::of(run).beside(&run.spec.workflow_ref.name);
            groups.push(format!("waits/{workflow}"));
            let name = Name::of(run);
            groups.push(format!("label/{}/{}", name.namespace, labels::label_value(&name.name)));
        }
    }
    groups
}

fn decision_groups(decision: &DeserializeGuard<WorkflowDecision>) -> Vec<String> {
    decision.0.as_ref().map(|d| Name::of(d).beside(&d.spec.run).to_string()).into_iter().collect()
}

fn job_groups(job: &Job) -> Vec<String> {
    let Some(uid) = job.labels().get(labels::RUN_UID) else { return Vec::new() };
    let namespace = job.namespace().unwrap_or_default();
    let mut groups = vec![format!("all/{namespace}/{uid}")];
    if !is_ended(job) {
        groups.push(format!("open/{namespace}/{uid}"));
    }
    groups
}

/// True when a Job's status says how it ended.
pub(crate) fn is_ended(job: &Job) -> bool {
    let conditions = job.status.iter().flat_map(|s| s.conditions.iter().flatten());
    conditions.into_iter().any(|c| matches!(c.type_.as_str(), "Complete" | "Failed") && c.status == "True")
}

/// The Job that owns a Pod.
fn owner(child: &impl Resource) -> Option<&str> {
    let owners = child.meta().owner_references.iter().flatten();
    owners.into_iter().find(|o| o.kind == "Job" && o.controller == Some(true)).map(|o| o.name.as_str())
}

pub(super) fn pod_groups(pod: &Pod) -> Vec<String> {
    let namespace = pod.namespace().unwrap_or_default();
    let mut groups: Vec<String> =
        owner(pod).map(|job| format!("job/{namespace}/{job}")).into_iter().collect();
    let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref());
    if !matches!(phase, Some("Succeeded" | "Failed")) {
        groups.extend(pod.labels().get(labels::RUN).map(|run| format!("{namespace}/{run}")));
    }
    groups
}
