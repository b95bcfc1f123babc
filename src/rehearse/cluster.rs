//! The simulated cluster: one namespace, one run, and the outcome of each attempt.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::ObjectMeta;

use crate::api::decision::{WorkflowDecisionSpec, WorkflowDecisionStatus};
use crate::api::{
    RunRecordSpec, Stamp, StepStatus, Workflow, WorkflowDecision, WorkflowRun, WorkflowRunSpec, WorkflowSpec,
};
use crate::engine::effect::{Before, Effect, Launch, Plan};
use crate::engine::ids;
use crate::engine::plan::plan;
use crate::engine::snapshot::{
    AgentOutput, AttemptFact, Exit, Loss, OpenJob, RecordFact, Refusal, Refused, RevisionFact, Snapshot,
    WorkflowFact,
};

/// What a step is called when it is refused.
fn refusal(step: &Before) -> Refusal {
    match step {
        Before::EnsureRevision { .. } => Refusal::Revision,
        Before::SupersedeRecord { .. } | Before::WriteRecord { .. } => Refusal::Record,
        Before::DropWorkspace { .. } => Refusal::Claim,
    }
}

/// Passes after which an unstable plan is a bug.
const MAX_PASSES: usize = 50;

/// How an attempt gets lost, in the words of scenarios and of files with answers.
pub const LOSSES: &[(&str, Loss)] = &[
    ("node", Loss::Disrupted),
    ("pod", Loss::PodDeleted),
    ("admission", Loss::PodRejected),
    ("job", Loss::NeverStarted),
];

/// The kind of loss that a word names.
pub fn loss(word: &str) -> Option<Loss> {
    LOSSES.iter().find(|(name, _)| *name == word).map(|(_, loss)| *loss)
}

/// A namespace with one run in it.
#[derive(Clone, Debug)]
pub struct SimulatedCluster {
    pub now: Stamp,
    pub workflow: Option<Workflow>,
    pub run: Option<WorkflowRun>,
    pub decisions: Vec<WorkflowDecision>,
    pub records: BTreeMap<String, RunRecordSpec>,
    /// Records that were superseded by a later execution of the same run.
    pub superseded: BTreeMap<String, RunRecordSpec>,
    pub revisions: BTreeMap<String, WorkflowSpec>,
    /// Every Job ever created for the run, with the state of its Pod.
    pub attempts: BTreeMap<String, AttemptFact>,
    /// Every launch, in order.
    pub launched: Vec<Launch>,
    pub stopped: Vec<String>,
    pub finished_jobs: BTreeMap<String, bool>,
    pub wake: Option<Stamp>,
    /// Deleted revisions, which can be restored.
    pub lost: BTreeMap<String, WorkflowSpec>,
    /// The next effects are lost, as if the operator was killed after its status write.
    pub crash: bool,
    /// The next status write that changes something fails; effects before it stay.
    pub conflict: bool,
    /// The failed write also drops everything read of the attempts, as a restart of the operator does.
    pub forgets: bool,
    /// The dropped facts, to be read again.
    pub unread: BTreeMap<String, AttemptFact>,
    /// The operator is down: nothing is planned until it is back.
    pub away: bool,
    /// What the API server refuses of what must exist before a status.
    pub refuses: Option<Refused>,
    /// A launched attempt stays Pending until an event changes it.
    pub slow_start: bool,
    pub namesakes: Vec<String>,
    /// Other runs of the workflow.
    pub peers: Vec<WorkflowRun>,
    /// Existing claims of workspaces.
    pub claims: BTreeSet<String>,
    /// The result of lint for the workflow.
    pub problems: Vec<String>,
    uids: u32,
}

impl SimulatedCluster {
    pub fn new() -> Self {
        Self {
            now: Stamp(jiff::Timestamp::UNIX_EPOCH).plus(Duration::from_secs(1_767_225_600)),
            workflow: None,
            run: None,
            decisions: Vec::new(),
            records: BTreeMap::new(),
            superseded: BTreeMap::new(),
            revisions: BTreeMap::new(),
            attempts: BTreeMap::new(),
            launched: Vec::new(),
            stopped: Vec::new(),
            finished_jobs: BTreeMap::new(),
            wake: None,
            lost: BTreeMap::new(),
            crash: false,
            conflict: false,
            forgets: false,
            unread: BTreeMap::new(),
            away: false,
            refuses: None,
            slow_start: false,
            namesakes: Vec::new(),
            peers: Vec::new(),
            claims: BTreeSet::new(),
            problems: Vec::new(),
            uids: 0,
        }
    }

