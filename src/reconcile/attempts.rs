//! Job and Pod of each attempt under way, from the watches, the run's cache and (where absence would count) a live read
//! -> its fact. Starts the reading of logs. It judges nothing itself: [`crate::job::fact`] does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use crate::api::{Stamp, WorkflowRunStatus};
use crate::cluster::{Name, request_opt};
use crate::engine::snapshot::{AttemptFact, Loss};
use crate::job::{self, Owner, Sight};

use super::error::Error;
use super::pass::Pass;
use super::read_log;
use super::run_cache::{CreatedJob, Declined, LogState, PodState};

/// A Job's status says that it runs only when its agent has run for longer than most attempts take: that costs a write.
const STARTED: Duration = Duration::from_secs(2);
/// The same for a Pod that waits to start. Longer, because on a busy cluster every Pod waits for some seconds, and a
/// write for each of them would add load.
const HELD_UP: Duration = Duration::from_secs(15);
/// How long a cache may take to show a Pod that this process created.
const LAG: Duration = Duration::from_secs(10);
/// For how long a create that was not answered may still be carried out.
pub(super) const UNANSWERED: Duration = Duration::from_secs(15);
/// How often it is looked for meanwhile.
const LOOK_FOR: Duration = Duration::from_secs(1);
/// How often the creation of a refused Pod is retried.
pub(super) const BLOCKED: Duration = Duration::from_secs(5);
/// A Pod that still exists this long after its deletion was due is on a node that does not respond.
const OVERDUE: Duration = Duration::from_secs(30);

/// The attempts under way.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    pub(crate) facts: BTreeMap<String, AttemptFact>,
    /// Their Jobs.
    pub(crate) jobs: BTreeMap<String, Arc<Job>>,
    /// Their Pods, where they exist.
    pub(crate) pods: BTreeMap<String, Arc<Pod>>,
    /// Jobs whose status should say that they run.
    pub(crate) to_start: Vec<String>,
    /// When to look again.
    pub(crate) wake: Option<Stamp>,
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
    created: Option<CreatedJob>,
    declined: Option<Declined>,
    log: Option<LogState>,
}

/// The Jobs of the attempts under way.
pub(super) fn jobs_under_way(status: &WorkflowRunStatus) -> impl Iterator<Item = &str> {
    status.works().filter_map(|w| w.current.as_ref()).map(|c| c.job.as_str())
}

/// Observes every attempt that the run's status names.
pub(super) async fn observe(pass: &Pass<'_>) -> Result<Attempts, Error> {
    let now = pass.now;
    let mut attempts = Attempts::default();
    let works = pass.run.status.iter().flat_map(|s| s.works());
    for current in works.filter_map(|w| w.current.as_ref()) {
        let job = current.job.as_str();
        let child = pass.name.beside(job);
        let mut known = look(pass, &child);
        probe(pass, &child, &mut known).await?;
        read(pass, &mut known, job);
        attempts.facts.insert(job.into(), judge(&known, &pass.owner(), current.intent_at, now));
        if let Some(at) = next_look(&known, now) {
            attempts.wake_at(at);
        }
        note_start(pass, &mut attempts, &known, job);
        attempts.jobs.extend(known.job.map(|j| (job.to_string(), j)));
        let taken = matches!(attempts.facts.get(job), Some(AttemptFact::NameTaken { .. }));
        let there = known.pod.filter(|_| !known.pod_deleted && !known.unconfirmed && !taken);
        attempts.pods.extend(there.map(|p| (job.to_string(), p)));
    }
    Ok(attempts)
}

fn look(pass: &Pass<'_>, child: &Name) -> Known {
    let stores = &pass.ctx.stores;
    let cache = pass.cache.lock();
    let created = cache.created_jobs.get(&child.name).cloned();
    let job = stores
        .jobs
        .get(child)
        .or_else(|| created.as_ref().map(|c| Arc::clone(&c.job)))
        .or_else(|| cache.found_jobs.get(&child.name).cloned())
        .or_else(|| stores.jobs.tombstone(child));
    let is_it = |pod: &Arc<Pod>| is_created(created.as_ref(), pod);
    let live = stores.pod_of(child, job.as_deref()).filter(is_it);
    let gone = if live.is_none() { stores.deleted_pod_of(child, job.as_deref()).filter(is_it) } else { None };
    let answer = created.as_ref().and_then(|c| c.answer.clone()).filter(|_| live.is_none() && gone.is_none());
    Known {
        job,
        pod_deleted: gone.is_some() || (live.is_none() && cache.without_pod.contains(&child.name)),
        unconfirmed: answer.is_some(),
        pod: live.or(gone).or(answer),
        created,
        declined: cache.declined.get(&child.name).cloned(),
        log: cache.logs.get(&child.name).cloned(),
    }
}

