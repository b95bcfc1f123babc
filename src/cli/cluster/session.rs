//! Options -> a client for the selected cluster, with the caller's rights. [`fault`] turns errors of the cluster into a
//! sentence and the next step.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, Resource};

use crate::api::WorkflowRun;
use crate::cli::terminal::arguments::Global;
use crate::cli::terminal::exit::Fault;
use crate::cluster::report;

pub(crate) use super::fault::fault;
use super::fault::of_kubeconfig;

/// Timeout for connecting to the API server.
const CONNECT: Duration = Duration::from_secs(10);

/// A client for a cluster, and the selected namespace.
#[derive(Clone)]
pub(crate) struct Session {
    pub client: Client,
    /// The selected namespace.
    pub namespace: String,
    /// `-A`.
    pub everywhere: bool,
    /// The API server's address, for messages.
    pub server: String,
}

impl Session {
    /// Reads the kubeconfig. Sends no request.
    pub(crate) async fn open(global: &Global) -> Result<Self, Fault> {
        let mut config = config(global).await?;
        config.connect_timeout = Some(CONNECT);
        let server = config.cluster_url.to_string();
        let namespace = global.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config)
            .map_err(|e| Fault::input(format!("the kubeconfig cannot be used: {}", report(&e))))?;
        Ok(Self { client, namespace, everywhere: global.all_namespaces, server })
    }

    /// The API of the selected namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The API of the run's namespace.
    pub(crate) fn beside<K>(&self, run: &WorkflowRun) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        let own = run.metadata.namespace.as_deref();
        Api::namespaced(self.client.clone(), own.unwrap_or(&self.namespace))
    }

    /// The API of the selected namespace, or with `-A` of all.
    pub(crate) fn scope<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        if self.everywhere { Api::all(self.client.clone()) } else { self.api() }
    }

    /// ` in namespace x`, for messages.
    pub(crate) fn location(&self) -> String {
        if self.everywhere { "in any namespace".into() } else { format!("in namespace {}", self.namespace) }
    }

    /// An error of the cluster. `what`: the request, such as `list workflowruns`.
    pub(crate) fn fault(&self, what: &str, error: &kube::Error) -> Fault {
        fault(&self.server, what, error)
    }
}

impl Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("server", &self.server).field("namespace", &self.namespace).finish()
    }
}

/// Runs a verb that needs a cluster to its end.
pub(crate) fn with<T, F>(global: &Global, work: impl FnOnce(Session) -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Fault::input(format!("cannot start the async runtime: {e}")))?;
    runtime.block_on(async { work(Session::open(global).await?).await })
}

async fn config(global: &Global) -> Result<Config, Fault> {
    let options = KubeConfigOptions { context: global.context.clone(), ..KubeConfigOptions::default() };
    let read = match &global.kubeconfig {
        Some(file) => Kubeconfig::read_from(file),
        None => match Kubeconfig::read() {
            // A Pod has a service account instead of a kubeconfig.
            Err(_) if global.context.is_none() && Config::incluster().is_ok() => {
                return Config::incluster().map_err(|e| Fault::input(report(&e)));
            }
            read => read,
        },
    };
    let kubeconfig = read.map_err(|e| of_kubeconfig(&e, &[]))?;
    let contexts: Vec<String> = kubeconfig.contexts.iter().map(|c| c.name.clone()).collect();
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|e| of_kubeconfig(&e, &contexts))
}
