//! Wiring: arguments -> watches, lease, passes, health. It decides nothing about a run.
//!
//! Start reading at [`run`]. A process watches from its start, acts while it leads, and exits when it no longer leads:
//! a process that has exited does no harm.

pub mod args;
mod clients;
pub mod crds;
mod dashboard;
mod dispatch;
mod election;
mod guarded_stream;
mod health;
pub mod lease;
mod metrics;
mod requests;
pub mod telemetry;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use kube::Config;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::metrics::Metrics;
use crate::reconcile::leadership::Leadership;
use crate::reconcile::{Context, notify, retention, sweep};

use args::RunArgs;
use clients::Clients;
use election::Election;

/// How often revisions and records are swept.
const SWEEP: Duration = Duration::from_secs(600);
/// How long running deliveries of notifications may take when the process stops.
const NOTIFY_GRACE: Duration = Duration::from_secs(5);

/// Runs the operator until a signal stops it. An error ends the process at once.
pub async fn run(args: RunArgs) -> anyhow::Result<()> {
    let config =
        Config::infer().await.context("finding a cluster: neither a kubeconfig nor a service account")?;
    let (leadership, metrics) = (Arc::new(Leadership::default()), Metrics::default());
    let clients = Clients::new(config.clone(), &leadership, &metrics).context("making a client")?;
    let scope = args.scope();
    let lease_namespace = args.lease_namespace(&scope, clients.passes.default_namespace());
    let identity = args.identity();
    let ctx = Context::new(clients.passes, leadership, identity.clone(), scope, args.job_controller, metrics);
    let ctx = Arc::new(ctx);
    let heartbeat = Arc::new(health::Heartbeat::default());
    let (stop, stopped) = watch::channel(false);
    let election = Election { client: clients.lease, namespace: lease_namespace, identity };

    if let Some(file) = args.notify_targets.clone() {
        notify::reload::start(&ctx.outbox, file).context("reading --notify-targets")?;
    }
    tokio::spawn(on_signal(stop));
    let serving = tokio::spawn(health::serve(args.bind, Arc::clone(&ctx), Arc::clone(&heartbeat)));
    let counting = tokio::spawn(metrics::serve(args.metrics_bind, Arc::clone(&ctx)));
    let showing = dashboard::start(&args, &config, &ctx).context("starting the dashboard")?;
    let watching = watches::start(&ctx);
    let leading = lead(&ctx, &election, &args, &heartbeat, stopped);
    let ended = tokio::select! {
        result = leading => result,
        ended = serving => Err(anyhow!("the HTTP server ended: {ended:?}")),
        ended = counting => Err(anyhow!("the metrics server ended: {ended:?}")),
        ended = showing => Err(anyhow!("the dashboard ended: {ended:?}")),
        () = watching => Err(anyhow!("a watch ended")),
    };
    // After the lease is released: the next leader does not wait for this.
    ctx.outbox.close(if ended.is_ok() { NOTIFY_GRACE } else { Duration::ZERO }).await;
    ended
}

/// Waits for the lease, then runs passes.
async fn lead(
    ctx: &Arc<Context>,
    election: &Election,
    args: &RunArgs,
    heartbeat: &Arc<health::Heartbeat>,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    if args.no_leader_election {
        ctx.leadership.alone();
    } else if !election.acquire(&ctx.leadership, heartbeat, stopped.clone()).await {
        return Ok(());
    }
    tracing::info!(identity = election.identity, "leading");
    ctx.metrics.leader.set(1);
    let periodic_tasks = tokio::spawn(periodic_tasks(Arc::clone(ctx), args.records()));
    let acting = dispatch::dispatch(ctx, heartbeat, stopped);
    if args.no_leader_election {
        acting.await;
    } else {
        tokio::select! {
            () = acting => {}
            error = election.renew(&ctx.leadership) => return Err(error.into()),
        }
        ctx.leadership.end();
        election.release().await;
    }
    periodic_tasks.abort();
    tracing::info!("stopped");
    Ok(())
}

async fn periodic_tasks(ctx: Arc<Context>, records: retention::Retention) {
    let mut sweeps = tokio::time::interval_at(tokio::time::Instant::now() + SWEEP / 10, SWEEP);
    loop {
        sweeps.tick().await;
        sweep::sweep(&ctx).await;
        retention::sweep(&ctx, records).await;
    }
}

async fn on_signal(stop: watch::Sender<bool>) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("cannot listen for signals");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("received a signal to stop");
    // A second signal has its default effect only for SIGKILL; the wait is bounded anyway.
    stop.send_replace(true);
    std::future::pending::<()>().await;
}