/// Reads a Pod live if its absence from the cache would count as a loss: a second attempt must never run beside a Pod
/// that the cache has not seen yet.
async fn probe(pass: &Pass<'_>, child: &Name, known: &mut Known) -> Result<(), Error> {
    let Some(job) = known.job.as_ref().filter(|_| known.pod.is_none() || known.unconfirmed) else {
        return Ok(());
    };
    if !job::managed_by_operator(job) {
        return Ok(());
    }
    match known.created.as_ref().map(|m| &m.pod) {
        // Only the API server knows the owner of a Pod that existed already, or that an unanswered create left.
        Some(PodState::Created(at)) if known.unconfirmed && pass.now.since(*at) < LAG => return Ok(()),
        Some(PodState::Blocked { .. } | PodState::Refused(_) | PodState::NotOurs) => return Ok(()),
        Some(PodState::Created(_) | PodState::Unanswered { .. } | PodState::Missing(_)) | None => {}
    }
    let pods = pass.api::<Pod>();
    let live = request_opt(pods.get(&child.name)).await.map_err(|f| Error::ReadPod(child.clone(), f))?;
    match live.filter(|pod| is_created(known.created.as_ref(), pod)) {
        Some(mut pod) => {
            job::trim_pod(&mut pod);
            known.pod = Some(Arc::new(pod));
            known.unconfirmed = false;
        }
        None => {
            known.pod_deleted = known.created.as_ref().is_some_and(|m| matches!(m.pod, PodState::Created(_)));
        }
    }
    Ok(())
}

/// Whether this is the Pod that this process created, as far as it knows: somebody may have put another in its place.
fn is_created(created: Option<&CreatedJob>, pod: &Pod) -> bool {
    created_uid(created).is_none_or(|uid| pod.metadata.uid.as_deref() == Some(uid))
}

fn created_uid(created: Option<&CreatedJob>) -> Option<&str> {
    created?.answer.as_ref()?.metadata.uid.as_deref()
}

/// Starts reading the log if the termination message is not enough.
fn read(pass: &Pass<'_>, known: &mut Known, job: &str) {
    let Some(pod) = known.pod.as_ref().filter(|_| !known.pod_deleted) else { return };
    if known.log.is_none() && job::needs_log(pod) {
        read_log::start(pass, job, pod.name_any());
        known.log = Some(LogState::Reading);
    }
}

fn judge(known: &Known, owner: &Owner<'_>, intent: Stamp, now: Stamp) -> AttemptFact {
    if let Some(fact) = not_created(known, owner, intent, now) {
        return fact;
    }
    let (blocked, refused) = obstacles(known);
    let log = match &known.log {
        Some(LogState::Read(read)) => Some(&**read),
        Some(LogState::Reading) | None => None,
    };
    let note = known.created.as_ref().map(|m| &m.pod);
    let sight = Sight {
        job: known.job.as_deref(),
        pod: known.pod.as_deref(),
        // A log that is being read is still to come, even if the Pod is gone by now.
        pod_deleted: known.pod_deleted && !matches!(known.log, Some(LogState::Reading)),
        made_here: note.is_some(),
        pod_seen_created: known.pod_deleted || known.created.as_ref().is_some_and(|m| m.answer.is_some()),
        created_uid: created_uid(known.created.as_ref()),
        blocked,
        refused,
        log,
        now,
        node_unreachable: known.pod.as_deref().is_some_and(|p| !known.pod_deleted && is_unreachable(p, now)),
    };
    job::fact(&sight, owner)
}

/// What this process knows of a Job or a Pod that it asked for and that is not there.
fn not_created(known: &Known, owner: &Owner<'_>, intent: Stamp, now: Stamp) -> Option<AttemptFact> {
    let is_settled = |since: &Stamp| now.since(*since) >= UNANSWERED;
    let pending = |message: &str| AttemptFact::Pending { since: intent, message: Some(cut(message)) };
    let blocked = |message: &str| AttemptFact::Blocked { since: intent, message: cut(message) };
    match (&known.job, &known.declined) {
        (None, Some(Declined::Blocked { message, .. })) => return Some(blocked(message)),
        (None, Some(Declined::Unanswered { message, since, .. })) if !is_settled(since) => {
            return Some(pending(message));
        }
        (None, Some(Declined::Unanswered { message, .. })) => return Some(blocked(message)),
        // Its Pod is created in this pass, if it is still wanted, and by nobody else.
        (Some(job), Some(Declined::Unanswered { message, .. }))
            if known.pod.is_none() && job::managed_by_operator(job) && job::is_ours(job, owner) =>
        {
            return Some(blocked(message));
        }
        _ => {}
    }
    let state = known.created.as_ref().map(|c| &c.pod).filter(|_| known.pod.is_none())?;
    let lost = |message: &str| AttemptFact::Lost { cause: Loss::NeverStarted, message: cut(message) };
    match state {
        PodState::Unanswered { message, since } if !is_settled(since) => {
            Some(pending(&format!("whether its Pod was created is not known: {message}")))
        }
        PodState::Unanswered { message, .. } => {
            Some(lost(&format!("its Pod was not there 15 s after its create was not answered: {message}")))
        }
        PodState::Missing(why) => Some(lost(why)),
        PodState::NotOurs | PodState::Created(_) | PodState::Blocked { .. } | PodState::Refused(_) => None,
    }
}

