//! One operator process; it ends with its test.

use std::fs::{File, read_to_string};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::cluster::controller;
use super::wait::{PATIENCE, until_true};

#[derive(Debug)]
pub(crate) struct Operator {
    child: Child,
    log: PathBuf,
}

impl Operator {
    /// Starts one for `namespace`; `log` is where it writes. A process with the name of one that crashed goes on where
    /// that one stopped, as a container does that the kubelet starts again in its Pod; another waits for the lease to
    /// run out. `more` are arguments of this test alone; `kubeconfig` says with whose rights it acts.
    pub(crate) fn start(
        namespace: &str,
        name: &str,
        kubeconfig: &Path,
        log: PathBuf,
        more: &[String],
    ) -> Self {
        let mut args =
            vec!["--namespace", namespace, "--lease-namespace", namespace, "--bind", "127.0.0.1:0"];
        args.extend(["--metrics-bind", "127.0.0.1:0"]);
        args.extend(more.iter().map(String::as_str));
        let kubeconfig = kubeconfig.to_str().expect("a path in UTF-8");
        Self::spawn(&args, &[("POD_NAME", name), ("KUBECONFIG", kubeconfig)], log)
    }

    /// Starts one with these arguments of `run`, and this environment.
    pub(crate) fn spawn(args: &[&str], env: &[(&str, &str)], log: PathBuf) -> Self {
        let out = File::create(&log).expect("the log cannot be created");
        let err = out.try_clone().expect("the log cannot be shared");
        let built = env!("CARGO_BIN_EXE_mission-control").into();
        let child = Command::new(std::env::var_os("MISSION_CONTROL_BIN").unwrap_or(built))
            .args(["run", "--job-controller", &controller()])
            .args(args)
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .expect("the operator cannot be started");
        Self { child, log }
    }

    /// `kill -9`, and the process is gone when this returns.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM; gives how long the process took to end.
    pub(crate) fn terminate(&mut self, patience: Duration) -> Duration {
        let start = Instant::now();
        self.signal("TERM");
        let status = self.ended(patience);
        assert!(status.success(), "the operator ended with {status} on SIGTERM");
        start.elapsed()
    }

    /// Sends a signal by its name, such as `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("kill cannot be started").success(), "SIG{name} is refused");
    }

    /// Waits until it ends by itself.
    pub(crate) fn ended(&mut self, patience: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the operator cannot be waited for") {
                return status;
            }
            assert!(start.elapsed() < patience, "the operator did not end within {patience:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The most memory that it ever had resident, in MiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let text = read_to_string(format!("/proc/{}/status", self.child.id())).expect("the operator is gone");
        let line = text.lines().find(|l| l.starts_with("VmHWM:")).expect("no VmHWM");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("VmHWM is a number")
            / 1024
    }

    /// What it serves under `/metrics`, as soon as it does.
    pub(crate) async fn metrics(&self) -> String {
        let found = std::sync::Mutex::new(String::new());
        until_true("metrics", PATIENCE, async || {
            let text = self.try_metrics();
            let served = text.is_some();
            *found.lock().expect("nobody panics with it") = text.unwrap_or_default();
            served
        })
        .await;
        found.into_inner().expect("nobody panics with it")
    }

    /// The same now, if it serves any.
    pub(crate) fn try_metrics(&self) -> Option<String> {
        let answer = self.get("serving metrics", "/metrics")?;
        answer.split_once("\r\n\r\n").map(|(_, text)| text.to_string()).filter(|t| !t.is_empty())
    }

    /// What it answers on the port of its health, with the line of the status.
    pub(crate) async fn health(&self, path: &str) -> String {
        until_true("health", PATIENCE, async || self.get("serving health", path).is_some()).await;
        self.get("serving health", path).expect("it was served a moment ago")
    }

    /// The log has the port: a free one, chosen at each start.
    fn get(&self, serving: &str, path: &str) -> Option<String> {
        let log = self.log();
        let line = log.lines().find(|l| l.contains(serving))?;
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let mut stream = TcpStream::connect(line["bind"].as_str()?).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    pub(crate) fn log(&self) -> String {
        read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.kill();
    }
}
