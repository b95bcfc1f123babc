//! The API server's audit log -> the requests of operators, in the order in which they were answered.
//!
//! The test cluster keeps one (tests/cluster/audit-policy.yaml); another cluster may not.

use jiff::Timestamp;
use serde_json::Value;

use super::rights::OPERATORS;

/// Verbs that change something.
const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub user: String,
    pub verb: String,
    /// Such as `jobs/status.batch`; a path where it is no resource.
    pub what: String,
    pub name: String,
    pub code: u64,
    /// False: no role of the user allows it.
    pub allowed: bool,
    /// When the API server received it.
    pub at: Timestamp,
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} -> {}", self.verb, self.what, self.name, self.code)
    }
}

impl Request {
    pub(crate) fn is_write(&self) -> bool {
        WRITES.contains(&self.verb.as_str())
    }

    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

/// What every operator of this variant of the suite has asked for so far; `None` where the cluster keeps no audit log.
pub(crate) fn requests() -> Option<Vec<Request>> {
    let path = std::env::var("MISSION_CONTROL_AUDIT_LOG").ok().filter(|p| !p.is_empty())?;
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    // Before it stands what another variant asked for on the same cluster.
    let from = std::env::var("AUDIT_FROM").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let text = text.get(from..).unwrap_or_default();
    // What follows the last line break is still being written.
    let whole = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let events =
        whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
    Some(events.filter_map(|event: Value| request(&event)).collect())
}

fn request(event: &Value) -> Option<Request> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_string();
    let user = text("/user/username");
    let account = user.strip_prefix("system:serviceaccount:t-").and_then(|u| u.rsplit_once(':'))?.1;
    if !OPERATORS.contains(&account) {
        return None;
    }
    Some(Request {
        verb: text("/verb"),
        what: what(event),
        name: text("/objectRef/name"),
        code: event.pointer("/responseStatus/code").and_then(Value::as_u64).unwrap_or_default(),
        allowed: text("/annotations/authorization.k8s.io~1decision") == "allow",
        at: text("/requestReceivedTimestamp").parse().expect("an event has a time"),
        user,
    })
}

fn what(event: &Value) -> String {
    let of = |key: &str| event["objectRef"][key].as_str().unwrap_or_default();
    if of("resource").is_empty() {
        return event["requestURI"].as_str().unwrap_or_default().into();
    }
    resource(of("apiGroup"), &[of("resource"), of("subresource")].join("/"))
}

/// One spelling for what a rule names and what a request was about.
pub(crate) fn resource(group: &str, name: &str) -> String {
    let name = name.trim_end_matches('/');
    if group.is_empty() { name.into() } else { format!("{name}.{group}") }
}
