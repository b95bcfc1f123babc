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
use crate::dashboard::access::rights::{Kind, Sight};
use crate::dashboard::access::{Reader, Refusal};
use crate::dashboard::changes::{Change, Ear, HELD, Heard};

use super::answer::Problem;
use super::limits::Seat;

/// So often something is said although nothing happened, so that no proxy on the way takes the connection for dead.
const ALIVE: Duration = Duration::from_secs(15);

/// What a page wants to hear of. Without a name: of all that its reader may see.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct About {
    pub namespace: Option<String>,
    pub name: Option<String>,
    /// Changes that the page knows of. What happened between the page and this connection would be told to nobody.
    pub seen: Option<u64>,
}

/// Where a page hears of what it is about (pairs of the query), when it was made of so many changes.
pub fn address(seen: u64, about: &[(&str, &str)]) -> String {
    let pairs = about.iter().map(|(name, value)| format!("&{name}={value}"));
    format!("/events?seen={seen}{}", pairs.collect::<String>())
}

struct Listener {
    dashboard: Arc<Dashboard>,
    reader: Reader,
    about: About,
    ear: Ear,
    /// The page is older than what the ear will hear.
    missed: bool,
    _seat: Seat,
}

pub async fn listen(
    State(dashboard): State<Arc<Dashboard>>,
    Extension(reader): Extension<Reader>,
    Query(about): Query<About>,
) -> Response {
    let Some(seat) = dashboard.seats.take(reader.token.mark(), &dashboard.bounds) else {
        let why = "Too many pages are open that wait for news; close some. This one does not renew itself.";
        return Problem::TooMany(why.into()).into_response();
    };
    // In this order, so that nothing is between the two. Another replica counts otherwise: its pages are renewed once too often.
    let ear = dashboard.changes.listen();
    let missed = about.seen.is_some_and(|seen| seen != dashboard.changes.version());
    let stream = told(Listener { dashboard, reader, about, ear, missed, _seat: seat });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE)).into_response()
}

fn told(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(listener, async |mut listener| {
        loop {
            let heard = listener.heard().await?;
            // A token that is refused by now, or an API server that is away: the page asks again, and is told.
            let event = listener.event(heard).await.ok()?;
            if let Some(event) = event {
                return Some((Ok(event), listener));
            }
        }
    })
}

/// What is sent as data.
#[derive(Debug, Serialize)]
struct Told {
    changes: Vec<Named>,
    /// More changed than is named.
    more: bool,
}

#[derive(Debug, Serialize)]
struct Named {
    kind: &'static str,
    namespace: String,
    name: String,
}

impl Listener {
    async fn heard(&mut self) -> Option<Heard> {
        if std::mem::take(&mut self.missed) {
            // Until then a page could be made of the same figures again.
            tokio::time::sleep(HELD).await;
            return Some(Heard::Much);
        }
        self.ear.batch().await
    }

    /// None where nothing is for this reader.
    async fn event(&self, heard: Heard) -> Result<Option<Event>, Refusal> {
        // Rights may have gone since the page was opened.
        self.dashboard.access.reader(&self.reader.token).await?;
        let told = match heard {
            Heard::Much => Told { changes: Vec::new(), more: !self.sight(Kind::Runs).await?.is_empty() },
            Heard::These(all) => {
                let mut changes = Vec::new();
                // Asked once for all changes of a kind: they come in their order.
                let mut known: Option<(Kind, Sight)> = None;
                for change in all.into_iter().filter(|c| self.about.holds(c)) {
                    let sight = match known.take().filter(|(kind, _)| *kind == change.kind) {
                        Some((_, sight)) => sight,
                        None => self.sight(change.kind).await?,
                    };
                    if sight.has(&change.namespace) {
                        let kind = change.kind.resource();
                        let (namespace, name) = (change.namespace, change.name);
                        changes.push(Named { kind, namespace, name });
                    }
                    known = Some((change.kind, sight));
                }
                Told { changes, more: false }
            }
        };
        if told.changes.is_empty() && !told.more {
            return Ok(None);
        }
        Ok(serde_json::to_string(&told).ok().map(|data| Event::default().event("changed").data(data)))
    }

    async fn sight(&self, kind: Kind) -> Result<Sight, Refusal> {
        self.dashboard.sight(&self.reader, kind).await
    }
}

impl About {
    fn holds(&self, change: &Change) -> bool {
        self.namespace.as_ref().is_none_or(|n| *n == change.namespace)
            && self.name.as_ref().is_none_or(|n| *n == change.name)
    }
}
