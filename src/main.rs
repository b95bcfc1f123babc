//! `mission-control`: the operator, and the CRDs that it needs.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use mission_control::operator::args::{Cli, Command};
use mission_control::operator::{self, crds, telemetry};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Crds(args) => crds::write(&args),
        Command::Run(args) => telemetry::start(args.log_format).map(|()| {
            if let Err(error) = run(args) {
                tracing::error!("{error:#}");
                std::process::exit(1);
            }
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mission-control: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: operator::args::RunArgs) -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    let done = runtime.block_on(operator::run(args));
    // What still runs must not act any longer: a process that lost its lease ends at once.
    runtime.shutdown_background();
    done
}
