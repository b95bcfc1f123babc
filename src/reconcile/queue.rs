//! Keys and times -> one key after the other, each at most once at a time.
//!
//! A key that is queued while its pass runs gets another pass; a wake-up is kept at its earliest time. A queue that is
//! not open drops new keys (a process that does not lead), and a closed one yields nothing more. It never runs a pass
//! itself.

use crate::cluster::Name;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The object of a pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Run(Name),
    Workflow(Name),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Run(name) => write!(f, "run {name}"),
            Key::Workflow(name) => write!(f, "workflow {name}"),
        }
    }
}

/// The queue of passes.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    closed: bool,
    entries: HashMap<Key, Entry>,
    /// With the time since when each is due.
    ready: VecDeque<(Key, Instant)>,
    timers: BinaryHeap<Reverse<(Instant, Key)>>,
}

#[derive(Debug, Default)]
struct Entry {
    due: Option<Instant>,
    queued: bool,
    running: bool,
    again: bool,
}

/// A key whose pass runs; dropping it ends the pass.
#[derive(Debug)]
pub(crate) struct WorkItem {
    pub(crate) key: Key,
    /// How long it was due before its pass could start.
    pub(crate) waited: Duration,
    /// When to look again.
    pub(crate) again: Option<Duration>,
    queue: Arc<Queue>,
}

impl Drop for WorkItem {
    fn drop(&mut self) {
        self.queue.end(&self.key, self.again);
    }
}

impl Queue {
    /// From now on keys are accepted.
    pub(crate) fn open(&self) {
        self.lock().open = true;
    }

    /// No further item is yielded.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_waiters();
        self.changed.notify_one();
    }

    /// Requests a pass as soon as possible.
    pub(crate) fn add(&self, key: Key) {
        self.lock().add(key);
        self.changed.notify_one();
    }

    /// The next item; `None` after [`Self::close`].
    pub(crate) async fn next(self: &Arc<Self>) -> Option<WorkItem> {
        loop {
            let changed = self.changed.notified();
            let due = {
                let mut state = self.lock();
                if state.closed {
                    return None;
                }
                let now = Instant::now();
                state.fire(now);
                if let Some((key, due)) = state.take() {
                    let waited = now.saturating_duration_since(due);
                    return Some(WorkItem { key, waited, again: None, queue: Arc::clone(self) });
                }
                state.timers.peek().map(|Reverse((at, _))| *at)
            };
            match due {
                None => changed.await,
                Some(at) => {
                    // Either way the state is checked again.
                    let _ = tokio::time::timeout_at(at, changed).await;
                }
            }
        }
    }

    /// How many keys are due and not taken yet.
    pub(crate) fn depth(&self) -> usize {
        self.lock().ready.len()
    }

    fn end(&self, key: &Key, again: Option<Duration>) {
        self.lock().end(key, again.map(|d| Instant::now() + d));
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, key: Key) {
        if !self.open {
            return;
        }
        let entry = self.entries.entry(key.clone()).or_default();
        if entry.running {
            entry.again = true;
        } else if !entry.queued {
            entry.queued = true;
            self.ready.push_back((key, Instant::now()));
        }
    }

    /// Moves due keys to the ready ones. An outdated timer no longer equals its entry's time.
    fn fire(&mut self, now: Instant) {
        while let Some(Reverse((at, key))) = self.timers.peek().cloned() {
            if at > now {
                break;
            }
            self.timers.pop();
            if let Some(entry) = self.entries.get_mut(&key).filter(|e| e.due == Some(at)) {
                entry.due = None;
                self.add(key);
            }
        }
    }

    fn take(&mut self) -> Option<(Key, Instant)> {
        let (key, due) = self.ready.pop_front()?;
        let entry = self.entries.entry(key.clone()).or_default();
        // The pass itself returns when to look again.
        *entry = Entry { running: true, ..Entry::default() };
        Some((key, due))
    }

    fn end(&mut self, key: &Key, due: Option<Instant>) {
        let again = self.entries.remove(key).is_some_and(|e| e.again);
        if let Some(at) = due {
            self.entries.insert(key.clone(), Entry { due: Some(at), ..Entry::default() });
            self.timers.push(Reverse((at, key.clone())));
        }
        if again {
            self.add(key.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::Run(Name::new("ns", name))
    }

    fn taken(state: &mut State) -> Option<Key> {
        state.take().map(|(key, _)| key)
    }

    fn open() -> State {
        State { open: true, ..State::default() }
    }

    #[test]
    fn a_key_asked_for_twice_gets_one_pass() {
        let mut state = open();
        state.add(key("a"));
        state.add(key("a"));
        assert_eq!(taken(&mut state), Some(key("a")));
        assert_eq!(taken(&mut state), None);
    }

    #[test]
    fn a_key_asked_for_during_its_pass_gets_another_one_after_it() {
        let mut state = open();
        state.add(key("a"));
        state.take();
        state.add(key("a"));
        assert_eq!(taken(&mut state), None);
        state.end(&key("a"), None);
        assert_eq!(taken(&mut state), Some(key("a")));
    }

    #[test]
    fn a_wake_up_comes_at_its_time_and_only_once() {
        let mut state = open();
        let now = Instant::now();
        state.add(key("a"));
        state.take();
        state.end(&key("a"), Some(now + Duration::from_secs(5)));
        state.fire(now + Duration::from_secs(4));
        assert_eq!(taken(&mut state), None);
        state.fire(now + Duration::from_secs(5));
        assert_eq!(taken(&mut state), Some(key("a")));
        state.end(&key("a"), None);
        state.fire(now + Duration::from_secs(9));
        assert_eq!((taken(&mut state), state.entries.len()), (None, 0));
    }

    #[test]
    fn a_wake_up_that_an_event_overtook_is_void() {
        let mut state = open();
        let now = Instant::now();
        state.add(key("a"));
        state.take();
        state.end(&key("a"), Some(now + Duration::from_secs(5)));
        state.add(key("a"));
        state.take();
        state.end(&key("a"), Some(now + Duration::from_secs(50)));
        state.fire(now + Duration::from_secs(6));
        assert_eq!(taken(&mut state), None);
    }

    #[test]
    fn a_queue_that_is_not_open_forgets() {
        let mut state = State::default();
        state.add(key("a"));
        assert_eq!(taken(&mut state), None);
    }
}
