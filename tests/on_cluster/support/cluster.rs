//! The cluster that the tests share: its client, its CRDs (installed once per process), kubectl.

use std::process::{Command, Output};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ListParams, Patch, PatchParams};
use kube::runtime::wait::conditions::is_crd_established;
use kube::{Api, Client, ResourceExt};
use mission_control::api::{RunRecord, Workflow, WorkflowDecision, WorkflowRun, crds};
use tokio::sync::OnceCell;

use super::wait::{PATIENCE, until, until_true};

/// Who makes the Pods in this run of the suite: `Operator` or `Kubernetes`.
pub(super) fn controller() -> String {
    std::env::var("JOB_CONTROLLER").unwrap_or_else(|_| "Operator".into())
}

/// True where the built-in Job controller makes the Pods: by the operator's argument, or because the cluster drops
/// `spec.managedBy` (`JOB_MANAGED_BY=false` says so).
pub(crate) fn is_kubernetes() -> bool {
    controller() == "Kubernetes" || std::env::var("JOB_MANAGED_BY").is_ok_and(|v| v == "false")
}

/// A client of its own for each test: a connection belongs to the runtime that opened it.
pub(crate) async fn client() -> Client {
    Client::try_default().await.expect("KUBECONFIG names no usable cluster; run tests/on_cluster/run")
}

pub(crate) fn kubectl(args: &[&str]) -> Output {
    Command::new("kubectl").args(args).output().expect("kubectl cannot be started")
}

/// Installs the CRDs once and waits until every kind is served, to kubectl too.
pub(crate) async fn install(client: &Client) {
    static DONE: OnceCell<()> = OnceCell::const_new();
    DONE.get_or_init(|| async {
        let api: Api<CustomResourceDefinition> = Api::all(client.clone());
        for (_, crd) in crds::all() {
            let name = crd.name_any();
            let how = PatchParams::apply("on-cluster-tests").force();
            api.patch(&name, &how, &Patch::Apply(&crd)).await.expect("the CRD is refused");
            until(&api, &name, "the CRD to be established", PATIENCE, is_established).await;
        }
        until_true("every kind to be served", PATIENCE, async || {
            let one = ListParams::default().limit(1);
            Api::<Workflow>::all(client.clone()).list(&one).await.is_ok()
                && Api::<WorkflowRun>::all(client.clone()).list_metadata(&one).await.is_ok()
                && Api::<WorkflowDecision>::all(client.clone()).list(&one).await.is_ok()
                && Api::<RunRecord>::all(client.clone()).list(&one).await.is_ok()
                && kubectl(&["explain", "workflow.spec"]).status.success()
                && kubectl(&["get", "mcr,mcw,mcd,mcrec", "-A"]).status.success()
        })
        .await;
    })
    .await;
}

fn is_established(crd: &CustomResourceDefinition) -> bool {
    use kube::runtime::wait::Condition;
    is_crd_established().matches_object(Some(crd))
}
