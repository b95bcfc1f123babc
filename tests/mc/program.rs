//! `mc` as a person starts it, but with nothing of this machine's.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What it printed, and its exit code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The program by its own path.
pub(crate) fn mc(args: &[&str]) -> Said {
    run(Command::new(env!("CARGO_BIN_EXE_mc")).args(args))
}

/// The same in a folder, with something to read and no environment.
pub(crate) fn mc_in(folder: &Path, args: &[&str], stdin: &str) -> Said {
    run_with(Command::new(env!("CARGO_BIN_EXE_mc")).args(args).current_dir(folder).env_clear(), stdin)
}

/// Runs it without a kubeconfig, a terminal or colours.
pub(crate) fn run(command: &mut Command) -> Said {
    run_with(command, "")
}

fn run_with(command: &mut Command, stdin: &str) -> Said {
    let clean = ["KUBECONFIG", "COLUMNS", "MC_COMPLETE", "KUBERNETES_SERVICE_HOST", "CLICOLOR_FORCE"];
    for variable in clean {
        if !command.get_envs().any(|(name, _)| name == variable) {
            command.env_remove(variable);
        }
    }
    command.env("NO_COLOR", "1").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it can be started");
    // A verb that does not read it may be over already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A folder of a test's own, with `mc` in it by that name.
pub(crate) fn installed(test: &str, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mc").join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mc"), folder.join(name)).unwrap();
    folder
}

/// A kubeconfig, in a folder of the test's own.
pub(crate) fn kubeconfig(test: &str, text: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mc").join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("kubeconfig");
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

/// One whose cluster is where nobody listens.
pub(crate) const CLOSED: &str = "\
apiVersion: v1
kind: Config
current-context: closed
contexts:
- {name: closed, context: {cluster: closed, user: me, namespace: dev}}
- {name: other, context: {cluster: closed, user: me}}
clusters: [{name: closed, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: me, user: {}}]
";
