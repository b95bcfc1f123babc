//! Checks of the admission policy for decisions, of storage for workspaces, and of objects that no operator handles.

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::ListParams;
use kube::core::DeserializeGuard;
use kube::{Api, ResourceExt};

use crate::api::{Stamp, Workflow, WorkflowRun};
use crate::cli::cluster::installed::SELECTOR;
use crate::cli::cluster::session::Session;

use super::finding::Finding;

const POLICY: &str = "mission-control-decision-identity";
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// Seconds until a run counts as not handled. An operator sees a run within a second.
const UNSEEN: u64 = 60;
/// The page size of lists.
const PAGE: u32 = 500;

/// The admission policy proves who made a decision.
pub(crate) async fn policy(session: &Session) -> Finding {
    let check = "decisions";
    let claimed = "so spec.by of a decision is not verified";
    let install = "kubectl apply -f charts/mission-control/files/decision-identity.yaml";
    let policies: Api<ValidatingAdmissionPolicy> = Api::all(session.client.clone());
    let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(session.client.clone());
    match (policies.get_opt(POLICY).await, bindings.get_opt(POLICY).await) {
        (Ok(Some(_)), Ok(Some(_))) => {
            Finding::ok(check, format!("the policy {POLICY} is installed: spec.by of a decision is verified"))
        }
        (Ok(Some(_)), Ok(None)) => {
            Finding::warn(check, format!("the policy {POLICY} is not bound, {claimed}"), install)
        }
        (Ok(None), _) => {
            Finding::warn(check, format!("the policy {POLICY} is not installed, {claimed}"), install)
        }
        (Err(error), _) | (_, Err(error)) => {
            let why = session.fault("read validatingadmissionpolicies", &error).message;
            Finding::unchecked(check, &why)
        }
    }
}

/// Workspaces without a class need a default StorageClass.
pub(crate) async fn storage(session: &Session) -> Finding {
    let check = "storage";
    let classes: Api<StorageClass> = Api::all(session.client.clone());
    let found = match classes.list(&ListParams::default()).await {
        Ok(found) => found.items,
        Err(error) => {
            let why = session.fault("list storageclasses", &error).message;
            return Finding::unchecked(check, &why);
        }
    };
    let is_default = |c: &&StorageClass| c.annotations().get(DEFAULT_CLASS).is_some_and(|v| v == "true");
    if let Some(class) = found.iter().find(is_default) {
        return Finding::ok(check, format!("workspaces use the default StorageClass {}", class.name_any()));
    }
    let message = "there is no default StorageClass: a Workflow with a workspace must set spec.workspace.storageClassName";
    let annotation = format!("{DEFAULT_CLASS}=true");
    let name = found.first().map_or("NAME".into(), ResourceExt::name_any);
    Finding::warn(check, message, format!("kubectl annotate storageclass {name} {annotation}"))
}

/// Runs that no operator has picked up.
pub(crate) async fn unobserved_runs(session: &Session) -> Finding {
    let check = "runs";
    let runs = match phaseless(session).await {
        Ok(runs) => runs,
        Err(error) => return Finding::unchecked(check, &session.fault("list workflowruns", &error).message),
    };
    let now = Stamp(Timestamp::now());
    let forgotten: Vec<String> =
        runs.iter().filter(|r| is_forgotten(r, now)).map(|r| path(session, r)).collect();
    if forgotten.is_empty() {
        return Finding::ok(check, format!("no run {} waits for an operator", session.location()));
    }
    let message = format!(
        "no operator has picked up {}: it is not running, or watches other namespaces",
        some(&forgotten)
    );
    Finding::bad(check, message, format!("kubectl get deployments,pods -A -l {SELECTOR}"))
}

type Guard<K> = DeserializeGuard<K>;

/// Runs without a phase. If the cluster cannot select by phase: all runs of the first page.
async fn phaseless(session: &Session) -> Result<Vec<Guard<WorkflowRun>>, kube::Error> {
    let page = ListParams::default().limit(PAGE);
    let api: Api<Guard<WorkflowRun>> = session.scope();
    match api.list(&page.clone().fields("status.phase=")).await {
        Err(kube::Error::Api(status)) if status.code == 400 => Ok(api.list(&page).await?.items),
        answer => Ok(answer?.items),
    }
}

