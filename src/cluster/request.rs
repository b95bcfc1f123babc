//! A request to the API server -> its answer within a bounded time, and the meaning of a failure.

use std::time::Duration;

/// Longer than any healthy API server takes; a request without an answer may still have been carried out.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why there is no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the API server answered {}: {}", .0.code, .0.message)]
    Answer(Box<kube::core::Status>),
    #[error("the request failed")]
    Request(#[source] Box<kube::Error>),
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Timeout,
}

/// What a failure means for an object that was to be created, read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    AlreadyExists,
    /// The object was changed since it was read.
    Conflict,
    NotFound,
    /// Not now, in the API server's words: refused before storage, by a quota, by load, or because a webhook does not
    /// answer.
    NotNow(String),
    /// Never: a policy, or an invalid field.
    Refused(String),
    /// The outcome is unknown, or the server asks to retry later.
    Unanswered,
}

impl Failure {
    /// The API server's words where it gave an answer about the object; else what went wrong.
    pub(crate) fn words(&self) -> String {
        match self.kind() {
            ErrorKind::NotNow(message) | ErrorKind::Refused(message) => message,
            _ => super::report(self),
        }
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Failure::Answer(status) => kind(status),
            Failure::Request(_) | Failure::Timeout => ErrorKind::Unanswered,
        }
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Answer(status),
            other => Self::Request(Box::new(other)),
        }
    }
}

fn kind(status: &kube::core::Status) -> ErrorKind {
    let message = || status.message.clone();
    // A proxy's answer says nothing about what the API server did.
    let is_own_answer = status.reason != NOT_A_STATUS;
    match status.code {
        404 => ErrorKind::NotFound,
        409 if status.is_already_exists() => ErrorKind::AlreadyExists,
        // A quota that two requests update at once answers with a conflict, too: retry later.
        409 => ErrorKind::Conflict,
        // The second: a new quota that was not counted yet.
        403 if ["exceeded quota", "status unknown for quota"].iter().any(|w| status.message.contains(w)) => {
            ErrorKind::NotNow(message())
        }
        // The garbage collector deletes the run with its namespace; no escalation is needed.
        403 if status.message.contains("being terminated") => ErrorKind::NotNow(message()),
        // Not about the object: credentials, throttling, load.
        401 | 429 | 503 if is_own_answer => ErrorKind::NotNow(message()),
        500 if is_own_answer && names_admission(status) => ErrorKind::NotNow(message()),
        401 | 408 | 429 => ErrorKind::Unanswered,
        400..=499 => ErrorKind::Refused(message()),
        _ => ErrorKind::Unanswered,
    }
}

/// The reason that kube sets if the body is not a Status.
const NOT_A_STATUS: &str = "Failed to parse error data";

/// Admission comes before storage. What it refuses with 500 (a webhook that cannot be reached, a policy that cannot be
/// evaluated) was not stored.
fn names_admission(status: &kube::core::Status) -> bool {
    status.reason == "InternalError" && ["webhook", "admission"].iter().any(|w| status.message.contains(w))
}

/// Waits for the answer, up to the timeout.
pub(crate) async fn request<T>(answer: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(Failure::from),
        Err(_) => Err(Failure::Timeout),
    }
}

/// The same for an object that may not exist: `None` if it does not.
pub(crate) async fn request_opt<T>(
    answer: impl Future<Output = kube::Result<T>>,
) -> Result<Option<T>, Failure> {
    match request(answer).await {
        Ok(object) => Ok(Some(object)),
        Err(failure) if failure.kind() == ErrorKind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, reason: &str, message: &str) -> ErrorKind {
        let status = kube::core::Status::failure(message, reason).with_code(code);
        Failure::from(kube::Error::Api(Box::new(status))).kind()
    }

    #[test]
    fn a_refusal_says_whether_to_come_back() {
        let quota = "pods \"x\" is forbidden: exceeded quota: q";
        assert_eq!(refused(403, "Forbidden", quota), ErrorKind::NotNow(quota.into()));
        let uncounted = "pods \"x\" is forbidden: status unknown for quota: q, resources: pods";
        assert_eq!(refused(403, "Forbidden", uncounted), ErrorKind::NotNow(uncounted.into()));
        assert_eq!(
            refused(403, "Forbidden", "violates PodSecurity"),
            ErrorKind::Refused("violates PodSecurity".into())
        );
        assert_eq!(refused(422, "Invalid", "bad"), ErrorKind::Refused("bad".into()));
        assert_eq!(refused(409, "AlreadyExists", ""), ErrorKind::AlreadyExists);
        assert_eq!(refused(409, "Conflict", ""), ErrorKind::Conflict);
    }

    #[test]
    fn a_refusal_before_storage_is_told_from_an_answer_that_says_nothing() {
        let webhook = "Internal error occurred: failed calling webhook \"w\": connection refused";
        for (code, reason, message) in [
            (429, "TooManyRequests", "too many requests"),
            (503, "ServiceUnavailable", "apiserver is shutting down"),
            (500, "InternalError", webhook),
        ] {
            assert_eq!(refused(code, reason, message), ErrorKind::NotNow(message.into()));
            assert_eq!(refused(code, NOT_A_STATUS, message), ErrorKind::Unanswered, "a proxy's {code}");
        }
        assert_eq!(refused(500, "InternalError", "etcdserver: request timed out"), ErrorKind::Unanswered);
        assert_eq!(refused(504, "Timeout", "webhook"), ErrorKind::Unanswered);
    }
}
