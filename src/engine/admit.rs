//! Decides whether a run may start: the reason that keeps it Pending, or its first status.

use crate::api::status::{PinnedWorkflow, Totals};
use crate::api::{Phase, Reason, RunRecordSpec, StepStatus, Work, Workflow, WorkflowSpec};

use super::concurrency::{self, Admission};
use super::definition::{Definition, StepDef};
use super::draft::Draft;
use super::effect::Before;
use super::problem::joined;
use super::snapshot::{RecordFact, Refusal, RevisionFact, WorkflowFact};
use super::{draft, end, ending, ids, lint, params};

/// How long a Pending run waits before it looks again at what no watch reports.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Whether the run was executed before, according to its record. The run has ended then.
pub(super) fn answered(draft: &mut Draft<'_>) -> bool {
    let snapshot = draft.snapshot;
    let RecordFact::Found(record) = &snapshot.record else { return false };
    let answers = answers(record, snapshot.workflow, snapshot.run.spec.workflow_ref.revision.as_deref());
    if answers {
        end::already_ran(draft, record);
    }
    answers
}

/// The definition to execute, with the run's first status written; or None, with the reason why the run waits.
pub(super) fn admit(draft: &mut Draft<'_>) -> Option<Definition> {
    match may_start(draft) {
        Ok(Some((definition, spec, pinned))) => {
            begin(draft, &definition, spec, pinned);
            Some(definition)
        }
        Ok(None) => None,
        Err((reason, message)) => {
            draft.status.phase = Some(Phase::Pending);
            draft.status.reason = Some(reason);
            draft.status.waiting = Some(message.clone());
            draft.status.message = Some(message);
            None
        }
    }
}

type Admitted = (Definition, WorkflowSpec, PinnedWorkflow);
type Wait = (Reason, String);

fn may_start(draft: &mut Draft<'_>) -> Result<Option<Admitted>, Wait> {
    let snapshot = draft.snapshot;
    let reference = &snapshot.run.spec.workflow_ref;
    if snapshot.run.spec.suspend == Some(true) {
        return Err((Reason::Suspended, "spec.suspend is true; set it to false to start the run".into()));
    }
    if draft.status.hold.is_some() {
        return Err((
            Reason::Paused,
            "paused by a decision; a WorkflowDecision with action Resume starts it".into(),
        ));
    }
    let (spec, generation) = find(draft)?;
    let definition = Definition::read(&spec).map_err(|p| invalid(&reference.name, &joined(&p)))?;
    let revision = ids::revision_hash(&spec);
    let pinned = PinnedWorkflow { name: reference.name.clone(), generation, revision };
    if let Err(problems) = params::resolve(&definition.params, &snapshot.run.spec.params) {
        return Ok(refuse(draft, pinned, Reason::InvalidParams, joined(&problems)));
    }
    if let Some(rule) = &spec.concurrency {
        match concurrency::admission(draft, rule, &definition.params) {
            Admission::Now => {}
            Admission::Wait(message) => return Err((Reason::Queued, message)),
            Admission::Rejected(message) => {
                return Ok(refuse(draft, pinned, Reason::ConcurrencyRejected, message));
            }
            Admission::Invalid(message) => return Ok(refuse(draft, pinned, Reason::InvalidParams, message)),
        }
    }
    if let Some(pod) = snapshot.namesake_pods.first() {
        draft.wake_at(draft.now().plus(LOOK_AGAIN));
        return Err((
            Reason::NamesakeRunning,
            format!("Pod {pod} of an earlier run of this name is still running"),
        ));
    }
    if snapshot.record == RecordFact::Unknown {
        draft.wake_at(draft.now().plus(std::time::Duration::from_secs(1)));
        return Err((Reason::Running, "about to start: checking whether it ran before".into()));
    }
    if let Some(refused) = draft.refused(Refusal::Revision).or(draft.refused(Refusal::Record)) {
        draft.wake_at(draft.now().plus(LOOK_AGAIN));
        return Err((Reason::Blocked, format!("cannot start yet: {refused}")));
    }
    Ok(Some((definition, spec, pinned)))
}

