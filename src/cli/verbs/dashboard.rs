//! `mc dashboard`: a connection to the operator's dashboard through the API server, with the caller's own rights.
//!
//! It forwards bytes and adds no credentials: every user of the page signs in with a token. Another user of the same
//! machine who finds the port gets the sign-in page, and nothing else.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

use clap::Args;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt};
use tokio::net::{TcpListener, TcpStream};

use crate::cli::cluster::installed;
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::Global;
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::out;

/// The name of the container's port.
const PORT: &str = "dashboard";

/// Open the operator's dashboard in a browser
///
/// Forwards a local port to the operator's Pod until you press Ctrl-C. Requires
/// permission to create pods/portforward in the operator's namespace. Sign in
/// with a token: the dashboard shows what that token may read.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  mc dashboard
  mc dashboard --port 9000 --no-browser

To create a token for a service account:
  kubectl create token NAME --namespace NAMESPACE"
)]
pub(crate) struct Dashboard {
    /// The local port; 0 chooses a free port.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    port: u16,
    /// Print the address without opening a browser.
    #[arg(long)]
    no_browser: bool,
}

pub(crate) fn run(args: &Dashboard, global: &Global) -> Result<Exit, Fault> {
    session::with(global, async |session| forward(args, session).await)
}

async fn forward(args: &Dashboard, session: Session) -> Result<Exit, Fault> {
    let (pod, port) = serving(&session).await?;
    let (namespace, name) = (pod.namespace().unwrap_or_default(), pod.name_any());
    let pods: Api<Pod> = Api::namespaced(session.client.clone(), &namespace);
    // A first connection checks the caller's permission before anything is printed.
    pods.portforward(&name, &[port]).await.map_err(|e| session.fault("create pods/portforward", &e))?;
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = TcpListener::bind(local).await.map_err(|e| {
        Fault::input(format!("cannot listen on local port {}: {e}", args.port))
            .next("use another port: --port 0 chooses a free one")
    })?;
    let bound = listener.local_addr().map_err(|e| Fault::failed(e.to_string()))?;
    let url = format!("http://localhost:{}/", bound.port());
    out::line(&url);
    out::note(format!("connected to pod {namespace}/{name}; press Ctrl-C to disconnect"));
    out::note("sign in with a token, such as: kubectl create token NAME --namespace NAMESPACE");
    if !args.no_browser {
        open(&url);
    }
    loop {
        tokio::select! {
            taken = listener.accept() => {
                let (stream, _) = taken.map_err(|e| Fault::failed(format!("cannot accept connections: {e}")))?;
                tokio::spawn(carry(stream, pods.clone(), name.clone(), port));
            }
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
        }
    }
}

/// Forwards one connection of a browser to its end.
async fn carry(mut stream: TcpStream, pods: Api<Pod>, pod: String, port: u16) {
    match pods.portforward(&pod, &[port]).await {
        Ok(mut forwarder) => {
            if let Some(mut there) = forwarder.take_stream(port) {
                // A browser may disconnect at any time.
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut there).await;
            }
            forwarder.abort();
        }
        Err(error) => out::note(format!("lost pod {pod}: {error}; run mc dashboard again")),
    }
}

/// A ready Pod of the operator that serves the dashboard, and its port.
async fn serving(session: &Session) -> Result<(Pod, u16), Fault> {
    let pods = installed::pods(session).await.map_err(|e| session.fault("list pods", &e))?;
    if pods.is_empty() {
        return Err(Fault::input(format!("there is no Pod with the label {}", installed::SELECTOR))
            .next("mc doctor shows what is installed"));
    }
    let found = pods.into_iter().filter(is_ready).find_map(|pod| port(&pod).map(|port| (pod, port)));
    found.ok_or_else(|| {
        Fault::input("the installed operator has no dashboard enabled, or is not ready")
            .next("enable it: helm upgrade ... --set dashboard.enabled=true")
    })
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|s| s.conditions.iter().flatten());
    conditions.into_iter().any(|c| c.type_ == "Ready" && c.status == "True")
}

fn port(pod: &Pod) -> Option<u16> {
    let containers = pod.spec.as_ref()?.containers.iter();
    let ports = containers.flat_map(|c| c.ports.iter().flatten());
    let named = ports.into_iter().find(|p| p.name.as_deref() == Some(PORT))?;
    u16::try_from(named.container_port).ok()
}

/// Opens the browser, if there is one. The address is printed in any case.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let _ = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_found_by_its_name() {
        let pod = |ports: serde_json::Value| -> Pod {
            serde_json::from_value(
                serde_json::json!({"spec": {"containers": [{"name": "mission-control", "ports": ports}]}}),
            )
            .unwrap()
        };
        let both = serde_json::json!([{"name": "http", "containerPort": 8080}, {"name": "dashboard", "containerPort": 8081}]);
        assert_eq!(port(&pod(both)), Some(8081));
        assert_eq!(port(&pod(serde_json::json!([{"name": "http", "containerPort": 8080}]))), None);
    }
}
