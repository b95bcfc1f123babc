//! What the process knows of the cluster, as the dashboard reads it: by functions that make no request.
//!
//! The operator gives them; nothing here knows how its stores are kept. Start reading at [`Known`].

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::batch::v1::Job;
use kube::core::DeserializeGuard;
use kube::{Resource, ResourceExt};

use crate::api::{RunRecord, Workflow, WorkflowRun, WorkflowSpec};

use super::access::rights::Sight;
use super::shelf::Shelf;

type All<K> = Box<dyn Fn() -> Vec<Arc<DeserializeGuard<K>>> + Send + Sync>;
type One<K> = Box<dyn Fn(&str, &str) -> Option<Arc<DeserializeGuard<K>>> + Send + Sync>;
type Jobs = Box<dyn Fn(&str) -> Vec<Arc<Job>> + Send + Sync>;
type Revision = Box<dyn Fn(&str, &str, &str) -> Option<Arc<WorkflowSpec>> + Send + Sync>;

/// What the process knows.
pub struct Known {
    pub runs: All<WorkflowRun>,
    pub run: One<WorkflowRun>,
    pub workflows: All<Workflow>,
    pub workflow: One<Workflow>,
    /// The Jobs of the run with that UID.
    pub jobs: Jobs,
    /// The revision of that namespace, workflow and hash, where the process has it at hand.
    pub revision: Revision,
    /// Whether all of it has been listed once.
    pub is_full: Box<dyn Fn() -> bool + Send + Sync>,
    pub records: Arc<Shelf>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

/// An object that could be read. Others are told about by the operator itself, as a condition and a counter.
pub type Seen<K> = Arc<DeserializeGuard<K>>;

/// The object inside, if it can be read.
pub fn readable<K>(seen: &DeserializeGuard<K>) -> Option<&K>
where
    K: Resource,
{
    seen.0.as_ref().ok()
}

impl Known {
    /// The runs that a reader may see, the newest first.
    pub fn seen_runs(&self, sight: &Sight) -> Vec<Seen<WorkflowRun>> {
        let mut runs = self.runs_within(sight);
        let made = |r: &Seen<WorkflowRun>| r.meta().creation_timestamp.as_ref().map(|t| t.0);
        runs.sort_unstable_by(|a, b| {
            made(b)
                .cmp(&made(a))
                .then_with(|| a.meta().name.cmp(&b.meta().name))
                .then_with(|| a.meta().namespace.cmp(&b.meta().namespace))
        });
        runs
    }

    /// The same in no order: for sums.
    pub fn runs_within(&self, sight: &Sight) -> Vec<Seen<WorkflowRun>> {
        within((self.runs)(), sight)
    }

    /// The workflows that a reader may see, by name.
    pub fn seen_workflows(&self, sight: &Sight) -> Vec<Seen<Workflow>> {
        let mut workflows = within((self.workflows)(), sight);
        workflows.sort_by_cached_key(|w| (w.name_any(), w.namespace()));
        workflows
    }

    pub fn seen_records(&self, sight: &Sight) -> Vec<Arc<RunRecord>> {
        let mut records = self.records.all();
        records.retain(|r| sight.has(r.metadata.namespace.as_deref().unwrap_or_default()));
        records
    }

    /// Every namespace that has anything to show.
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

fn within<K: Resource>(mut all: Vec<Arc<DeserializeGuard<K>>>, sight: &Sight) -> Vec<Arc<DeserializeGuard<K>>>
where
    DeserializeGuard<K>: Resource,
{
    all.retain(|o| o.0.is_ok() && sight.has(o.meta().namespace.as_deref().unwrap_or_default()));
    all
}
