//! Changes -> Server-Sent Events: `changed`, at most once a second, with what changed where the reader may see it.
//!
//! Without JavaScript nobody listens, and pages are as old as their last load.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde::{Deserialize, Serialize};

use crate::dashboard::Dashboard;
use crate::dashboard::access::rights::{ObjectKind, Visibility};
use crate::dashboard::access::{AccessError, Reader};
use crate::dashboard::changes::{Change, ChangeBatch, PUBLISH_DELAY, Subscriber};

use crate::dashboard::limits::StreamSlot;
use crate::dashboard::page::Problem;

/// So often something is said although nothing happened, so that no proxy on the way takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a page wants to hear of. Without a name: of all that its reader may see.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EventFilter {
    pub namespace: Option<String>,
    pub name: Option<String>,
    /// Changes that the page knows of. What happened between the page and this connection would be told to nobody.
    pub seen: Option<u64>,
}

struct EventStream {
    dashboard: Arc<Dashboard>,
    reader: Reader,
    filter: EventFilter,
    subscriber: Subscriber,
    /// The page is older than what the subscriber will hear.
    missed: bool,
    _slot: StreamSlot,
}

pub async fn events(
    State(dashboard): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Query(filter): Query<EventFilter>,
) -> Response {
    let Some(slot) = dashboard.streams.take(reader.token.hash(), &dashboard.limits) else {
        let why = "Too many pages are open that wait for news; close some. This one does not renew itself.";
        return Problem::TooMany(why.into()).into_response();
    };
    // In this order, so that nothing is between the two. Another replica counts otherwise: its pages are renewed once too often.
    let subscriber = dashboard.changes.subscribe();
    let missed = filter.seen.is_some_and(|seen| seen != dashboard.changes.version());
    let stream = stream(EventStream { dashboard, reader, filter, subscriber, missed, _slot: slot });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

fn stream(stream: EventStream) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(stream, async |mut stream| {
        loop {
            let batch = stream.next_batch().await?;
            // A token that is refused by now, or an API server that is away: the page connects again.
            let event = stream.event(batch).await.ok()?;
            if let Some(event) = event {
                return Some((Ok(event), stream));
            }
        }
    })
}

/// What is sent as data.
#[derive(Debug, Serialize)]
struct ChangedEvent {
    changes: Vec<ChangedObject>,
    /// More changed than is named.
    more: bool,
}

#[derive(Debug, Serialize)]
struct ChangedObject {
    kind: &'static str,
    namespace: String,
    name: String,
}

impl EventStream {
    async fn next_batch(&mut self) -> Option<ChangeBatch> {
        if std::mem::take(&mut self.missed) {
            // Until then a page could be made of the same figures again.
            tokio::time::sleep(PUBLISH_DELAY).await;
            return Some(ChangeBatch::Overflow);
        }
        self.subscriber.next_batch().await
    }

    /// None where nothing is for this reader.
    async fn event(&self, batch: ChangeBatch) -> Result<Option<Event>, AccessError> {
        // Rights may have gone since the page was opened.
        self.dashboard.access.reader(&self.reader.token).await?;
        let event = match batch {
            ChangeBatch::Overflow => ChangedEvent {
                changes: Vec::new(),
                more: !self.visibility(ObjectKind::Runs).await?.is_empty(),
            },
            ChangeBatch::Named(all) => {
                let mut changes = Vec::new();
                // Asked once for all changes of a kind: they come in their order.
                let mut known: Option<(ObjectKind, Visibility)> = None;
                for change in all.into_iter().filter(|c| self.filter.matches(c)) {
                    let visibility = match known.take().filter(|(kind, _)| *kind == change.kind) {
                        Some((_, visibility)) => visibility,
                        None => self.visibility(change.kind).await?,
                    };
                    if visibility.includes(&change.namespace) {
                        let kind = change.kind.resource();
                        let (namespace, name) = (change.namespace, change.name);
                        changes.push(ChangedObject { kind, namespace, name });
                    }
                    known = Some((change.kind, visibility));
                }
                ChangedEvent { changes, more: false }
            }
        };
        if event.changes.is_empty() && !event.more {
            return Ok(None);
        }
        Ok(serde_json::to_string(&event).ok().map(|data| Event::default().event("changed").data(data)))
    }

    async fn visibility(&self, kind: ObjectKind) -> Result<Visibility, AccessError> {
        self.dashboard.visibility(&self.reader, kind).await
    }
}

impl EventFilter {
    fn matches(&self, change: &Change) -> bool {
        self.namespace.as_ref().is_none_or(|n| *n == change.namespace)
            && self.name.as_ref().is_none_or(|n| *n == change.name)
    }
}
