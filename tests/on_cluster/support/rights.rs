//! The rights that the chart gives -> a service account for each operator of a test, bound in the test's namespace.
//!
//! The tests themselves act as the user of KUBECONFIG; only operators act with these rights. The rules are those of the
//! rendered copy in charts/kustomize; start reading at [`shipped`].

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding};
use kube::api::PostParams;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::cluster::kubectl;
use super::wait::{PATIENCE, until_true};

/// What an operator may be called; each is a service account, so that the audit log tells one from the other.
pub(crate) const OPERATORS: [&str; 2] = ["operator-0", "operator-1"];

const RENDERED: &str = include_str!("../../../charts/kustomize/operator.yaml");

/// The operator's rules: for its work, for the dashboard that it may serve, and for its lease.
pub(crate) struct Shipped {
    pub work: Vec<PolicyRule>,
    pub dashboard: Vec<PolicyRule>,
    pub lease: Vec<PolicyRule>,
}

/// The rules as the chart renders them.
pub(crate) fn shipped() -> Shipped {
    let documents: Vec<Value> = serde_yaml::from_multiple(RENDERED).expect("charts/kustomize is no YAML");
    let rules = |kind: &str, name: &str| {
        let found = documents.iter().find(|d| d["kind"] == kind && d["metadata"]["name"] == name);
        let role = found.unwrap_or_else(|| panic!("charts/kustomize/operator.yaml has no {kind} {name}"));
        serde_json::from_value(role["rules"].clone()).expect("these are no rules")
    };
    // What `dashboard.enabled` adds; charts/kustomize is the chart with its defaults, which are without.
    let watch =
        json!([{"apiGroups": ["missioncontrol.dev"], "resources": ["runrecords"], "verbs": ["watch"]}]);
    Shipped {
        work: rules("ClusterRole", "mission-control"),
        dashboard: serde_json::from_value(watch).expect("these are no rules"),
        lease: rules("Role", "mission-control-lease"),
    }
}

/// The user that such an operator is to the API server.
pub(crate) fn user(namespace: &str, operator: &str) -> String {
    format!("system:serviceaccount:{namespace}:{operator}")
}

/// Where [`grant`] puts the kubeconfig of an operator.
pub(crate) fn kubeconfig(folder: &Path, operator: &str) -> PathBuf {
    assert!(OPERATORS.contains(&operator), "no rights for {operator}: it is not in OPERATORS");
    folder.join(format!("{operator}.kubeconfig"))
}

/// Makes roles, service accounts and kubeconfigs, and waits until the API server knows the rights: an operator that
/// starts before that would be refused, which the check at the end of the suite counts.
pub(crate) async fn grant(client: &Client, namespace: &str, folder: &Path) {
    for operator in OPERATORS {
        create::<ServiceAccount>(client, namespace, json!({"metadata": {"name": operator}})).await;
        let token = token(client, namespace, operator).await;
        write(&kubeconfig(folder, operator), &token);
    }
    allow(client, namespace, namespace).await;
}

/// Lets the operators of the namespace `home` work in `namespace`.
pub(crate) async fn allow(client: &Client, namespace: &str, home: &str) {
    let Shipped { work, dashboard, lease } = shipped();
    let named = [
        ("mission-control", work),
        ("mission-control-dashboard", dashboard),
        ("mission-control-lease", lease),
    ];
    for (name, rules) in named {
        create::<Role>(client, namespace, json!({"metadata": {"name": name}, "rules": rules})).await;
        let subjects =
            OPERATORS.map(|operator| json!({"kind": "ServiceAccount", "name": operator, "namespace": home}));
        let to = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name});
        let binding = json!({"metadata": {"name": name}, "roleRef": to, "subjects": subjects});
        create::<RoleBinding>(client, namespace, binding).await;
    }
    let last = [
        ("create", "events.k8s.io", "events"),
        ("watch", "missioncontrol.dev", "runrecords"),
        ("create", "coordination.k8s.io", "leases"),
    ];
    for (verb, group, resource) in last {
        let what = json!({"verb": verb, "group": group, "resource": resource, "namespace": namespace});
        until_true("rights of the operator", PATIENCE, async || may(client, home, &what).await).await;
    }
}

async fn create<K>(client: &Client, namespace: &str, object: Value)
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Serialize
        + DeserializeOwned
        + Clone
        + std::fmt::Debug,
{
    let object: K = serde_json::from_value(object).expect("another kind than was meant");
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    api.create(&PostParams::default(), &object).await.expect("the object is refused");
}

async fn token(client: &Client, namespace: &str, account: &str) -> String {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let spec = TokenRequestSpec { expiration_seconds: Some(2 * 3600), ..TokenRequestSpec::default() };
    let wanted = TokenRequest { spec, ..TokenRequest::default() };
    let answer = accounts.create_token_request(account, &PostParams::default(), &wanted).await;
    answer.expect("no token").status.expect("a token was asked for").token
}

/// The cluster of the tests, and that token as the only credential.
fn write(file: &Path, token: &str) {
    static OURS: LazyLock<Value> = LazyLock::new(|| {
        let out = kubectl(&["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]);
        serde_json::from_slice(&out.stdout).expect("kubectl shows no kubeconfig")
    });
    let mut config = OURS.clone();
    config["users"][0]["user"] = json!({"token": token});
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .expect("the kubeconfig cannot be written");
    out.write_all(config.to_string().as_bytes()).expect("the kubeconfig cannot be written");
}

async fn may(client: &Client, home: &str, what: &Value) -> bool {
    let review = json!({"spec": {"user": user(home, OPERATORS[0]), "resourceAttributes": what}});
    let review: SubjectAccessReview = serde_json::from_value(review).expect("no review");
    let answer = Api::all(client.clone()).create(&PostParams::default(), &review).await;
    answer.ok().and_then(|r| r.status).is_some_and(|s| s.allowed)
}
