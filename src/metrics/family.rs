//! Metrics with one label that has a fixed set of values. Every series exists from the start with the value 0, so that
//! the first event is an increase like every other, and no event adds a series.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// One label with one of its fixed values.
pub(crate) type Label = [(&'static str, &'static str); 1];

/// A counter for each value of its only label.
#[derive(Clone, Debug)]
pub(crate) struct Labelled {
    label: &'static str,
    family: Family<Label, Counter>,
}

impl Labelled {
    pub(super) fn new(
        registry: &mut Registry,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let family = Family::<Label, Counter>::default();
        registry.register(name, help, family.clone());
        for value in values {
            drop(family.get_or_create(&[(label, value)]));
        }
        Self { label, family }
    }

    /// Adds 1. `value` must be one of the fixed set.
    pub(crate) fn count(&self, value: &'static str) {
        self.family.get_or_create(&[(self.label, value)]).inc();
    }

    /// How often `value` was counted.
    #[cfg(test)]
    pub(crate) fn get(&self, value: &'static str) -> u64 {
        self.family.get_or_create(&[(self.label, value)]).get()
    }
}

/// A histogram of seconds for each value of its only label.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    label: &'static str,
    family: Family<Label, Histogram, fn() -> Histogram>,
}

impl Timed {
    pub(super) fn new(
        registry: &mut Registry,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl IntoIterator<Item = &'static str>,
        buckets: fn() -> Histogram,
    ) -> Self {
        let family = Family::new_with_constructor(buckets);
        registry.register_with_unit(name, help, Unit::Seconds, family.clone());
        for value in values {
            drop(family.get_or_create(&[(label, value)]));
        }
        Self { label, family }
    }

    /// Observes a duration. `value` must be one of the fixed set.
    pub(crate) fn observe(&self, value: &'static str, took: Duration) {
        self.family.get_or_create(&[(self.label, value)]).observe(took.as_secs_f64());
    }
}

/// Buckets for the work of agents: a second to a day.
pub(crate) fn work() -> Histogram {
    Histogram::new([
        1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 10_800.0, 28_800.0, 86_400.0,
    ])
}

/// Buckets for the operator and the API server: a millisecond to 30 seconds.
pub(crate) fn quick() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}
