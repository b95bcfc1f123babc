//! What every pass works with: the client, the stores of the watches, and the caches of this process.

use std::sync::Arc;

use k8s_openapi::NamespaceResourceScope;
use kube::runtime::events::{Recorder, Reporter};
use kube::{Api, Client, Resource};
use tokio::sync::{Semaphore, broadcast};

use crate::api::WorkflowSpec;
use crate::cluster::{FIELD_MANAGER, Name};
use crate::job::JobController;
use crate::metrics::Metrics;

use super::caches::{AdmissionLocks, AgentFilesCache, MarkedObjects, RevisionCache};
use super::leadership::Leadership;
use super::notify::outbox::Outbox;
use super::queue::{Key, Queue};
use super::run_cache::{CachedRun, RunCaches};
use super::scope::{Scope, WatchScope};
use super::stores::Stores;

/// Logs that are read at once: each takes up to two mebibytes.
const LOG_SLOTS: usize = 8;
/// How many changes a subscriber may lag behind.
const BEHIND: usize = 4096;

/// What every pass works with.
pub(crate) struct Context {
    /// Sends no write while `leadership` does not hold.
    pub(crate) client: Client,
    /// The reporter of Events.
    pub(crate) instance: String,
    /// Where this process works.
    pub(crate) scope: Scope,
    pub(crate) job_controller: JobController,
    pub(crate) stores: Stores,
    pub(crate) queue: Arc<Queue>,
    pub(crate) metrics: Metrics,
    pub(crate) leadership: Arc<Leadership>,
    pub(crate) outbox: Arc<Outbox>,
    pub(super) recorder: Recorder,
    /// Kind and name of each changed object, for the dashboard. Dropped if there is no subscriber.
    pub(crate) changed: broadcast::Sender<(&'static str, Name)>,
    pub(super) run_caches: RunCaches,
    pub(super) revisions: RevisionCache,
    pub(super) agent_files: AgentFilesCache,
    pub(super) marked: MarkedObjects,
    pub(super) admission_locks: AdmissionLocks,
    pub(super) log_slots: Semaphore,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("instance", &self.instance).finish_non_exhaustive()
    }
}

impl Context {
    pub(crate) fn new(
        client: Client,
        leadership: Arc<Leadership>,
        instance: String,
        scope: Scope,
        job_controller: JobController,
        metrics: Metrics,
    ) -> Self {
        let reporter = Reporter { controller: FIELD_MANAGER.into(), instance: Some(instance.clone()) };
        Self {
            recorder: Recorder::new(client.clone(), reporter),
            client,
            instance,
            scope,
            job_controller,
            stores: Stores::default(),
            queue: Arc::default(),
            outbox: Arc::new(Outbox::new(&metrics)),
            metrics,
            leadership,
            changed: broadcast::Sender::new(BEHIND),
            run_caches: RunCaches::default(),
            revisions: RevisionCache::default(),
            agent_files: AgentFilesCache::default(),
            marked: MarkedObjects::default(),
            admission_locks: AdmissionLocks::default(),
            log_slots: Semaphore::new(LOG_SLOTS),
        }
    }

    /// The objects of one namespace.
    pub(crate) fn api<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>>(
        &self,
        namespace: &str,
    ) -> Api<K> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Whether the caches are synced. A namespace without permissions does not count, if there is another.
    pub(crate) fn is_ready(&self) -> bool {
        let scopes = self.scope.watch_scopes();
        let complete = |scope: &WatchScope| self.stores.are_complete(scope);
        scopes.iter().any(complete) && scopes.iter().all(|s| complete(s) || self.stores.is_refused(s))
    }

    /// Queues everything in a scope.
    pub(crate) fn look_at(&self, scope: &WatchScope) {
        let inside = |names: Vec<Name>| names.into_iter().filter(|n| scope.holds(n));
        inside(self.stores.workflows.names()).for_each(|name| self.queue.add(Key::Workflow(name)));
        inside(self.stores.runs.names()).for_each(|name| self.queue.add(Key::Run(name)));
    }

    /// The content of a revision, if a pass of this process needed it recently. Its name is a hash of it, so it is
    /// never outdated.
    pub(crate) fn revision_at_hand(&self, revision: &Name) -> Option<Arc<WorkflowSpec>> {
        self.revisions.peek(revision)
    }

    /// A run is deleted: everything cached about it is dropped.
    pub(crate) fn forget(&self, run: &Name, uid: &str) {
        self.run_caches.forget(run, uid);
        self.marked.forget(uid);
    }

    /// Whether this process wrote that very version of a run: its watch event is then no news.
    pub(crate) fn wrote(&self, run: &Name, version: Option<&str>) -> bool {
        self.run_caches.get(run).is_some_and(|cache| {
            let cache = cache.lock();
            let written = cache.written.as_ref().and_then(|r| r.meta().resource_version.as_deref());
            version.is_some() && written == version
        })
    }

    /// The last version of a run that this process wrote, if the watch is behind it.
    pub(super) fn newest(&self, run: &Name, cached: CachedRun) -> CachedRun {
        match self.run_caches.get(run) {
            Some(cache) => cache.lock().newest(cached),
            None => cached,
        }
    }

    /// Whether a Job is this process's own work: its watch event is then no news.
    pub(crate) fn created(&self, run: &Name, job: &str) -> bool {
        self.run_caches.get(run).is_some_and(|cache| {
            let cache = cache.lock();
            cache.created_jobs.contains_key(job) || cache.finished.contains(job)
        })
    }
}
