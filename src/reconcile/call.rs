//! A request to the API server -> its answer within a bounded time, and what a refusal means.
//!
//! It never repeats a request: what to do after a failure is for the caller to say.

use std::time::Duration;

/// Longer than any healthy API server takes; a request without an answer may still have been carried out.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the API server answered {}: {}", .0.code, .0.message)]
    Answer(Box<kube::core::Status>),
    #[error("the request failed")]
    Request(#[source] Box<kube::Error>),
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Silence,
}

/// What a failure means for an object that was to be created, read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    AlreadyExists,
    /// The object was changed since it was read.
    Conflict,
    NotFound,
    /// Not now: a quota is used up.
    Quota(String),
    /// Never: policy, or a field that is not accepted.
    Refused(String),
    /// Nobody can tell whether it was done, or the server asks to come back.
    Unanswered,
}

impl Failure {
    pub fn meaning(&self) -> Meaning {
        match self {
            Failure::Answer(status) => meaning(status),
            Failure::Request(_) | Failure::Silence => Meaning::Unanswered,
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

fn meaning(status: &kube::core::Status) -> Meaning {
    let message = || status.message.clone();
    match status.code {
        404 => Meaning::NotFound,
        409 if status.is_already_exists() => Meaning::AlreadyExists,
        // A quota that is being counted by two at once answers with a conflict, too: come back.
        409 => Meaning::Conflict,
        403 if status.message.contains("exceeded quota") => Meaning::Quota(message()),
        // The garbage collector takes the run away with its namespace; nobody has to be asked.
        403 if status.message.contains("being terminated") => Meaning::Unanswered,
        // Not a word about the object: credentials, patience, load.
        401 | 408 | 429 => Meaning::Unanswered,
        400..=499 => Meaning::Refused(message()),
        _ => Meaning::Unanswered,
    }
}

/// Waits for the answer, but not for ever.
pub async fn ask<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(PATIENCE, request).await {
        Ok(answer) => answer.map_err(Failure::from),
        Err(_) => Err(Failure::Silence),
    }
}

/// `None` where the object is not there (any more).
pub fn found<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(failure) if failure.meaning() == Meaning::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// An error with all that caused it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        // Some sources repeat what they were caused by.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, reason: &str, message: &str) -> Meaning {
        let status = kube::core::Status::failure(message, reason).with_code(code);
        Failure::from(kube::Error::Api(Box::new(status))).meaning()
    }

    #[test]
    fn a_refusal_says_whether_to_come_back() {
        let quota = "pods \"x\" is forbidden: exceeded quota: q";
        assert_eq!(refused(403, "Forbidden", quota), Meaning::Quota(quota.into()));
        assert_eq!(
            refused(403, "Forbidden", "violates PodSecurity"),
            Meaning::Refused("violates PodSecurity".into())
        );
        assert_eq!(refused(422, "Invalid", "bad"), Meaning::Refused("bad".into()));
        assert_eq!(refused(409, "AlreadyExists", ""), Meaning::AlreadyExists);
        assert_eq!(refused(409, "Conflict", ""), Meaning::Conflict);
        assert_eq!(refused(429, "TooManyRequests", ""), Meaning::Unanswered);
        assert_eq!(refused(500, "InternalError", ""), Meaning::Unanswered);
    }
}
