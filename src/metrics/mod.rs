//! Counters and their text form. Turns what happened into `mission_control_…` series.
//!
//! Labels come from enums only, so that ten thousand runs add no series. It never reads the cluster and decides
//! nothing. Start reading at [`Metrics`].

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::api::{Outcome, Phase};

/// One label with one of a few fixed values.
type Label = [(&'static str, &'static str); 1];

/// A counter per value of its one label.
#[derive(Clone, Debug)]
pub struct Labelled {
    label: &'static str,
    family: Family<Label, Counter>,
}

impl Labelled {
    /// Counts one; `value` must come from a closed set.
    pub fn count(&self, value: &'static str) {
        self.family.get_or_create(&[(self.label, value)]).inc();
    }

    /// How often `value` was counted.
    pub fn get(&self, value: &'static str) -> u64 {
        self.family.get_or_create(&[(self.label, value)]).get()
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub passes: Counter,
    pub pass_errors: Counter,
    pub status_writes: Counter,
    pub conflicts: Counter,
    pub jobs_created: Counter,
    pub pods_created: Counter,
    attempts: Labelled,
    runs: Labelled,
    pub undecodable: Labelled,
    pub job_status_refused: Counter,
    pub log_reads: Labelled,
    pub watch_errors: Labelled,
    pub revisions_swept: Counter,
    pub notifications: Labelled,
    pub notifications_lost: Labelled,
    pub leader: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("mission_control");
        let r = &mut registry;
        Self {
            passes: counter(r, "reconcile_passes", "Passes over a run or a workflow"),
            pass_errors: counter(r, "reconcile_errors", "Passes that ended with an error and are repeated"),
            status_writes: counter(r, "status_writes", "Writes of a run's status"),
            conflicts: counter(r, "conflicts", "Status writes that met a newer object"),
            jobs_created: counter(r, "jobs_created", "Jobs created"),
            pods_created: counter(r, "pods_created", "Pods created"),
            attempts: labelled(r, "attempts", "Attempts that ended, by outcome", "outcome"),
            runs: labelled(r, "runs_finished", "Runs that ended, by phase", "phase"),
            undecodable: labelled(
                r,
                "undecodable_objects",
                "Sightings of objects that can't be read",
                "kind",
            ),
            job_status_refused: counter(
                r,
                "job_status_refused",
                "Job status writes that the API server refused",
            ),
            log_reads: labelled(r, "log_reads", "Reads of an agent's log, by result", "result"),
            watch_errors: labelled(r, "watch_errors", "Errors of watches, which then begin again", "kind"),
            revisions_swept: counter(r, "revisions_swept", "Revisions deleted because nothing names them"),
            notifications: labelled(
                r,
                "notifications",
                "Notifications: sent, lost, and tries that were repeated",
                "result",
            ),
            notifications_lost: labelled(r, "notifications_lost", "Lost notifications, by reason", "reason"),
            leader: gauge(r, "leader", "1 while this process is the one that acts"),
            registry,
        }
    }
}

impl Metrics {
    /// An attempt ended.
    pub fn attempt_ended(&self, outcome: Outcome) {
        self.attempts.count(outcome.as_str());
    }

    /// A run reached a terminal phase.
    pub fn run_finished(&self, phase: Phase) {
        self.runs.count(phase.as_str());
    }

    /// How many attempts ended with `outcome`.
    pub fn attempts_ended(&self, outcome: Outcome) -> u64 {
        self.attempts.get(outcome.as_str())
    }

    /// How many runs reached `phase`.
    pub fn runs_finished(&self, phase: Phase) -> u64 {
        self.runs.get(phase.as_str())
    }

    /// The text that Prometheus reads.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
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

fn labelled(registry: &mut Registry, name: &str, help: &str, label: &'static str) -> Labelled {
    let family = Family::<Label, Counter>::default();
    registry.register(name, help, family.clone());
    Labelled { label, family }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_shown_under_our_prefix_with_its_label() {
        let metrics = Metrics::default();
        metrics.attempt_ended(Outcome::Done);
        let text = metrics.text().unwrap();
        assert!(text.contains("mission_control_attempts_total{outcome=\"Done\"} 1"), "{text}");
    }
}
