//! State that all passes of this process share besides the watches: recent answers of the API server, and the locks of
//! admission.
//!
//! Nothing here decides anything, and losing all of it costs only requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

use crate::api::WorkflowSpec;
use crate::cluster::Name;

/// How long an answer is trusted.
const FRESH: Duration = Duration::from_secs(30);

/// Revisions that were read or written recently: one request serves all runs of a revision.
#[derive(Debug, Default)]
pub(super) struct RevisionCache(Mutex<HashMap<Name, Revision>>);

#[derive(Debug)]
struct Revision {
    spec: Arc<WorkflowSpec>,
    read: Instant,
    used: Instant,
}

impl RevisionCache {
    pub(super) fn get(&self, name: &Name) -> Option<Arc<WorkflowSpec>> {
        let mut all = lock(&self.0);
        let revision = all.get_mut(name).filter(|r| r.read.elapsed() < FRESH)?;
        revision.used = Instant::now();
        Some(Arc::clone(&revision.spec))
    }

    /// The same for a reader whose use does not count.
    pub(super) fn peek(&self, name: &Name) -> Option<Arc<WorkflowSpec>> {
        lock(&self.0).get(name).map(|r| Arc::clone(&r.spec))
    }

    pub(super) fn put(&self, name: &Name, spec: Arc<WorkflowSpec>) {
        let now = Instant::now();
        lock(&self.0).insert(name.clone(), Revision { spec, read: now, used: now });
    }

    /// The revisions that were used recently; drops the other entries. A run may be about to name one.
    pub(super) fn in_use(&self, within: Duration) -> Vec<Name> {
        let mut all = lock(&self.0);
        all.retain(|_, r| r.used.elapsed() < within);
        all.keys().cloned().collect()
    }
}

/// ConfigMaps with agents' files that existed recently: one request serves all runs of a revision.
#[derive(Debug, Default)]
pub(super) struct AgentFilesCache(Mutex<HashMap<Name, Instant>>);

impl AgentFilesCache {
    pub(super) fn has(&self, name: &Name) -> bool {
        lock(&self.0).get(name).is_some_and(|seen| seen.elapsed() < FRESH)
    }

    pub(super) fn put(&self, name: Name) {
        let mut all = lock(&self.0);
        all.retain(|_, seen| seen.elapsed() < FRESH);
        all.insert(name, Instant::now());
    }
}

/// Objects that were marked as undecodable, by UID: the generation and the error. The watch reports this process's own
/// write, which must not be repeated.
#[derive(Debug, Default)]
pub(super) struct MarkedObjects(Mutex<HashMap<String, (i64, String)>>);

impl MarkedObjects {
    pub(super) fn has(&self, uid: &str, what: &(i64, String)) -> bool {
        lock(&self.0).get(uid) == Some(what)
    }

    pub(super) fn put(&self, uid: &str, what: (i64, String)) {
        lock(&self.0).insert(uid.into(), what);
    }

    pub(super) fn forget(&self, uid: &str) {
        lock(&self.0).remove(uid);
    }
}

/// One lock per workflow that limits its runs.
#[derive(Debug, Default)]
pub(super) struct AdmissionLocks(Mutex<HashMap<Name, Arc<tokio::sync::Mutex<()>>>>);

impl AdmissionLocks {
    pub(super) async fn acquire(&self, workflow: Name) -> OwnedMutexGuard<()> {
        let workflow = {
            let mut all = lock(&self.0);
            all.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(all.entry(workflow).or_default())
        };
        workflow.lock_owned().await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_were_seen_serve_all_runs_for_a_while() {
        let (files, name) = (AgentFilesCache::default(), Name::new("ns", "w-0-a"));
        assert!(!files.has(&name));
        files.put(name.clone());
        assert!(files.has(&name) && !files.has(&Name::new("other", "w-0-a")));
    }
}
