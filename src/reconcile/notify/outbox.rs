//! Notifications -> delivery tasks, a bounded number at once per target, so that neither a run nor another target waits
//! for a dead one.
//!
//! Everything is bounded: notifications in all, notifications per target, tries, and the time of each try. A
//! notification that finds no room is lost at once, counted and logged; nothing is stored. Start reading at
//! [`Outbox::enqueue`].

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::{Semaphore, watch};

use crate::cluster::Name;
use crate::metrics::{Labelled, Metrics};

use super::http_sender::{HttpSender, Policy, Undelivered};
use super::message::Message;
use super::target::Target;
use super::targets::Targets;

/// Once the operator stops, a notification is counted as lost within this time.
const TO_COUNT: Duration = Duration::from_millis(500);
/// Unknown targets that are remembered, so that each is logged once.
const REMEMBERED: usize = 10_000;

/// The limits of the outbox. A notification takes about three KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Notifications in all.
    pub(crate) notifications: u32,
    /// Notifications for one target: a dead one must not take the room of the others.
    pub(crate) per_target: usize,
    /// Notifications of one target that are being sent; the others wait.
    pub(crate) at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { notifications: 4000, per_target: 1000, at_once: 8 }
    }
}

/// A message and its target.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub(crate) workflow: Name,
    pub(crate) target: String,
    pub(crate) message: Message,
}

/// Why a notification did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Too many notifications wait.
    QueueFull,
    /// The targets file has no such target.
    UnknownTarget,
    /// The target refuses it.
    Refused,
    /// All tries failed.
    Unanswered,
    /// The process ended first.
    Stopped,
}

impl Lost {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Lost::QueueFull => "QueueFull",
            Lost::UnknownTarget => "UnknownTarget",
            Lost::Refused => "Refused",
            Lost::Unanswered => "Unanswered",
            Lost::Stopped => "Stopped",
        }
    }
}

/// Notifications of one target.
#[derive(Debug)]
struct TargetQueue {
    waiting: Arc<Semaphore>,
    sending: Semaphore,
}

/// Notifications under way, and the targets.
#[derive(Debug)]
pub(crate) struct Outbox {
    targets: RwLock<Arc<Targets>>,
    queues: Mutex<HashMap<String, Arc<TargetQueue>>>,
    limits: Limits,
    /// What is left of `limits.notifications`.
    free: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    unknown: Mutex<HashSet<(Name, String)>>,
    sender: HttpSender,
    results: Labelled,
    lost: Labelled,
}

impl Outbox {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self::with(metrics, Limits::default(), Policy::default())
    }

    pub(super) fn with(metrics: &Metrics, limits: Limits, policy: Policy) -> Self {
        Self {
            targets: RwLock::default(),
            queues: Mutex::default(),
            limits,
            free: Arc::new(Semaphore::new(limits.notifications as usize)),
            stop: watch::Sender::new(false),
            unknown: Mutex::default(),
            sender: HttpSender::new(policy),
            results: metrics.notifications.clone(),
            lost: metrics.notifications_lost.clone(),
        }
    }

    /// Replaces the targets; false if nothing changed. Waiting notifications use the new ones.
    pub(crate) fn set(&self, targets: Targets) -> bool {
        let mut held = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        if **held == targets {
            return false;
        }
        *held = Arc::new(targets);
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| held.get(name).is_some());
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).clear();
        true
    }

    /// The page of that run.
    pub(crate) fn url_of(&self, namespace: &str, run: &str) -> Option<String> {
        self.targets().url_of(namespace, run)
    }

    #[cfg(test)]
    pub(super) fn knows(&self, target: &str) -> bool {
        self.targets().get(target).is_some()
    }

    /// Sends a notification; never waits.
    pub(crate) fn enqueue(self: &Arc<Self>, notification: Notification) {
        let Some(target) = self.targets().get(&notification.target) else {
            return self.lose_unknown(&notification);
        };
        if *self.stop.borrow() {
            return self.lose(&notification, target.host(), Lost::Stopped, "the operator is stopping");
        }
        let queue = self.queue(&notification.target);
        let (free, waiting) =
            (Arc::clone(&self.free).try_acquire_owned(), Arc::clone(&queue.waiting).try_acquire_owned());
        let (Ok(free), Ok(waiting)) = (free, waiting) else {
            return self.lose(&notification, target.host(), Lost::QueueFull, "too many notifications wait");
        };
        let outbox = Arc::clone(self);
        tokio::spawn(async move {
            outbox.deliver(notification, &queue).await;
            drop((free, waiting));
        });
    }

    /// No more notifications: those under way have that long, the others are lost.
    pub(crate) async fn close(&self, patience: Duration) {
        let all_back = || tokio::time::timeout(patience, self.free.acquire_many(self.limits.notifications));
        let done = all_back().await.is_ok();
        self.stop.send_replace(true);
        if !done {
            let _ = tokio::time::timeout(TO_COUNT, self.free.acquire_many(self.limits.notifications)).await;
        }
    }

    async fn deliver(&self, notification: Notification, queue: &TargetQueue) {
        let mut stopped = self.stop.subscribe();
        let ended = tokio::select! {
            ended = self.send(&notification, queue) => ended,
            _ = stopped.wait_for(|stop| *stop) => {
                let host = self.targets().get(&notification.target).map(|t| t.host().to_string());
                return self.lose(&notification, &host.unwrap_or_default(), Lost::Stopped, "the operator is stopping");
            }
        };
        match ended {
            None => self.lose_unknown(&notification),
            Some((_, Ok(()))) => self.results.count("sent"),
            Some((target, Err(Undelivered::Refused(why)))) => {
                self.lose(&notification, target.host(), Lost::Refused, &why);
            }
            Some((target, Err(Undelivered::Unanswered(why)))) => {
                self.lose(&notification, target.host(), Lost::Unanswered, &why);
            }
        }
    }

    /// Sends when a slot is free, to the current target of that name; nothing is sent if it no longer exists.
    async fn send(
        &self,
        notification: &Notification,
        queue: &TargetQueue,
    ) -> Option<(Arc<Target>, Result<(), Undelivered>)> {
        // It is never closed.
        let _slot = queue.sending.acquire().await.ok()?;
        let target = self.targets().get(&notification.target)?;
        let body = Bytes::from(notification.message.body(target.kind));
        let retried = || self.results.count("retried");
        let sent = self.sender.deliver(&target, notification.message.key(), &body, retried).await;
        Some((target, sent))
    }

    fn targets(&self) -> Arc<Targets> {
        Arc::clone(&self.targets.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn queue(&self, target: &str) -> Arc<TargetQueue> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = self.limits;
        let queue = queues.entry(target.to_string()).or_insert_with(|| {
            Arc::new(TargetQueue {
                waiting: Arc::new(Semaphore::new(limits.per_target)),
                sending: Semaphore::new(limits.at_once),
            })
        });
        Arc::clone(queue)
    }

    fn lose_unknown(&self, notification: &Notification) {
        self.count_lost(Lost::UnknownTarget);
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() >= REMEMBERED {
            unknown.clear();
        }
        if unknown.insert((notification.workflow.clone(), notification.target.clone())) {
            tracing::warn!(
                workflow = %notification.workflow,
                notify_target = notification.target,
                "spec.notify names a target that --notify-targets does not define; its notifications are lost"
            );
        }
    }

    fn lose(&self, notification: &Notification, host: &str, lost: Lost, why: &str) {
        self.count_lost(lost);
        tracing::warn!(
            notify_target = notification.target,
            host,
            namespace = notification.message.namespace,
            run = notification.message.run,
            event = notification.message.event.as_str(),
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
