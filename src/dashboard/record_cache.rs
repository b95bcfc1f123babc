//! Watch events of RunRecords -> the records of the last 30 days, cut to what figures need.
//!
//! Bounded: it keeps neither older records nor more than [`MAX_RECORDS`], and of each record neither outputs nor
//! decisions nor messages. It makes no request.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kube::api::ObjectMeta;
use kube::runtime::watcher::Event;

use crate::api::{RunRecord, Stamp};

/// The window of the figures.
pub const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);
/// The number of records kept; beyond it, the newest ones. A record with five steps takes 3.5 KiB
/// (`the_dashboard_in_figures`), so all of them take 35 MiB.
pub const MAX_RECORDS: usize = 10_000;

/// Namespace and name.
type Key = (String, String);

/// The cache.
#[derive(Debug, Default)]
pub struct RecordCache(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<Key, Arc<RunRecord>>,
    /// By their ends, so that the oldest is found without a scan.
    ends: BTreeSet<(Stamp, Key)>,
    /// The names in a list that is not complete yet, by the namespace that is listed.
    listed: BTreeMap<Option<String>, BTreeSet<Key>>,
    /// The newest end of those that were dropped for lack of room.
    dropped: Option<Stamp>,
}

impl RecordCache {
    /// Applies an event of the watch over `namespace`, or over all.
    pub fn apply(&self, namespace: Option<&str>, event: Event<RunRecord>, now: Stamp) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let part = namespace.map(String::from);
        match event {
            Event::Apply(record) => state.put(record, now),
            Event::Delete(record) => state.remove(&key(&record)),
            Event::Init => {
                state.listed.insert(part, BTreeSet::new());
            }
            Event::InitApply(record) => {
                state.listed.entry(part).or_default().insert(key(&record));
                state.put(record, now);
            }
            Event::InitDone => {
                let listed = state.listed.remove(&part).unwrap_or_default();
                state.keep_only(namespace, &listed);
            }
        }
    }

    pub fn all(&self) -> Vec<Arc<RunRecord>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).records.values().cloned().collect()
    }

    pub fn namespaces(&self) -> BTreeSet<String> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = BTreeSet::new();
        // Sorted by namespace: one jump for each.
        let mut next = state.records.keys().next();
        while let Some((namespace, _)) = next {
            all.insert(namespace.clone());
            // Sorts after every name of the namespace.
            let after = (namespace.clone(), "\u{10ffff}".to_string());
            next = state.records.range((Bound::Excluded(after), Bound::Unbounded)).next().map(|(key, _)| key);
        }
        all
    }

    /// Whether the window has more records than the cache keeps.
    pub fn is_cut(&self, now: Stamp) -> bool {
        let dropped = self.0.read().unwrap_or_else(PoisonError::into_inner).dropped;
        dropped.is_some_and(|end| now.since(end) <= WINDOW)
    }
}

