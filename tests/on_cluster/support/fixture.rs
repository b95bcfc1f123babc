//! A namespace with an operator. Both are removed when the test ends, also when it fails.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod, ServiceAccount};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use mission_control::api::status::EscalationStatus;
use mission_control::api::{
    Action, RunRecord, Workflow, WorkflowDecision, WorkflowDecisionSpec, WorkflowRef, WorkflowRun,
    WorkflowRunSpec, WorkflowRunStatus,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::cluster::{client, install, kubectl};
use super::operator::Operator;
use super::rights;
use super::wait::{PATIENCE, until, until_true};

/// Name of a fixture's own operator.
const FIRST: &str = rights::OPERATORS[0];

pub(crate) struct Fixture {
    pub namespace: String,
    pub client: Client,
    pub operator: Operator,
    logs: PathBuf,
    started: u32,
    arguments: Vec<String>,
}

impl Fixture {
    /// A namespace that admits only restricted Pods, and an operator that looks after it.
    pub(crate) async fn new() -> Self {
        Self::with_arguments(&[]).await
    }

    /// The same with more arguments for its operators; each `--namespace` comes last and names an existing one.
    pub(crate) async fn with_arguments(arguments: &[&str]) -> Self {
        Self::build(None, arguments).await
    }

    /// The same under a name that people will read; no other test may have it.
    #[cfg(feature = "browser")]
    pub(crate) async fn called(namespace: &str, arguments: &[&str]) -> Self {
        Self::build(Some(namespace), arguments).await
    }

    async fn build(name: Option<&str>, arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|a| a.to_string()).collect();
        let client = client().await;
        install(&client).await;
        let namespace = match name {
            None => make_namespace(&client).await,
            Some(name) => namespace_called(&client, name).await,
        };
        let logs = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&namespace);
        std::fs::create_dir_all(&logs).expect("no folder for logs");
        rights::grant(&client, &namespace, &logs).await;
        for other in arguments.iter().skip_while(|a| *a != "--namespace").skip(1).step_by(2) {
            rights::allow(&client, other, &namespace).await;
        }
        let log = logs.join("operator-1.log");
        let operator = Operator::start(&namespace, FIRST, &rights::kubeconfig(&logs, FIRST), log, &arguments);
        Self { namespace, client, operator, logs, started: 1, arguments }
    }

    /// Another operator for the same namespace, under that name: one of [`rights::OPERATORS`].
    pub(crate) fn another_operator(&mut self, name: &str) -> Operator {
        self.started += 1;
        let log = self.logs.join(format!("operator-{}.log", self.started));
        Operator::start(&self.namespace, name, &rights::kubeconfig(&self.logs, name), log, &self.arguments)
    }

    /// `kill -9`, and a new process of the same name at once.
    pub(crate) fn crash(&mut self) {
        self.operator.kill();
        self.operator = self.another_operator(FIRST);
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) fn runs(&self) -> Api<WorkflowRun> {
        self.api()
    }

    pub(crate) async fn create<K>(&self, object: &K) -> K
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Serialize
            + DeserializeOwned
            + Clone
            + std::fmt::Debug,
    {
        self.api::<K>().create(&PostParams::default(), object).await.expect("the object is refused")
    }

    pub(crate) async fn workflow(&self, workflow: Workflow) -> Workflow {
        self.create(&workflow).await
    }

    /// A run of that workflow.
    pub(crate) async fn run(&self, name: &str, workflow: &str) -> WorkflowRun {
        self.run_of(name, WorkflowRunSpec { task: Some("the task".into()), ..to(workflow) }).await
    }

    pub(crate) async fn run_of(&self, name: &str, spec: WorkflowRunSpec) -> WorkflowRun {
        self.create(&WorkflowRun::new(name, spec)).await
    }

    /// Watches the run until `level` holds.
    pub(crate) async fn until(
        &self,
        run: &str,
        what: &str,
        level: impl Fn(&WorkflowRun) -> bool,
    ) -> WorkflowRunStatus {
        until(&self.runs(), run, what, PATIENCE, level).await.status.unwrap_or_default()
    }

    /// Watches the run until its status fulfils `level`.
    pub(crate) async fn until_status(
        &self,
        run: &str,
        what: &str,
        level: impl Fn(&WorkflowRunStatus) -> bool,
    ) -> WorkflowRunStatus {
        self.until(run, what, |r| r.status.as_ref().is_some_and(&level)).await
    }

    pub(crate) async fn until_true(&self, what: &str, ask: impl AsyncFn() -> bool) {
        until_true(what, PATIENCE, ask).await;
    }

    /// Answers an escalation.
    pub(crate) async fn answer(
        &self,
        run: &str,
        question: &EscalationStatus,
        action: Action,
        feedback: Option<&str>,
    ) -> String {
        let name = format!("{run}-{}", question.id);
        let spec = WorkflowDecisionSpec {
            run: run.into(),
            escalation: Some(question.id.clone()),
            action,
            feedback: feedback.map(String::from),
            outputs: [].into(),
            by: Some("alice".into()),
        };
        self.create(&WorkflowDecision::new(&name, spec)).await;
        name
    }

    pub(crate) async fn abort(&self, run: &str) -> String {
        let name = format!("{run}-abort");
        let spec = WorkflowDecisionSpec {
            run: run.into(),
            escalation: None,
            action: Action::Abort,
            feedback: None,
            outputs: [].into(),
            by: None,
        };
        self.create(&WorkflowDecision::new(&name, spec)).await;
        name
    }

    /// What the decision's own status says, once it says something.
    pub(crate) async fn result_of(&self, decision: &str) -> String {
        let said = |d: &WorkflowDecision| d.status.as_ref().is_some_and(|s| s.result.is_some());
        let decision = until(&self.api(), decision, "result of the decision", PATIENCE, said).await;
        decision.status.and_then(|s| s.result).unwrap_or_default()
    }

    pub(crate) async fn jobs(&self) -> Vec<Job> {
        self.api::<Job>().list(&ListParams::default()).await.expect("jobs cannot be listed").items
    }

    pub(crate) async fn pods(&self) -> Vec<Pod> {
        self.api::<Pod>().list(&ListParams::default()).await.expect("pods cannot be listed").items
    }

    pub(crate) async fn records(&self) -> Vec<RunRecord> {
        self.api().list(&ListParams::default()).await.expect("records cannot be listed").items
    }

    /// The Pod of that Job once its agent runs.
    pub(crate) async fn running_pod(&self, job: &str) -> Pod {
        let by_job = ListParams::default().labels(&format!("job-name={job}"));
        let found = tokio::sync::OnceCell::new();
        until_true(&format!("running Pod of Job {job}"), PATIENCE, async || {
            let pods = self.api::<Pod>().list(&by_job).await.expect("pods cannot be listed").items;
            let running = pods
                .into_iter()
                .find(|p| p.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Running"));
            running.is_some_and(|pod| found.set(pod).is_ok())
        })
        .await;
        found.into_inner().expect("it was found")
    }

    /// A merge patch of the object's main resource.
    pub(crate) async fn patch<K>(&self, name: &str, patch: Value) -> Result<K, kube::Error>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + DeserializeOwned
            + Clone
            + std::fmt::Debug,
    {
        self.api::<K>().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await
    }

    /// kubectl in the test's namespace; its standard output if it succeeds, else its error.
    pub(crate) fn try_kubectl(&self, args: &[&str]) -> Result<String, String> {
        let out = kubectl(&[&["--namespace", self.namespace.as_str()], args].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if out.status.success() { Ok(text(&out.stdout)) } else { Err(text(&out.stderr)) }
    }

    /// `kubectl apply -f -` with that text.
    pub(crate) fn apply(&self, yaml: &str) {
        let mut child = Command::new("kubectl")
            .args(["--namespace", &self.namespace, "apply", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("kubectl cannot be started");
        child.stdin.take().expect("it was piped").write_all(yaml.as_bytes()).expect("kubectl does not read");
        assert!(
            child.wait().expect("kubectl cannot be waited for").success(),
            "kubectl apply is refused:\n{yaml}"
        );
    }

    pub(crate) fn kubectl(&self, args: &[&str]) -> String {
        self.try_kubectl(args).unwrap_or_else(|e| panic!("kubectl {}: {e}", args.join(" ")))
    }

    fn report(&self) {
        eprintln!("==== namespace {} ====", self.namespace);
        for what in [&["get", "mcr,mcw", "-o", "yaml"][..], &["get", "mcd,mcrec,jobs,pods", "-o", "wide"]] {
            let text = self.try_kubectl(what).unwrap_or_else(|e| e);
            eprintln!("---- kubectl {}\n{}", what.join(" "), first(&text, 16_000));
        }
        for n in self.started.saturating_sub(2).max(1)..=self.started {
            let path = self.logs.join(format!("operator-{n}.log"));
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let tail = lines.iter().skip(lines.len().saturating_sub(40));
            eprintln!("---- the end of {}", path.display());
            tail.for_each(|line| eprintln!("{}", first(line, 1_000)));
        }
    }
}

fn first(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.report();
        } else {
            let _ = std::fs::remove_dir_all(&self.logs);
        }
        self.operator.kill();
        delete_namespace(&self.namespace);
    }
}

/// Begins to delete a namespace; what fails is left to the end of the cluster.
pub(crate) fn delete_namespace(name: &str) {
    let _ = Command::new("kubectl").args(["delete", "namespace", name, "--wait=false"]).output();
}

/// The spec of a run of that workflow.
pub(crate) fn to(workflow: &str) -> WorkflowRunSpec {
    WorkflowRunSpec {
        workflow_ref: WorkflowRef { name: workflow.into(), revision: None },
        ..WorkflowRunSpec::default()
    }
}

/// A namespace of the running test, which admits only restricted Pods.
pub(crate) async fn make_namespace(client: &Client) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let test = std::thread::current()
        .name()
        .unwrap_or("test")
        .rsplit("::")
        .next()
        .unwrap_or("test")
        .replace('_', "-");
    let short: String = test.chars().take(40).collect();
    let name = format!(
        "t-{}-{}-{}",
        short.trim_end_matches('-'),
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    namespace_called(client, &name).await
}

/// One of an earlier run of the tests is waited for until it is gone.
async fn namespace_called(client: &Client, name: &str) -> String {
    let all: Api<Namespace> = Api::all(client.clone());
    let gone = async || all.get_opt(name).await.is_ok_and(|found| found.is_none());
    until_true("end of an earlier namespace", PATIENCE, gone).await;
    let namespace: Namespace = serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }))
    .expect("a namespace");
    let made = Api::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await
        .expect("no namespace")
        .name_any();
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), &made);
    until(&accounts, "default", "the default service account", PATIENCE, |_| true).await;
    made
}
