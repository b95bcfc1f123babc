//! Events of the operator -> `mission_control_…` series, and their text. docs/metrics.md explains each series.
//!
//! Labels have fixed sets of values, so that ten thousand runs add no series: there is no label for namespaces or
//! Workflows. Counters belong to this process and start at 0 with it. This module never reads the cluster and decides
//! nothing. Start reading at [`Metrics`]; `family` has the labelled metrics, `live` the gauges of runs, `requests` the
//! requests to the API server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::api::{Cause, Outcome, Phase, StepPhase};

mod family;
mod live;
mod process;
pub(crate) mod requests;
#[cfg(test)]
mod tests;

pub(crate) use family::{Labelled, Timed};
pub use live::Live;
use requests::Requests;

/// The causes of lost attempts.
const LOSSES: [Cause; 4] = [Cause::PodDeleted, Cause::Disrupted, Cause::PodRejected, Cause::NeverStarted];
const KINDS: [&str; 3] = ["WorkflowRun", "Workflow", "WorkflowDecision"];
const WATCHED: [&str; 5] = ["WorkflowRun", "Workflow", "WorkflowDecision", "Job", "Pod"];
/// The commit that the program was built from, if the build sets it.
const REVISION: Option<&str> = option_env!("MISSION_CONTROL_REVISION");

/// The format of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text, version 0.0.4.
    Prometheus,
    OpenMetrics,
}

impl Format {
    /// The format that the `Accept` header requests; by default Prometheus text.
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Prometheus }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// All metrics of the operator.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub(crate) passes: Counter,
    pub(crate) pass_errors: Counter,
    pass_seconds: Timed,
    pub(crate) queue_depth: Gauge,
    pub(crate) queue_wait: Histogram,
    pub requests: Requests,
    pub(crate) status_writes: Counter,
    pub(crate) conflicts: Counter,
    pub(crate) jobs_created: Counter,
    pub(crate) pods_created: Counter,
    attempts: Labelled,
    attempt_seconds: Timed,
    attempts_lost: Labelled,
    pub(crate) retries: Counter,
    pub(crate) rounds: Counter,
    step_seconds: Timed,
    pub(crate) runs_started: Counter,
    runs: Labelled,
    run_seconds: Timed,
    escalations: Labelled,
    pub(crate) undecodable: Labelled,
    pub(crate) job_status_refused: Counter,
    pub(crate) log_reads: Labelled,
    pub(crate) watch_errors: Labelled,
    pub(crate) revisions_swept: Counter,
    pub(crate) records_removed: Labelled,
    pub(crate) notifications: Labelled,
    pub(crate) notifications_lost: Labelled,
    pub(crate) leader: Gauge,
    live: Arc<live::Shown>,
    /// One text at a time, because each sets the gauges that it shows.
    writing: Mutex<()>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        // The standard names of process metrics have no prefix.
        registry.register_collector(Box::new(process::Process));
        let live = Arc::new(live::Shown::default());
        let r = registry.sub_registry_with_prefix("mission_control");
        r.register_collector(Box::new(Arc::clone(&live)));
        let about = vec![("version", env!("CARGO_PKG_VERSION")), ("revision", REVISION.unwrap_or("unknown"))];
        r.register("build", "Version and revision of this program", Info::new(about));
        Self {
            passes: counter(r, "reconcile_passes", "Reconciliations of a run or a Workflow"),
            pass_errors: counter(
                r,
                "reconcile_errors",
                "Reconciliations that ended with an error and are retried",
            ),
            pass_seconds: pass_seconds(r),
            queue_depth: gauge(r, "queue_depth", "Runs and Workflows that wait for reconciliation"),
            queue_wait: queue_wait(r),
            requests: Requests::new(r),
            status_writes: counter(r, "status_writes", "Writes of the status of a run"),
            conflicts: counter(r, "conflicts", "Status writes that failed because the object had changed"),
            jobs_created: counter(r, "jobs_created", "Jobs created"),
            pods_created: counter(r, "pods_created", "Pods created"),
            attempts: attempts(r),
            attempt_seconds: attempt_seconds(r),
            attempts_lost: attempts_lost(r),
            retries: counter(r, "retries", "Failed attempts that are retried"),
            rounds: counter(r, "rounds", "How often a verifier or a person sent work back"),
            step_seconds: step_seconds(r),
            runs_started: counter(r, "runs_started", "Runs that started"),
            runs: runs_finished(r),
            run_seconds: run_seconds(r),
            escalations: escalations(r),
            undecodable: undecodable(r),
            job_status_refused: counter(
                r,
                "job_status_refused",
                "Job status writes that the API server refused",
            ),
            log_reads: log_reads(r),
            watch_errors: watch_errors(r),
            revisions_swept: counter(r, "revisions_swept", "Unused revisions that were deleted"),
            records_removed: records_removed(r),
            notifications: notifications(r),
            notifications_lost: notifications_lost(r),
            leader: gauge(r, "leader", "1 if this process is the leader, otherwise 0"),
            live,
            writing: Mutex::default(),
            registry,
        }
    }
}

impl Metrics {
    /// An attempt ended. `took` is known only if its start is known.
    pub(crate) fn attempt_ended(&self, outcome: Outcome, cause: Option<Cause>, took: Option<Duration>) {
        self.attempts.count(outcome.as_str());
        if outcome == Outcome::Lost {
            self.attempts_lost.count(cause.unwrap_or(Cause::Disrupted).as_str());
        }
        if let Some(took) = took {
            self.attempt_seconds.observe(outcome.as_str(), took);
        }
    }

