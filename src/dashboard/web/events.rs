//! Changes -> Server-Sent Events: `changed`, at most once a second, with the changed objects that the reader may see.
//!
//! Without JavaScript there is no subscriber, and pages are as old as their last load.

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

/// The interval of keep-alive comments, so that no proxy closes an idle connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The objects that a page subscribes to. Without a name: all that its reader may see.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EventFilter {
    pub namespace: Option<String>,
    pub name: Option<String>,
    /// The version of the page. Changes between the page and this connection would otherwise be lost.
    pub seen: Option<u64>,
}

struct EventStream {
    dashboard: Arc<Dashboard>,
    reader: Reader,
    filter: EventFilter,
    subscriber: Subscriber,
    /// The page is older than the subscription.
    missed: bool,
    _slot: StreamSlot,
}

pub async fn events(
    State(dashboard): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Query(filter): Query<EventFilter>,
) -> Response {
    let Some(slot) = dashboard.streams.take(reader.token.hash(), &dashboard.limits) else {
        let why = "Too many pages with live updates are open. Close some; this page does not refresh itself.";
        return Problem::TooMany(why.into()).into_response();
    };
    // Subscribe first, so that no change is lost in between. Another replica counts differently: its pages refresh
    // once too often.
    let subscriber = dashboard.changes.subscribe();
    let missed = filter.seen.is_some_and(|seen| seen != dashboard.changes.version());
    let stream = stream(EventStream { dashboard, reader, filter, subscriber, missed, _slot: slot });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

fn stream(stream: EventStream) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(stream, async |mut stream| {
        loop {
            let batch = stream.next_batch().await?;
            // The token is no longer valid, or the API server does not answer: the page connects again.
            let event = stream.event(batch).await.ok()?;
            if let Some(event) = event {
                return Some((Ok(event), stream));
            }
        }
    })
}

/// The data of an event.
#[derive(Debug, Serialize)]
struct ChangedEvent {
    changes: Vec<ChangedObject>,
    /// More objects changed than are named.
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
            // Before that a page could still get the same figures.
            tokio::time::sleep(PUBLISH_DELAY).await;
            return Some(ChangeBatch::Overflow);
        }
        self.subscriber.next_batch().await
    }

    /// None if nothing is for this reader.
    async fn event(&self, batch: ChangeBatch) -> Result<Option<Event>, AccessError> {
        // Rights may have been revoked since the page was opened.
        self.dashboard.access.reader(&self.reader.token).await?;
        let event = match batch {
            ChangeBatch::Overflow => ChangedEvent {
                changes: Vec::new(),
                more: !self.visibility(ObjectKind::Runs).await?.is_empty(),
            },
            ChangeBatch::Named(all) => {
                let mut changes = Vec::new();
                // One check for all changes of a kind: they are sorted.
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
