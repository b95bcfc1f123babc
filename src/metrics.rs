//! What happened -> `mission_control_…` series, and their text. docs/metrics.md explains each of them.
//!
//! Labels come from closed sets, so that ten thousand runs add no series: neither a namespace nor a workflow is a
//! label. Counters are of this process and begin at nought with it. It never reads the cluster and decides nothing.
//! Start reading at [`Metrics`]; `family` has what is labelled, `live` the gauges of runs, `requests` the API server's
//! answers.

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

/// The causes of losses.
const LOSSES: [Cause; 4] = [Cause::PodDeleted, Cause::Disrupted, Cause::PodRejected, Cause::NeverStarted];
const KINDS: [&str; 3] = ["WorkflowRun", "Workflow", "WorkflowDecision"];
const WATCHED: [&str; 5] = ["WorkflowRun", "Workflow", "WorkflowDecision", "Job", "Pod"];
/// What the program was built from, where the build says it.
const REVISION: Option<&str> = option_env!("MISSION_CONTROL_REVISION");

/// How the series are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text, version 0.0.4.
    Prometheus,
    OpenMetrics,
}

impl Format {
    /// What the header `Accept` asks for; Prometheus text where it does not say.
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

/// Everything that is counted.
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
    /// One text at a time: each sets the gauges that it shows.
    writing: Mutex<()>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        // Those are known by these names, without a prefix.
        registry.register_collector(Box::new(process::Process));
        let live = Arc::new(live::Shown::default());
        let r = registry.sub_registry_with_prefix("mission_control");
        r.register_collector(Box::new(Arc::clone(&live)));
        let about = vec![("version", env!("CARGO_PKG_VERSION")), ("revision", REVISION.unwrap_or("unknown"))];
        r.register("build", "What this program was built from", Info::new(about));
        Self {
            passes: counter(r, "reconcile_passes", "Passes over a run or a workflow"),
            pass_errors: counter(r, "reconcile_errors", "Passes that ended with an error and are repeated"),
            pass_seconds: pass_seconds(r),
            queue_depth: gauge(r, "queue_depth", "Runs and workflows whose pass is due and has not begun"),
            queue_wait: queue_wait(r),
            requests: Requests::new(r),
            status_writes: counter(r, "status_writes", "Writes of a run's status"),
            conflicts: counter(r, "conflicts", "Status writes that met a newer object"),
            jobs_created: counter(r, "jobs_created", "Jobs created"),
            pods_created: counter(r, "pods_created", "Pods created"),
            attempts: attempts(r),
            attempt_seconds: attempt_seconds(r),
            attempts_lost: attempts_lost(r),
            retries: counter(r, "retries", "Failed attempts that are repeated"),
            rounds: counter(r, "rounds", "Times that a verifier or a person sent work back"),
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
            revisions_swept: counter(r, "revisions_swept", "Revisions deleted because nothing names them"),
            records_removed: records_removed(r),
            notifications: notifications(r),
            notifications_lost: notifications_lost(r),
            leader: gauge(r, "leader", "1 while this process is the one that acts"),
            live,
            writing: Mutex::default(),
            registry,
        }
    }
}

impl Metrics {
    /// An attempt ended; how long it took is known where its beginning is.
    pub(crate) fn attempt_ended(&self, outcome: Outcome, cause: Option<Cause>, took: Option<Duration>) {
        self.attempts.count(outcome.as_str());
        if outcome == Outcome::Lost {
            self.attempts_lost.count(cause.unwrap_or(Cause::Disrupted).as_str());
        }
        if let Some(took) = took {
            self.attempt_seconds.observe(outcome.as_str(), took);
        }
    }

    /// A step that had an attempt is finished (for this round).
    pub(crate) fn step_finished(&self, phase: StepPhase, took: Duration) {
        self.step_seconds.observe(phase.as_str(), took);
    }