    /// A step that had an attempt finished, in this round.
    pub(crate) fn step_finished(&self, phase: StepPhase, took: Duration) {
        self.step_seconds.observe(phase.as_str(), took);
    }

    /// A run reached a final phase. `active` is set only if it had started.
    pub(crate) fn run_finished(&self, phase: Phase, active: Option<Duration>) {
        self.runs.count(phase.as_str());
        if let Some(active) = active {
            self.run_seconds.observe(phase.as_str(), active);
        }
    }

    /// A question was asked.
    pub(crate) fn escalated(&self, cause: Cause) {
        self.escalations.count(cause.as_str());
    }

    /// A pass over a run (otherwise a Workflow) ended.
    pub(crate) fn passed(&self, run: bool, took: Duration) {
        self.passes.inc();
        self.pass_seconds.observe(if run { "WorkflowRun" } else { "Workflow" }, took);
    }

    /// The number of attempts that ended with `outcome`.
    #[cfg(test)]
    pub(crate) fn attempts_ended(&self, outcome: Outcome) -> u64 {
        self.attempts.get(outcome.as_str())
    }

    /// The number of runs that reached `phase`.
    #[cfg(test)]
    pub(crate) fn runs_finished(&self, phase: Phase) -> u64 {
        self.runs.get(phase.as_str())
    }

    /// The text for Prometheus. `live`: the gauges of runs; `None` if another process exposes them.
    pub fn text(&self, format: Format, live: Option<Live>) -> Result<String, std::fmt::Error> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.live.set(live);
        let mut written = String::new();
        match format {
            Format::Prometheus => prometheus_text::encode(&mut written, &self.registry)?,
            Format::OpenMetrics => text::encode(&mut written, &self.registry)?,
        }
        Ok(written)
    }
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register(name, help, gauge.clone());
    gauge
}

fn queue_wait(r: &mut Registry) -> Histogram {
    let histogram = family::quick();
    let help = "Time that a run or a Workflow waited for reconciliation";
    r.register_with_unit("queue_wait", help, Unit::Seconds, histogram.clone());
    histogram
}

fn pass_seconds(r: &mut Registry) -> Timed {
    let kinds = ["WorkflowRun", "Workflow"];
    Timed::new(r, "reconcile_duration", "Duration of reconciliations, by kind", "kind", kinds, family::quick)
}

fn attempts(r: &mut Registry) -> Labelled {
    let outcomes = Outcome::ALL.iter().map(|(o, _)| o.as_str());
    Labelled::new(r, "attempts", "Attempts that ended, by outcome", "outcome", outcomes)
}

fn attempt_seconds(r: &mut Registry) -> Timed {
    let outcomes = Outcome::ALL.iter().map(|(o, _)| o.as_str());
    let help = "Time from the decision to start an attempt until its end was recorded, by outcome";
    Timed::new(r, "attempt_duration", help, "outcome", outcomes, family::work)
}

fn attempts_lost(r: &mut Registry) -> Labelled {
    let help = "Attempts that were lost, by cause";
    Labelled::new(r, "attempts_lost", help, "cause", LOSSES.map(Cause::as_str))
}

fn step_seconds(r: &mut Registry) -> Timed {
    let finished = StepPhase::ALL.iter().filter(|(p, _)| p.is_finished()).map(|(p, _)| p.as_str());
    let help = "Time from the start of the first attempt of a step to its end, by phase";
    Timed::new(r, "step_duration", help, "phase", finished, family::work)
}

fn ends() -> impl Iterator<Item = &'static str> {
    Phase::ALL.iter().filter(|(p, _)| p.is_terminal()).map(|(p, _)| p.as_str())
}

fn runs_finished(r: &mut Registry) -> Labelled {
    Labelled::new(r, "runs_finished", "Runs that ended, by phase", "phase", ends())
}

fn run_seconds(r: &mut Registry) -> Timed {
    let help = "Active time of runs that ended, without the time spent waiting for people, by phase";
    Timed::new(r, "run_duration", help, "phase", ends(), family::work)
}

fn escalations(r: &mut Registry) -> Labelled {
    let causes = Cause::ALL.iter().map(|(c, _)| c.as_str());
    Labelled::new(r, "escalations", "Questions to people, by cause", "cause", causes)
}

fn undecodable(r: &mut Registry) -> Labelled {
    Labelled::new(r, "undecodable_objects", "Reads of objects that cannot be decoded, by kind", "kind", KINDS)
}

fn log_reads(r: &mut Registry) -> Labelled {
    Labelled::new(r, "log_reads", "Reads of the log of an agent, by result", "result", ["read", "failed"])
}

fn watch_errors(r: &mut Registry) -> Labelled {
    Labelled::new(
        r,
        "watch_errors",
        "Watch errors, after which the watch is restarted, by kind",
        "kind",
        WATCHED,
    )
}

fn records_removed(r: &mut Registry) -> Labelled {
    let help = "RunRecords that were deleted because of their age or number, by reason";
    Labelled::new(r, "records_removed", help, "reason", ["Age", "Count"])
}

fn notifications(r: &mut Registry) -> Labelled {
    let help = "Notifications that were sent, lost or retried, by result";
    Labelled::new(r, "notifications", help, "result", ["sent", "lost", "retried"])
}

fn notifications_lost(r: &mut Registry) -> Labelled {
    let reasons = ["QueueFull", "UnknownTarget", "Refused", "Unanswered", "Stopped"];
    Labelled::new(r, "notifications_lost", "Lost notifications, by reason", "reason", reasons)
}
