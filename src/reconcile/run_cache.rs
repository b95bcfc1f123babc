//! What this process knows of a run besides the watches: its own last write, the Jobs that it created itself, the logs
//! that it read. It is dropped with the run.
//!
//! Nothing here decides anything, and losing all of it (a restart) costs at most an attempt that is counted as lost.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::ResourceExt;
use kube::core::DeserializeGuard;

use crate::api::{Stamp, WorkflowRun};
use crate::cluster::{ErrorKind, Failure, Name, report};
use crate::engine::effect::Launch;
use crate::engine::snapshot::RecordFact;
use crate::job::LogRead;

/// A run as the watch or an answer of the API server showed it.
pub(crate) type CachedRun = Arc<DeserializeGuard<WorkflowRun>>;

/// The cache of every run.
#[derive(Debug, Default)]
pub(crate) struct RunCaches(Mutex<HashMap<Name, Arc<SharedRunCache>>>);

impl RunCaches {
    /// The cache of that very run; the cache of an earlier run of the same name is dropped.
    pub(crate) fn of(&self, run: &Name, uid: &str) -> Arc<SharedRunCache> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cache) = all.get(run).filter(|c| c.uid == uid) {
            return Arc::clone(cache);
        }
        let cache = Arc::new(SharedRunCache { uid: uid.into(), cache: Mutex::default() });
        all.insert(run.clone(), Arc::clone(&cache));
        cache
    }

    pub(crate) fn get(&self, run: &Name) -> Option<Arc<SharedRunCache>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(run).cloned()
    }

    pub(crate) fn forget(&self, run: &Name, uid: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(run).is_some_and(|m| m.uid == uid) {
            all.remove(run);
        }
    }
}

/// The cache of one run, shared with the tasks that read its logs.
#[derive(Debug)]
pub(crate) struct SharedRunCache {
    uid: String,
    cache: Mutex<RunCache>,
}

impl SharedRunCache {
    /// Never held across an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, RunCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of one run.
#[derive(Debug, Default)]
pub(crate) struct RunCache {
    /// The API server's answer to this process's last write, until the watch has caught up with it.
    pub(crate) written: Option<CachedRun>,
    /// The API server's answer about the RunRecord.
    pub(crate) record: Option<RecordFact>,
    /// Jobs that this process created, by name.
    pub(crate) created_jobs: HashMap<String, CreatedJob>,
    /// Jobs that existed already when this process tried to create them.
    pub(crate) found_jobs: HashMap<String, Arc<Job>>,
    /// Jobs that the API server did not create.
    pub(crate) declined: HashMap<String, Declined>,
    /// Existing objects that the run's Pods mount, by kind and name.
    pub(crate) ensured: HashSet<String>,
    /// The agents' logs, by Job name.
    pub(crate) logs: HashMap<String, LogState>,
    /// Jobs whose Pods this process is deleting.
    pub(crate) killing: HashSet<String>,
    /// Jobs that have no Pod and will not get one.
    pub(crate) without_pod: HashSet<String>,
    /// Jobs whose start was written to their status.
    pub(crate) started: HashSet<String>,
    /// Jobs whose end was written to their status.
    pub(crate) finished: HashSet<String>,
    /// Passes that failed in a row.
    pub(crate) failures: u32,
    /// Passes that met a newer object, one after the other.
    pub(crate) conflicts: u32,
}

/// A Job that this process created.
#[derive(Clone, Debug)]
pub(crate) struct CreatedJob {
    pub(crate) job: Arc<Job>,
    pub(crate) pod: PodState,
    /// The Pod in the answer to its create: until the cache has it, its absence there means nothing.
    pub(crate) answer: Option<Arc<Pod>>,
    /// The objects that its Pod mounts, until the Pod is created.
    pub(crate) files: Option<Arc<ConfigMap>>,
}

/// The state of a Job's Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PodState {
    /// The cluster's own Job controller creates it.
    NotOurs,
    /// Created (or the answer got lost, and it may exist), at that time.
    Created(Stamp),
    /// It (or an object that it mounts) could not be created yet; the time of the last try.
    Blocked { message: String, tried: Stamp },
    /// Not created, and never will be.
    Refused(String),
    /// The create was not answered, at that time: it may turn up yet.
    Unanswered { message: String, since: Stamp },
    /// It does not exist, and nobody will create it; why.
    Missing(String),
}

/// A Job that the API server did not create, or that was not requested because an object that its Pod mounts is
/// missing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Declined {
    /// For now; the time of the last try.
    Blocked { message: String, tried: Stamp, launch: Arc<Launch> },
    /// The create was not answered, at that time: the Job may turn up yet, and is this process's own then.
    Unanswered { message: String, since: Stamp, launch: Arc<Launch> },
    /// For good.
    Refused(String),
}

