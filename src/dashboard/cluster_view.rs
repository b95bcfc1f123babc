//! The dashboard's view of the cluster: functions that read local stores and make no request.
//!
//! The operator provides them; this module does not know how the stores are kept. Start reading at [`ClusterView`].

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::core::DeserializeGuard;
use kube::{Resource, ResourceExt};

use crate::api::{RunRecord, Workflow, WorkflowRun, WorkflowSpec};

use super::access::rights::Visibility;
use super::record_cache::RecordCache;

type All<K> = Box<dyn Fn() -> Vec<Arc<DeserializeGuard<K>>> + Send + Sync>;
type One<K> = Box<dyn Fn(&str, &str) -> Option<Arc<DeserializeGuard<K>>> + Send + Sync>;
type Jobs = Box<dyn Fn(&str) -> Vec<Arc<Job>> + Send + Sync>;
type Revision = Box<dyn Fn(&str, &str, &str) -> Option<Arc<WorkflowSpec>> + Send + Sync>;

/// The stores of the process.
pub struct ClusterView {
    pub runs: All<WorkflowRun>,
    pub run: One<WorkflowRun>,
    pub workflows: All<Workflow>,
    pub workflow: One<Workflow>,
    /// The Jobs of the run with that UID.
    pub jobs: Jobs,
    /// The revision of that namespace, workflow and hash, if the process has it.
    pub revision: Revision,
    /// Whether every store has completed its first list.
    pub is_full: Box<dyn Fn() -> bool + Send + Sync>,
    pub records: Arc<RecordCache>,
}

impl std::fmt::Debug for ClusterView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterView").finish_non_exhaustive()
    }
}

/// An object that could be parsed. The operator reports the others by a condition and a counter.
pub type Cached<K> = Arc<DeserializeGuard<K>>;

/// The object inside, if it could be parsed.
pub fn readable<K>(seen: &DeserializeGuard<K>) -> Option<&K>
where
    K: Resource,
{
    seen.0.as_ref().ok()
}

impl ClusterView {
    /// The runs that a reader may see, newest first.
    pub fn visible_runs(&self, visibility: &Visibility) -> Vec<Cached<WorkflowRun>> {
        let mut runs = self.visible_runs_unsorted(visibility);
        let made = |r: &Cached<WorkflowRun>| r.meta().creation_timestamp.as_ref().map(|t| t.0);
        runs.sort_unstable_by(|a, b| {
            made(b)
                .cmp(&made(a))
                .then_with(|| a.meta().name.cmp(&b.meta().name))
                .then_with(|| a.meta().namespace.cmp(&b.meta().namespace))
        });
        runs
    }

    /// The same without an order, for sums.
    pub fn visible_runs_unsorted(&self, visibility: &Visibility) -> Vec<Cached<WorkflowRun>> {
        within((self.runs)(), visibility)
    }

    /// The workflows that a reader may see, by name.
    pub fn visible_workflows(&self, visibility: &Visibility) -> Vec<Cached<Workflow>> {
        let mut workflows = within((self.workflows)(), visibility);
        workflows.sort_by_cached_key(|w| (w.name_any(), w.namespace()));
        workflows
    }

    pub fn visible_records(&self, visibility: &Visibility) -> Vec<Arc<RunRecord>> {
        let mut records = self.records.all();
        records.retain(|r| visibility.includes(r.metadata.namespace.as_deref().unwrap_or_default()));
        records
    }

    /// Every namespace that has objects.
    pub fn namespaces(&self) -> BTreeSet<String> {
        let mut all = self.records.namespaces();
        let mut add = |namespace: Option<&str>| {
            if let Some(namespace) = namespace.filter(|n| !all.contains(*n)) {
                all.insert(namespace.into());
            }
        };
        (self.runs)().iter().for_each(|r| add(r.meta().namespace.as_deref()));
        (self.workflows)().iter().for_each(|w| add(w.meta().namespace.as_deref()));
        all
    }
}

fn within<K: Resource>(
    mut all: Vec<Arc<DeserializeGuard<K>>>,
    visibility: &Visibility,
) -> Vec<Arc<DeserializeGuard<K>>>
where
    DeserializeGuard<K>: Resource,
{
    all.retain(|o| o.0.is_ok() && visibility.includes(o.meta().namespace.as_deref().unwrap_or_default()));
    all
}
