//! `mc version`: the versions of mc, the operator and the API server. A version that cannot be read is printed as its
//! reason.

use clap::Args;
use serde::Serialize;

use crate::cli::cluster::installed;
use crate::cli::cluster::session::{self, Session};
use crate::cli::terminal::arguments::Global;
use crate::cli::terminal::exit::{Exit, Fault};
use crate::cli::terminal::out;

/// Print the versions of mc, the operator and the API server.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  mc version
  mc version --client -o json

Exit codes: 0 printed, even if you may not see a part; 3 no cluster.")]
pub(crate) struct Version {
    /// Print the version of mc only, without a cluster.
    #[arg(long)]
    client: bool,
}

/// What `-o json` prints.
#[derive(Debug, Serialize)]
struct Versions {
    client: Client,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
}

#[derive(Debug, Serialize)]
struct Client {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
struct Operator {
    /// One per Deployment of the operator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deployments: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Server {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub(crate) fn run(args: &Version, global: &Global) -> Result<Exit, Fault> {
    let client = Client { version: env!("CARGO_PKG_VERSION"), commit: option_env!("MISSION_CONTROL_COMMIT") };
    let mut versions = Versions { client, operator: None, server: None };
    if args.client {
        return show(&versions, global).map(|()| Exit::Done);
    }
    let missing = match session::with(global, ask_cluster) {
        Ok((operator, server, missing)) => {
            (versions.operator, versions.server) = (Some(operator), Some(server));
            missing
        }
        Err(no_cluster) => Some(no_cluster),
    };
    show(&versions, global)?;
    missing.map_or(Ok(Exit::Done), Err)
}

/// The third value: why there is no cluster.
async fn ask_cluster(session: Session) -> Result<(Operator, Server, Option<Fault>), Fault> {
    match session.client.apiserver_version().await {
        Ok(info) => {
            let server = Server { version: Some(info.git_version), problem: None };
            Ok((operator(&session).await, server, None))
        }
        // The API server answers, but does not give its version.
        Err(error @ kube::Error::Api(_)) if !is_unauthorized(&error) => {
            let problem = Some(session.fault("read the API server's version", &error).message);
            Ok((operator(&session).await, Server { version: None, problem }, None))
        }
        Err(error) => Err(session.fault("read the versions", &error)),
    }
}

fn is_unauthorized(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 401)
}

async fn operator(session: &Session) -> Operator {
    match installed::deployments(session).await {
        Ok(found) if found.is_empty() => Operator {
            problem: Some(format!("there is no Deployment with the label {}", installed::SELECTOR)),
            ..Operator::default()
        },
        Ok(found) => Operator {
            images: found.iter().filter_map(installed::image).collect(),
            deployments: found.iter().map(installed::path).collect(),
            problem: None,
        },
        Err(error) => {
            let why = session.fault("list deployments", &error).message;
            Operator { problem: Some(format!("not visible to you: {why}")), ..Operator::default() }
        }
    }
}

fn show(versions: &Versions, global: &Global) -> Result<(), Fault> {
    if let Some(format) = global.output {
        return out::value(versions, format);
    }
    let commit = versions.client.commit.map(|c| format!(" (commit {c})")).unwrap_or_default();
    out::line(format!("mc           {}{commit}", versions.client.version));
    if let Some(operator) = &versions.operator {
        let pairs = operator.images.iter().zip(&operator.deployments);
        let found: Vec<String> = pairs.map(|(image, path)| format!("{image} ({path})")).collect();
        let text = operator.problem.clone().unwrap_or_else(|| found.join(", "));
        out::line(format!("operator     {text}"));
    }
    if let Some(server) = &versions.server {
        let text = server.version.as_ref().or(server.problem.as_ref());
        out::line(format!("API server   {}", text.map_or("", String::as_str)));
    }
    Ok(())
}
