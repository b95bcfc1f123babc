//! The command line of `mission-control`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::job::JobController;
use crate::reconcile::retention::{Age, Retention};
use crate::reconcile::scope::{Scope, namespace};

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
    /// Namespace to work in; repeat the option or separate names with commas [default: all namespaces]
    #[arg(long = "namespace", value_name = "NAME", env = "MISSION_CONTROL_NAMESPACE", value_delimiter = ',', value_parser = namespace)]
    pub namespaces: Vec<String>,
    /// Which controller creates the Pods of Jobs: Operator, or Kubernetes (the cluster's own Job controller)
    #[arg(long, default_value = "Operator")]
    pub job_controller: JobController,
    /// Address for the health endpoints
    #[arg(long, default_value = "0.0.0.0:8080")]
    pub bind: SocketAddr,
    /// Address for the metrics endpoint
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9090")]
    pub metrics_bind: SocketAddr,
    /// Age at which RunRecords are deleted once their runs are gone, such as 90d; or Keep
    #[arg(long, value_name = "AGE", default_value = "90d")]
    pub record_retention: Age,
    /// Most RunRecords to keep per namespace; records of existing runs count but are never deleted. 0: no limit
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub record_limit: usize,
    /// Address for the dashboard, such as 0.0.0.0:8081 [default: not served]
    #[arg(long, value_name = "ADDRESS")]
    pub dashboard_bind: Option<SocketAddr>,
    /// Let signed-in users of the dashboard answer escalations, with their own token's rights
    #[arg(long, requires = "dashboard_bind")]
    pub dashboard_actions: bool,
    /// YAML file of the targets that Workflows may name in spec.notify; reloaded when it changes
    #[arg(long, value_name = "FILE", env = "MISSION_CONTROL_NOTIFY_TARGETS")]
    pub notify_targets: Option<PathBuf>,
    /// Format of log lines
    #[arg(long, value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
    /// Act without a lease; only safe if no second operator can run
    #[arg(long)]
    pub no_leader_election: bool,
    /// Namespace of the lease [default: the Pod's, else the only --namespace, else the kubeconfig's]
    #[arg(long, env = "POD_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// The Pod's own name.
    #[arg(long, env = "POD_NAME", hide = true)]
    pub pod_name: Option<String>,
}

impl RunArgs {
    /// The scope that this process works in.
    pub fn scope(&self) -> Scope {
        Scope::of(self.namespaces.clone())
    }

    /// The namespace of the lease; `fallback` is the kubeconfig's.
    pub fn lease_namespace(&self, scope: &Scope, fallback: &str) -> String {
        let named = self.lease_namespace.as_deref().or_else(|| scope.only());
        named.unwrap_or(fallback).to_string()
    }

    /// Which RunRecords stay.
    pub fn records(&self) -> Retention {
        Retention { age: self.record_retention, limit: self.record_limit }
    }

    /// A name that no other process has.
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
    /// Folder to write one file per CRD to [default: all CRDs to stdout]
    #[arg(long)]
    pub dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Span;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    fn run(args: &[&str]) -> RunArgs {
        let cli = Cli::parse_from(["mission-control", "run"].iter().chain(args));
        let Command::Run(args) = cli.command else { panic!("not run") };
        args
    }

    #[test]
    fn namespaces_are_repeated_or_listed() {
        let wanted = Scope::of(["a", "b", "c"].map(String::from));
        assert_eq!(run(&["--namespace=a", "--namespace", "b,c", "--namespace=a"]).scope(), wanted);
        assert_eq!(run(&[]).scope(), Scope::Cluster);
    }

    #[test]
    fn a_name_that_no_namespace_can_have_is_refused_with_the_reason() {
        let tried = Cli::try_parse_from(["mission-control", "run", "--namespace=team-a,Team B"]);
        let said = tried.unwrap_err().to_string();
        assert!(said.contains("'Team B'") && said.contains("no namespace can have that name"), "{said}");
    }

    #[test]
    fn the_lease_is_beside_the_pod_then_in_the_only_namespace_then_in_that_of_the_kubeconfig() {
        let place = |args: &[&str]| {
            let args = run(args);
            args.lease_namespace(&args.scope(), "fallback")
        };
        assert_eq!(place(&["--lease-namespace=own", "--namespace=a"]), "own");
        assert_eq!(place(&["--namespace=a"]), "a");
        assert_eq!(place(&["--namespace=a,b"]), "fallback");
        assert_eq!(place(&[]), "fallback");
    }

    #[test]
    fn the_defaults_suit_a_cluster() {
        let args = run(&[]);
        assert_eq!(args.job_controller, JobController::Operator);
        assert_eq!(
            (args.bind.port(), args.log_format, args.no_leader_election),
            (8080, LogFormat::Json, false)
        );
        assert_eq!(args.metrics_bind.port(), 9090);
        // The dashboard's figures cover thirty days.
        assert_eq!(args.records(), Retention { age: Age::For(Span::hours(90 * 24)), limit: 10_000 });
    }
}
