//! Requests to the API server -> their number by verb and code, and the time until the first byte of the answer.
//!
//! Paths and names are not labels: the log says what a request was about.

use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::family::{Timed, quick};

/// The verbs of requests, as in RBAC.
pub(crate) const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "other"];

/// The status codes of an API server; any other code is counted as `other`.
const CODES: [(u16, &str); 22] = [
    (200, "200"),
    (201, "201"),
    (202, "202"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (406, "406"),
    (408, "408"),
    (409, "409"),
    (410, "410"),
    (413, "413"),
    (415, "415"),
    (422, "422"),
    (429, "429"),
    (500, "500"),
    (501, "501"),
    (502, "502"),
    (503, "503"),
    (504, "504"),
];

/// There was no answer: the connection broke, or the client stopped waiting.
pub(crate) const NO_ANSWER: &str = "none";

/// Counters of requests.
#[derive(Clone, Debug)]
pub struct Requests {
    count: Family<[(&'static str, &'static str); 2], Counter>,
    seconds: Timed,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let count = Family::<[(&'static str, &'static str); 2], Counter>::default();
        let help = "Requests to the API server, by verb and code. Code none: no answer";
        registry.register("api_requests", help, count.clone());
        let help = "Time until the API server began to answer, by verb";
        Self { count, seconds: Timed::new(registry, "api_request_duration", help, "verb", VERBS, quick) }
    }

    /// A request is sent. It is counted when the returned value is dropped.
    pub fn begin(&self, verb: &'static str) -> Pending {
        Pending { requests: self.clone(), verb, code: NO_ANSWER, since: Instant::now() }
    }

    /// The number of requests with that verb and code.
    #[cfg(test)]
    pub(crate) fn get(&self, verb: &'static str, code: &'static str) -> u64 {
        self.count.get_or_create(&[("verb", verb), ("code", code)]).get()
    }
}

/// A request in progress.
#[derive(Debug)]
pub struct Pending {
    requests: Requests,
    verb: &'static str,
    code: &'static str,
    since: Instant,
}

impl Pending {
    /// The answer began.
    pub fn answered(mut self, status: u16) {
        self.code = CODES.iter().find(|(code, _)| *code == status).map_or("other", |(_, text)| text);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.requests.count.get_or_create(&[("verb", self.verb), ("code", self.code)]).inc();
        self.requests.seconds.observe(self.verb, self.since.elapsed());
    }
}

/// The verb of a request.
pub(crate) fn verb(method: &str, path: &str, query: &str) -> &'static str {
    match method {
        "GET" if query.split('&').any(|p| matches!(p, "watch" | "watch=true" | "watch=1")) => "watch",
        "GET" if is_collection(path) => "list",
        "GET" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "other",
    }
}

/// Whether a path is that of a collection, such as `/api/v1/pods` or `/apis/GROUP/VERSION/namespaces/NS/RESOURCE`, with
/// or without a prefix.
fn is_collection(path: &str) -> bool {
    let mut parts = path.split('/').skip_while(|part| !matches!(*part, "api" | "apis"));
    let skipped = match parts.next() {
        Some("api") => 1,
        Some(_) => 2,
        None => return false,
    };
    let rest: Vec<&str> = parts.skip(skipped).filter(|part| !part.is_empty()).collect();
    match rest.as_slice() {
        ["namespaces", _, _, more @ ..] => more.is_empty(),
        [_] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_that_of_rbac() {
        let runs = "/apis/missioncontrol.dev/v1alpha1/namespaces/team/workflowruns";
        let of = [
            ("GET", runs, ""),
            ("GET", runs, "allowWatchBookmarks=true&watch=true"),
            ("GET", &format!("{runs}/r"), ""),
            ("PUT", &format!("{runs}/r/status"), "fieldManager=x"),
            ("GET", "/api/v1/pods", "limit=500"),
            ("GET", "/api/v1/namespaces", ""),
            ("GET", "/api/v1/namespaces/team", ""),
            ("GET", "/k8s/clusters/c/api/v1/namespaces/team/pods/p/log", ""),
            ("POST", "/apis/batch/v1/namespaces/team/jobs", ""),
            ("GET", "/version", ""),
            ("HEAD", "/", ""),
        ]
        .map(|(method, path, query)| verb(method, path, query));
        let expected =
            ["list", "watch", "get", "update", "list", "list", "get", "get", "create", "get", "other"];
        assert_eq!(of, expected);
    }

    #[test]
    fn a_request_counts_once_whether_it_is_answered_or_given_up() {
        let mut registry = Registry::default();
        let requests = Requests::new(&mut registry);
        requests.begin("get").answered(404);
        requests.begin("get").answered(418);
        drop(requests.begin("get"));
        let counted = ["404", "other", NO_ANSWER, "200"].map(|code| requests.get("get", code));
        assert_eq!(counted, [1, 1, 1, 0]);
        let mut text = String::new();
        prometheus_client::encoding::prometheus_text::encode(&mut text, &registry).unwrap();
        assert!(text.contains("api_request_duration_seconds_count{verb=\"get\"} 3"), "{text}");
    }
}
