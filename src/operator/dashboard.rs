//! The process's stores -> the dashboard's data; and a watch of RunRecords, which only the dashboard needs in full.
//!
//! Every replica serves it, whether it leads or not. Without `--dashboard-bind` nothing runs here, and no record is
//! watched.

use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::{Either, pending};
use jiff::Timestamp;
use kube::Config;
use kube::core::DeserializeGuard;
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt, watcher};
use tokio::sync::broadcast::error::RecvError;

use crate::api::{RunRecord, Stamp};
use crate::cluster::{Name, report};
use crate::dashboard::access::Access;
use crate::dashboard::access::rights::ObjectKind;
use crate::dashboard::changes::Change;
use crate::dashboard::cluster_view::ClusterView;
use crate::dashboard::record_cache::RecordCache;
use crate::dashboard::{Dashboard, web};
use crate::engine::ids;
use crate::reconcile::Context;
use crate::reconcile::scope::WatchScope;

use super::args::RunArgs;

/// Serves the dashboard if it is enabled; the future then ends only if it cannot be served.
pub(crate) fn start(
    args: &RunArgs,
    config: &Config,
    ctx: &Arc<Context>,
) -> Result<impl Future<Output = std::io::Result<()>> + use<>, kube::Error> {
    let Some(bind) = args.dashboard_bind else { return Ok(Either::Left(pending())) };
    let dashboard = Dashboard::new(cluster_view(ctx), Access::new(config)?, args.dashboard_actions, now);
    let dashboard = Arc::new(dashboard);
    for scope in ctx.scope.watch_scopes() {
        tokio::spawn(records(Arc::clone(ctx), Arc::clone(&dashboard), scope));
    }
    tokio::spawn(forward_changes(Arc::clone(ctx), Arc::clone(&dashboard)));
    Ok(Either::Right(web::serve::serve(bind, dashboard)))
}

fn now() -> Stamp {
    Stamp::of(Timestamp::now())
}

fn cluster_view(ctx: &Arc<Context>) -> ClusterView {
    let of = || Arc::clone(ctx);
    let (runs, run, workflows, workflow, jobs, revision, full) = (of(), of(), of(), of(), of(), of(), of());
    ClusterView {
        runs: Box::new(move || runs.stores.runs.all()),
        run: Box::new(move |namespace, name| run.stores.runs.get(&Name::new(namespace, name))),
        workflows: Box::new(move || workflows.stores.workflows.all()),
        workflow: Box::new(move |namespace, name| workflow.stores.workflows.get(&Name::new(namespace, name))),
        jobs: Box::new(move |uid| {
            let namespace = jobs.stores.run_with(uid).map(|run| Name::of(&*run).namespace);
            namespace.map(|namespace| jobs.stores.jobs_of(&namespace, uid)).unwrap_or_default()
        }),
        revision: Box::new(move |namespace, workflow, hash| {
            revision.revision_at_hand(&Name::new(namespace, ids::revision_name(workflow, hash)))
        }),
        is_full: Box::new(move || full.is_ready()),
        records: Arc::new(RecordCache::default()),
    }
}

/// Watches the records of a scope.
async fn records(ctx: Arc<Context>, dashboard: Arc<Dashboard>, scope: WatchScope) {
    let namespace = match &scope {
        WatchScope::Cluster => None,
        WatchScope::Namespace(name) => Some(name.as_str()),
    };
    let api = scope.api::<DeserializeGuard<RunRecord>>(&ctx.client);
    let mut events = pin!(watcher(api, watcher::Config::default()).default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                let (changed, listed) = (name_of(&event), matches!(event, Event::InitDone));
                // A record that cannot be decoded is in no figure, and blocks no other.
                if let Some(event) = readable(event) {
                    dashboard.cluster.records.apply(namespace, event, now());
                }
                if listed {
                    dashboard.changes.publish_overflow();
                }
                if let Some(name) = changed {
                    notify(&dashboard, ObjectKind::Records, name);
                }
            }
            Err(error) => {
                ctx.metrics.watch_errors.count("RunRecord");
                tracing::warn!(kind = "RunRecord", scope = %scope, error = report(&error), "a watch failed and restarts");
            }
        }
    }
}

fn name_of(event: &Event<DeserializeGuard<RunRecord>>) -> Option<Name> {
    match event {
        Event::Apply(record) | Event::Delete(record) => Some(Name::of(record)),
        Event::Init | Event::InitApply(_) | Event::InitDone => None,
    }
}

fn readable(event: Event<DeserializeGuard<RunRecord>>) -> Option<Event<RunRecord>> {
    Some(match event {
        Event::Apply(record) => Event::Apply(record.0.ok()?),
        Event::Delete(record) => Event::Delete(record.0.ok()?),
        Event::InitApply(record) => Event::InitApply(record.0.ok()?),
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
    })
}

/// Forwards changes of the stores, for as long as the process lives.
async fn forward_changes(ctx: Arc<Context>, dashboard: Arc<Dashboard>) {
    let mut changed = ctx.changed.subscribe();
    loop {
        match changed.recv().await {
            Ok(("WorkflowRun", name)) => notify(&dashboard, ObjectKind::Runs, name),
            Ok(("Workflow", name)) => notify(&dashboard, ObjectKind::Workflows, name),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => dashboard.changes.publish_overflow(),
            Err(RecvError::Closed) => return,
        }
    }
}

fn notify(dashboard: &Dashboard, kind: ObjectKind, name: Name) {
    dashboard.changes.publish(Change { kind, namespace: name.namespace, name: name.name });
}