    fn meta(&mut self, name: &str) -> ObjectMeta {
        self.uids += 1;
        ObjectMeta {
            name: Some(name.into()),
            namespace: Some("team".into()),
            uid: Some(format!("uid-{}", self.uids)),
            generation: Some(1),
            resource_version: Some(self.uids.to_string()),
            creation_timestamp: Some(Time(self.now.0)),
            ..ObjectMeta::default()
        }
    }

    pub fn apply_workflow(&mut self, spec: WorkflowSpec) {
        let metadata = match self.workflow.take() {
            Some(old) => ObjectMeta { generation: old.metadata.generation.map(|g| g + 1), ..old.metadata },
            None => self.meta("flow"),
        };
        self.workflow = Some(Workflow { metadata, spec, status: None });
    }

    pub fn apply_run(&mut self, spec: WorkflowRunSpec) {
        let metadata = self.meta("demo");
        self.attempts.clear();
        self.launched.clear();
        self.stopped.clear();
        self.finished_jobs.clear();
        self.run = Some(WorkflowRun { metadata, spec, status: None });
    }

    /// A refused decision of the same name is deleted first.
    pub fn decide(&mut self, name: &str, spec: WorkflowDecisionSpec) {
        let metadata = self.meta(name);
        self.decisions.retain(|d| d.metadata.name.as_deref() != Some(name));
        self.decisions.push(WorkflowDecision { metadata, spec, status: None });
    }

    pub fn step(&self, name: &str) -> Option<&StepStatus> {
        self.run.as_ref()?.status.as_ref()?.steps.iter().find(|s| s.name == name)
    }

    /// The Job of the current attempt of `step`, or of `step/item`.
    pub fn job_of(&self, place: &str) -> Option<String> {
        let (step, item) = place.split_once('/').map_or((place, None), |(s, i)| (s, Some(i)));
        let step = self.step(step)?;
        let work = match item {
            None => &step.work,
            Some(id) => &step.items.iter().find(|i| i.id == id)?.work,
        };
        work.current.as_ref().map(|c| c.job.clone())
    }

    pub fn set_fact(&mut self, job: &str, fact: AttemptFact) {
        self.attempts.insert(job.into(), fact);
    }

    /// Ends the agent's container now.
    pub fn exits(&mut self, job: &str, code: i32, text: &str) {
        let started = match self.attempts.get(job) {
            Some(AttemptFact::Running { since }) => *since,
            _ => self.now,
        };
        self.set_fact(
            job,
            AttemptFact::Exited(Exit {
                code,
                out_of_memory: false,
                disrupted: false,
                deleted: false,
                started: Some(started),
                finished: Some(self.now),
                output: AgentOutput::Text { text: text.into(), cut: false },
            }),
        );
    }

    /// Ends the agent's container now; its output cannot be read.
    pub fn unreadable(&mut self, job: &str, code: i32) {
        self.exits(job, code, "");
        if let Some(AttemptFact::Exited(exit)) = self.attempts.get_mut(job) {
            exit.output = AgentOutput::Unreadable { message: "the log is gone".into() };
        }
    }

    /// The attempt is lost.
    pub fn loses(&mut self, job: &str, cause: Loss) {
        self.set_fact(job, AttemptFact::Lost { cause, message: "gone".into() });
    }

    pub fn advance(&mut self, by: Duration) {
        self.now = self.now.plus(by);
    }

    /// The plan for the current state.
    pub fn plan(&self, record: &RecordFact) -> Option<Plan> {
        let plan = self.plan_with(record, None)?;
        let refused = self.refuses.clone().filter(|r| plan.before.iter().any(|b| refusal(b) == r.what));
        if refused.is_some() { self.plan_with(record, refused) } else { Some(plan) }
    }

    fn plan_with(&self, record: &RecordFact, refused: Option<Refused>) -> Option<Plan> {
        let run = self.run.as_ref()?;
        let status = run.status.clone().unwrap_or_default();
        let pinned = status.workflow.as_ref().map(|w| ids::revision_name(&w.name, &w.revision));
        let asked = run
            .spec
            .workflow_ref
            .revision
            .as_ref()
            .map(|r| ids::revision_name(&run.spec.workflow_ref.name, r));
        let revision = match pinned.or(asked) {
            None => RevisionFact::NotAsked,
            Some(name) => self
                .revisions
                .get(&name)
                .map_or(RevisionFact::Missing, |s| RevisionFact::Found(Box::new(s.clone()))),
        };
        Some(plan(&Snapshot {
            now: self.now,
            run,
            workflow: self.workflow.as_ref().map_or(WorkflowFact::Absent, WorkflowFact::Present),
            revision,
            decisions: self.decisions.iter().collect(),
            attempts: self.attempts.clone(),
            record: record.clone(),
            peers: self.peers.iter().collect(),
            namesake_pods: self.namesakes.clone(),
            has_children: !self.attempts.is_empty(),
            open_jobs: self.open_jobs(),
            refused,
        }))
    }

