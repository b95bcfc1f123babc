//! What this process knows of a run beyond its caches: its own last write, the Jobs that it made itself, the logs that
//! it read. Dropped when the run goes.
//!
//! Nothing here decides anything, and losing all of it (a restart) costs at most an attempt that is counted as lost.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::ResourceExt;
use kube::core::DeserializeGuard;

use crate::api::{Stamp, WorkflowRun};
use crate::cluster::{ErrorKind, Failure, Name};
use crate::engine::effect::Launch;
use crate::engine::snapshot::RecordFact;
use crate::job::LogRead;

/// A run as the watch or an answer of the API server showed it.
pub type SeenRun = Arc<DeserializeGuard<WorkflowRun>>;

/// The memory of every run.
#[derive(Debug, Default)]
pub struct Memories(Mutex<HashMap<Name, Arc<Memory>>>);

impl Memories {
    /// The memory of that very run; that of a namesake is dropped.
    pub fn of(&self, run: &Name, uid: &str) -> Arc<Memory> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(memory) = all.get(run).filter(|m| m.uid == uid) {
            return Arc::clone(memory);
        }
        let memory = Arc::new(Memory { uid: uid.into(), notes: Mutex::default() });
        all.insert(run.clone(), Arc::clone(&memory));
        memory
    }

    pub fn get(&self, run: &Name) -> Option<Arc<Memory>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(run).cloned()
    }

    pub fn forget(&self, run: &Name, uid: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(run).is_some_and(|m| m.uid == uid) {
            all.remove(run);
        }
    }
}

/// The memory of one run.
#[derive(Debug)]
pub struct Memory {
    uid: String,
    notes: Mutex<Notes>,
}

impl Memory {
    /// Never held across an await.
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is noted of one run.
#[derive(Debug, Default)]
pub struct Notes {
    /// What the API server answered to this process's last write, until the cache has caught up with it.
    pub written: Option<SeenRun>,
    /// What the API server said about the RunRecord.
    pub record: Option<RecordFact>,
    /// Jobs that this process created, by name.
    pub made: HashMap<String, Made>,
    /// Jobs that were there already when this process wanted to create them.
    pub met: HashMap<String, Arc<Job>>,
    /// Jobs that the API server did not create.
    pub declined: HashMap<String, Declined>,
    /// What the run's Pods mount and that was seen to be there, by kind and name.
    pub ensured: HashSet<String>,
    /// What the agents' logs said, by Job name.
    pub logs: HashMap<String, LogNote>,
    /// Jobs whose Pods this process is deleting.
    pub killing: HashSet<String>,
    /// Jobs that have no Pod and will not get one.
    pub podless: HashSet<String>,
    /// Jobs whose start was written to their status.
    pub started: HashSet<String>,
    /// Jobs whose end was written to their status.
    pub finished: HashSet<String>,
    /// Passes that failed, one after the other.
    pub failures: u32,
}

/// A Job that this process created.
#[derive(Clone, Debug)]
pub struct Made {
    pub job: Arc<Job>,
    pub pod: PodNote,
    /// The Pod as the answer to its create showed it: until the cache has it, its absence there means nothing.
    pub answer: Option<Arc<Pod>>,
    /// What its Pod mounts, until that is created.
    pub files: Option<Arc<ConfigMap>>,
}

/// What became of a Job's Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodNote {
    /// The cluster's own Job controller makes it.
    NotOurs,
    /// Created (or the answer got lost, and it may exist), at that time.
    Created(Stamp),
    /// It (or what it mounts) is not created for now; it was last tried at that time.
    Blocked { message: String, tried: Stamp },
    /// Not created, and never will be.
    Refused(String),
    /// It does not exist, and nobody will create it.
    Missing,
}

/// A Job that the API server did not create, or that was not asked for because what its Pod mounts is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Declined {
    /// For now; it was last tried at that time.
    Blocked { message: String, tried: Stamp, launch: Arc<Launch> },
    /// For good.
    Refused(String),
}

