//! Watches -> stores, and which run each change concerns -> the queue. It keeps no state of its own.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;

use futures::{StreamExt, future::select_all};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use crate::api::{Workflow, WorkflowDecision, WorkflowRun, labels};
use crate::job;
use crate::reconcile::Context;
use crate::reconcile::apply::trim;
use crate::reconcile::call::chain;
use crate::reconcile::queue::Key;
use crate::reconcile::run::next_turn;
use crate::reconcile::store::{Change, Name, Store};

type Guard<K> = kube::core::DeserializeGuard<K>;

/// Begins every watch at once; ends when one of them does, which none should.
pub fn start(ctx: &Arc<Context>) -> impl Future<Output = ()> + use<> {
    let children = watcher::Config::default().labels(&format!("{}={}", labels::MANAGED_BY, labels::OPERATOR));
    let all = watcher::Config::default();
    let watches = vec![
        tokio::spawn(follow(
            Arc::clone(ctx),
            all.clone(),
            |c| &c.stores.runs,
            trim::<Guard<WorkflowRun>>,
            run,
        )),
        tokio::spawn(follow(
            Arc::clone(ctx),
            all.clone(),
            |c| &c.stores.workflows,
            trim::<Guard<Workflow>>,
            workflow,
        )),
        tokio::spawn(follow(
            Arc::clone(ctx),
            all,
            |c| &c.stores.decisions,
            trim::<Guard<WorkflowDecision>>,
            decision,
        )),
        tokio::spawn(follow(Arc::clone(ctx), children.clone(), |c| &c.stores.jobs, job::trim_job, on_job)),
        tokio::spawn(follow(Arc::clone(ctx), children, |c| &c.stores.pods, job::trim_pod, on_pod)),
        tokio::spawn(super::prune(Arc::clone(ctx))),
    ];
    async move {
        // Which one, and why, stands in the log.
        let _ = select_all(watches).await;
    }
}

async fn follow<K>(
    ctx: Arc<Context>,
    config: watcher::Config,
    store: fn(&Context) -> &Store<K>,
    trim: fn(&mut K),
    tell: fn(&Context, Change<K>),
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
    let mut events = pin!(watcher(ctx.scope::<K>(), config).default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                for change in store(&ctx).apply(event.modify(trim)) {
                    tell(&ctx, change);
                }
            }
            Err(error) => {
                ctx.metrics.watch_errors.count(kind);
                tracing::warn!(kind, error = chain(&error), "a watch broke and begins again");
            }
        }
    }
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
        Change::Seen(run) => {
            let name = Name::of(&*run);
            // What this process wrote itself it has planned with already.
            if !ctx.wrote(&name, run.resource_version().as_deref()) {
                ctx.queue.add(Key::Run(name));
            }
        }
        Change::Gone(run) => {
            let name = Name::of(&*run);
            ctx.forget(&name, &run.uid().unwrap_or_default());
            if let Ok(run) = &run.0 {
                next_turn(ctx, &name, run);
            }
        }
    }
}

fn workflow(ctx: &Context, change: Change<Guard<Workflow>>) {
    let (name, seen) = match &change {
        Change::Seen(workflow) => (Name::of(&**workflow), true),
        Change::Gone(workflow) => {
            let name = Name::of(&**workflow);
            ctx.forget(&name, &workflow.uid().unwrap_or_default());
            (name, false)
        }
    };
    for run in ctx.stores.waiting_for(&name) {
        ctx.queue.add(Key::Run(run));
    }
    if seen {
        ctx.queue.add(Key::Workflow(name));
    }
}

fn decision(ctx: &Context, change: Change<Guard<WorkflowDecision>>) {
    let Change::Seen(decision) = change else { return };
    match &decision.0 {
        Ok(decision) => ctx.queue.add(Key::Run(Name::of(decision).beside(&decision.spec.run))),
        Err(invalid) => {
            ctx.metrics.undecodable.count("WorkflowDecision");
            tracing::warn!(decision = %Name::of(&*decision), error = invalid.error, "a decision can't be read");
        }
    }
}

/// The run of a child: by UID, because a label holds at most 63 characters of a name.
fn run_of(ctx: &Context, child: &impl Resource) -> Option<Name> {
    let uid = child.meta().labels.as_ref()?.get(labels::RUN_UID)?;
    ctx.stores.run_of(uid).map(|run| Name::of(&*run))
}

fn on_job(ctx: &Context, change: Change<Job>) {
    let (job, gone) = match change {
        Change::Seen(job) => (job, false),
        Change::Gone(job) => (job, true),
    };
    // Children of a run that is gone concern nobody.
    let Some(run) = run_of(ctx, &*job) else { return };
    if gone || !ctx.made(&run, &job.name_any()) {
        ctx.queue.add(Key::Run(run));
    }
}

fn on_pod(ctx: &Context, change: Change<Pod>) {
    let (Change::Seen(pod) | Change::Gone(pod)) = change;
    match run_of(ctx, &*pod) {
        Some(run) => ctx.queue.add(Key::Run(run)),
        // A run may wait for the Pods of its namesake, whose UID is nobody's any more.
        None => namesakes(ctx, &pod),
    }
}

fn namesakes(ctx: &Context, pod: &Pod) {
    let (Some(namespace), Some(label)) = (pod.namespace(), pod.labels().get(labels::RUN)) else { return };
    for run in ctx.stores.runs_labelled(&namespace, label) {
        ctx.queue.add(Key::Run(run));
    }
}
