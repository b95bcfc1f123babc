//! The author of a decision is verified: the shipped policy on a real API server, with users that the test
//! impersonates.

use std::process::Command;

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use kube::api::PostParams;
use kube::{Api, Client, Config, Error};
use mission_control::api::{Action, Phase, WorkflowDecision, WorkflowDecisionSpec};
use serde_json::{Value, json};

use crate::support::{Fixture, is};

const SHIPPED: &str = include_str!("../../charts/mission-control/files/decision-identity.yaml");

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_in_another_persons_name() {
    let f = Fixture::new().await;
    let alice: Api<WorkflowDecision> = Api::namespaced(as_user("alice").await, &f.namespace);
    try_out(&alice, Some("bob")).await.expect("without the policy spec.by is anybody's claim");

    let policy = Policy::install(&f).await;
    f.until_true("the policy in effect", async || {
        matches!(try_out(&alice, Some("bob")).await, Err(Error::Api(e)) if e.message.contains(&policy.0))
    })
    .await;

    for by in [Some("bob"), Some(""), Some("Alice"), None] {
        match try_out(&alice, by).await {
            Err(Error::Api(answer)) => {
                assert_eq!(answer.code, 403, "{by:?}: {answer:?}");
                let wanted = "spec.by must be your own user name, which the API server knows as 'alice': write that in";
                assert!(answer.message.contains(wanted), "{by:?}: {}", answer.message);
            }
            other => panic!("spec.by {by:?} of alice is not refused by the API server: {other:?}"),
        }
    }

    // What is allowed has its effect, under the name that was proven.
    f.run("demo", "there-is-no-such-workflow").await;
    f.until("demo", "its Workflow to be missed", is(Phase::Pending)).await;
    alice.create(&PostParams::default(), &abort(Some("alice"))).await.expect("alice decides as alice");
    let status = f.until("demo", "its end", is(Phase::Cancelled)).await;
    let by: Vec<Option<&str>> = status.decisions.iter().map(|d| d.by.as_deref()).collect();
    assert_eq!(by, [Some("alice")]);
    assert_eq!(f.result_of("abort-demo").await, "Applied");
}

/// A client for whom every request is that person's, with all rights: what is refused is refused by no missing right.
async fn as_user(name: &str) -> Client {
    let mut config = Config::infer().await.expect("KUBECONFIG names no usable cluster");
    config.auth_info.impersonate = Some(name.into());
    config.auth_info.impersonate_groups = Some(vec!["system:masters".into()]);
    Client::try_from(config).expect("no client")
}

fn abort(by: Option<&str>) -> WorkflowDecision {
    let spec = WorkflowDecisionSpec {
        run: "demo".into(),
        escalation: None,
        action: Action::Abort,
        feedback: None,
        outputs: [].into(),
        by: by.map(String::from),
    };
    WorkflowDecision::new("abort-demo", spec)
}

/// Asks what the API server would say; nothing is stored.
async fn try_out(decisions: &Api<WorkflowDecision>, by: Option<&str>) -> Result<WorkflowDecision, Error> {
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    decisions.create(&dry_run, &abort(by)).await
}

/// The shipped policy under a name of the test's own, bound to the test's namespace only. The two objects are the
/// cluster's, so no namespace takes them along.
struct Policy(String);

impl Policy {
    async fn install(f: &Fixture) -> Self {
        let name = format!("decision-identity-{}", f.namespace);
        let installed = Self(name.clone());
        let documents: Vec<Value> = serde_yaml::from_multiple(SHIPPED).expect("the policy is no YAML");
        assert_eq!(documents.len(), 2, "the policy and its binding");
        for mut object in documents {
            object["metadata"]["name"] = json!(name);
            if object["kind"] == "ValidatingAdmissionPolicyBinding" {
                object["spec"]["policyName"] = json!(name);
                object["spec"]["matchResources"] = json!({"namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": f.namespace}}});
                create::<ValidatingAdmissionPolicyBinding>(f, object).await;
            } else {
                create::<ValidatingAdmissionPolicy>(f, object).await;
            }
        }
        installed
    }
}

async fn create<K>(f: &Fixture, object: Value)
where
    K: kube::Resource<DynamicType = ()>
        + serde::Serialize
        + serde::de::DeserializeOwned
        + Clone
        + std::fmt::Debug,
{
    let object: K = serde_json::from_value(object).expect("another kind than the file says");
    Api::<K>::all(f.client.clone())
        .create(&PostParams::default(), &object)
        .await
        .expect("the object is refused");
}

impl Drop for Policy {
    fn drop(&mut self) {
        for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
            let done = Command::new("kubectl").args(["delete", "--ignore-not-found", kind, &self.0]).output();
            assert!(
                std::thread::panicking() || done.is_ok_and(|d| d.status.success()),
                "{kind} {} is left behind: kubectl delete {kind} {}",
                self.0,
                self.0
            );
        }
    }
}