impl Declined {
    /// What the answer to a create means for the launch that needed it.
    pub(crate) fn of(failure: &Failure, launch: &Launch) -> Self {
        match failure.kind() {
            ErrorKind::NotNow(message) => Self::blocked(message, launch),
            ErrorKind::Refused(message) => Self::Refused(message),
            ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Unanswered => {
                Self::blocked(report(failure), launch)
            }
        }
    }

    pub(crate) fn blocked(message: String, launch: &Launch) -> Self {
        Self::Blocked { message, tried: answered_at(), launch: Arc::new(launch.clone()) }
    }

    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Blocked { message, .. } | Self::Unanswered { message, .. } | Self::Refused(message) => {
                message
            }
        }
    }
}

/// Reading a log.
#[derive(Clone, Debug)]
pub(crate) enum LogState {
    Reading,
    Read(Arc<LogRead>),
}

impl RunCache {
    /// The newer of the cached run and this process's last write: no pass acts on less than its own last write.
    pub(crate) fn newest(&mut self, cached: CachedRun) -> CachedRun {
        match &self.written {
            Some(mine) if mine.uid() == cached.uid() && is_newer(&**mine, &*cached) => Arc::clone(mine),
            Some(_) => {
                self.written = None;
                cached
            }
            None => cached,
        }
    }

    /// Drops attempts that have ended. A Job that this process created stays until its end is written, or until the
    /// cache has it.
    pub(crate) fn keep(&mut self, current: &HashSet<&str>, cached: impl Fn(&str) -> bool) {
        let is_current = |name: &String| current.contains(name.as_str());
        let finished = &self.finished;
        self.created_jobs.retain(|name, _| is_current(name) || !(finished.contains(name) || cached(name)));
        self.found_jobs.retain(|name, _| is_current(name));
        self.declined.retain(|name, _| is_current(name));
        self.logs.retain(|name, _| is_current(name));
        self.killing.retain(is_current);
        self.without_pod.retain(is_current);
        self.started.retain(is_current);
    }
}

/// The time of an answer of the API server. Timeouts count from there, and not from the start of the pass: a request
/// may take 15 seconds.
pub(super) fn answered_at() -> Stamp {
    Stamp::of(Timestamp::now())
}

/// Whether `a` is a later version of the object than `b`. Resource versions of one object can be compared as numbers:
/// always so in practice, and guaranteed since Kubernetes 1.35. If they are not numbers, only equality is known, and
/// this process's own write counts as the newer one; a conflict then ends that.
fn is_newer(a: &impl ResourceExt, b: &impl ResourceExt) -> bool {
    let (a, b) = (a.resource_version(), b.resource_version());
    let number = |v: &Option<String>| v.as_deref().and_then(|v| v.parse::<u128>().ok());
    match (number(&a), number(&b)) {
        (Some(a), Some(b)) => a > b,
        (None, _) | (_, None) => a != b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(version: &str) -> CachedRun {
        let mut run = WorkflowRun::new("r", crate::api::WorkflowRunSpec::default());
        run.metadata.uid = Some("u".into());
        run.metadata.resource_version = Some(version.into());
        Arc::new(DeserializeGuard(Ok(run)))
    }

    fn version(run: &CachedRun) -> String {
        run.resource_version().unwrap()
    }

    #[test]
    fn a_pass_never_sees_less_than_the_last_own_write() {
        let mut cache = RunCache { written: Some(run("10")), ..RunCache::default() };
        assert_eq!(version(&cache.newest(run("9"))), "10");
        assert_eq!(version(&cache.newest(run("10"))), "10");
        assert_eq!(version(&cache.newest(run("11"))), "11");
        assert!(cache.written.is_none());
    }

    #[test]
    fn a_later_run_of_the_same_name_inherits_nothing() {
        let caches = RunCaches::default();
        let name = Name::new("ns", "r");
        caches.of(&name, "u1").lock().failures = 3;
        assert_eq!(caches.of(&name, "u1").lock().failures, 3);
        assert_eq!(caches.of(&name, "u2").lock().failures, 0);
    }

    #[test]
    fn a_job_made_here_is_remembered_until_it_is_current_no_more_and_known_otherwise() {
        let created = CreatedJob { job: Arc::default(), pod: PodState::NotOurs, answer: None, files: None };
        let mut cache = RunCache::default();
        for name in ["current", "unseen", "cached", "finished"] {
            cache.created_jobs.insert(name.into(), created.clone());
        }
        cache.finished.insert("finished".into());
        cache.keep(&["current"].into(), |name| name == "cached");
        let mut left: Vec<&str> = cache.created_jobs.keys().map(String::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["current", "unseen"]);
    }
}
