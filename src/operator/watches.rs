//! Watches -> stores, and the run that each change concerns -> the queue. It keeps no state of its own.
//!
//! Each watch scope has watches of its own: one without permissions blocks no other.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{StreamExt, future::select_all};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::{Error as WatchError, Event};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use crate::api::{Workflow, WorkflowDecision, WorkflowRun, labels};
use crate::cluster::{Name, report};
use crate::job;
use crate::reconcile::Context;
use crate::reconcile::admission::wake_waiting;
use crate::reconcile::queue::Key;
use crate::reconcile::scope::WatchScope;
use crate::reconcile::store::{Change, Store, trim};

type Guard<K> = kube::core::DeserializeGuard<K>;

/// How often a scope without permissions is logged; it is retried much more often.
const REMINDER: Duration = Duration::from_secs(600);

/// How often tombstones that no run needs are dropped.
const PRUNE: Duration = Duration::from_secs(30);

/// Starts every watch at once; ends when one of them ends, which none should.
pub(crate) fn start(ctx: &Arc<Context>) -> impl Future<Output = ()> + use<> {
    let mut watches = vec![tokio::spawn(prune(Arc::clone(ctx)))];
    for scope in ctx.scope.watch_scopes() {
        watches.extend(of_scope(ctx, &scope));
    }
    async move {
        // The log says which one, and why.
        let _ = select_all(watches).await;
    }
}

/// One watch per kind.
fn of_scope(ctx: &Arc<Context>, scope: &WatchScope) -> [JoinHandle<()>; 5] {
    let children = watcher::Config::default().labels(&format!("{}={}", labels::MANAGED_BY, labels::OPERATOR));
    let all = watcher::Config::default();
    let here = || (Arc::clone(ctx), scope.clone());
    [
        tokio::spawn(follow(here(), all.clone(), |c| &c.stores.runs, trim::<Guard<WorkflowRun>>, run)),
        tokio::spawn(follow(here(), all.clone(), |c| &c.stores.workflows, trim::<Guard<Workflow>>, workflow)),
        tokio::spawn(follow(here(), all, |c| &c.stores.decisions, trim::<Guard<WorkflowDecision>>, decision)),
        tokio::spawn(follow(here(), children.clone(), |c| &c.stores.jobs, job::trim_job, on_job)),
        tokio::spawn(follow(here(), children, |c| &c.stores.pods, job::trim_pod, on_pod)),
    ]
}

async fn follow<K>(
    (ctx, scope): (Arc<Context>, WatchScope),
    config: watcher::Config,
    store: fn(&Context) -> &Store<K>,
    trim: fn(&mut K),
    enqueue: fn(&Context, Change<K>),
) where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + Debug
        + Send
        + Sync
        + 'static,
{
    let kind = kind_of::<K>();
    let mut reminded = None;
    let mut events = pin!(watcher(scope.api::<K>(&ctx.client), config).default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                let first = matches!(event, Event::InitDone) && !ctx.stores.are_complete(&scope);
                for change in store(&ctx).apply(&scope, event.modify(trim)) {
                    let (Change::Applied(object) | Change::Deleted(object)) = &change;
                    // There is no subscriber without the dashboard.
                    let _ = ctx.changed.send((kind, Name::of(&**object)));
                    enqueue(&ctx, change);
                }
                if first && ctx.stores.are_complete(&scope) {
                    // Passes before this did nothing.
                    ctx.look_at(&scope);
                }
            }
            Err(error) => {
                ctx.metrics.watch_errors.count(kind);
                if is_refused(&error) {
                    store(&ctx).refuse(&scope);
                }
                log_error(&mut reminded, &scope, kind, &error);
            }
        }
    }
}

/// Whether the API server denies the permission to read, which no retry changes.
fn is_refused(error: &WatchError) -> bool {
    let (WatchError::InitialListFailed(error) | WatchError::WatchStartFailed(error)) = error else {
        return false;
    };
    matches!(error, kube::Error::Api(status) if status.code == 403)
}