    fn open_jobs(&self) -> Vec<OpenJob> {
        self.launched
            .iter()
            .filter(|l| self.attempts.contains_key(&l.job) && !self.finished_jobs.contains_key(&l.job))
            .map(|l| OpenJob { job: l.job.clone(), step: l.step.clone(), n: l.n })
            .collect()
    }

    fn record(&self) -> RecordFact {
        let Some(run) = &self.run else { return RecordFact::None };
        let name =
            ids::record_name(run.metadata.name.as_deref().unwrap_or_default(), &ids::spec_hash(&run.spec));
        self.records.get(&name).map_or(RecordFact::None, |r| RecordFact::Found(Box::new(r.clone())))
    }

    /// Plans and executes until nothing changes. False: it never converged.
    pub fn settle(&mut self) -> bool {
        self.away || (0..MAX_PASSES).any(|_| !self.pass())
    }

    /// One pass; true if something changed.
    pub fn pass(&mut self) -> bool {
        let record = self.record();
        let Some(plan) = self.plan(&record) else { return false };
        self.wake = plan.wake;
        for before in plan.before {
            match before {
                Before::EnsureRevision { name, spec } => {
                    self.revisions.insert(name, *spec);
                }
                Before::SupersedeRecord { name, aside, run_uid } => {
                    if let Some(record) = self.records.remove(&name).filter(|r| r.run_uid == run_uid) {
                        self.superseded.insert(aside, record);
                    }
                }
                Before::WriteRecord { name, record } => {
                    self.records.entry(name).or_insert(*record);
                }
                Before::DropWorkspace { claim } => {
                    self.claims.remove(&claim);
                }
            }
        }
        let Some(run) = self.run.as_mut() else { return false };
        let changed = run.status.as_ref() != Some(&plan.status);
        if changed && std::mem::take(&mut self.conflict) {
            self.forget();
            return true;
        }
        run.status = Some(plan.status);
        let effects = !plan.after.is_empty();
        if effects && std::mem::take(&mut self.crash) {
            return true;
        }
        for effect in plan.after {
            self.carry_out(effect);
        }
        changed || effects
    }

    fn forget(&mut self) {
        if !std::mem::take(&mut self.forgets) {
            return;
        }
        for (job, fact) in &mut self.attempts {
            if matches!(fact, AttemptFact::Exited(_)) {
                self.unread.insert(job.clone(), std::mem::replace(fact, AttemptFact::Unread));
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Launch(launch) => {
                let fact = if self.slow_start {
                    AttemptFact::Pending { since: self.now, message: None }
                } else {
                    AttemptFact::Running { since: self.now }
                };
                self.attempts.entry(launch.job.clone()).or_insert(fact);
                self.claims.extend(launch.workspace.as_ref().map(|w| w.claim.clone()));
                self.launched.push(*launch);
            }
            Effect::Stop { job } => {
                self.stopped.push(job.clone());
                match self.attempts.get(&job) {
                    Some(AttemptFact::Running { .. }) => self.exits(&job, 137, ""),
                    // The kubelet does not answer.
                    Some(AttemptFact::Unreachable { .. }) => {}
                    _ => self.set_fact(
                        &job,
                        AttemptFact::Lost { cause: Loss::PodDeleted, message: "stopped".into() },
                    ),
                }
            }
            Effect::Kill { job }
                if matches!(self.attempts.get(&job), Some(AttemptFact::Unreachable { .. })) => {}
            Effect::Kill { job } => {
                self.set_fact(&job, AttemptFact::Lost { cause: Loss::PodDeleted, message: "killed".into() });
            }
            Effect::FinishJob { job, success, .. } => {
                self.finished_jobs.insert(job, success);
            }
            Effect::AnswerDecision { name, result, at } => {
                if let Some(d) = self.decisions.iter_mut().find(|d| d.metadata.name.as_deref() == Some(&name))
                {
                    d.status = Some(WorkflowDecisionStatus { result: Some(result), at: Some(at) });
                }
            }
            Effect::DeleteChildren => self.attempts.clear(),
            Effect::DeleteRun => self.run = None,
        }
    }
}

impl Default for SimulatedCluster {
    fn default() -> Self {
        Self::new()
    }
}
