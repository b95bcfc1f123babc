//! One operator process; it ends with its test.

use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::cluster::controller;

#[derive(Debug)]
pub struct Operator {
    child: Child,
    log: PathBuf,
}

impl Operator {
    /// Starts one for `namespace`; `log` is where it writes. A process with the name of one that crashed goes on where
    /// that one stopped, as a container does that the kubelet starts again in its Pod; another waits for the lease to
    /// run out. `more` are arguments of this test alone; `kubeconfig` says with whose rights it acts.
    pub fn start(namespace: &str, name: &str, kubeconfig: &Path, log: PathBuf, more: &[String]) -> Self {
        let mut args =
            vec!["--namespace", namespace, "--lease-namespace", namespace, "--bind", "127.0.0.1:0"];
        args.extend(more.iter().map(String::as_str));
        let kubeconfig = kubeconfig.to_str().expect("a path in UTF-8");
        Self::spawn(&args, &[("POD_NAME", name), ("KUBECONFIG", kubeconfig)], log)
    }

    /// Starts one with these arguments of `run`, and this environment.
    pub fn spawn(args: &[&str], env: &[(&str, &str)], log: PathBuf) -> Self {
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
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM; gives how long the process took to end.
    pub fn terminate(&mut self, patience: Duration) -> Duration {
        let start = Instant::now();
        self.signal("TERM");
        let status = self.ended(patience);
        assert!(status.success(), "the operator ended with {status} on SIGTERM");
        start.elapsed()
    }

    /// Sends a signal by its name, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("kill cannot be started").success(), "SIG{name} is refused");
    }

    /// Waits until it ends by itself.
    pub fn ended(&mut self, patience: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the operator cannot be waited for") {
                return status;
            }
            assert!(start.elapsed() < patience, "the operator did not end within {patience:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The most memory that it ever had resident, in MiB.
    pub fn peak_memory(&self) -> u64 {
        let text = read_to_string(format!("/proc/{}/status", self.child.id())).expect("the operator is gone");
        let line = text.lines().find(|l| l.starts_with("VmHWM:")).expect("no VmHWM");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("VmHWM is a number")
            / 1024
    }

    pub fn log(&self) -> String {
        read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.kill();
    }
}
