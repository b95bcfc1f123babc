//! The command line of `mission-control`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::job::JobController;

/// Mission Control: declarative agent workflows on Kubernetes.
#[derive(Debug, Parser)]
#[command(name = "mission-control", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator.
    Run(RunArgs),
    /// Print the CustomResourceDefinitions.
    Crds(CrdsArgs),
}

#[derive(Debug, Args)]
pub struct RunArgs {
    /// Work in this namespace only; all namespaces where absent.
    #[arg(long, env = "MISSION_CONTROL_NAMESPACE")]
    pub namespace: Option<String>,
    /// Who makes the Pods of Jobs: Operator or Kubernetes (the cluster's own Job controller).
    #[arg(long, default_value = "Operator")]
    pub job_controller: JobController,
    /// Where health and metrics are served.
    #[arg(long, default_value = "0.0.0.0:8080")]
    pub bind: SocketAddr,
    /// The targets that Workflows may name in `spec.notify` (YAML); it is read again when it changes.
    #[arg(long, value_name = "FILE", env = "MISSION_CONTROL_NOTIFY_TARGETS")]
    pub notify_targets: Option<PathBuf>,
    /// How logs are written.
    #[arg(long, value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
    /// Act without a lease; only where no second operator can be.
    #[arg(long)]
    pub no_leader_election: bool,
    /// Where the lease is; the namespace of `--namespace`, the Pod or the kubeconfig where absent.
    #[arg(long, env = "POD_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// The Pod's own name.
    #[arg(long, env = "POD_NAME", hide = true)]
    pub pod_name: Option<String>,
}

impl RunArgs {
    /// Tells this process from every other.
    pub fn identity(&self) -> String {
        match &self.pod_name {
            Some(name) => name.clone(),
            None => {
                let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
                let host = host.trim();
                format!("{}-{}", if host.is_empty() { "mission-control" } else { host }, std::process::id())
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Json,
    Text,
}

#[derive(Debug, Args)]
pub struct CrdsArgs {
    /// Write a file each into this folder, instead of all of them to stdout.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Write the reference of all fields to this file, too.
    #[arg(long, requires = "dir")]
    pub reference: Option<PathBuf>,
    /// Write the reference of the command line `mc` to this file, too.
    #[arg(long, requires = "dir")]
    pub cli: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_defaults_suit_a_cluster() {
        let cli = Cli::parse_from(["mission-control", "run"]);
        let Command::Run(args) = cli.command else { panic!("not run") };
        assert_eq!(args.job_controller, JobController::Operator);
        assert_eq!(
            (args.bind.port(), args.log_format, args.no_leader_election),
            (8080, LogFormat::Json, false)
        );
    }
}
