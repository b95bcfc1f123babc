//! One target of notifications, as the targets file defines it.

use std::fmt;
use std::time::Duration;

use hyper::Uri;
use hyper::header::{HeaderMap, HeaderName};

/// The header by which a receiver recognizes a repetition.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The format of a target's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `{"text": …}`, for Slack and compatible services.
    Slack,
    /// All fields, as JSON.
    Webhook,
}

/// A receiver of notifications.
#[derive(Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) url: Uri,
    pub(crate) headers: HeaderMap,
    /// The timeout of one try.
    pub(crate) timeout: Duration,
}

impl Target {
    /// The part of the URL that may be shown.
    pub(crate) fn host(&self) -> &str {
        self.url.authority().map_or("", |a| a.as_str())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("name", &self.name).field("host", &self.host()).finish_non_exhaustive()
    }
}