impl State {
    fn put(&mut self, record: RunRecord, now: Stamp) {
        let key = key(&record);
        self.remove(&key);
        self.ends.insert((record.spec.finished_at, key.clone()));
        self.records.insert(key, Arc::new(trimmed(record)));
        while let Some((end, key)) = self.ends.first().cloned() {
            let old = now.since(end) > WINDOW;
            if !old && self.records.len() <= MAX_RECORDS {
                break;
            }
            if !old {
                self.dropped = self.dropped.max(Some(end));
            }
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(old) = self.records.remove(key) {
            self.ends.remove(&(old.spec.finished_at, key.clone()));
        }
    }

    /// A new list is complete: records that it lacks were deleted while the watch was down.
    fn keep_only(&mut self, namespace: Option<&str>, listed: &BTreeSet<Key>) {
        let here = |key: &&Key| namespace.is_none_or(|n| n == key.0);
        let gone: Vec<Key> =
            self.records.keys().filter(here).filter(|k| !listed.contains(*k)).cloned().collect();
        gone.iter().for_each(|key| self.remove(key));
    }
}

fn key(record: &RunRecord) -> Key {
    let meta = &record.metadata;
    (meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
}

fn trimmed(mut record: RunRecord) -> RunRecord {
    let meta = std::mem::take(&mut record.metadata);
    record.metadata = ObjectMeta { name: meta.name, namespace: meta.namespace, ..ObjectMeta::default() };
    record.spec.spec_hash = String::new();
    record.spec.run_id = None;
    record.spec.message = None;
    record.spec.outputs.clear();
    record.spec.decisions = Vec::new();
    record.spec.steps.shrink_to_fit();
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600;

    fn now() -> Stamp {
        Stamp("2026-03-01T00:00:00Z".parse().unwrap())
    }

    fn record(namespace: &str, name: &str, seconds_ago: i64) -> RunRecord {
        let end = Stamp(now().0 - jiff::SignedDuration::from_secs(seconds_ago));
        serde_json::from_value(serde_json::json!({
            "apiVersion": "missioncontrol.dev/v1alpha1", "kind": "RunRecord",
            "metadata": {"name": name, "namespace": namespace, "labels": {"a": "b"}},
            "spec": {"run": name, "runUID": name, "specHash": "h", "workflow": "w", "outcome": "Succeeded",
                "reason": "Succeeded", "message": "m", "finishedAt": end, "activeSeconds": 1,
                "outputs": {"a": "b"}, "totals": {"attempts": 1, "retries": 0, "lost": 0, "escalations": 0}},
        }))
        .unwrap()
    }

    fn names(cache: &RecordCache) -> Vec<String> {
        cache.all().iter().filter_map(|r| r.metadata.name.clone()).collect()
    }

    #[test]
    fn a_record_that_is_older_than_the_window_is_not_kept() {
        let cache = RecordCache::default();
        cache.apply(None, Event::Apply(record("a", "old", 31 * DAY)), now());
        cache.apply(None, Event::Apply(record("a", "new", 29 * DAY)), now());
        assert_eq!(names(&cache), ["new"]);
        assert!(!cache.is_cut(now()));
        let later = now().plus(Duration::from_secs(2 * 24 * 3600));
        cache.apply(None, Event::Apply(record("a", "newest", 0)), later);
        assert_eq!(names(&cache), ["newest"]);
    }

    #[test]
    fn what_a_new_list_lacks_is_gone_in_its_part_only() {
        let cache = RecordCache::default();
        for (namespace, name) in [("a", "kept"), ("a", "gone"), ("b", "other")] {
            cache.apply(Some(namespace), Event::Apply(record(namespace, name, 1)), now());
        }
        cache.apply(Some("a"), Event::Init, now());
        cache.apply(Some("a"), Event::InitApply(record("a", "kept", 1)), now());
        assert_eq!(names(&cache), ["gone", "kept", "other"]);
        assert_eq!(cache.namespaces(), ["a".to_string(), "b".to_string()].into());
        cache.apply(Some("a"), Event::InitDone, now());
        assert_eq!(names(&cache), ["kept", "other"]);
    }

    #[test]
    fn of_too_many_the_newest_are_kept() {
        let cache = RecordCache::default();
        for n in 0..=MAX_RECORDS {
            let ago = i64::try_from(n).unwrap();
            cache.apply(None, Event::Apply(record("a", &format!("r{n:05}"), ago)), now());
        }
        let kept = names(&cache);
        assert_eq!((kept.len(), kept.contains(&format!("r{MAX_RECORDS:05}"))), (MAX_RECORDS, false));
        assert!(cache.is_cut(now()));
        // Once the dropped record is out of the window, nothing is missing any more.
        let (ago, day) = (Duration::from_secs(MAX_RECORDS as u64), Duration::from_secs(24 * 3600));
        assert!(cache.is_cut(now().plus(WINDOW - ago)));
        assert!(!cache.is_cut(now().plus(WINDOW - ago + day)));
    }

    #[test]
    fn a_record_keeps_only_what_figures_are_made_of() {
        let cache = RecordCache::default();
        cache.apply(None, Event::Apply(record("a", "r", 1)), now());
        let kept = cache.all().pop().unwrap();
        assert_eq!(
            (kept.metadata.labels.clone(), kept.spec.outputs.len(), kept.spec.message.clone()),
            (None, 0, None)
        );
        assert_eq!(kept.spec.run, "r");
    }
}