/// The run ends before it has begun.
fn refuse(
    draft: &mut Draft<'_>,
    pinned: PinnedWorkflow,
    reason: Reason,
    message: String,
) -> Option<Admitted> {
    draft.status.workflow = Some(pinned);
    ending::request_end(draft, Phase::Failed, reason, message);
    end::commit(draft);
    None
}

/// The record of an earlier execution also answers for the same run applied again: always if it succeeded, otherwise
/// while the workflow is unchanged. A run that never started was not executed.
fn answers(record: &RunRecordSpec, workflow: WorkflowFact<'_>, asked: Option<&str>) -> bool {
    if record.started_at.is_none() {
        return false;
    }
    let current = match workflow {
        WorkflowFact::Present(workflow) => {
            asked.map_or_else(|| ids::revision_hash(&workflow.spec), str::to_string)
        }
        WorkflowFact::Absent | WorkflowFact::Undecodable => return record.outcome == Phase::Succeeded,
    };
    record.outcome == Phase::Succeeded || record.revision.as_deref().is_none_or(|r| r == current)
}

fn find(draft: &Draft<'_>) -> Result<(WorkflowSpec, i64), Wait> {
    let reference = &draft.snapshot.run.spec.workflow_ref;
    let name = &reference.name;
    let workflow: &Workflow = match draft.snapshot.workflow {
        WorkflowFact::Present(workflow) => workflow,
        WorkflowFact::Absent => {
            return Err((
                Reason::WorkflowNotFound,
                format!("Workflow {name} does not exist in this namespace; apply it and the run starts"),
            ));
        }
        WorkflowFact::Undecodable => return Err(invalid(name, "it cannot be read as a Workflow")),
    };
    if workflow.spec.suspend == Some(true) {
        return Err((
            Reason::WorkflowSuspended,
            format!("Workflow {name} has spec.suspend: true; set it to false and the run starts"),
        ));
    }
    let generation = workflow.metadata.generation.unwrap_or_default();
    if let Some(asked) = &reference.revision
        && *asked != ids::revision_hash(&workflow.spec)
    {
        return match &draft.snapshot.revision {
            RevisionFact::Found(spec) => Ok(((**spec).clone(), generation)),
            RevisionFact::Missing | RevisionFact::Tampered | RevisionFact::NotAsked => Err((
                Reason::RevisionNotFound,
                format!(
                    "revision {asked} of Workflow {name} does not exist; remove workflowRef.revision or name one that does"
                ),
            )),
        };
    }
    let problems = lint::problems(&workflow.spec);
    if problems.is_empty() {
        Ok((workflow.spec.clone(), generation))
    } else {
        Err(invalid(name, &joined(&problems)))
    }
}

fn invalid(name: &str, problems: &str) -> Wait {
    let shown: String = problems.chars().take(600).collect();
    (Reason::WorkflowInvalid, format!("Workflow {name} is invalid; fix it and the run starts. {shown}"))
}

fn begin(draft: &mut Draft<'_>, definition: &Definition, spec: WorkflowSpec, pinned: PinnedWorkflow) {
    if let RecordFact::Found(record) = &draft.snapshot.record {
        let name = ids::record_name(draft.run_name(), &draft::spec_hash(draft));
        draft.before.push(end::supersede(name, record));
    }
    let name = ids::revision_name(&pinned.name, &pinned.revision);
    draft.before.push(Before::EnsureRevision { name, spec: Box::new(ids::executed_part(&spec)) });
    let now = draft.now();
    let claim = ids::workspace_name(draft.run_name(), draft.run_uid());
    let status = &mut draft.status;
    status.phase = Some(Phase::Running);
    status.started_at = Some(now);
    status.active_since = Some(now);
    status.active_seconds = Some(0);
    status.workflow = Some(pinned);
    status.totals = Some(Totals::default());
    status.steps = definition.steps.iter().map(fresh).collect();
    if definition.workspace.is_some() {
        status.workspace = Some(claim);
    }
}

fn fresh(def: &StepDef) -> StepStatus {
    StepStatus { name: def.name.clone(), finally: def.finally, work: Work::default(), items: Vec::new() }
}
