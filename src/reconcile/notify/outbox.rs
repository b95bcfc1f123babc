//! Letters -> tasks of their own, few at once per target, so that neither a run nor another target waits for a dead one.
//!
//! Everything is bounded: letters in all, letters per target, tries, and the time of each try. A letter that finds no
//! room is lost at once, counted and logged; nothing is stored. Start reading at [`Outbox::post`].

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::{Semaphore, watch};

use crate::cluster::Name;
use crate::metrics::{Labelled, Metrics};

use super::message::Message;
use super::send::{Policy, Post, Undelivered};
use super::targets::{Target, Targets};

/// Once told to stop, a letter needs no longer than this to be counted as lost.
const TO_COUNT: Duration = Duration::from_millis(500);
/// Unknown targets that are remembered, so that each is logged once.
const REMEMBERED: usize = 10_000;

/// What there is room for. A letter takes about three KiB.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Letters in all.
    pub letters: u32,
    /// Letters for one target: a dead one must not take the room of the others.
    pub per_target: usize,
    /// Letters of one target that are being sent; the others wait.
    pub at_once: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { letters: 4000, per_target: 1000, at_once: 8 }
    }
}

/// A message and who is to have it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub workflow: Name,
    pub target: String,
    pub message: Message,
}

/// Why a letter did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Too many letters wait.
    QueueFull,
    /// The targets file has no such target.
    UnknownTarget,
    /// The target does not want it.
    Refused,
    /// It was tried often enough.
    Unanswered,
    /// The process ended first.
    Stopped,
}

impl Lost {
    pub const fn as_str(self) -> &'static str {
        match self {
            Lost::QueueFull => "QueueFull",
            Lost::UnknownTarget => "UnknownTarget",
            Lost::Refused => "Refused",
            Lost::Unanswered => "Unanswered",
            Lost::Stopped => "Stopped",
        }
    }
}

/// Letters of one target.
#[derive(Debug)]
struct Lane {
    waiting: Arc<Semaphore>,
    sending: Semaphore,
}

/// Letters on their way, and who can have some.
#[derive(Debug)]
pub struct Outbox {
    targets: RwLock<Arc<Targets>>,
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
    room: Room,
    /// What is left of `room.letters`.
    free: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    unknown: Mutex<HashSet<(Name, String)>>,
    post: Post,
    results: Labelled,
    lost: Labelled,
}

impl Outbox {
    pub fn new(metrics: &Metrics) -> Self {
        Self::with(metrics, Room::default(), Policy::default())
    }

    pub(super) fn with(metrics: &Metrics, room: Room, policy: Policy) -> Self {
        Self {
            targets: RwLock::default(),
            lanes: Mutex::default(),
            room,
            free: Arc::new(Semaphore::new(room.letters as usize)),
            stop: watch::Sender::new(false),
            unknown: Mutex::default(),
            post: Post::new(policy),
            results: metrics.notifications.clone(),
            lost: metrics.notifications_lost.clone(),
        }
    }

    /// Replaces the targets; false where nothing changed. Letters that wait go by the new ones.
    pub fn set(&self, targets: Targets) -> bool {
        let mut held = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        if **held == targets {
            return false;
        }
        *held = Arc::new(targets);
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| held.get(name).is_some());
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).clear();
        true
    }

    /// Where people see that run.
    pub fn url_of(&self, namespace: &str, run: &str) -> Option<String> {
        self.targets().url_of(namespace, run)
    }

    #[cfg(test)]
    pub(super) fn knows(&self, target: &str) -> bool {
        self.targets().get(target).is_some()
    }

    /// Sends a letter; never waits.
    pub fn post(self: &Arc<Self>, letter: Letter) {
        let Some(target) = self.targets().get(&letter.target) else {
            return self.lose_unknown(&letter);
        };
        if *self.stop.borrow() {
            return self.lose(&letter, target.host(), Lost::Stopped, "the operator is stopping");
        }
        let lane = self.lane(&letter.target);
        let (free, waiting) =
            (Arc::clone(&self.free).try_acquire_owned(), Arc::clone(&lane.waiting).try_acquire_owned());
        let (Ok(free), Ok(waiting)) = (free, waiting) else {
            return self.lose(&letter, target.host(), Lost::QueueFull, "too many notifications wait");
        };
        let outbox = Arc::clone(self);
        tokio::spawn(async move {
            outbox.carry(letter, &lane).await;
            drop((free, waiting));
        });
    }

    /// No more letters: those under way have that long, the rest is lost.
    pub async fn close(&self, patience: Duration) {
        let all_back = || tokio::time::timeout(patience, self.free.acquire_many(self.room.letters));
        let done = all_back().await.is_ok();
        self.stop.send_replace(true);
        if !done {
            let _ = tokio::time::timeout(TO_COUNT, self.free.acquire_many(self.room.letters)).await;
        }
    }

    async fn carry(&self, letter: Letter, lane: &Lane) {
        let mut stopped = self.stop.subscribe();
        let ended = tokio::select! {
            ended = self.send(&letter, lane) => ended,
            _ = stopped.wait_for(|stop| *stop) => {
                let host = self.targets().get(&letter.target).map(|t| t.host().to_string());
                return self.lose(&letter, &host.unwrap_or_default(), Lost::Stopped, "the operator is stopping");
            }
        };
        match ended {
            None => self.lose_unknown(&letter),
            Some((_, Ok(()))) => self.results.count("sent"),
            Some((target, Err(Undelivered::Refused(why)))) => {
                self.lose(&letter, target.host(), Lost::Refused, &why);
            }
            Some((target, Err(Undelivered::Unanswered(why)))) => {
                self.lose(&letter, target.host(), Lost::Unanswered, &why);
            }
        }
    }

    /// Sends when it is the letter's turn, to the target as it is then; none where it is gone by now.
    async fn send(&self, letter: &Letter, lane: &Lane) -> Option<(Arc<Target>, Result<(), Undelivered>)> {
        // It is never closed.
        let _slot = lane.sending.acquire().await.ok()?;
        let target = self.targets().get(&letter.target)?;
        let body = Bytes::from(letter.message.body(target.kind));
        let retried = || self.results.count("retried");
        let sent = self.post.deliver(&target, letter.message.key(), &body, retried).await;
        Some((target, sent))
    }

    fn targets(&self) -> Arc<Targets> {
        Arc::clone(&self.targets.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn lane(&self, target: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.room;
        let lane = lanes.entry(target.to_string()).or_insert_with(|| {
            Arc::new(Lane {
                waiting: Arc::new(Semaphore::new(room.per_target)),
                sending: Semaphore::new(room.at_once),
            })
        });
        Arc::clone(lane)
    }

    fn lose_unknown(&self, letter: &Letter) {
        self.count_lost(Lost::UnknownTarget);
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() >= REMEMBERED {
            unknown.clear();
        }
        if unknown.insert((letter.workflow.clone(), letter.target.clone())) {
            tracing::warn!(
                workflow = %letter.workflow,
                notify_target = letter.target,
                "spec.notify names a target that --notify-targets does not define; its notifications are lost"
            );
        }
    }

    fn lose(&self, letter: &Letter, host: &str, lost: Lost, why: &str) {
        self.count_lost(lost);
        tracing::warn!(
            notify_target = letter.target,
            host,
            namespace = letter.message.namespace,
            run = letter.message.run,
            event = letter.message.event.as_str(),
            reason = lost.as_str(),
            why,
            "a notification is lost"
        );
    }

    fn count_lost(&self, lost: Lost) {
        self.results.count("lost");
        self.lost.count(lost.as_str());
    }
}

#[cfg(test)]
mod tests;
