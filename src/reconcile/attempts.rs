//! Job and Pod of each attempt under way, as the caches, this process's memory and (where absence would count) a live
//! read show them -> its fact. Starts the reading of logs; judges nothing itself: [`crate::job::fact`] does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use crate::api::{Stamp, WorkflowRun};
use crate::cluster::{Name, request_opt};
use crate::engine::snapshot::AttemptFact;
use crate::job::{self, Owner, Sight};

use super::memory::{Declined, LogNote, Made, Memory, PodNote};
use super::{Context, Error, read_log};

/// A Job's status says that it runs only when its agent does so for longer than most attempts take: it costs a write.
const STARTED: Duration = Duration::from_secs(2);
/// The same of a Pod that waits to start. Longer, because on a busy cluster every Pod waits for some seconds, and a write
/// for each of them would make it busier.
const HELD_UP: Duration = Duration::from_secs(15);
/// How long a cache may take to show a Pod that this process created.
const LAG: Duration = Duration::from_secs(10);
/// How often a refused Pod is tried again.
pub const BLOCKED: Duration = Duration::from_secs(5);
/// A Pod that is still there so long after its deletion was due is on a node that does not answer.
const OVERDUE: Duration = Duration::from_secs(30);

/// The attempts under way.
#[derive(Debug, Default)]
pub struct Attempts {
    pub facts: BTreeMap<String, AttemptFact>,
    /// Their Jobs.
    pub jobs: BTreeMap<String, Arc<Job>>,
    /// Their Pods, as far as they are there.
    pub pods: BTreeMap<String, Arc<Pod>>,
    /// Jobs whose status should say that they run.
    pub to_start: Vec<String>,
    /// When to look again.
    pub wake: Option<Stamp>,
}

impl Attempts {
    fn wake_at(&mut self, at: Stamp) {
        self.wake = Some(self.wake.map_or(at, |w| w.min(at)));
    }
}

/// What is known of one attempt before it is judged.
struct Known {
    job: Option<Arc<Job>>,
    pod: Option<Arc<Pod>>,
    pod_deleted: bool,
    /// `pod` is the answer to this process's create; the cache does not have it yet.
    unconfirmed: bool,
    made: Option<Made>,
    declined: Option<Declined>,
    log: Option<LogNote>,
}

/// Looks at every attempt that the run's status names.
pub async fn observe(
    ctx: &Arc<Context>,
    name: &Name,
    run: &WorkflowRun,
    memory: &Arc<Memory>,
    now: Stamp,
) -> Result<Attempts, Error> {
    let uid = run.uid().unwrap_or_default();
    let owner = Owner { name: &name.name, namespace: &name.namespace, uid: &uid };
    let mut attempts = Attempts::default();
    let works = run.status.iter().flat_map(|s| s.works());
    for current in works.filter_map(|w| w.current.as_ref()) {
        let job = current.job.as_str();
        let child = name.beside(job);
        let mut known = look(ctx, &child, memory);
        probe(ctx, &child, &mut known, now).await?;
        read(ctx, name, memory, &mut known, job);
        attempts.facts.insert(job.into(), judge(&known, &owner, current.intent_at, now));
        if let Some(at) = next_look(&known, now) {
            attempts.wake_at(at);
        }
        note_start(memory, &mut attempts, &known, job, now);
        attempts.jobs.extend(known.job.map(|j| (job.to_string(), j)));
        let there = known.pod.filter(|_| !known.pod_deleted && !known.unconfirmed);
        attempts.pods.extend(there.map(|p| (job.to_string(), p)));
    }
    Ok(attempts)
}

fn look(ctx: &Context, child: &Name, memory: &Memory) -> Known {
    let notes = memory.notes();
    let made = notes.made.get(&child.name).cloned();
    let job = ctx
        .stores
        .jobs
        .get(child)
        .or_else(|| made.as_ref().map(|m| Arc::clone(&m.job)))
        .or_else(|| notes.met.get(&child.name).cloned())
        .or_else(|| ctx.stores.jobs.grave(child));
    let live = ctx.stores.pod_of(child);
    let gone = if live.is_none() { ctx.stores.grave_of(child) } else { None };
    let answer = made.as_ref().and_then(|m| m.answer.clone()).filter(|_| live.is_none() && gone.is_none());
    Known {
        job,
        pod_deleted: gone.is_some() || (live.is_none() && notes.podless.contains(&child.name)),
        unconfirmed: answer.is_some(),
        pod: live.or(gone).or(answer),
        made,
        declined: notes.declined.get(&child.name).cloned(),
        log: notes.logs.get(&child.name).cloned(),
    }
}

