//! One operator for several namespaces, with the rights that the chart gives it there and no others.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::PostParams;
use kube::{Api, Client, Resource};
use mission_control::api::{Phase, Workflow, WorkflowRun, WorkflowRunSpec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{
    Operator, PATIENCE, client, delete_namespace, install, is, kubectl, make_namespace, step, to, until,
    until_true, workflow,
};

/// The chart as it comes, rendered: the rules of its ClusterRole are those of the Roles with `scope: namespaces`.
const RENDERED: &str = include_str!("../../charts/kustomize/operator.yaml");
/// The operator's service account, in the first namespace, as the chart has it in the release's.
const ACCOUNT: &str = "mission-control";

#[tokio::test(flavor = "multi_thread")]
async fn two_namespaces_are_worked_in_and_a_third_is_left_alone() {
    let client = client().await;
    install(&client).await;
    let there = Rooms::new(&client, 3).await;
    let [a, b, third] = [0, 1, 2].map(|n| &*there.names[n]);
    // Rights alone would let it into the third one.
    for namespace in [a, b, third] {
        allow(&client, namespace, a).await;
        ask_for_a_run(&client, namespace).await;
    }
    let operator = there.operator(&[a, b]);
    for namespace in [a, b] {
        succeeds(&client, namespace).await;
    }

    let run = Api::<WorkflowRun>::namespaced(client.clone(), third).get("demo").await.unwrap();
    assert_eq!(run.status.and_then(|s| s.phase), None);
    let of_workflow = Api::<Workflow>::namespaced(client, third).get("w").await.unwrap();
    assert_eq!(of_workflow.status.and_then(|s| s.revision), None);
    let log = operator.process.log();
    assert!(!log.to_lowercase().contains("forbidden"), "the chart's Roles lack a right:\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_may_not_be_read_holds_up_no_other_and_is_worked_in_once_it_may() {
    let client = client().await;
    install(&client).await;
    let there = Rooms::new(&client, 2).await;
    let [a, b] = [0, 1].map(|n| &*there.names[n]);
    allow(&client, a, a).await;
    for namespace in [a, b] {
        ask_for_a_run(&client, namespace).await;
    }
    let operator = there.operator(&[a, b, "there-is-no-such-namespace"]);
    succeeds(&client, a).await;
    for namespace in [b, "there-is-no-such-namespace"] {
        let wanted = format!("namespace {namespace} may not be read");
        until_true(&wanted, PATIENCE, async || operator.process.log().contains(&wanted)).await;
    }
    until_true("ready", PATIENCE, async || operator.http("/readyz").ends_with("\r\n\r\nok\n")).await;
    assert!(operator.http("/healthz").ends_with("\r\n\r\nok\n"));
    let run = Api::<WorkflowRun>::namespaced(client.clone(), b).get("demo").await.unwrap();
    assert_eq!(run.status.and_then(|s| s.phase), None);

    allow(&client, b, a).await;
    succeeds(&client, b).await;
}

/// Empty namespaces, gone at the end of the test.
struct Rooms {
    names: Vec<String>,
    folder: PathBuf,
}

impl Rooms {
    async fn new(client: &Client, count: usize) -> Self {
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(make_namespace(client).await);
        }
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&names[0]);
        std::fs::create_dir_all(&folder).expect("no folder for logs");
        create(client, &names[0], json!({"metadata": {"name": ACCOUNT}}), Api::<ServiceAccount>::namespaced)
            .await;
        create(client, &names[0], role("Role", "mission-control-lease"), Api::<Role>::namespaced).await;
        create(
            client,
            &names[0],
            binding("mission-control-lease", &names[0]),
            Api::<RoleBinding>::namespaced,
        )
        .await;
        Self { names, folder }
    }

    /// An operator that is the service account of the first namespace.
    fn operator(&self, scope: &[&str]) -> Listening {
        let (home, kubeconfig) = (&self.names[0], self.folder.join("kubeconfig"));
        std::fs::write(&kubeconfig, as_account(home).to_string()).expect("no kubeconfig");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("no free port");
        let address = free.to_string();
        let mut args = vec!["--lease-namespace", home, "--bind", &address, "--metrics-bind", "127.0.0.1:0"];
        args.extend(scope.iter().flat_map(|n| ["--namespace", n]));
        let kubeconfig = kubeconfig.to_str().expect("a path in UTF-8");
        let process = Operator::spawn(&args, &[("KUBECONFIG", kubeconfig)], self.folder.join("operator.log"));
        Listening { process, address }
    }
}