/// Logs that a watch failed; for a scope without permissions also the fix, but not at each retry.
fn log_error(last: &mut Option<Instant>, scope: &WatchScope, kind: &str, error: &WatchError) {
    if !is_refused(error) {
        tracing::warn!(kind, scope = %scope, error = report(error), "a watch failed and restarts");
        return;
    }
    if last.is_some_and(|at| at.elapsed() < REMINDER) {
        return;
    }
    *last = Some(Instant::now());
    let next = match scope {
        WatchScope::Cluster => "bind the operator's ClusterRole to its service account",
        WatchScope::Namespace(_) => {
            "create the namespace if it does not exist, and the operator's Role and RoleBinding in it, or remove it from --namespace"
        }
    };
    tracing::warn!(
        kind,
        error = report(error),
        next,
        "{scope} may not be read; the operator retries, and nothing else waits for it"
    );
}

/// A label value must be static.
fn kind_of<K: Resource<DynamicType = ()>>() -> &'static str {
    match &*K::kind(&()) {
        "WorkflowRun" => "WorkflowRun",
        "Workflow" => "Workflow",
        "WorkflowDecision" => "WorkflowDecision",
        "Job" => "Job",
        "Pod" => "Pod",
        _ => "other",
    }
}

fn run(ctx: &Context, change: Change<Guard<WorkflowRun>>) {
    match change {
        Change::Applied(run) => {
            let name = Name::of(&*run);
            // A version that this process wrote itself was planned with already.
            if !ctx.wrote(&name, run.resource_version().as_deref()) {
                ctx.queue.add(Key::Run(name));
            }
        }
        Change::Deleted(run) => {
            let name = Name::of(&*run);
            ctx.forget(&name, &run.uid().unwrap_or_default());
            if let Ok(run) = &run.0 {
                wake_waiting(ctx, &name, run);
            }
        }
    }
}

fn workflow(ctx: &Context, change: Change<Guard<Workflow>>) {
    let (name, exists) = match &change {
        Change::Applied(workflow) => (Name::of(&**workflow), true),
        Change::Deleted(workflow) => {
            let name = Name::of(&**workflow);
            ctx.forget(&name, &workflow.uid().unwrap_or_default());
            (name, false)
        }
    };
    for run in ctx.stores.waiting_for(&name) {
        ctx.queue.add(Key::Run(run));
    }
    if exists {
        ctx.queue.add(Key::Workflow(name));
    }
}

fn decision(ctx: &Context, change: Change<Guard<WorkflowDecision>>) {
    let Change::Applied(decision) = change else { return };
    match &decision.0 {
        Ok(decision) => ctx.queue.add(Key::Run(Name::of(decision).beside(&decision.spec.run))),
        Err(invalid) => {
            ctx.metrics.undecodable.count("WorkflowDecision");
            tracing::warn!(decision = %Name::of(&*decision), error = invalid.error, "a decision cannot be read");
        }
    }
}

/// The run of a child: by UID, because a label holds at most 63 characters of a name.
fn run_of(ctx: &Context, child: &impl Resource) -> Option<Name> {
    ctx.stores.run_of(child).map(|run| Name::of(&*run))
}

fn on_job(ctx: &Context, change: Change<Job>) {
    let (job, gone) = match change {
        Change::Applied(job) => (job, false),
        Change::Deleted(job) => (job, true),
    };
    // Children of a deleted run concern no run.
    let Some(run) = run_of(ctx, &*job) else { return };
    if gone || !ctx.created(&run, &job.name_any()) {
        ctx.queue.add(Key::Run(run));
    }
}

fn on_pod(ctx: &Context, change: Change<Pod>) {
    let (Change::Applied(pod) | Change::Deleted(pod)) = change;
    match run_of(ctx, &*pod) {
        Some(run) => ctx.queue.add(Key::Run(run)),
        // A run may wait for the Pods of an earlier run of its name, whose UID is gone.
        None => same_name_runs(ctx, &pod),
    }
}

fn same_name_runs(ctx: &Context, pod: &Pod) {
    let (Some(namespace), Some(label)) = (pod.namespace(), pod.labels().get(labels::RUN)) else { return };
    for run in ctx.stores.runs_labelled(&namespace, label) {
        ctx.queue.add(Key::Run(run));
    }
}

/// Periodically drops tombstones that no run needs, in every process, whether it leads or not.
async fn prune(ctx: Arc<Context>) {
    let mut every = tokio::time::interval(PRUNE);
    loop {
        every.tick().await;
        ctx.stores.prune();
    }
}
