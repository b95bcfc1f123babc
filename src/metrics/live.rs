//! The runs that are live now -> gauges. They are computed at each scrape; nothing is updated in between.
//!
//! Only the leader exposes them. A standby process has the same runs in its caches, so a sum over Pods would count each
//! run once per Pod.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::{MetricType, TypedMetric};

use crate::api::{Phase, Stamp, WorkflowRunStatus};

/// The phases of runs that have not ended.
const LIVE: [Phase; 3] = [Phase::Pending, Phase::Running, Phase::Paused];

/// The gauges of live runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Runs in each of [`LIVE`].
    runs: [i64; 3],
    /// Open questions to people.
    questions: i64,
    /// The age of the oldest open question.
    oldest: Duration,
}

impl Live {
    /// `statuses` of all runs. A run that the operator has not observed has none.
    pub fn of<'a>(statuses: impl Iterator<Item = Option<&'a WorkflowRunStatus>>, now: Stamp) -> Self {
        let mut all = Self::default();
        for status in statuses {
            all.add(status, now);
        }
        all
    }

    fn add(&mut self, status: Option<&WorkflowRunStatus>, now: Stamp) {
        let phase = status.and_then(|s| s.phase).unwrap_or(Phase::Pending);
        let at = LIVE.iter().position(|p| *p == phase);
        let Some(count) = at.and_then(|at| self.runs.get_mut(at)) else { return };
        *count += 1;
        for question in status.iter().flat_map(|s| &s.escalations) {
            self.questions += 1;
            self.oldest = self.oldest.max(now.since(question.since));
        }
    }
}

/// Exposes what was last set; nothing if that is `None`.
#[derive(Debug, Default)]
pub(crate) struct Shown(Mutex<Option<Live>>);

impl Shown {
    pub(crate) fn set(&self, live: Option<Live>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = live;
    }
}

impl Collector for Shown {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let Some(live) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) else { return Ok(()) };
        let help = "Runs that have not ended, by phase. Only on the leader.";
        encoder
            .encode_descriptor("runs", help, None, MetricType::Gauge)
            .and_then(|e| Phases(live.runs).encode(e))?;
        let help = "Open questions to people. Only on the leader.";
        let open = ConstGauge::new(live.questions);
        open.encode(encoder.encode_descriptor("escalations_open", help, None, MetricType::Gauge)?)?;
        let help = "Age of the oldest open question, 0 if there is none. Only on the leader.";
        let age = ConstGauge::new(live.oldest.as_secs_f64());
        let unit = prometheus_client::registry::Unit::Seconds;
        age.encode(encoder.encode_descriptor(
            "escalation_oldest_age",
            help,
            Some(&unit),
            MetricType::Gauge,
        )?)
    }
}

/// A gauge per phase.
struct Phases([i64; 3]);

impl TypedMetric for Phases {
    const TYPE: MetricType = MetricType::Gauge;
}

impl EncodeMetric for Phases {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
        for (phase, count) in LIVE.iter().zip(self.0) {
            let label = [("phase", phase.as_str())];
            ConstGauge::new(count).encode(encoder.encode_family(&label)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: serde_json::Value) -> WorkflowRunStatus {
        serde_json::from_value(text).unwrap()
    }

    fn question(since: &str) -> serde_json::Value {
        serde_json::json!({
            "id": "e1-000000", "step": "a", "cause": "ExitCode", "message": "m", "since": since, "actions": ["Retry"],
        })
    }

    #[test]
    fn live_runs_are_counted_by_phase_and_the_oldest_question_gives_the_age() {
        let now = Stamp("2026-01-02T00:00:00Z".parse().unwrap());
        let asked = [question("2026-01-01T23:00:00Z"), question("2026-01-01T22:00:00Z")];
        let statuses = [
            status(serde_json::json!({"phase": "Running", "escalations": asked})),
            status(serde_json::json!({"phase": "Paused", "escalations": [question("2026-01-01T23:59:00Z")]})),
            status(serde_json::json!({"phase": "Succeeded"})),
            status(serde_json::json!({"observedGeneration": -1})),
        ];
        let live = Live::of(statuses.iter().map(Some).chain([None]), now);
        let expected = Live { runs: [2, 1, 1], questions: 3, oldest: Duration::from_secs(7200) };
        assert_eq!(live, expected);
        assert_eq!(Live::of(std::iter::empty(), now), Live::default());
    }
}