fn is_forgotten(run: &Guard<WorkflowRun>, now: Stamp) -> bool {
    let is_old = run.creation_timestamp().is_some_and(|t| now.since(Stamp(t.0)).as_secs() > UNSEEN);
    let observed = run.0.as_ref().ok().and_then(|r| r.status.as_ref()).map_or(-1, |s| s.observed_generation);
    is_old && run.0.is_ok() && observed < 0
}

/// Workflows that cannot be run.
pub(crate) async fn invalid_workflows(session: &Session) -> Finding {
    let check = "workflows";
    let api: Api<Guard<Workflow>> = session.scope();
    let found = match api.list(&ListParams::default()).await {
        Ok(found) => found.items,
        Err(error) => return Finding::unchecked(check, &session.fault("list workflows", &error).message),
    };
    let invalid: Vec<String> = found.iter().filter(|w| is_invalid(w)).map(|w| path(session, w)).collect();
    let Some(first) = found.iter().find(|w| is_invalid(w)) else {
        return Finding::ok(check, all_valid(found.len(), &session.location()));
    };
    let message = format!("{} of {} cannot be run: {}", invalid.len(), found.len(), some(&invalid));
    let namespace = first.namespace().unwrap_or_default();
    let fix = format!("kubectl describe workflows.missioncontrol.dev -n {namespace} {}", first.name_any());
    Finding::bad(check, message, fix)
}

fn is_invalid(workflow: &Guard<Workflow>) -> bool {
    let Ok(workflow) = &workflow.0 else { return true };
    let status = workflow.status.as_ref();
    let mut conditions = status.iter().flat_map(|s| &s.conditions);
    status.is_some_and(|s| !s.problems.is_empty())
        || conditions.any(|c| c.type_ == "Ready" && c.status == "False" && c.reason == "Invalid")
}

fn all_valid(found: usize, place: &str) -> String {
    match found {
        0 => format!("no workflows {place}"),
        1 => format!("1 workflow {place}: valid"),
        _ => format!("{found} workflows {place}: all valid"),
    }
}

/// Its name, with the namespace if several are listed.
fn path(session: &Session, object: &impl ResourceExt) -> String {
    let namespace = object.namespace().filter(|_| session.everywhere);
    namespace.map_or_else(|| object.name_any(), |n| format!("{n}/{}", object.name_any()))
}

/// The first few, and the number of the others.
fn some(names: &[String]) -> String {
    let more = names.len().saturating_sub(5);
    let first: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: serde_json::Value) -> Guard<WorkflowRun> {
        serde_json::from_value(serde_json::json!({
            "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "WorkflowRun",
            "metadata": {"name": "r", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"workflowRef": {"name": "w"}}, "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_run_is_forgotten_that_nobody_has_looked_at_for_a_minute() {
        let at = |text: &str| Stamp(text.parse().unwrap());
        let fresh = run(serde_json::json!({"observedGeneration": -1}));
        assert!(!is_forgotten(&fresh, at("2026-01-01T00:01:00Z")));
        assert!(is_forgotten(&fresh, at("2026-01-01T00:01:01Z")));
        let observed = run(serde_json::json!({"observedGeneration": 1, "phase": "Pending"}));
        assert!(!is_forgotten(&observed, at("2026-01-02T00:00:00Z")));
    }

    #[test]
    fn a_workflow_is_invalid_by_its_problems_or_by_what_it_is() {
        let of = |spec: serde_json::Value, status: serde_json::Value| {
            let workflow: Guard<Workflow> = serde_json::from_value(serde_json::json!({
                "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"},
                "spec": spec, "status": status,
            }))
            .unwrap();
            is_invalid(&workflow)
        };
        let spec = serde_json::json!({"agents": [], "steps": []});
        assert!(!of(spec.clone(), serde_json::json!({})));
        assert!(of(spec, serde_json::json!({"problems": ["spec.steps: there is none"]})));
        assert!(of(serde_json::json!({"agents": "none"}), serde_json::json!({})));
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = (1..=7).map(|n| format!("w{n}")).collect();
        assert_eq!(some(&names), "w1, w2, w3, w4, w5 and 2 more");
    }
}
