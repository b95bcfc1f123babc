//! A plan -> requests, in its order: what must exist before, the status, the effects after.
//!
//! It decides nothing: a surprise is a fact of the next pass. A status write carries the resource version that was
//! seen, so that it *is* the live read of its pass; a conflict ends the pass.

use std::sync::Arc;

use futures::future::join_all;
use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::core::DeserializeGuard;
use serde_json::json;

use crate::api::{GROUP, Stamp, VERSION, WorkflowDecision, WorkflowRun};
use crate::cluster::{ErrorKind, Name, post_params, request, request_opt};
use crate::engine::effect::{Before, Effect, Plan};
use crate::engine::plan::plan;
use crate::engine::snapshot::RecordFact;
use crate::job::Owner;

use super::memory::{Memory, SeenRun};
use super::observe::Observed;
use super::{Context, Error, finish, launch, record, revision, stop, workspace};

/// Plans, and makes what must exist before the status names it. A record that turns up on the way is a fact: the plan
/// is made anew, with it.
pub async fn before(
    ctx: &Context,
    name: &Name,
    run: &WorkflowRun,
    seen: &mut Observed,
    memory: &Memory,
) -> Result<Plan, Error> {
    let mut known = name.clone();
    for _ in 0..2 {
        let plan = plan(&seen.snapshot(run));
        match prepare(ctx, name, run, &plan, memory).await? {
            None => return Ok(plan),
            Some((record, fact)) => {
                known = record;
                seen.record = fact;
            }
        }
    }
    Err(Error::UnsettledRecord(known))
}

/// `Some`: there is a record already, and the plan did not know it.
async fn prepare(
    ctx: &Context,
    name: &Name,
    run: &WorkflowRun,
    plan: &Plan,
    memory: &Memory,
) -> Result<Option<(Name, RecordFact)>, Error> {
    for step in &plan.before {
        match step {
            Before::EnsureRevision { name: revision, spec } => {
                let workflow = &run.spec.workflow_ref.name;
                revision::ensure(ctx, &name.beside(revision), workflow, spec).await?;
            }
            Before::SupersedeRecord { name: record, aside, run_uid } => {
                record::supersede(ctx, &name.beside(record), aside, run_uid, memory).await?;
            }
            Before::WriteRecord { name: record, record: content } => {
                let record = name.beside(record);
                if !record::create(ctx, &record, content, memory).await? {
                    let fact = record::read(ctx, &record, memory).await?;
                    return Ok(Some((record, fact)));
                }
            }
            Before::DropWorkspace { claim } => {
                let uid = run.uid().unwrap_or_default();
                workspace::drop(ctx, &name.beside(claim), &uid).await?;
            }
        }
    }
    Ok(None)
}

/// What became of a status.
#[derive(Debug)]
pub enum Commit {
    /// It says the same already.
    Unchanged,
    Written(SeenRun),
    Conflict,
    Gone,
}

/// Writes the status if it differs. A PUT, because a merge patch would leave cleared fields behind; without the spec,
/// because the status subresource ignores it.
pub async fn commit(ctx: &Context, name: &Name, run: &WorkflowRun, plan: &Plan) -> Result<Commit, Error> {
    if run.status.as_ref() == Some(&plan.status) {
        return Ok(Commit::Unchanged);
    }
    let body = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": "WorkflowRun",
        "metadata": {
            "name": name.name,
            "namespace": name.namespace,
            "uid": run.metadata.uid,
            "resourceVersion": run.metadata.resource_version,
        },
        "status": plan.status,
    });
    let runs = ctx.api::<WorkflowRun>(&name.namespace);
    match request(runs.replace_subresource("status", &name.name, &post_params(), &body)).await {
        Ok(mut written) => {
            ctx.metrics.status_writes.inc();
            trim(&mut written);
            Ok(Commit::Written(Arc::new(DeserializeGuard(Ok(written)))))
        }
        Err(failure) => match failure.kind() {
            ErrorKind::Conflict => Ok(Commit::Conflict),
            ErrorKind::NotFound => Ok(Commit::Gone),
            _ => Err(Error::WriteStatus(name.clone(), failure)),
        },
    }
}

