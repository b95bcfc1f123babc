//! Without a cluster: a sentence, the next step, and exit code 3.

use std::process::Command;

use crate::program::{CLOSED, Said, installed, kubeconfig, mc, run};

#[track_caller]
fn refused(said: Said, expected: &str) {
    assert_eq!((said.code, said.err.as_str(), said.out.as_str()), (3, expected, ""));
}

#[test]
fn a_cluster_that_does_not_answer_is_named() {
    let file = kubeconfig("closed", CLOSED);
    refused(
        mc(&["doctor", "--kubeconfig", &file]),
        "error: cannot read the API server's version: the API server at http://127.0.0.1:1 does not answer: \
         Connection refused\n\
         next:  check that the cluster is running and that this is the right context: kubectl config current-context\n",
    );
}

#[test]
fn a_context_that_is_not_there_is_named_with_those_that_are() {
    let file = kubeconfig("context", CLOSED);
    refused(
        mc(&["doctor", "--kubeconfig", &file, "--context", "prod"]),
        "error: the kubeconfig has no context 'prod'\nnext:  choose one with --context: closed, other\n",
    );
}

#[test]
fn a_kubeconfig_that_is_not_there_or_none_is_named() {
    refused(
        mc(&["doctor", "--kubeconfig", "/no/such/file"]),
        "error: kubeconfig /no/such/file cannot be read: No such file or directory\n\
         next:  choose one with --kubeconfig FILE, or set KUBECONFIG\n",
    );
    let folder = installed("home", "mc");
    let home = folder.to_string_lossy().into_owned();
    refused(
        run(Command::new(folder.join("mc")).arg("doctor").env("HOME", &home)),
        &format!(
            "error: kubeconfig {home}/.kube/config cannot be read: No such file or directory\n\
             next:  choose one with --kubeconfig FILE, or set KUBECONFIG\n"
        ),
    );
    let file = kubeconfig("contextless", "apiVersion: v1\nkind: Config\n");
    refused(
        mc(&["doctor", "--kubeconfig", &file]),
        "error: the kubeconfig has no current context\nnext:  choose one with --kubeconfig FILE, or set KUBECONFIG\n",
    );
}

#[test]
fn the_version_of_the_client_is_told_without_a_cluster() {
    let version = env!("CARGO_PKG_VERSION");
    let file = kubeconfig("version", CLOSED);
    let said = mc(&["version", "--client"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(
        said.out.starts_with(&format!("mc           {version}")) && said.out.lines().count() == 1,
        "{}",
        said.out
    );
    let said = mc(&["version", "--kubeconfig", &file]);
    assert_eq!(said.code, 3);
    assert!(said.out.starts_with(&format!("mc           {version}")), "{}", said.out);
    assert!(
        said.err.starts_with("error: cannot read the versions: the API server at http://127.0.0.1:1"),
        "{}",
        said.err
    );
    let said = mc(&["version", "--kubeconfig", &file, "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &json["client"]["version"]), (3, &version.into()));
}
