//! A plan -> requests, in its order: what must exist before, the status, the effects after.
//!
//! It decides nothing and changes no observation: anything unexpected is a fact of the next pass. A status write
//! carries the resource version of the observed run, so that it *is* the live read of its pass; a conflict ends the
//! pass.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::join_all;
use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::core::DeserializeGuard;
use serde_json::json;

use crate::api::{GROUP, Stamp, VERSION, WorkflowDecision, WorkflowRun};
use crate::cluster::{ErrorKind, Name, post_params, report, request, request_opt};
use crate::engine::effect::{Before, Effect, Plan};
use crate::engine::snapshot::{RecordFact, Refusal, Refused};

use super::attempts::jobs_under_way;
use super::error::Error;
use super::observe::Observed;
use super::pass::Pass;
use super::run_cache::CachedRun;
use super::store::trim;
use super::{finish, launch, record, revision, stop, workspace};

/// A record that exists already, and that the plan did not know.
#[derive(Debug)]
pub(super) enum Surprise {
    /// A record that exists already.
    Record(RecordFact),
    Refused(Refused),
}

/// Makes what must exist before the status names it. `Some`: the plan is void.
pub(super) async fn before(pass: &Pass<'_>, plan: &Plan) -> Result<Option<Surprise>, Error> {
    for step in &plan.before {
        match prepare(pass, step).await {
            Ok(None) => {}
            Ok(Some(found)) => return Ok(Some(Surprise::Record(found))),
            Err(error) => {
                let Some(refused) = refused(step, &error) else { return Err(error) };
                tracing::warn!(run = %pass.name, error = report(&error), "refused");
                return Ok(Some(Surprise::Refused(refused)));
            }
        }
    }
    Ok(None)
}

/// `Some`: the record that is there already.
async fn prepare(pass: &Pass<'_>, step: &Before) -> Result<Option<RecordFact>, Error> {
    match step {
        Before::EnsureRevision { name, spec } => {
            let workflow = &pass.run.spec.workflow_ref.name;
            revision::ensure(pass.ctx, &pass.name.beside(name), workflow, spec).await?;
        }
        Before::SupersedeRecord { name, aside, run_uid } => {
            record::supersede(pass, &pass.name.beside(name), aside, run_uid).await?;
        }
        Before::WriteRecord { name, record: content } => {
            let name = pass.name.beside(name);
            if !record::create(pass, &name, content).await? {
                return record::read(pass, &name).await.map(Some);
            }
        }
        Before::DropWorkspace { claim } => {
            workspace::drop(pass.ctx, &pass.name.beside(claim), pass.uid()).await?;
        }
    }
    Ok(None)
}

/// A failure that the status has to tell of. The deletion of a claim that was not answered is tried again instead: the
/// run ends only once.
fn refused(step: &Before, error: &Error) -> Option<Refused> {
    let (what, kind, name, did) = match (step, error) {
        (Before::EnsureRevision { name, .. }, Error::CreateRevision(..)) => {
            (Refusal::Revision, "ControllerRevision", name, "created")
        }
        (Before::SupersedeRecord { name, .. }, Error::CreateRecord(..) | Error::DeleteRecord(..)) => {
            (Refusal::Record, "RunRecord", name, "moved aside")
        }
        (Before::WriteRecord { name, .. }, Error::CreateRecord(..)) => {
            (Refusal::Record, "RunRecord", name, "created")
        }
        (Before::DropWorkspace { claim }, Error::DeleteClaim(_, failure))
            if matches!(failure.kind(), ErrorKind::NotNow(_) | ErrorKind::Refused(_)) =>
        {
            (Refusal::Claim, "PersistentVolumeClaim", claim, "deleted")
        }
        _ => return None,
    };
    let words: String = error.failure()?.words().chars().take(600).collect();
    Some(Refused { what, message: format!("{kind} {name} cannot be {did}: {words}") })
}

/// The result of a status write.
#[derive(Debug)]
pub(super) enum Commit {
    /// The stored status is the same.
    Unchanged,
    Written(CachedRun),
    Conflict,
    Gone,
}

