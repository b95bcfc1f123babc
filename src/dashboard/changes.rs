//! Changes in the cluster, for open pages: each reader gets them at most once a second, and only those of objects
//! that the reader may see.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::access::rights::ObjectKind;

/// How long changes are collected into one batch.
const COLLECT_WINDOW: Duration = Duration::from_millis(250);
/// How long a batch is then held back: figures may be that old, and the page that is fetched because of a change must
/// include it.
pub const PUBLISH_DELAY: Duration = Duration::from_secs(1);
/// The number of changes that a slow reader may lag behind; beyond that, everything counts as changed.
const BACKLOG: usize = 1024;

/// An object that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub kind: ObjectKind,
    pub namespace: String,
    pub name: String,
}

/// The channel of changes.
#[derive(Debug)]
pub struct Changes {
    /// Without a name: many objects changed.
    sender: broadcast::Sender<Option<Change>>,
    /// Grows with each change. Figures of the same version are the same.
    version: AtomicU64,
}

impl Default for Changes {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), version: AtomicU64::new(0) }
    }
}

impl Changes {
    pub fn publish(&self, change: Change) {
        self.send(Some(change));
    }

    /// More objects changed than can be named.
    pub fn publish_overflow(&self) {
        self.send(None);
    }

    fn send(&self, change: Option<Change>) {
        self.version.fetch_add(1, Ordering::Release);
        // Without a subscriber a change is dropped.
        let _ = self.sender.send(change);
    }

    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub fn subscribe(&self) -> Subscriber {
        Subscriber(self.sender.subscribe())
    }
}

/// A subscription to the changes.
#[derive(Debug)]
pub struct Subscriber(broadcast::Receiver<Option<Change>>);

/// The changes since the last batch.
#[derive(Debug, PartialEq, Eq)]
pub enum ChangeBatch {
    Named(BTreeSet<Change>),
    /// More than can be named.
    Overflow,
}

impl Subscriber {
    /// Waits for a change and collects those that follow within the window. `None`: the channel is closed.
    pub async fn next_batch(&mut self) -> Option<ChangeBatch> {
        let mut batch = ChangeBatch::Named(BTreeSet::new());
        batch.add(self.0.recv().await)?;
        let end = tokio::time::Instant::now() + COLLECT_WINDOW;
        while let Ok(next) = tokio::time::timeout_at(end, self.0.recv()).await {
            batch.add(next)?;
        }
        tokio::time::sleep(PUBLISH_DELAY).await;
        Some(batch)
    }
}

impl ChangeBatch {
    fn add(&mut self, received: Result<Option<Change>, RecvError>) -> Option<()> {
        match received {
            Ok(Some(change)) => {
                if let ChangeBatch::Named(all) = self {
                    all.insert(change);
                }
            }
            Ok(None) | Err(RecvError::Lagged(_)) => *self = ChangeBatch::Overflow,
            Err(RecvError::Closed) => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str) -> Change {
        Change { kind: ObjectKind::Runs, namespace: "a".into(), name: name.into() }
    }

    #[tokio::test(start_paused = true)]
    async fn changes_that_follow_closely_are_told_together_and_each_once() {
        let changes = Changes::default();
        let mut subscriber = changes.subscribe();
        for name in ["x", "y", "x"] {
            changes.publish(change(name));
        }
        assert_eq!(
            subscriber.next_batch().await,
            Some(ChangeBatch::Named([change("x"), change("y")].into()))
        );
        assert_eq!(changes.version(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_too_far_behind_is_told_that_much_has_changed() {
        let changes = Changes::default();
        let mut subscriber = changes.subscribe();
        for n in 0..2 * BACKLOG {
            changes.publish(change(&n.to_string()));
        }
        assert_eq!(subscriber.next_batch().await, Some(ChangeBatch::Overflow));
    }
}
