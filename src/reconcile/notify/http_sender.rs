//! One message for one target -> requests until it is accepted, refused, or all tries are used.
//!
//! It follows no redirect, uses no proxy and reads nothing of an answer but its status and `Retry-After`. Start reading
//! at [`HttpSender::deliver`]; [`classify`] gives the meaning of an answer.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::target::{IDEMPOTENCY_KEY, Target};

/// The maximum wait that a target can request.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// How often, and with what pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) tries: u32,
    /// The first wait; each next one is twice as long.
    pub(crate) wait: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { tries: 5, wait: Duration::from_secs(1) }
    }
}

impl Policy {
    /// The wait after try `n` (from 1); none after the last.
    fn after(self, n: u32, asked: Option<Duration>) -> Option<Duration> {
        let own = self.wait.saturating_mul(2u32.saturating_pow(n.saturating_sub(1)));
        (n < self.tries).then(|| own.max(asked.unwrap_or_default().min(MAX_RETRY_AFTER)))
    }
}

/// Why a message was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undelivered {
    /// The target refuses it, and always will.
    Refused(String),
    /// All tries failed; the result of the last one.
    Unanswered(String),
}

/// The result of one try.
#[derive(Debug, PartialEq, Eq)]
enum TryOutcome {
    Taken,
    Refused(String),
    /// Another try may help; the wait that the target requests.
    Again(String, Option<Duration>),
}

/// Sends messages. It opens a connection for each try: messages are rare, and a connection that is kept open may be
/// dead when it is needed.
#[derive(Debug, Default)]
pub(crate) struct HttpSender {
    pub(crate) policy: Policy,
    client: OnceLock<Http>,
}

impl HttpSender {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, client: OnceLock::new() }
    }

    /// Sends until the message is accepted; `retried` is called before each retry.
    pub(crate) async fn deliver(
        &self,
        target: &Target,
        key: &str,
        body: &Bytes,
        retried: impl Fn(),
    ) -> Result<(), Undelivered> {
        let mut n = 1;
        loop {
            let (why, asked) = match self.attempt(target, key, body).await {
                TryOutcome::Taken => return Ok(()),
                TryOutcome::Refused(why) => return Err(Undelivered::Refused(why)),
                TryOutcome::Again(why, asked) => (why, asked),
            };
            let Some(wait) = self.policy.after(n, asked) else { return Err(Undelivered::Unanswered(why)) };
            tokio::time::sleep(wait).await;
            retried();
            n += 1;
        }
    }

    async fn attempt(&self, target: &Target, key: &str, body: &Bytes) -> TryOutcome {
        let Some(request) = request(target, key, body) else {
            return TryOutcome::Refused("the request cannot be written".into());
        };
        let client = self.client.get_or_init(client);
        match tokio::time::timeout(target.timeout, client.request(request)).await {
            Err(_) => TryOutcome::Again(format!("no answer within {} ms", target.timeout.as_millis()), None),
            Ok(Err(error)) => TryOutcome::Again(trouble(&error), None),
            Ok(Ok(answer)) => classify(answer.status(), answer.headers(), Timestamp::now()),
        }
    }
}

fn request(target: &Target, key: &str, body: &Bytes) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.url.clone();
    *request.headers_mut() = target.headers.clone();
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers
        .insert(USER_AGENT, HeaderValue::from_static(concat!("mission-control/", env!("CARGO_PKG_VERSION"))));
    headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(key).ok()?);
    Some(request)
}

/// The meaning of an answer.
fn classify(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> TryOutcome {
    let code = status.as_u16();
    if status.is_success() {
        TryOutcome::Taken
    } else if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        let asked = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| retry_after(v, now));
        TryOutcome::Again(format!("it answered {code}"), asked)
    } else if status.is_redirection() {
        TryOutcome::Refused(format!("it answered {code}, and redirects are not followed"))
    } else {
        TryOutcome::Refused(format!("it answered {code}"))
    }
}

/// Seconds, or a date.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(value.trim()).ok()?.timestamp();
    Duration::try_from(at.duration_since(now)).ok()
}

/// The first cause of the failure: "connection refused", "certificate expired". None of these texts contains the URL.
fn trouble(error: &ClientError) -> String {
    let what = if error.is_connect() { "cannot connect" } else { "the connection broke" };
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(|c| c.source()) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| what.to_string(), |c| format!("{what}: {c}"))
}

fn client() -> Http {
    let mut tcp = HttpConnector::new();
    // It also carries `https`.
    tcp.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector)
}

/// Trusts the system's certificates; SSL_CERT_FILE and SSL_CERT_DIR name them.
fn tls() -> rustls::ClientConfig {
    let trusting = rustls::ClientConfig::builder().with_native_roots().unwrap_or_else(|error| {
        tracing::warn!(%error, "no root certificates: https targets cannot be reached; set SSL_CERT_FILE");
        rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty())
    });
    trusting.with_no_client_auth()
}

#[cfg(test)]
mod tests;