/// Asks the API server for a Pod where its absence from the cache would count as a loss: a second attempt must never
/// run beside a Pod that the cache has not seen yet.
async fn probe(ctx: &Context, child: &Name, known: &mut Known, now: Stamp) -> Result<(), Error> {
    let Some(job) = known.job.as_ref().filter(|_| known.pod.is_none() || known.unconfirmed) else {
        return Ok(());
    };
    if !job::managed_by_operator(job) {
        return Ok(());
    }
    match known.made.as_ref().map(|m| &m.pod) {
        // Whose Pod it is that was there already, or that an unanswered create left, only the API server can tell.
        Some(PodNote::Created(at)) if known.unconfirmed && now.since(*at) < LAG => return Ok(()),
        Some(PodNote::Blocked { .. } | PodNote::Refused(_) | PodNote::NotOurs) => return Ok(()),
        Some(PodNote::Created(_) | PodNote::Missing) | None => {}
    }
    let pods = ctx.api::<Pod>(&child.namespace);
    let live = request_opt(pods.get(&child.name)).await.map_err(|f| Error::ReadPod(child.clone(), f))?;
    match live {
        Some(mut pod) => {
            job::trim_pod(&mut pod);
            known.pod = Some(Arc::new(pod));
            known.unconfirmed = false;
        }
        None => known.pod_deleted = known.made.as_ref().is_some_and(|m| m.pod != PodNote::Missing),
    }
    Ok(())
}

/// Has the log read where the termination message does not serve.
fn read(ctx: &Arc<Context>, run: &Name, memory: &Arc<Memory>, known: &mut Known, job: &str) {
    let Some(pod) = known.pod.as_ref().filter(|_| !known.pod_deleted) else { return };
    if known.log.is_none() && job::needs_log(pod) {
        read_log::start(ctx, run, memory, job, pod.name_any());
        known.log = Some(LogNote::Reading);
    }
}

fn judge(known: &Known, owner: &Owner<'_>, intent: Stamp, now: Stamp) -> AttemptFact {
    // The Job itself waits for a quota; this process tries again.
    if let (None, Some(Declined::Blocked { message, .. })) = (&known.job, &known.declined) {
        return AttemptFact::Blocked { since: intent, message: message.clone() };
    }
    let (blocked, refused) = obstacles(known);
    let log = match &known.log {
        Some(LogNote::Read(read)) => Some(&**read),
        Some(LogNote::Reading) | None => None,
    };
    let note = known.made.as_ref().map(|m| &m.pod);
    let sight = Sight {
        job: known.job.as_deref(),
        pod: known.pod.as_deref(),
        // What is being read is still to come, also when the Pod is gone by now.
        pod_deleted: known.pod_deleted && !matches!(known.log, Some(LogNote::Reading)),
        made_here: note.is_some_and(|n| *n != PodNote::Missing),
        pod_seen_created: known.pod_deleted || known.made.as_ref().is_some_and(|m| m.answer.is_some()),
        blocked,
        refused,
        log,
        now,
        node_unreachable: known.pod.as_deref().is_some_and(|p| !known.pod_deleted && is_unreachable(p, now)),
    };
    job::fact(&sight, owner)
}

fn obstacles(known: &Known) -> (Option<&str>, Option<&str>) {
    match (known.made.as_ref().map(|m| &m.pod), &known.declined) {
        (Some(PodNote::Blocked { message, .. }), _) | (None, Some(Declined::Blocked { message, .. })) => {
            (Some(message.as_str()), None)
        }
        (Some(PodNote::Refused(message)), _) | (None, Some(Declined::Refused(message))) => {
            (None, Some(message.as_str()))
        }
        (Some(PodNote::NotOurs | PodNote::Created(_) | PodNote::Missing), _) | (None, None) => (None, None),
    }
}

fn deletion_due(pod: &Pod) -> Option<Stamp> {
    pod.metadata.deletion_timestamp.as_ref().map(|t| Stamp::of(t.0))
}

/// The kubelet would have removed the Pod by now.
fn is_unreachable(pod: &Pod, now: Stamp) -> bool {
    let lost = pod.status.as_ref().and_then(|s| s.reason.as_deref()) == Some("NodeLost");
    deletion_due(pod).is_some_and(|due| lost || now >= due.plus(OVERDUE))
}

