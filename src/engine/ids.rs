//! Names and hashes, each a function of what it names. A changed function would execute every run in Git again; the
//! golden tests below prevent that.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api::{WorkflowRunSpec, WorkflowSpec};

/// SHA-256 in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn short(parts: &[&str], digits: usize) -> String {
    let mut joined = String::new();
    for part in parts {
        joined.push_str(part);
        joined.push('\0');
    }
    let mut hex = sha256_hex(joined.as_bytes());
    hex.truncate(digits);
    hex
}

/// Name of an attempt's Job and Pod: `<run>-<step>-<n>-<hash>`, at most 63 characters, safe as a host name.
pub fn job_name(run: &str, run_uid: &str, step: &str, item: Option<&str>, n: u32) -> String {
    let number = n.to_string();
    let hash = short(&[run_uid, step, item.unwrap_or_default(), &number], 10);
    let readable: String = format!("{run}-{step}").replace('.', "-").chars().take(44).collect();
    format!("{}-{n}-{hash}", readable.trim_end_matches('-'))
}

/// Name of the claim of a run's workspace: `<run>-ws-<hash>`.
pub fn workspace_name(run: &str, run_uid: &str) -> String {
    let readable: String = run.replace('.', "-").chars().take(48).collect();
    format!("{}-ws-{}", readable.trim_end_matches('-'), short(&[run_uid, "workspace"], 10))
}

/// The attempt's idempotency key.
pub fn attempt_id(run_uid: &str, step: &str, item: Option<&str>, n: u32) -> String {
    short(&[run_uid, step, item.unwrap_or_default(), &n.to_string()], 32)
}

/// Id of an escalation: `e<k>-<hash>`. It ends in six hex of a hash over the run's UID, so that an answer kept in Git
/// never answers the next run of that name.
pub fn escalation_id(k: u32, run_uid: &str, step: &str, item: Option<&str>, attempt: u32) -> String {
    let place = format!("{attempt}/{k}");
    format!("e{k}-{}", short(&[run_uid, step, item.unwrap_or_default(), &place], 6))
}

/// Hash of a run's spec as written: the same key is the same execution.
pub fn spec_hash(spec: &WorkflowRunSpec) -> String {
    let mut key = serde_json::Map::new();
    let mut reference = serde_json::Map::new();
    reference.insert("name".into(), json!(spec.workflow_ref.name));
    if let Some(revision) = &spec.workflow_ref.revision {
        reference.insert("revision".into(), json!(revision));
    }
    key.insert("workflowRef".into(), Value::Object(reference));
    if let Some(task) = &spec.task {
        key.insert("task".into(), json!(task));
    }
    if !spec.params.is_empty() {
        key.insert("params".into(), json!(spec.params));
    }
    if let Some(run_id) = &spec.run_id {
        key.insert("runID".into(), json!(run_id));
    }
    sha256_hex(canonical(&Value::Object(key)).as_bytes())
}

/// Name of the RunRecord of a run.
pub fn record_name(run: &str, spec_hash: &str) -> String {
    format!("{run}-{}", spec_hash.get(..16).unwrap_or(spec_hash))
}

/// Name under which the record of an earlier execution is kept when the same run may execute again. No run asks for a
/// record of that name: a record's own name ends in 16 hex.
pub fn superseded_name(record: &str, run_uid: &str) -> String {
    format!("{record}-{}", short(&[run_uid, "superseded"], 6))
}

/// The name of the run whose record has that name; `None`: it is no record that answers for a run.
pub fn run_of_record(name: &str) -> Option<&str> {
    let (run, hash) = name.rsplit_once('-')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_hash.then_some(run)
}

/// The part of a workflow that decides what a run does: without suspend, description, retention and notify.
pub fn executed_part(spec: &WorkflowSpec) -> WorkflowSpec {
    WorkflowSpec { suspend: None, description: None, retention: None, notify: Vec::new(), ..spec.clone() }
}

/// Hash of the part of a workflow that decides what a run does.
pub fn revision_hash(spec: &WorkflowSpec) -> String {
    let mut hex = sha256_hex(canonical_of(&executed_part(spec)).as_bytes());
    hex.truncate(16);
    hex
}

/// Name of the ControllerRevision that holds a workflow's revision.
pub fn revision_name(workflow: &str, revision: &str) -> String {
    format!("{workflow}-{revision}")
}

fn canonical_of<T: Serialize>(value: &T) -> String {
    canonical(&serde_json::to_value(value).unwrap_or(Value::Null))
}

/// JSON with sorted keys and no white space (serde_json's own map is sorted).
fn canonical(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::run::WorkflowRef;

    #[test]
    fn the_spec_hash_never_changes() {
        let spec = WorkflowRunSpec {
            workflow_ref: WorkflowRef { name: "feature-dev".into(), revision: None },
            task: Some("Add OAuth login".into()),
            params: [("repo".to_string(), "https://git.example/app".to_string())].into(),
            run_id: Some("1".into()),
            suspend: None,
            retention: None,
        };
        let written = r#"{"params":{"repo":"https://git.example/app"},"runID":"1","task":"Add OAuth login","workflowRef":{"name":"feature-dev"}}"#;
        assert_eq!(spec_hash(&spec), sha256_hex(written.as_bytes()));
        assert_eq!(spec_hash(&WorkflowRunSpec { suspend: Some(true), ..spec.clone() }), spec_hash(&spec));
        assert_ne!(spec_hash(&WorkflowRunSpec { run_id: None, ..spec.clone() }), spec_hash(&spec));
    }

    #[test]
    fn job_names_are_safe_and_tell_attempts_apart() {
        let long = "a".repeat(200);
        let one = job_name(&long, "uid", "implement", None, 1);
        assert!(one.len() <= 63, "{one}");
        assert_ne!(one, job_name(&long, "uid", "implement", None, 2));
        assert_ne!(one, job_name(&long, "other", "implement", None, 1));
        assert_ne!(job_name("r", "u", "s", Some("a"), 1), job_name("r", "u", "s", None, 1));
        assert!(!job_name("a.b", "u", "s", None, 1).contains('.'));
    }

    #[test]
    fn a_record_tells_whose_it_is_and_a_superseded_one_answers_for_nobody() {
        let name = record_name("a-run", &sha256_hex(b"spec"));
        assert_eq!(run_of_record(&name), Some("a-run"));
        let aside = superseded_name(&name, "u1");
        assert_eq!(aside.len(), name.len() + 7);
        assert_ne!(aside, superseded_name(&name, "u2"));
        assert_eq!(run_of_record(&aside), None);
        // The longest name of a run leaves room for both.
        let long = superseded_name(&record_name(&"a".repeat(200), &sha256_hex(b"spec")), "u1");
        assert!(long.len() <= 253, "{}", long.len());
    }

    #[test]
    fn an_escalation_id_belongs_to_one_run() {
        assert_ne!(escalation_id(1, "u1", "s", None, 3), escalation_id(1, "u2", "s", None, 3));
    }
}
