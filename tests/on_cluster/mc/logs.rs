//! The output of agents: from Pods, from the status, and while they run.

use std::process::{Command, Stdio};

use mission_control::api::step::{ForEach, OnExhausted, Retry, Step};
use mission_control::api::{Phase, StepPhase};

use crate::support::mc::{Said, command, mc};
use crate::support::{Fixture, ends_by_term, is, step, workflow};

fn logs(f: &Fixture, more: &[&str]) -> Said {
    mc(&[&["workflow", "logs", "demo", "-n", &f.namespace], more].concat())
}

/// The same beside the test: what it watches goes on meanwhile.
async fn followed(f: &Fixture, more: &[&str]) -> Said {
    let arguments = [&["logs", "demo", "-f", "-n", f.namespace.as_str()], more].concat();
    let mut command = command();
    command.args(arguments);
    tokio::task::spawn_blocking(move || crate::support::mc::said(&mut command)).await.unwrap()
}

async fn without_pods(f: &Fixture) {
    f.kubectl(&["delete", "pods", "--all", "--grace-period=0", "--force"]);
    f.until_true("namespace without Pods", async || f.pods().await.is_empty()).await;
}

fn ask_and_say() -> [Step; 2] {
    [
        step("ask", "echo thinking; echo 'GREETING: good morning'; echo STATUS: done"),
        step("say", r"printf '\033[31mred\033[0m\r {{ greeting }}\n'; echo STATUS: done"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_run_is_read_from_its_pods_and_without_them_from_its_status() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", ask_and_say())).await;
    f.run("demo", "w").await;
    f.until("demo", "its end", is(Phase::Succeeded)).await;

    let all = "==> ask (attempt 1) <==\nthinking\nGREETING: good morning\nSTATUS: done\n\n\
               ==> say (attempt 1) <==\nred good morning\nSTATUS: done\n";
    let said = logs(&f, &[]);
    assert_eq!(said.err, "");
    assert_eq!(said.ended(0), all);
    // One step: its words alone.
    assert_eq!(logs(&f, &["--step", "say"]).ended(0), "red good morning\nSTATUS: done\n");
    assert_eq!(
        logs(&f, &["--step", "say", "--raw"]).ended(0),
        "\u{1b}[31mred\u{1b}[0m\r good morning\nSTATUS: done\n"
    );
    assert_eq!(logs(&f, &["--step", "ask", "--tail", "1"]).ended(0), "STATUS: done\n");
    // What is over can be followed, too.
    let said = followed(&f, &[]).await;
    assert_eq!(
        said.err.lines().next(),
        Some("run demo: Succeeded (2/2): all 2 steps are finished"),
        "{}",
        said.err
    );
    assert_eq!(said.ended(0), all);
    let json: serde_json::Value =
        serde_json::from_str(&logs(&f, &["--step", "ask", "-o", "json"]).ended(0)).unwrap();
    let text = "thinking\nGREETING: good morning\nSTATUS: done\n";
    assert_eq!(json, serde_json::json!([{"step": "ask", "attempt": 1, "from": "Pod", "text": text}]));

    without_pods(&f).await;
    assert_eq!(logs(&f, &[]).ended(0), all);
    assert_eq!(logs(&f, &["--step", "ask", "--tail", "1"]).ended(0), "STATUS: done\n");
    let said = logs(&f, &["--step", "nothing"]);
    assert!(said.err.contains("run demo has no step nothing; its steps are ask, say"), "{}", said.err);
    assert_eq!(said.ended(3), "");
    let said = mc(&["logs", "other", "-n", &f.namespace]);
    assert!(
        said.err.contains(&format!("there is no run 'other' in namespace {}", f.namespace)),
        "{}",
        said.err
    );
    said.ended(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_goes_on_with_the_next_step_and_ends_with_the_run() {
    let f = Fixture::new().await;
    let slow =
        |name: &str| step(name, &format!("echo {name} begins; sleep 2; echo {name} ends; echo STATUS: done"));
    f.workflow(workflow("w", [slow("one"), slow("two")])).await;
    // From the very beginning: there is no step yet.
    f.run("demo", "w").await;
    let (all, of_two) = tokio::join!(followed(&f, &[]), followed(&f, &["--step", "two"]));
    assert_eq!(
        all.ended(0),
        "==> one (attempt 1) <==\none begins\none ends\nSTATUS: done\n\n\
         ==> two (attempt 1) <==\ntwo begins\ntwo ends\nSTATUS: done\n"
    );
    assert_eq!(of_two.ended(0), "two begins\ntwo ends\nSTATUS: done\n");
    f.until("demo", "its end", is(Phase::Succeeded)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_run_side_by_side_are_told_apart_by_heads() {
    let f = Fixture::new().await;
    let beside = |name: &str| Step {
        depends_on: Some(Vec::new()),
        ..step(name, &format!("for i in 1 2 3; do echo {name} $i; sleep 1; done; echo STATUS: done"))
    };
    f.workflow(workflow("w", [beside("left"), beside("right")])).await;
    f.run("demo", "w").await;
    let text = followed(&f, &[]).await.ended(0);
    let mut speaks = "";
    let mut said: Vec<(&str, &str)> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty()) {
        match line.strip_prefix("==> ").and_then(|l| l.strip_suffix(" (attempt 1) <==")) {
            Some(step) => speaks = step,
            None => said.push((speaks, line)),
        }
    }
    for step in ["left", "right"] {
        let of: Vec<&str> = said.iter().filter(|(s, _)| *s == step).map(|(_, line)| *line).collect();
        let numbered = [1, 2, 3].map(|i| format!("{step} {i}"));
        assert_eq!(of, [&numbered[0], &numbered[1], &numbered[2], "STATUS: done"], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_in_no_log_are_read_from_the_status() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("quiet", "sleep 1; echo STATUS: done > /dev/termination-log")])).await;
    f.run("demo", "w").await;
    assert_eq!(followed(&f, &["--step", "quiet"]).await.ended(0), "STATUS: done\n");
    assert_eq!(logs(&f, &["--step", "quiet"]).ended(0), "STATUS: done\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_of_a_step_can_be_read() {
    let f = Fixture::new().await;
    let script = "echo attempt $MISSION_ATTEMPT; [ $MISSION_ATTEMPT = 2 ] || exit 1; echo STATUS: done";
    f.workflow(workflow("w", [step("work", script)])).await;
    f.run("demo", "w").await;
    let second = "attempt 2\nSTATUS: done\n";
    // The second attempt is announced beside the data.
    let said = followed(&f, &["--step", "work"]).await;
    assert!(said.err.contains("==> work (attempt 2) <=="), "{}", said.err);
    assert_eq!(said.ended(0), format!("attempt 1\n{second}"));
    f.until("demo", "its end", is(Phase::Succeeded)).await;

    assert_eq!(logs(&f, &["--step", "work"]).ended(0), second);
    assert_eq!(logs(&f, &["--step", "work", "--attempt", "1"]).ended(0), "attempt 1\n");
    assert_eq!(logs(&f, &["--attempt", "2", "--step", "work"]).ended(0), second);
    assert_eq!(
        logs(&f, &["--step", "work", "--attempt", "all"]).ended(0),
        format!("==> work (attempt 1) <==\nattempt 1\n\n==> work (attempt 2) <==\n{second}")
    );
    let said = logs(&f, &["--step", "work", "--attempt", "3"]);
    assert!(said.err.contains("step work of run demo has no attempt 3; the newest is 2"), "{}", said.err);
    said.ended(3);

    without_pods(&f).await;
    let gone =
        "work (attempt 1): its Pod is gone; the run's status keeps the output of the last attempt (2) only";
    let said = logs(&f, &["--step", "work", "--attempt", "1"]);
    assert_eq!(said.err, format!("error: {gone}\n"));
    said.ended(3);
    let said = logs(&f, &["--step", "work", "--attempt", "all"]);
    assert_eq!(said.err, format!("{gone}\n"));
    assert_eq!(said.ended(0), format!("==> work (attempt 1) <==\n\n==> work (attempt 2) <==\n{second}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_has_a_log_of_its_own() {
    let f = Fixture::new().await;
    let list = step("list", r#"echo 'NAMES: ["ann", "bob"]'; echo STATUS: done"#);
    let each = Step {
        for_each: Some(ForEach { list: "steps.list.outputs.names".into(), ..for_each() }),
        ..step("greet", "echo hello $MISSION_ITEM; echo STATUS: done")
    };
    f.workflow(workflow("w", [list, each])).await;
    f.run("demo", "w").await;
    let status = f.until("demo", "its end", is(Phase::Succeeded)).await;
    let ids: Vec<&str> = status.steps[1].items.iter().map(|i| i.id.as_str()).collect();
    let hello = |id: &str| format!("hello {id}\nSTATUS: done\n");

    for id in &ids {
        assert_eq!(logs(&f, &["--step", "greet", "--item", id]).ended(0), hello(id));
    }
    let all = format!(
        "==> greet, item {} (attempt 1) <==\n{}\n==> greet, item {} (attempt 1) <==\n{}",
        ids[0],
        hello(ids[0]),
        ids[1],
        hello(ids[1])
    );
    assert_eq!(logs(&f, &["--step", "greet"]).ended(0), all);
    without_pods(&f).await;
    assert_eq!(logs(&f, &["--step", "greet"]).ended(0), all);
    let said = logs(&f, &["--step", "greet", "--item", "x"]);
    assert!(said.err.contains(&format!("no item x; its items are {}", ids.join(", "))), "{}", said.err);
    said.ended(3);
}

fn for_each() -> ForEach {
    serde_json::from_value(serde_json::json!({"in": "x"})).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_ends_with_the_exit_code_of_the_run() {
    let f = Fixture::new().await;
    let failing = |end| Step {
        retry: Some(Retry { limit: Some(0), ..Retry::default() }),
        on_exhausted: Some(end),
        ..step("work", "echo no; exit 1")
    };
    f.workflow(workflow("fails", [failing(OnExhausted::Fail)])).await;
    f.run("demo", "fails").await;
    assert_eq!(followed(&f, &["--step", "work"]).await.ended(1), "no\n");

    f.kubectl(&["delete", "mcr/demo"]);
    f.workflow(workflow("asks", [failing(OnExhausted::Escalate)])).await;
    f.run("demo", "asks").await;
    let said = followed(&f, &["--step", "work"]).await;
    assert!(said.err.contains("run demo: Paused (0/1)"), "{}", said.err);
    assert!(said.err.contains("next:  mc workflow status demo"), "{}", said.err);
    assert_eq!(said.ended(2), "no\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_command_and_leaves_the_run_alone() {
    let f = Fixture::new().await;
    f.workflow(workflow("w", [step("long", &ends_by_term("begun"))])).await;
    f.run("demo", "w").await;
    let mut command = command();
    command.args(["logs", "demo", "-f", "--step", "long", "-n", &f.namespace]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The agent's first word: the command follows.
    let out = child.stdout.as_mut().unwrap();
    let mut first = [0; 6];
    std::io::Read::read_exact(out, &mut first).unwrap();
    assert_eq!(&first, b"begun\n");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "run demo continues; to follow it again: mc workflow logs demo -f\n");
    let status = f.until("demo", "running", is(Phase::Running)).await;
    assert_eq!(status.steps[0].work.phase, StepPhase::Running);
}
