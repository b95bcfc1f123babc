//! The scripts, in the shells that they are for.

use std::path::Path;
use std::process::Command;

use crate::program::{CLOSED, Said, installed, kubeconfig, mc, run};

/// A command with `folder` on its PATH.
fn with_path(program: &str, folder: &Path) -> Command {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.env("PATH", path).env("HOME", folder);
    command
}

/// What bash offers when Tab is pressed behind these words. The last is at the cursor.
fn bash(folder: &Path, words: &[&str]) -> Vec<String> {
    let script = "
        source <(mc completion bash)
        COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        how=$(complete -p mc) && how=${how##*-F } && how=${how%% *}
        \"$how\" mc \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let said = run(with_path("bash", folder).args(["--norc", "-c", script, "bash"]).args(words));
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    said.out.lines().filter(|l| !l.is_empty()).map(String::from).collect()
}

#[test]
fn bash_completes_verbs_options_words_and_contexts() {
    let folder = installed("bash", "mc");
    let file = kubeconfig("bash", CLOSED);
    let offered = bash(&folder, &["mc", ""]);
    for verb in ["workflow", "lint", "doctor", "version", "completion"] {
        assert!(offered.iter().any(|o| o == verb), "no {verb} in {offered:?}");
    }
    assert!(!offered.iter().any(|o| o.starts_with('-')), "options are not offered unasked: {offered:?}");
    assert_eq!(bash(&folder, &["mc", "doc"]), ["doctor"]);
    assert_eq!(bash(&folder, &["mc", "workflow", "lin"]), ["lint"]);
    assert_eq!(bash(&folder, &["mc", "wf", "lin"]), ["lint"]);
    assert_eq!(bash(&folder, &["mc", "doctor", "--out"]), ["--output"]);
    assert_eq!(bash(&folder, &["mc", "doctor", "-o", "j"]), ["json"]);
    assert_eq!(bash(&folder, &["mc", "completion", ""]), ["bash", "zsh", "fish", "kubectl"]);
    assert_eq!(bash(&folder, &["mc", "--kubeconfig", &file, "doctor", "--context", ""]), ["closed", "other"]);
}

#[test]
fn a_cluster_that_does_not_answer_is_passed_over_in_silence() {
    let folder = installed("silent", "mc");
    let file = kubeconfig("silent", CLOSED);
    assert_eq!(bash(&folder, &["mc", "--kubeconfig", &file, "doctor", "-n", ""]), [""; 0]);
}

#[test]
fn kubectl_is_answered_in_its_own_form() {
    let folder = installed("kubectl", "kubectl-mc");
    let script = mc(&["completion", "kubectl"]).out;
    let program = folder.join("kubectl_complete-mc");
    std::fs::write(&program, &script).unwrap();
    let executable = run(Command::new("chmod").arg("+x").arg(&program));
    assert_eq!(executable.code, 0, "{executable:?}");
    let ask = |words: &[&str]| -> Said { run(with_path("kubectl_complete-mc", &folder).args(words)) };
    assert_eq!(ask(&["doc"]).out, "doctor\tCheck the cluster, the installation and your permissions\n:4\n");
    assert_eq!(ask(&["doctor", "-o", "y"]).out, "yaml\tThe same as YAML\n:4\n");
    assert_eq!(ask(&["doctor", "-o", "none"]).out, ":4\n");
}

/// kubectl itself, where it is installed.
#[test]
fn kubectl_asks_the_plugin() {
    if !there_is("kubectl") {
        return;
    }
    let folder = installed("plugin-completion", "kubectl-mc");
    let program = folder.join("kubectl_complete-mc");
    std::fs::write(&program, mc(&["completion", "kubectl"]).out).unwrap();
    assert_eq!(run(Command::new("chmod").arg("+x").arg(&program)).code, 0);
    let said = run(with_path("kubectl", &folder).args(["__complete", "mc", "doc"]));
    assert!(said.out.starts_with("doctor\tCheck the cluster"), "{said:?}");
}

#[test]
fn the_scripts_can_be_read_by_their_shells() {
    let folder = installed("syntax", "mc");
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute"), ("sh", "-n")] {
        let script = mc(&["completion", if shell == "sh" { "kubectl" } else { shell }]);
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        assert!(script.out.contains("MC_COMPLETE"), "{shell}: {}", script.out);
        let file = folder.join(shell);
        std::fs::write(&file, &script.out).unwrap();
        if there_is(shell) {
            let read = run(Command::new(shell).arg(check).arg(&file));
            assert_eq!((read.code, read.err.as_str()), (0, ""), "{shell}:\n{}", script.out);
        }
    }
}

#[test]
fn fish_completes_verbs() {
    if !there_is("fish") {
        return;
    }
    let folder = installed("fish", "mc");
    let line = "mc completion fish | source; complete --do-complete 'mc doc'";
    let said = run(with_path("fish", &folder).args(["--no-config", "-c", line]));
    assert!(said.out.starts_with("doctor\tCheck the cluster"), "{said:?}");
}

/// Not every machine has every shell; bash and sh are needed.
fn there_is(program: &str) -> bool {
    let found = Command::new(program).arg("--help").output().is_ok();
    assert!(found || !["bash", "sh"].contains(&program), "{program} is needed");
    found
}