fn next_look(known: &Known, now: Stamp) -> Option<Stamp> {
    let pod = known.pod.as_deref().filter(|_| !known.pod_deleted);
    if let Some(due) = pod.and_then(deletion_due) {
        return Some(due.plus(OVERDUE)).filter(|at| *at > now);
    }
    match (known.made.as_ref().map(|m| &m.pod), &known.declined) {
        (Some(PodNote::Created(at)), _) if pod.is_none() || known.unconfirmed => Some(at.plus(LAG)),
        (Some(PodNote::Blocked { tried, .. }), _) | (None, Some(Declined::Blocked { tried, .. })) => {
            Some(tried.plus(BLOCKED))
        }
        (Some(PodNote::Created(_) | PodNote::NotOurs | PodNote::Refused(_) | PodNote::Missing), _)
        | (None, Some(Declined::Refused(_)) | None) => None,
    }
}

/// Notes a Job whose status should say that it runs, or when it should.
fn note_start(memory: &Memory, attempts: &mut Attempts, known: &Known, name: &str, now: Stamp) {
    let (Some(job), Some(_)) = (&known.job, &known.pod) else { return };
    let begun = job.status.as_ref().is_some_and(|s| s.start_time.is_some());
    if known.pod_deleted || begun || !job::managed_by_operator(job) || memory.notes().started.contains(name) {
        return;
    }
    let Some(at) = attempts.facts.get(name).and_then(says_started) else { return };
    if now >= at { attempts.to_start.push(name.into()) } else { attempts.wake_at(at) }
}

/// When the Job of such an attempt should say that it runs.
fn says_started(fact: &AttemptFact) -> Option<Stamp> {
    match fact {
        AttemptFact::Running { since } => Some(since.plus(STARTED)),
        AttemptFact::Pending { since, .. } => Some(since.plus(HELD_UP)),
        AttemptFact::Absent
        | AttemptFact::Blocked { .. }
        | AttemptFact::Refused { .. }
        | AttemptFact::Unread
        | AttemptFact::Exited(_)
        | AttemptFact::Lost { .. }
        | AttemptFact::Unreachable { .. }
        | AttemptFact::NameTaken { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(deletion: &str) -> Pod {
        serde_json::from_value(serde_json::json!({"metadata": {"name": "p", "deletionTimestamp": deletion}}))
            .unwrap()
    }

    fn at(text: &str) -> Stamp {
        Stamp(text.parse().unwrap())
    }

    #[test]
    fn a_job_says_that_it_runs_once_its_agent_has_for_a_while_or_its_pod_waits_for_long() {
        let since = at("2026-01-01T00:00:00Z");
        let says = |fact| says_started(&fact).map(|at| at.0.to_string());
        assert_eq!(says(AttemptFact::Running { since }).as_deref(), Some("2026-01-01T00:00:02Z"));
        let waits = AttemptFact::Pending { since, message: None };
        assert_eq!(says(waits).as_deref(), Some("2026-01-01T00:00:15Z"));
        assert_eq!(says(AttemptFact::Unread), None);
    }

    #[test]
    fn a_pod_that_outlives_its_deletion_is_on_a_node_that_does_not_answer() {
        let pod = pod("2026-01-01T00:00:00Z");
        assert!(!is_unreachable(&pod, at("2026-01-01T00:00:29Z")));
        assert!(is_unreachable(&pod, at("2026-01-01T00:00:30Z")));
        assert!(!is_unreachable(&Pod::default(), at("2026-01-01T00:00:30Z")));
    }

    #[test]
    fn an_obstacle_of_the_pod_counts_more_than_one_of_the_job() {
        let known = |pod, declined| Known {
            job: None,
            pod: None,
            pod_deleted: false,
            unconfirmed: false,
            made: pod,
            declined,
            log: None,
        };
        let made = |pod| Some(Made { job: Arc::default(), pod, answer: None, files: None });
        let refused = Some(Declined::Refused("job".into()));
        assert_eq!(obstacles(&known(None, refused.clone())), (None, Some("job")));
        assert_eq!(
            obstacles(&known(made(PodNote::Refused("pod".into())), refused.clone())),
            (None, Some("pod"))
        );
        assert_eq!(obstacles(&known(made(PodNote::NotOurs), refused)), (None, None));
    }
}
