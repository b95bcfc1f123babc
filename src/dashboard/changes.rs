//! What changed in the cluster, for pages that stay open: told to each reader at most once a second, and only where that
//! reader may see it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::access::rights::Kind;

/// How long changes are collected.
const COLLECTED: Duration = Duration::from_millis(250);
/// How long they are then held back: figures may be that old, and a page that is fetched because of a change must have it.
pub const HELD: Duration = Duration::from_secs(1);
/// Changes that a slow reader may be behind; beyond that, everything has changed.
const BEHIND: usize = 1024;

/// Something is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
}

/// Where changes are told.
#[derive(Debug)]
pub struct Changes {
    /// Without a name: much has changed.
    sender: broadcast::Sender<Option<Change>>,
    /// Grows with each change: figures of the same version are the same.
    version: AtomicU64,
}

impl Default for Changes {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BEHIND), version: AtomicU64::new(0) }
    }
}

impl Changes {
    pub fn tell(&self, change: Change) {
        self.send(Some(change));
    }

    /// More has changed than can be named.
    pub fn much(&self) {
        self.send(None);
    }

    fn send(&self, change: Option<Change>) {
        self.version.fetch_add(1, Ordering::Release);
        // Nobody listens: nobody is told.
        let _ = self.sender.send(change);
    }

    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub fn listen(&self) -> Ear {
        Ear(self.sender.subscribe())
    }
}

/// One who listens.
#[derive(Debug)]
pub struct Ear(broadcast::Receiver<Option<Change>>);

/// What was heard.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    These(BTreeSet<Change>),
    /// More than can be named.
    Much,
}

impl Ear {
    /// Waits for a change and collects what follows closely. `None`: there will be no more.
    pub async fn batch(&mut self) -> Option<Heard> {
        let mut heard = Heard::These(BTreeSet::new());
        heard.add(self.0.recv().await)?;
        let end = tokio::time::Instant::now() + COLLECTED;
        while let Ok(next) = tokio::time::timeout_at(end, self.0.recv()).await {
            heard.add(next)?;
        }
        tokio::time::sleep(HELD).await;
        Some(heard)
    }
}

impl Heard {
    fn add(&mut self, told: Result<Option<Change>, RecvError>) -> Option<()> {
        match told {
            Ok(Some(change)) => {
                if let Heard::These(all) = self {
                    all.insert(change);
                }
            }
            Ok(None) | Err(RecvError::Lagged(_)) => *self = Heard::Much,
            Err(RecvError::Closed) => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str) -> Change {
        Change { kind: Kind::Runs, namespace: "a".into(), name: name.into() }
    }

    #[tokio::test(start_paused = true)]
    async fn changes_that_follow_closely_are_told_together_and_each_once() {
        let changes = Changes::default();
        let mut ear = changes.listen();
        for name in ["x", "y", "x"] {
            changes.tell(change(name));
        }
        assert_eq!(ear.batch().await, Some(Heard::These([change("x"), change("y")].into())));
        assert_eq!(changes.version(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_too_far_behind_is_told_that_much_has_changed() {
        let changes = Changes::default();
        let mut ear = changes.listen();
        for n in 0..2 * BEHIND {
            changes.tell(change(&n.to_string()));
        }
        assert_eq!(ear.batch().await, Some(Heard::Much));
    }
}