/// Writes the status if it differs. A PUT, because a merge patch would leave cleared fields behind; without the spec,
/// because the status subresource ignores it.
pub(super) async fn commit(pass: &Pass<'_>, plan: &Plan) -> Result<Commit, Error> {
    let (name, run) = (pass.name, pass.run);
    if run.status.as_ref() == Some(&plan.status) {
        let is_current = !needs_live_read(&plan.after) || is_live(pass).await?;
        return Ok(if is_current { Commit::Unchanged } else { Commit::Conflict });
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
    let runs = pass.api::<WorkflowRun>();
    match request(runs.replace_subresource("status", &name.name, &post_params(), &body)).await {
        Ok(mut written) => {
            pass.ctx.metrics.status_writes.inc();
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

/// Effects that must not follow from a cache alone. The others may be repeated any number of times.
fn needs_live_read(effects: &[Effect]) -> bool {
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
async fn is_live(pass: &Pass<'_>) -> Result<bool, Error> {
    let runs = pass.api::<WorkflowRun>();
    let live = request_opt(runs.get_metadata(&pass.name.name))
        .await
        .map_err(|f| Error::ReadRun(pass.name.clone(), f))?;
    Ok(live.is_some_and(|l| l.metadata.resource_version == pass.run.metadata.resource_version))
}

/// Carries out what follows the commit: first what the next attempt waits for, then the rest, each independently of the
/// others. Then drops what is cached about attempts that have ended.
pub(super) async fn after(pass: &Pass<'_>, observed: &Observed, plan: &Plan) -> Result<(), Error> {
    let launches = plan.after.iter().filter_map(|effect| match effect {
        Effect::Launch(launch) => Some(launch::launch(pass, launch)),
        _ => None,
    });
    join_all(launches).await;
    launch::retry_blocked(pass, &plan.status).await;
    let rest = join_all(plan.after.iter().map(|effect| carry_out(pass, observed, effect))).await;
    let current: HashSet<&str> = jobs_under_way(&plan.status).collect();
    for job in observed.attempts.to_start.iter().filter(|job| current.contains(job.as_str())) {
        finish::start(pass, observed, job).await;
    }
    workspace::release(pass, observed, plan).await;
    let is_cached = |job: &str| pass.ctx.stores.jobs.get(&pass.name.beside(job)).is_some();
    pass.cache.lock().keep(&current, is_cached);
    rest.into_iter().collect()
}

async fn carry_out(pass: &Pass<'_>, observed: &Observed, effect: &Effect) -> Result<(), Error> {
    match effect {
        // Done before.
        Effect::Launch(_) => Ok(()),
        Effect::Stop { job } => stop::stop(pass, observed, job).await,
        Effect::Kill { job } => stop::kill(pass, observed, job).await,
        Effect::FinishJob { job, success, message } => {
            finish::finish(pass, observed, job, *success, message).await
        }
        Effect::AnswerDecision { name: decision, result, at } => answer(pass, decision, result, *at).await,
        Effect::DeleteChildren => delete_jobs(pass).await,
        Effect::DeleteRun => delete_run(pass).await,
    }
}

/// The run's status is the truth; the decision's own is a copy for readers of the decision.
async fn answer(pass: &Pass<'_>, decision: &str, result: &str, at: Stamp) -> Result<(), Error> {
    let decisions = pass.api::<WorkflowDecision>();
    let patch = Patch::Merge(json!({"status": {"result": result, "at": at}}));
    let answer = request_opt(decisions.patch_status(decision, &PatchParams::default(), &patch)).await;
    answer.map(drop).map_err(|f| Error::AnswerDecision(pass.name.beside(decision), f))
}

/// One by one, with the Job's UID: the operator has no right to delete collections.
async fn delete_jobs(pass: &Pass<'_>) -> Result<(), Error> {
    let api = pass.api::<Job>();
    for job in pass.ctx.stores.jobs_of(&pass.name.namespace, pass.uid()) {
        let preconditions = Some(Preconditions { uid: job.uid(), resource_version: None });
        // Without a policy the API server would orphan the Pods.
        let params = DeleteParams { preconditions, ..DeleteParams::background() };
        let answer = request_opt(api.delete(&job.name_any(), &params)).await;
        answer.map_err(|f| Error::DeleteJob(Name::of(&*job), f))?;
    }
    Ok(())
}

async fn delete_run(pass: &Pass<'_>) -> Result<(), Error> {
    let runs = pass.api::<WorkflowRun>();
    let preconditions = Some(Preconditions { uid: pass.run.metadata.uid.clone(), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::background() };
    request_opt(runs.delete(&pass.name.name, &params))
        .await
        .map(drop)
        .map_err(|f| Error::DeleteRun(pass.name.clone(), f))
}
