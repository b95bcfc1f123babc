//! THE SHELL. One pass: observe -> plan -> apply -> publish, for one run.
//!
//! It is the only writer of status and Jobs, and it decides nothing: facts go into [`crate::engine`], its plan comes
//! back, and what happens on the way is a fact of the next pass. Nothing sleeps inside a pass, and a pass never acts on
//! a cache older than its own last write. Start reading at [`pass`], then [`observe`], [`apply`].

pub mod apply;
pub mod attempts;
pub mod error;
pub mod events;
pub mod finish;
pub mod launch;
pub mod leadership;
pub mod memory;
pub mod mounts;
pub mod notify;
pub mod observe;
pub mod publish;
pub mod queue;
pub mod read_log;
pub mod record;
pub mod retention;
pub mod revision;
pub mod run;
pub mod scope;
pub mod stop;
pub mod store;
pub mod stores;
pub mod sweep;
pub mod transitions;
pub mod turns;
pub mod undecodable;
pub mod workflow;
pub mod workspace;

use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::NamespaceResourceScope;
use kube::runtime::events::{Recorder, Reporter};
use kube::{Api, Client, Resource};
use tokio::sync::{Semaphore, broadcast};

use crate::api::WorkflowSpec;
use crate::cluster::{FIELD_MANAGER, Name};
use crate::job::JobController;
use crate::metrics::Metrics;

pub use error::Error;
use leadership::Leadership;
use memory::Memories;
use mounts::AgentFiles;
use notify::outbox::Outbox;
use queue::{Key, Queue};
use revision::Revisions;
use scope::{Part, Scope};
use stores::Stores;
use turns::Turns;
use undecodable::Marked;

/// Logs that are read at once: each takes up to two mebibytes.
const LOG_SLOTS: usize = 8;
/// Changes that whoever listens may be behind.
const BEHIND: usize = 4096;

/// What every pass works with.
pub struct Context {
    /// Sends nothing that changes something while `leadership` does not hold.
    pub client: Client,
    /// Who writes Events.
    pub instance: String,
    /// Where this process works.
    pub scope: Scope,
    pub job_controller: JobController,
    pub stores: Stores,
    pub queue: Arc<Queue>,
    pub metrics: Metrics,
    pub leadership: Arc<Leadership>,
    pub outbox: Arc<Outbox>,
    recorder: Recorder,
    /// Of which kind and name what changed is, for who shows it; without anybody who listens nothing is kept.
    pub changed: broadcast::Sender<(&'static str, Name)>,
    memories: Memories,
    revisions: Revisions,
    agent_files: AgentFiles,
    marked: Marked,
    turns: Turns,
    log_slots: Semaphore,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("instance", &self.instance).finish_non_exhaustive()
    }
}

impl Context {
    pub fn new(
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
            memories: Memories::default(),
            revisions: Revisions::default(),
            agent_files: AgentFiles::default(),
            marked: Marked::default(),
            turns: Turns::default(),
            log_slots: Semaphore::new(LOG_SLOTS),
        }
    }

    /// The objects of one namespace.
    pub fn api<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>>(
        &self,
        namespace: &str,
    ) -> Api<K> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Whether the caches are full. A namespace that may not be read is not waited for, if there is another.
    pub fn is_ready(&self) -> bool {
        let parts = self.scope.parts();
        let complete = |part: &Part| self.stores.are_complete(part);
        parts.iter().any(complete) && parts.iter().all(|p| complete(p) || self.stores.is_refused(p))
    }

    /// Asks for a pass over everything in a part.
    pub fn look_at(&self, part: &Part) {
        let inside = |names: Vec<Name>| names.into_iter().filter(|n| part.holds(n));
        inside(self.stores.workflows.names()).for_each(|name| self.queue.add(Key::Workflow(name)));
        inside(self.stores.runs.names()).for_each(|name| self.queue.add(Key::Run(name)));
    }

    /// The content of a revision, if a pass of this process needed it lately. It is what its hash says, however old.
    pub fn revision_at_hand(&self, revision: &Name) -> Option<Arc<WorkflowSpec>> {
        self.revisions.peek(revision)
    }

    /// A run is gone: nothing of it is remembered.
    pub fn forget(&self, run: &Name, uid: &str) {
        self.memories.forget(run, uid);
        self.marked.forget(uid);
    }

    /// Whether this process wrote that very version of a run: its watch event then tells nothing new.
    pub fn wrote(&self, run: &Name, version: Option<&str>) -> bool {
        let memory = self.memories.get(run);
        memory.is_some_and(|m| {
            let notes = m.notes();
            let written = notes.written.as_ref().and_then(|r| r.meta().resource_version.as_deref());
            version.is_some() && written == version
        })
    }

    /// A run as this process wrote it last, where the cache is behind that.
    fn newest(&self, run: &Name, cached: memory::SeenRun) -> memory::SeenRun {
        match self.memories.get(run) {
            Some(memory) => memory.notes().newest(cached),
            None => cached,
        }
    }

    /// Whether a Job is this process's own work: its watch event then tells nothing new.
    pub fn made(&self, run: &Name, job: &str) -> bool {
        self.memories.get(run).is_some_and(|m| {
            let notes = m.notes();
            notes.made.contains_key(job) || notes.finished.contains(job)
        })
    }
}

/// One pass. The answer is when to look again though nothing happens.
pub async fn pass(ctx: &Arc<Context>, key: &Key) -> Option<Duration> {
    let (Key::Run(name) | Key::Workflow(name)) = key;
    // Not from half a cache. When the lists are complete, all of the part is looked at.
    if !ctx.stores.are_complete(&ctx.scope.part_of(&name.namespace)) {
        return None;
    }
    let begun = Instant::now();
    let again = match key {
        Key::Run(name) => run::pass(ctx, name).await,
        Key::Workflow(name) => workflow::pass(ctx, name).await,
    };
    ctx.metrics.passed(matches!(key, Key::Run(_)), begun.elapsed());
    again
}

/// Waits longer after each failure in a row: 1 s, 2 s, 4 s ... 64 s.
fn backoff(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(6))
}
