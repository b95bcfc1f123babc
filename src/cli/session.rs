//! Options -> a client for the cluster that is meant, with the rights of whoever calls. What goes wrong with a cluster is
//! told in a sentence with the next thing to do: [`fault`].

use std::fmt::Debug;
use std::future::Future;

use k8s_openapi::NamespaceResourceScope;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, Resource};

use super::args::Global;
use super::exit::{Exit, Fault};
use super::program;

/// A cluster, and where in it.
#[derive(Clone)]
pub struct Session {
    pub client: Client,
    /// The namespace that is meant where one is needed.
    pub namespace: String,
    /// `-A`.
    pub everywhere: bool,
    /// The API server's address, for messages.
    pub server: String,
}

impl Session {
    /// Reads the kubeconfig; asks the cluster nothing.
    pub async fn open(global: &Global) -> Result<Self, Fault> {
        let config = config(global).await?;
        let server = config.cluster_url.to_string();
        let namespace = global.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config)
            .map_err(|e| Fault::input(format!("the kubeconfig cannot be used: {}", chain(&e))))?;
        Ok(Self { client, namespace, everywhere: global.all_namespaces, server })
    }

    /// Objects of the namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Objects of the namespace, or with `-A` of all.
    pub fn scope<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        if self.everywhere { Api::all(self.client.clone()) } else { self.api() }
    }

    /// ` in namespace x`, for messages.
    pub fn place(&self) -> String {
        if self.everywhere { "in any namespace".into() } else { format!("in namespace {}", self.namespace) }
    }

    /// What the cluster answered instead of what was asked for. `what`: such as `list workflowruns`.
    pub fn fault(&self, what: &str, error: &kube::Error) -> Fault {
        fault(&self.server, what, error)
    }
}

impl Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("server", &self.server).field("namespace", &self.namespace).finish()
    }
}

/// Runs what needs a cluster to its end.
pub fn with<T, F>(global: &Global, work: impl FnOnce(Session) -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Fault::input(format!("no runtime: {e}")))?;
    runtime.block_on(async { work(Session::open(global).await?).await })
}

async fn config(global: &Global) -> Result<Config, Fault> {
    let options = KubeConfigOptions { context: global.context.clone(), ..KubeConfigOptions::default() };
    let choose = "choose one with --kubeconfig FILE, or set KUBECONFIG";
    let kubeconfig = match &global.kubeconfig {
        Some(file) => Kubeconfig::read_from(file).map_err(|e| {
            Fault::input(format!("kubeconfig {}: {}", file.display(), chain(&e))).next(choose)
        })?,
        None => match Kubeconfig::read() {
            Ok(found) => found,
            // In a Pod there is none, but a service account.
            Err(_) if global.context.is_none() && Config::incluster().is_ok() => {
                return Config::incluster().map_err(|e| Fault::input(chain(&e)));
            }
            Err(e) => return Err(Fault::input(format!("no cluster: {}", chain(&e))).next(choose)),
        },
    };
    let names: Vec<String> = kubeconfig.contexts.iter().map(|c| c.name.clone()).collect();
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|e| {
        let next = match (&global.context, names.is_empty()) {
            (_, true) => choose.to_string(),
            (Some(_), false) => format!("its contexts are: {}", names.join(", ")),
            (None, false) => format!("choose a context with --context; there are: {}", names.join(", ")),
        };
        Fault::input(format!("the kubeconfig cannot be used: {}", chain(&e))).next(next)
    })
}

/// A sentence and the next step, never a stack.
pub fn fault(server: &str, what: &str, error: &kube::Error) -> Fault {
    let status = match error {
        kube::Error::Api(status) => status,
        kube::Error::Service(_) | kube::Error::HyperError(_) => {
            let why = format!("the API server at {server} does not answer: {}", root(error));
            return Fault::input(format!("cannot {what}: {why}"))
                .next("check the context (kubectl config current-context) and that the cluster runs");
        }
        other => return Fault::input(format!("cannot {what}: {}", chain(other))),
    };
    let doctor = format!("{} doctor shows what is missing", program::said());
    match status.code {
        401 => {
            Fault::input(format!("cannot {what}: the API server does not accept your credentials (expired?)"))
                .next("sign in again, then: kubectl auth whoami")
        }
        403 => Fault::input(format!("you may not {what}: {}", status.message))
            .next("ask whoever runs the cluster for the role; kubectl auth can-i --list shows what you may"),
        404 if status.message.contains("could not find the requested resource") => {
            Fault::input(format!("cannot {what}: Mission Control is not installed in this cluster"))
                .next(doctor)
        }
        504 | 408 => {
            Fault { exit: Exit::TimedOut, ..Fault::input(format!("cannot {what}: {}", status.message)) }
        }
        _ => Fault::input(format!("cannot {what}: {}", status.message)),
    }
}

/// The last cause: what really went wrong.
fn root(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// All causes in a line, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = source.source();
    }
    text
}