impl Drop for Rooms {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("==== {}", self.folder.join("operator.log").display());
            eprintln!("{}", std::fs::read_to_string(self.folder.join("operator.log")).unwrap_or_default());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
        self.names.iter().for_each(|name| delete_namespace(name));
    }
}

struct Listening {
    process: Operator,
    address: String,
}

impl Listening {
    /// The whole answer to a GET; empty while nobody listens.
    fn http(&self, path: &str) -> String {
        let mut answer = String::new();
        if let Ok(mut stream) = TcpStream::connect(&self.address) {
            let _ = write!(stream, "GET {path} HTTP/1.0\r\n\r\n");
            let _ = stream.read_to_string(&mut answer);
        }
        answer
    }
}

/// The tests' own kubeconfig with the service account's token in the place of its user.
fn as_account(home: &str) -> Value {
    let said = |args: &[&str]| {
        let out = kubectl(args);
        assert!(out.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("kubectl says UTF-8")
    };
    let text = said(&["config", "view", "--raw", "--flatten", "--minify", "-o", "json"]);
    let mut config: Value = serde_json::from_str(&text).expect("a kubeconfig");
    let token = said(&["create", "token", ACCOUNT, "-n", home, "--duration", "1h"]);
    config["users"][0]["user"] = json!({"token": token.trim()});
    config
}

/// The operator's Role in a namespace, bound to its service account.
async fn allow(client: &Client, namespace: &str, home: &str) {
    create(client, namespace, role("ClusterRole", "mission-control"), Api::<Role>::namespaced).await;
    create(client, namespace, binding("mission-control", home), Api::<RoleBinding>::namespaced).await;
}

/// A Role with the rules of that object of the chart.
fn role(kind: &str, name: &str) -> Value {
    let documents: Vec<Value> = serde_yaml::from_multiple(RENDERED).expect("the rendering is no YAML");
    let found = documents.iter().find(|d| d["kind"] == kind && d["metadata"]["name"] == name);
    let rules = &found.unwrap_or_else(|| panic!("the chart has no {kind} {name}"))["rules"];
    json!({"metadata": {"name": name}, "rules": rules})
}

fn binding(role: &str, home: &str) -> Value {
    json!({
        "metadata": {"name": role},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": home}],
    })
}

async fn ask_for_a_run(client: &Client, namespace: &str) {
    let made = workflow("w", [step("one", "echo STATUS: done"), step("two", "echo STATUS: done")]);
    let workflows: Api<Workflow> = Api::namespaced(client.clone(), namespace);
    workflows.create(&PostParams::default(), &made).await.expect("the workflow is refused");
    let run = WorkflowRun::new("demo", WorkflowRunSpec { task: Some("the task".into()), ..to("w") });
    let runs: Api<WorkflowRun> = Api::namespaced(client.clone(), namespace);
    runs.create(&PostParams::default(), &run).await.expect("the run is refused");
}

async fn succeeds(client: &Client, namespace: &str) {
    let runs: Api<WorkflowRun> = Api::namespaced(client.clone(), namespace);
    until(&runs, "demo", "its end", PATIENCE, is(Phase::Succeeded)).await;
}

async fn create<K>(client: &Client, namespace: &str, object: Value, api: fn(Client, &str) -> Api<K>)
where
    K: Resource<DynamicType = ()> + Serialize + DeserializeOwned + Clone + std::fmt::Debug,
{
    let object: K = serde_json::from_value(object).expect("another kind than this");
    api(client.clone(), namespace)
        .create(&PostParams::default(), &object)
        .await
        .expect("the object is refused");
}
