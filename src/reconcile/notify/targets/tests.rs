use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::super::outbox::Outbox;
use super::super::reload::reload;
use super::super::target::Kind;
use super::*;
use crate::metrics::Metrics;

/// A folder with a targets file; gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn with(targets: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mission-control-targets-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        folder.write("targets.yaml", targets);
        folder
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.join(file), text).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.0.join("targets.yaml")
    }

    fn read(&self) -> Result<Targets, Problems> {
        read(&self.file())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn problems(yaml: &str) -> Vec<String> {
    Folder::with(yaml).read().unwrap_err().0
}

#[test]
fn a_target_is_read_with_its_secrets_from_files_beside_it() {
    let folder = Folder::with(
        "targets:
- {name: team-chat, kind: Slack, urlFile: chat-url}
- name: audit
  kind: Webhook
  url: http://audit.tools.svc:8080/hook
  headers: {X-Team: platform}
  headerFiles: {Authorization: token}
  timeout: 2s
runUrl: https://mc.example/runs/{namespace}/{run}
",
    );
    folder.write("chat-url", "https://chat.example/services/T0/secret\n");
    folder.write("token", "Bearer hunter2\n");
    let targets = folder.read().unwrap();

    let chat = targets.get("team-chat").unwrap();
    assert_eq!((chat.kind, chat.timeout), (Kind::Slack, Duration::from_secs(5)));
    assert_eq!(chat.url, "https://chat.example/services/T0/secret");
    let audit = targets.get("audit").unwrap();
    assert_eq!((audit.kind, audit.timeout), (Kind::Webhook, Duration::from_secs(2)));
    assert_eq!(audit.headers["x-team"], "platform");
    assert_eq!(audit.headers["authorization"], "Bearer hunter2");
    assert_eq!(targets.get("nobody"), None);
    assert_eq!(targets.url_of("ns", "demo").as_deref(), Some("https://mc.example/runs/ns/demo"));
    let shown = format!("{targets:?}");
    assert!(
        shown.contains("chat.example") && !shown.contains("secret") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn every_problem_is_said_at_once_with_the_targets_name() {
    let found = problems(
        "targets:
- {name: a, kind: Mail, url: 'https://a.example', colour: red}
- {name: b, kind: Slack}
- {name: c, kind: Slack, url: 'ftp://c.example/x'}
- {name: d, kind: Webhook, urlFile: missing}
- {name: e, kind: Webhook, url: 'https://e.example', timeout: 5}
- {name: f, kind: Webhook, url: 'https://f.example', headers: {Host: x, 'a b': y, Authorization: 7}}
- {kind: Slack, url: 'https://g.example'}
- {name: h, kind: Slack, url: 'https://h.example'}
- {name: h, kind: Slack, url: 'https://h.example'}
- 5
runUrl: https://mc.example/
more: 1
",
    );
    let missing = found.iter().find(|p| p.starts_with("target d.urlFile: ")).unwrap();
    assert!(missing.ends_with("missing: entity not found"), "{missing}");
    let rest: Vec<&str> = found.iter().filter(|p| *p != missing).map(String::as_str).collect();
    assert_eq!(
        rest,
        [
            "more: no such field; there are targets and runUrl",
            "runUrl: not the address of a run; write it like https://mission-control.example/runs/{namespace}/{run}",
            "target a.colour: no such field; remove it",
            "target a.kind: neither Slack nor Webhook; write one of them",
            "target b.url: exactly one of url and urlFile is needed",
            "target c.url: does not begin with https:// or http://",
            "target e.timeout: not a length of time up to 30s; write it like 5s",
            "target f.headers.authorization: not a text; write it in quotes",
            "target f.headers.host: is set by the operator; remove it",
            "target f.headers: has a name that no header can have",
            "targets[6].name: missing or not lower case letters, digits and `-` (at most 63)",
            "target h: there are two of that name; rename one",
            "targets[9]: not a mapping; write `name: …`, `kind: …` and `url: …`",
        ]
    );
}

#[test]
fn a_file_of_another_shape_says_what_to_write() {
    for yaml in ["", "[]", "targets: 5", "text", "targets: {a: b}"] {
        assert_eq!(problems(yaml), ["targets: not a list; write `- name: …` for each"], "{yaml:?}");
    }
}

#[test]
fn no_problem_shows_a_secret() {
    let secret = "hunter2";
    for yaml in [
        format!("targets:\n- {{name: a, kind: Slack, url: 'ftp://x/{secret}'}}"),
        format!("targets:\n- {{name: a, kind: Slack, url: 'https://user:{secret}@x.example/'}}"),
        format!("targets:\n- {{name: a, kind: Slack, url: 'https://x.example/ {secret}'}}"),
        format!("targets:\n- {{name: a, kind: Slack, url: {{{secret}: 1}}}}"),
        format!("targets:\n- {{name: a, kind: Slack, url: 'https://x/', headers: '{secret}'}}"),
        format!("targets:\n- {{name: a, kind: Slack, url: 'https://x/', headers: {{A: \"{secret}\\n\"}}}}"),
        format!("targets:\n- {{name: a, kind: Slack, url: 'https://x/', timeout: {secret}}}"),
        format!("targets:\n- name: a\n  url: https://x/{secret}\n bad: [unclosed"),
        format!("targets: \"https://x/{secret}"),
        format!("targets: *{secret}"),
    ] {
        let found = problems(&yaml).join("; ");
        assert!(!found.is_empty() && !found.contains(secret), "{yaml}\n{found}");
    }
}

#[tokio::test]
async fn a_changed_file_counts_and_a_broken_one_leaves_the_old_targets() {
    let one = |name: &str| format!("targets: [{{name: {name}, kind: Slack, url: 'https://x.example/'}}]");
    let folder = Folder::with(&one("a"));
    let outbox = Outbox::new(&Metrics::default());
    assert!(outbox.set(folder.read().unwrap()));
    assert!(!outbox.set(folder.read().unwrap()), "nothing changed");
    let mut logged = None;

    folder.write("targets.yaml", &one("b"));
    reload(&outbox, &folder.file(), &mut logged).await;
    assert!(outbox.knows("b") && !outbox.knows("a"));

    folder.write("targets.yaml", "targets: 5");
    reload(&outbox, &folder.file(), &mut logged).await;
    assert!(outbox.knows("b") && logged.is_some(), "a broken file took the targets away");

    folder.write("targets.yaml", &one("c"));
    reload(&outbox, &folder.file(), &mut logged).await;
    assert!(outbox.knows("c") && logged.is_none());
}