/// Drops what no pass reads.
pub fn trim<K: kube::Resource>(object: &mut K) {
    let meta = object.meta_mut();
    meta.managed_fields = None;
    if let Some(annotations) = meta.annotations.as_mut() {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

/// Effects that must not follow from a cache alone. The others are the same whoever repeats them.
pub fn needs_live_read(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| match effect {
        Effect::Launch(_)
        | Effect::Stop { .. }
        | Effect::Kill { .. }
        | Effect::DeleteChildren
        | Effect::DeleteRun => true,
        Effect::FinishJob { .. } | Effect::AnswerDecision { .. } => false,
    })
}

/// Whether the API server has no newer version of the run than this one.
pub async fn is_live(ctx: &Context, name: &Name, run: &WorkflowRun, memory: &Memory) -> Result<bool, Error> {
    let runs = ctx.api::<WorkflowRun>(&name.namespace);
    let live =
        request_opt(runs.get_metadata(&name.name)).await.map_err(|f| Error::ReadRun(name.clone(), f))?;
    let same = live.is_some_and(|l| l.metadata.resource_version == run.metadata.resource_version);
    if !same {
        memory.notes().written = None;
    }
    Ok(same)
}

/// Carries out what follows the commit: first what the next attempt waits for, then the rest, each as far as it goes.
pub async fn after(
    ctx: &Arc<Context>,
    name: &Name,
    run: &WorkflowRun,
    memory: &Arc<Memory>,
    seen: &Observed,
    plan: &Plan,
) -> Result<(), Error> {
    let uid = run.uid().unwrap_or_default();
    let owner = Owner { name: &name.name, namespace: &name.namespace, uid: &uid };
    let launches = plan.after.iter().filter_map(|effect| match effect {
        Effect::Launch(launch) => Some(launch::launch(ctx, &owner, memory, launch)),
        _ => None,
    });
    let launched = join_all(launches).await;
    let retried = launch::retry_blocked(ctx, &owner, memory, &plan.status, seen.now).await;
    let rest = plan.after.iter().map(|effect| carry_out(ctx, name, run, memory, seen, effect));
    let rest = join_all(rest).await;
    for job in seen.attempts.to_start.iter().filter(|job| is_under_way(plan, job)) {
        finish::start(ctx, name, memory, seen, job).await;
    }
    workspace::release(ctx, name, &uid, plan, seen).await;
    launched.into_iter().chain([retried]).chain(rest).collect()
}

fn is_under_way(plan: &Plan, job: &str) -> bool {
    super::run::jobs_under_way(&plan.status).any(|j| j == job)
}

async fn carry_out(
    ctx: &Arc<Context>,
    name: &Name,
    run: &WorkflowRun,
    memory: &Arc<Memory>,
    seen: &Observed,
    effect: &Effect,
) -> Result<(), Error> {
    match effect {
        // Done before.
        Effect::Launch(_) => Ok(()),
        Effect::Stop { job } => stop::stop(ctx, name, seen, job).await,
        Effect::Kill { job } => stop::kill(ctx, name, memory, seen, job).await,
        Effect::FinishJob { job, success, message } => {
            finish::finish(ctx, name, memory, seen, job, *success, message).await
        }
        Effect::AnswerDecision { name: decision, result, at } => {
            answer(ctx, &name.beside(decision), result, *at).await
        }
        Effect::DeleteChildren => delete_jobs(ctx, name, run).await,
        Effect::DeleteRun => delete_run(ctx, name, run).await,
    }
}

/// The run's status is the truth; the decision's own is a copy for whoever looks at the decision.
async fn answer(ctx: &Context, name: &Name, result: &str, at: Stamp) -> Result<(), Error> {
    let decisions = ctx.api::<WorkflowDecision>(&name.namespace);
    let patch = Patch::Merge(json!({"status": {"result": result, "at": at}}));
    let answer = request_opt(decisions.patch_status(&name.name, &PatchParams::default(), &patch)).await;
    answer.map(drop).map_err(|f| Error::AnswerDecision(name.clone(), f))
}

/// One by one, with the Job's UID: the operator has no right to delete collections.
async fn delete_jobs(ctx: &Context, name: &Name, run: &WorkflowRun) -> Result<(), Error> {
    let api = ctx.api::<Job>(&name.namespace);
    for job in ctx.stores.jobs_of(&run.uid().unwrap_or_default()) {
        let preconditions = Some(Preconditions { uid: job.uid(), resource_version: None });
        // Without a policy the API server would orphan the Pods.
        let params = DeleteParams { preconditions, ..DeleteParams::background() };
        let answer = request_opt(api.delete(&job.name_any(), &params)).await;
        answer.map_err(|f| Error::DeleteJob(Name::of(&*job), f))?;
    }
    Ok(())
}

async fn delete_run(ctx: &Context, name: &Name, run: &WorkflowRun) -> Result<(), Error> {
    let runs = ctx.api::<WorkflowRun>(&name.namespace);
    let preconditions = Some(Preconditions { uid: run.metadata.uid.clone(), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::background() };
    request_opt(runs.delete(&name.name, &params))
        .await
        .map(drop)
        .map_err(|f| Error::DeleteRun(name.clone(), f))
}