impl Declined {
    /// What the answer to a create means for the launch that needed it. `None`: no word about the object.
    pub fn of(failure: &Failure, launch: &Launch, now: Stamp) -> Option<Self> {
        match failure.kind() {
            ErrorKind::Quota(message) => {
                Some(Self::Blocked { message, tried: now, launch: Arc::new(launch.clone()) })
            }
            ErrorKind::Refused(message) => Some(Self::Refused(message)),
            ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Unanswered => {
                None
            }
        }
    }

    pub fn message(&self) -> &str {
        match self {
            Self::Blocked { message, .. } | Self::Refused(message) => message,
        }
    }
}

/// Reading a log.
#[derive(Clone, Debug)]
pub enum LogNote {
    Reading,
    Read(Arc<LogRead>),
}

impl Notes {
    /// The newer of the cached run and what this process wrote last: no pass acts on less than its own last write.
    pub fn newest(&mut self, cached: SeenRun) -> SeenRun {
        match &self.written {
            Some(mine) if mine.uid() == cached.uid() && is_newer(&**mine, &*cached) => Arc::clone(mine),
            Some(_) => {
                self.written = None;
                cached
            }
            None => cached,
        }
    }

    /// Forgets attempts that are over. A Job that this process made stays until its end is written, or until the cache
    /// has it and can say the rest.
    pub fn keep(&mut self, current: &HashSet<&str>, cached: impl Fn(&str) -> bool) {
        let is_current = |name: &String| current.contains(name.as_str());
        let finished = &self.finished;
        self.made.retain(|name, _| is_current(name) || !(finished.contains(name) || cached(name)));
        self.met.retain(|name, _| is_current(name));
        self.declined.retain(|name, _| is_current(name));
        self.logs.retain(|name, _| is_current(name));
        self.killing.retain(is_current);
        self.podless.retain(is_current);
        self.started.retain(is_current);
    }
}

/// Whether `a` is a later version of the object than `b`. Resource versions of one object can be compared as numbers:
/// always so in practice, and guaranteed since Kubernetes 1.35. Where they are not numbers, only equality is known, and
/// the own write counts as the newer one; a conflict then ends that.
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

    fn run(version: &str) -> SeenRun {
        let mut run = WorkflowRun::new("r", crate::api::WorkflowRunSpec::default());
        run.metadata.uid = Some("u".into());
        run.metadata.resource_version = Some(version.into());
        Arc::new(DeserializeGuard(Ok(run)))
    }

    fn version(run: &SeenRun) -> String {
        run.resource_version().unwrap()
    }

    #[test]
    fn a_pass_never_sees_less_than_the_last_own_write() {
        let mut notes = Notes { written: Some(run("10")), ..Notes::default() };
        assert_eq!(version(&notes.newest(run("9"))), "10");
        assert_eq!(version(&notes.newest(run("10"))), "10");
        assert_eq!(version(&notes.newest(run("11"))), "11");
        assert!(notes.written.is_none());
    }

    #[test]
    fn a_namesake_inherits_nothing() {
        let memories = Memories::default();
        let name = Name::new("ns", "r");
        memories.of(&name, "u1").notes().failures = 3;
        assert_eq!(memories.of(&name, "u1").notes().failures, 3);
        assert_eq!(memories.of(&name, "u2").notes().failures, 0);
    }

    #[test]
    fn a_job_made_here_is_remembered_until_it_is_current_no_more_and_known_otherwise() {
        let made = Made { job: Arc::default(), pod: PodNote::NotOurs, answer: None, files: None };
        let mut notes = Notes::default();
        for name in ["current", "unseen", "cached", "finished"] {
            notes.made.insert(name.into(), made.clone());
        }
        notes.finished.insert("finished".into());
        notes.keep(&["current"].into(), |name| name == "cached");
        let mut left: Vec<&str> = notes.made.keys().map(String::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["current", "unseen"]);
    }
}
