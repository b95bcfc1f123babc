//! An error of the kubeconfig or the cluster -> one sentence and the next step, never a stack of causes.

use std::error::Error;
use std::path::Path;

use kube::client::AuthError;
use kube::config::KubeconfigError;
use kube::core::Status;

use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::program;
use crate::cluster::report;

const CHOOSE: &str = "choose one with --kubeconfig FILE, or set KUBECONFIG";

/// An error of a kubeconfig that has these contexts.
pub(crate) fn of_kubeconfig(error: &KubeconfigError, contexts: &[String]) -> Fault {
    let there_are = match contexts {
        [] => CHOOSE.to_string(),
        names => format!("choose one with --context: {}", names.join(", ")),
    };
    match error {
        KubeconfigError::ReadConfig(cause, path) => Fault::input(unreadable(path, cause)).next(CHOOSE),
        KubeconfigError::FindPath => Fault::input("there is no kubeconfig").next(CHOOSE),
        KubeconfigError::CurrentContextNotSet => {
            Fault::input("the kubeconfig has no current context").next(there_are)
        }
        KubeconfigError::LoadContext(name) if name.is_empty() => {
            Fault::input("the kubeconfig has no current context").next(there_are)
        }
        KubeconfigError::LoadContext(name) => {
            Fault::input(format!("the kubeconfig has no context '{name}'")).next(there_are)
        }
        KubeconfigError::LoadClusterOfContext(name) => {
            Fault::input(format!("the kubeconfig has no cluster '{name}', which its context names"))
                .next("kubectl config view")
        }
        KubeconfigError::Parse(cause) => {
            let cause = cause.to_string();
            let first = cause.lines().next().unwrap_or_default();
            Fault::input(format!("the file is not a valid kubeconfig: {first}")).next(CHOOSE)
        }
        other => Fault::input(format!("the kubeconfig cannot be used: {}", report(other)))
            .next("kubectl config view"),
    }
}

fn unreadable(path: &Path, cause: &std::io::Error) -> String {
    format!("kubeconfig {} cannot be read: {}", path.display(), without_number(&cause.to_string()))
}

/// An error of the cluster. `what`: the request, such as `list workflowruns`.
pub(crate) fn fault(server: &str, what: &str, error: &kube::Error) -> Fault {
    if let kube::Error::Api(status) = error {
        return refused(what, status);
    }
    if let Some(cause) = causes(error).find_map(|e| e.downcast_ref::<AuthError>()) {
        return Fault::input(format!("cannot {what}: there are no credentials: {}", report(cause)))
            .next("sign in again; kubectl auth whoami must work, too");
    }
    let server = server.trim_end_matches('/');
    let cause = without_number(&root(error));
    match error {
        kube::Error::SerdeError(_) => {
            Fault::input(format!("cannot {what}: cannot decode the answer of {server}: {cause}"))
                .next(format!("{} doctor shows whether the CRDs match", program::name()))
        }
        _ if cause.contains("certificate") => {
            Fault::input(format!("cannot {what}: the certificate of {server} is not trusted: {cause}"))
                .next("check the cluster's certificate-authority: kubectl config view")
        }
        kube::Error::Service(_) | kube::Error::HyperError(_) => {
            Fault::input(format!("cannot {what}: the API server at {server} does not answer: {cause}"))
                .next("check that the cluster is running and that this is the right context: kubectl config current-context")
        }
        other => Fault::input(format!("cannot {what}: {}", report(other))),
    }
}

/// An error status of the API server.
fn refused(what: &str, status: &Status) -> Fault {
    let message = &status.message;
    let doctor = program::name();
    match status.code {
        401 => Fault::input(format!(
            "cannot {what}: the API server does not accept your credentials; they are wrong or have expired"
        ))
        .next("sign in again; kubectl auth whoami must work, too"),
        403 => Fault::input(forbidden(what, message))
            .next(format!("ask your cluster administrator for this permission; {doctor} doctor lists yours")),
        404 if message.contains("could not find the requested resource")
            || message.contains("page not found") =>
        {
            Fault::input(format!("cannot {what}: Mission Control is not installed in this cluster"))
                .next(format!("{doctor} doctor shows what is missing"))
        }
        504 | 408 => Fault { exit: Exit::TimedOut, ..Fault::input(format!("cannot {what}: {message}")) },
        _ => Fault::input(format!("cannot {what}: {message}")),
    }
}

/// RBAC's message has the user and the namespace; an admission policy has its own reason.
fn forbidden(what: &str, message: &str) -> String {
    let between = |before: &str| message.split_once(before)?.1.split_once('"').map(|(word, _)| word);
    match between("User \"") {
        Some(user) if message.contains(" cannot ") => {
            let place = between("in the namespace \"").map(|n| format!(" in namespace {n}"));
            format!("you ({user}) may not {what}{}", place.unwrap_or_else(|| " in the whole cluster".into()))
        }
        _ => format!("you may not {what}: {message}"),
    }
}

/// The last cause, which is the real one.
fn root(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |e: &&'e (dyn Error + 'static)| (*e).source())
}

/// `Connection refused (os error 111)` without the number.
fn without_number(text: &str) -> String {
    text.split(" (os error ").next().unwrap_or(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_with(code: u16, message: &str) -> Fault {
        let status = Status { code, message: message.into(), ..Status::default() };
        fault("https://10.0.0.1:6443/", "list workflowruns", &kube::Error::Api(Box::new(status)))
    }

    #[test]
    fn a_missing_right_names_the_person_and_the_place() {
        let rbac = r#"workflowruns.missioncontrol.dev is forbidden: User "alice" cannot list resource "workflowruns" in API group "missioncontrol.dev""#;
        let of = |place: &str| refused_with(403, &format!("{rbac}{place}")).message;
        assert_eq!(
            of(r#" in the namespace "dev""#),
            "you (alice) may not list workflowruns in namespace dev"
        );
        assert_eq!(of(" at the cluster scope"), "you (alice) may not list workflowruns in the whole cluster");
    }

    #[test]
    fn a_policy_gives_its_own_reason() {
        let message = "denied request: spec.by must be your own user name";
        assert_eq!(refused_with(403, message).message, format!("you may not list workflowruns: {message}"));
    }

    #[test]
    fn a_kind_that_is_not_served_is_not_installed() {
        let missing = refused_with(404, "the server could not find the requested resource");
        assert_eq!(
            missing.message,
            "cannot list workflowruns: Mission Control is not installed in this cluster"
        );
        assert!(missing.next.unwrap().contains("doctor"));
    }
}
