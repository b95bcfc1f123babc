//! Every observed change of a namespace's Pods, Jobs and runs, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use futures::StreamExt;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::{WatchStreamExt, watcher, watcher::Event};
use kube::{Api, Resource, ResourceExt};
use mission_control::api::{Stamp, WorkflowRun, WorkflowRunStatus, labels};
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

use super::Fixture;

#[derive(Default)]
pub(crate) struct Seen {
    /// UIDs of the Pods that each Job ever had.
    pub pods: BTreeMap<String, BTreeSet<String>>,
    /// UIDs of all Jobs ever, by name.
    pub jobs: BTreeMap<String, BTreeSet<String>>,
    /// Every status of every run, with the moment at which it arrived here.
    pub statuses: Vec<(Stamp, String, WorkflowRunStatus)>,
    /// What must never be: two live Pods of one step.
    pub violations: Vec<String>,
    /// By run and step: UID and the words for it.
    live: BTreeMap<(String, String), BTreeMap<String, String>>,
}

pub(crate) struct Recorder {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Recorder {
    pub(crate) fn start(fixture: &Fixture) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let tasks = vec![
            follow::<Pod>(fixture.api(), &seen, Seen::pod),
            follow::<Job>(fixture.api(), &seen, |seen, job, _| {
                seen.jobs.entry(job.name_any()).or_default().insert(job.uid().unwrap_or_default());
            }),
            follow::<WorkflowRun>(fixture.api(), &seen, |seen, run, _| {
                let status = run.status.clone().unwrap_or_default();
                seen.statuses.push((now(), run.name_any(), status));
            }),
        ];
        Self { seen, tasks }
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("a watch panicked")
    }

    /// No Job ever had two Pods, and no step two live ones.
    pub(crate) fn assert_single_pods(&self) {
        let seen = self.seen();
        let twice: Vec<_> = seen.pods.iter().filter(|(_, uids)| uids.len() > 1).collect();
        assert!(twice.is_empty(), "Jobs with more than one Pod: {twice:?}");
        assert!(seen.violations.is_empty(), "{:?}", seen.violations);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Seen {
    fn pod(&mut self, pod: &Pod, gone: bool) {
        let uid = pod.uid().unwrap_or_default();
        if let Some(job) = owning_job(pod) {
            self.pods.entry(job).or_default().insert(uid.clone());
        }
        let label = |key: &str| pod.labels().get(key).cloned().unwrap_or_default();
        let step = (label(labels::RUN_UID), label(labels::STEP));
        let live = self.live.entry(step.clone()).or_default();
        if gone || is_over(pod) {
            live.remove(&uid);
        } else {
            live.entry(uid).or_insert_with(|| words(pod));
        }
        if live.len() > 1 {
            self.violations.push(format!("two live Pods of step {}: {live:?}", step.1));
        }
    }
}

/// The Job that owns a Pod.
fn owning_job(pod: &Pod) -> Option<String> {
    pod.owner_references().iter().find(|o| o.kind == "Job").map(|o| o.name.clone())
}

fn words(pod: &Pod) -> String {
    let created = pod.creation_timestamp().map(|t| t.0.to_string()).unwrap_or_default();
    format!("{}, created {created}, seen {}", pod.name_any(), now().0)
}

fn is_over(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    let over = status.and_then(|s| s.phase.as_deref()).is_some_and(|p| p == "Succeeded" || p == "Failed");
    let mut containers = status.iter().flat_map(|s| s.container_statuses.iter().flatten());
    over || containers.any(|c| {
        c.name == labels::AGENT_CONTAINER && c.state.as_ref().is_some_and(|s| s.terminated.is_some())
    })
}

fn follow<K>(api: Api<K>, seen: &Arc<Mutex<Seen>>, note: fn(&mut Seen, &K, bool)) -> JoinHandle<()>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static,
{
    let seen = seen.clone();
    tokio::spawn(async move {
        let events = watcher(api, watcher::Config::default()).default_backoff();
        events
            .for_each(|event| {
                let mut seen = seen.lock().expect("a watch panicked");
                match event {
                    Ok(Event::Apply(object) | Event::InitApply(object)) => note(&mut seen, &object, false),
                    Ok(Event::Delete(object)) => note(&mut seen, &object, true),
                    Ok(Event::Init | Event::InitDone) => {}
                    // The watch itself goes on.
                    Err(e) => eprintln!("a watch of the test: {e}"),
                }
                futures::future::ready(())
            })
            .await;
    })
}

fn now() -> Stamp {
    Stamp::of(jiff::Timestamp::now())
}