fn cut(message: &str) -> String {
    message.chars().take(256).collect()
}

fn obstacles(known: &Known) -> (Option<&str>, Option<&str>) {
    match (known.created.as_ref().map(|m| &m.pod), &known.declined) {
        (Some(PodState::Blocked { message, .. }), _) | (None, Some(Declined::Blocked { message, .. })) => {
            (Some(message.as_str()), None)
        }
        (Some(PodState::Refused(message)), _) | (None, Some(Declined::Refused(message))) => {
            (None, Some(message.as_str()))
        }
        (
            Some(
                PodState::NotOurs | PodState::Created(_) | PodState::Unanswered { .. } | PodState::Missing(_),
            ),
            _,
        )
        | (None, Some(Declined::Unanswered { .. }) | None) => (None, None),
    }
}

fn deletion_due(pod: &Pod) -> Option<Stamp> {
    pod.metadata.deletion_timestamp.as_ref().map(|t| Stamp::of(t.0))
}

/// The kubelet should have removed the Pod by now.
fn is_unreachable(pod: &Pod, now: Stamp) -> bool {
    let lost = pod.status.as_ref().and_then(|s| s.reason.as_deref()) == Some("NodeLost");
    deletion_due(pod).is_some_and(|due| lost || now >= due.plus(OVERDUE))
}

fn next_look(known: &Known, now: Stamp) -> Option<Stamp> {
    let pod = known.pod.as_deref().filter(|_| !known.pod_deleted);
    if let Some(due) = pod.and_then(deletion_due) {
        return Some(due.plus(OVERDUE)).filter(|at| *at > now);
    }
    match (known.created.as_ref().map(|m| &m.pod), &known.declined) {
        (Some(PodState::Created(at)), _) if pod.is_none() || known.unconfirmed => Some(at.plus(LAG)),
        (Some(PodState::Blocked { tried, .. }), _) | (None, Some(Declined::Blocked { tried, .. })) => {
            // A Job that is suspended is not tried again: the watch tells.
            let due = tried.plus(BLOCKED);
            Some(if due > now { due } else { now.plus(BLOCKED) })
        }
        (Some(PodState::Unanswered { since, .. }), _) if pod.is_none() => look_for(*since, now),
        (None, Some(Declined::Unanswered { since, .. })) => look_for(*since, now),
        (
            Some(
                PodState::Created(_)
                | PodState::Unanswered { .. }
                | PodState::NotOurs
                | PodState::Refused(_)
                | PodState::Missing(_),
            ),
            _,
        )
        | (None, Some(Declined::Refused(_)) | None) => None,
    }
}

/// Soon, and at the end of the wait for an answer at the latest; then now and then.
fn look_for(since: Stamp, now: Stamp) -> Option<Stamp> {
    let end = since.plus(UNANSWERED);
    let next = if now < end { now.plus(LOOK_FOR).min(end) } else { now.plus(BLOCKED) };
    Some(next)
}

/// Records a Job whose status should say that it runs, or the time when it should.
fn note_start(pass: &Pass<'_>, attempts: &mut Attempts, known: &Known, name: &str) {
    let (Some(job), Some(_)) = (&known.job, &known.pod) else { return };
    let begun = job.status.as_ref().is_some_and(|s| s.start_time.is_some());
    if known.pod_deleted
        || begun
        || !job::managed_by_operator(job)
        || pass.cache.lock().started.contains(name)
    {
        return;
    }
    let Some(at) = attempts.facts.get(name).and_then(says_started) else { return };
    if pass.now >= at { attempts.to_start.push(name.into()) } else { attempts.wake_at(at) }
}

/// The time at which the Job of such an attempt should say that it runs.
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
            created: pod,
            declined,
            log: None,
        };
        let created = |pod| Some(CreatedJob { job: Arc::default(), pod, answer: None, files: None });
        let refused = Some(Declined::Refused("job".into()));
        assert_eq!(obstacles(&known(None, refused.clone())), (None, Some("job")));
        assert_eq!(
            obstacles(&known(created(PodState::Refused("pod".into())), refused.clone())),
            (None, Some("pod"))
        );
        assert_eq!(obstacles(&known(created(PodState::NotOurs), refused)), (None, None));
    }
}