    /// A run reached a terminal phase; `active` where it had started.
    pub(crate) fn run_finished(&self, phase: Phase, active: Option<Duration>) {
        self.runs.count(phase.as_str());
        if let Some(active) = active {
            self.run_seconds.observe(phase.as_str(), active);
        }
    }

    /// A question was put to people.
    pub(crate) fn escalated(&self, cause: Cause) {
        self.escalations.count(cause.as_str());
    }

    /// A pass over a run (or else a workflow) is over.
    pub(crate) fn passed(&self, run: bool, took: Duration) {
        self.passes.inc();
        self.pass_seconds.observe(if run { "WorkflowRun" } else { "Workflow" }, took);
    }

    /// How many attempts ended with `outcome`.
    #[cfg(test)]
    pub(crate) fn attempts_ended(&self, outcome: Outcome) -> u64 {
        self.attempts.get(outcome.as_str())
    }

    /// How many runs reached `phase`.
    #[cfg(test)]
    pub(crate) fn runs_finished(&self, phase: Phase) -> u64 {
        self.runs.get(phase.as_str())
    }

    /// The text that Prometheus reads. `live`: what is shown of runs; `None` where another process shows them.
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
    let help = "Time from when a pass is due until it begins";
    r.register_with_unit("queue_wait", help, Unit::Seconds, histogram.clone());
    histogram
}

fn pass_seconds(r: &mut Registry) -> Timed {
    let kinds = ["WorkflowRun", "Workflow"];
    Timed::new(r, "reconcile_duration", "Time that a pass took, by kind", "kind", kinds, family::quick)
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
    let help = "Attempts that the cluster took away, by cause";
    Labelled::new(r, "attempts_lost", help, "cause", LOSSES.map(Cause::as_str))
}

fn step_seconds(r: &mut Registry) -> Timed {
    let finished = StepPhase::ALL.iter().filter(|(p, _)| p.is_finished()).map(|(p, _)| p.as_str());
    let help = "Time from the start of a step's first attempt until the step was finished, by phase";
    Timed::new(r, "step_duration", help, "phase", finished, family::work)
}

fn ends() -> impl Iterator<Item = &'static str> {
    Phase::ALL.iter().filter(|(p, _)| p.is_terminal()).map(|(p, _)| p.as_str())
}

fn runs_finished(r: &mut Registry) -> Labelled {
    Labelled::new(r, "runs_finished", "Runs that ended, by phase", "phase", ends())
}

fn run_seconds(r: &mut Registry) -> Timed {
    let help = "Time for which runs that ended were active, waiting for people excluded, by phase";
    Timed::new(r, "run_duration", help, "phase", ends(), family::work)
}

fn escalations(r: &mut Registry) -> Labelled {
    let causes = Cause::ALL.iter().map(|(c, _)| c.as_str());
    Labelled::new(r, "escalations", "Questions put to people, by cause", "cause", causes)
}

fn undecodable(r: &mut Registry) -> Labelled {
    Labelled::new(r, "undecodable_objects", "Sightings of objects that can't be read", "kind", KINDS)
}

fn log_reads(r: &mut Registry) -> Labelled {
    Labelled::new(r, "log_reads", "Reads of an agent's log, by result", "result", ["read", "failed"])
}

fn watch_errors(r: &mut Registry) -> Labelled {
    Labelled::new(r, "watch_errors", "Errors of watches, which then begin again", "kind", WATCHED)
}

fn records_removed(r: &mut Registry) -> Labelled {
    let help = "RunRecords deleted because they are too old or too many";
    Labelled::new(r, "records_removed", help, "reason", ["Age", "Count"])
}

fn notifications(r: &mut Registry) -> Labelled {
    let help = "Notifications: sent, lost, and tries that were repeated";
    Labelled::new(r, "notifications", help, "result", ["sent", "lost", "retried"])
}

fn notifications_lost(r: &mut Registry) -> Labelled {
    let reasons = ["QueueFull", "UnknownTarget", "Refused", "Unanswered", "Stopped"];
    Labelled::new(r, "notifications_lost", "Lost notifications, by reason", "reason", reasons)
}
