mod bounded;
mod checked;
mod evaluated;

use serde_json::{Value, json};

use super::*;

fn parsed(text: &str) -> Condition {
    Condition::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn context() -> Value {
    json!({
        "task": "Add OAuth", "params": {"base": "main", "n": "12", "empty": ""},
        "run": {"name": "r", "namespace": "ns", "uid": "u-1"},
        "steps": {
            "plan": {"phase": "Succeeded", "output": "STATUS: done", "outputs": {"url": "https://x", "count": "3"}},
            "trace-req": {"phase": "Skipped", "outputs": {}},
        },
        "REPO": "git", "repo": "git", "planOutput": "STATUS: done",
    })
}
