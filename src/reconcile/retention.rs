//! RunRecords that are too old or too many -> deleted, the oldest first.
//!
//! It reads live lists of metadata only. It never deletes a record whose run still exists, because Git would have that
//! run executed again. A record's age counts from its own creation: one that was restored from a backup starts anew.
//! Start reading at [`sweep`]; [`surplus`] decides.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, Preconditions};
use kube::core::PartialObjectMeta;
use serde::de::DeserializeOwned;

use crate::api::{RunRecord, Span, Stamp, WorkflowRun};
use crate::cluster::{Name, list_all, report, request_opt};
use crate::engine::ids;

use super::context::Context;
use super::error::Error;
use super::scope::WatchScope;

/// The maximum number of deletions in one sweep: the API server has other work, and the next sweep comes in ten
/// minutes.
const AT_ONCE: usize = 2000;

/// How long RunRecords are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    Keep,
    For(Span),
}

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "Keep" {
            return Ok(Self::Keep);
        }
        Span::with_days(text)
            .map(Self::For)
            .map_err(|_| format!("{text:?} is neither Keep nor a length of time such as 90d or 12h"))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("Keep"),
            Self::For(span) => span.fmt(f),
        }
    }
}

/// Which RunRecords stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub age: Age,
    /// The maximum number in one namespace; 0: no limit.
    pub limit: usize,
}

/// The metadata of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: Name,
    uid: String,
    created: Stamp,
}

impl Entry {
    fn of(record: &PartialObjectMeta<RunRecord>) -> Option<Self> {
        let created = Stamp::of(record.creation_timestamp()?.0);
        Some(Self { name: Name::of(record), uid: record.uid()?, created })
    }

    /// The run that it answers for; a superseded record answers for none.
    fn run(&self) -> Option<Name> {
        ids::run_of_record(&self.name.name).map(|run| self.name.beside(run))
    }
}

/// Why a record is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Age,
    Count,
}

impl Why {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Age => "Age",
            Self::Count => "Count",
        }
    }
}

/// The records to delete, oldest first. Those whose run is among `runs` stay, and count towards the limit of their
/// namespace.
fn surplus(mut records: Vec<Entry>, runs: &HashSet<Name>, rule: Retention, now: Stamp) -> Vec<(Entry, Why)> {
    let mut left: HashMap<String, usize> = HashMap::new();
    for record in &records {
        *left.entry(record.name.namespace.clone()).or_default() += 1;
    }
    records.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    let mut gone = Vec::new();
    for record in records {
        if record.run().is_some_and(|run| runs.contains(&run)) {
            continue;
        }
        let Some(left) = left.get_mut(&record.name.namespace) else { continue };
        let is_old = match rule.age {
            Age::Keep => false,
            Age::For(span) => now.since(record.created) > span.as_duration(),
        };
        let is_over = rule.limit > 0 && *left > rule.limit;
        if is_old || is_over {
            *left -= 1;
            gone.push((record, if is_old { Why::Age } else { Why::Count }));
        }
    }
    gone
}

/// Deletes surplus records; a failure is logged, and the next sweep retries.
pub(crate) async fn sweep(ctx: &Context, rule: Retention) {
    if rule.age == Age::Keep && rule.limit == 0 {
        return;
    }
    for scope in ctx.scope.watch_scopes() {
        match candidates(ctx, &scope, rule).await {
            Ok(gone) => delete_all(ctx, &gone).await,
            Err(error) => {
                tracing::warn!(scope = %scope, error = report(&error), "cannot sweep RunRecords")
            }
        }
    }
}

async fn delete_all(ctx: &Context, gone: &[(Entry, Why)]) {
    for (record, why) in gone.iter().take(AT_ONCE) {
        if !ctx.leadership.holds() {
            return;
        }
        delete(ctx, record, *why).await;
    }
}

async fn candidates(ctx: &Context, scope: &WatchScope, rule: Retention) -> Result<Vec<(Entry, Why)>, Error> {
    let now = Stamp::of(Timestamp::now());
    let records = metadata(scope.api::<RunRecord>(&ctx.client), "RunRecords").await?;
    let records: Vec<Entry> = records.iter().filter_map(Entry::of).collect();
    if surplus(records.clone(), &HashSet::new(), rule, now).is_empty() {
        return Ok(Vec::new());
    }
    // The runs are listed after the records: the record of a run that was created meanwhile stays.
    let runs = metadata(scope.api::<WorkflowRun>(&ctx.client), "WorkflowRuns").await?;
    let runs = runs.iter().map(Name::of).collect();
    Ok(surplus(records, &runs, rule, now))
}

async fn metadata<K>(api: Api<K>, what: &'static str) -> Result<Vec<PartialObjectMeta<K>>, Error>
where
    K: Clone + DeserializeOwned + fmt::Debug,
{
    let page = |params| {
        let api = api.clone();
        async move { api.list_metadata(&params).await }
    };
    list_all(ListParams::default(), page).await.map_err(|f| Error::Sweep(what, f))
}

async fn delete(ctx: &Context, record: &Entry, why: Why) {
    let records = ctx.api::<RunRecord>(&record.name.namespace);
    let preconditions = Some(Preconditions { uid: Some(record.uid.clone()), resource_version: None });
    let params = DeleteParams { preconditions, ..DeleteParams::default() };
    match request_opt(records.delete(&record.name.name, &params)).await {
        Ok(_) => {
            ctx.metrics.records_removed.count(why.as_str());
            tracing::info!(record = %record.name, why = why.as_str(), "deleted a RunRecord");
        }
        Err(failure) => {
            tracing::warn!(record = %record.name, error = report(&failure), "cannot delete a RunRecord");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The record of `run`, with an age in hours.
    fn record(namespace: &str, run: &str, hours: u64) -> Entry {
        let name = Name::new(namespace, ids::record_name(run, &ids::sha256_hex(b"spec")));
        Entry { uid: name.to_string(), name, created: at(1000 - hours) }
    }

    fn at(hour: u64) -> Stamp {
        Stamp(Timestamp::UNIX_EPOCH).plus(Duration::from_secs(hour * 3600))
    }

    fn gone(records: &[Entry], runs: &[&str], age: &str, limit: usize) -> Vec<(String, Why)> {
        let runs = runs.iter().map(|r| Name::new("ns", *r)).collect();
        let rule = Retention { age: age.parse().unwrap(), limit };
        let gone = surplus(records.to_vec(), &runs, rule, at(1000));
        gone.into_iter().map(|(r, why)| (r.run().map_or("-".into(), |r| r.to_string()), why)).collect()
    }

    #[test]
    fn what_is_older_than_the_age_goes_oldest_first() {
        let all =
            [record("ns", "a", 20), record("ns", "b", 30), record("ns", "c", 10), record("ns", "d", 24)];
        assert_eq!(gone(&all, &[], "1d", 0), [("ns/b".into(), Why::Age)]);
        assert_eq!(gone(&all, &[], "12h", 0).len(), 3);
        assert_eq!(gone(&all, &[], "Keep", 0), []);
    }

    #[test]
    fn of_too_many_in_a_namespace_the_oldest_go() {
        let mut all: Vec<Entry> = (1..=5).map(|n| record("ns", &format!("r{n}"), n)).collect();
        all.push(record("other", "x", 900));
        assert_eq!(gone(&all, &[], "Keep", 3), [("ns/r5".into(), Why::Count), ("ns/r4".into(), Why::Count)]);
        assert_eq!(gone(&all, &[], "Keep", 5), []);
    }

    #[test]
    fn what_goes_by_age_makes_room() {
        let all: Vec<Entry> = (1..=5).map(|n| record("ns", &format!("r{n}"), n)).collect();
        assert_eq!(gone(&all, &[], "3h", 3), [("ns/r5".into(), Why::Age), ("ns/r4".into(), Why::Age)]);
    }

    #[test]
    fn a_record_whose_run_exists_stays_however_old_and_many_there_are() {
        let all: Vec<Entry> = (1..=4).map(|n| record("ns", &format!("r{n}"), n)).collect();
        let runs = ["r4", "r2"];
        assert_eq!(gone(&all, &runs, "1h", 1), [("ns/r3".into(), Why::Age), ("ns/r1".into(), Why::Count)]);
        assert_eq!(gone(&all, &["r1", "r2", "r3", "r4"], "1h", 1), []);
    }

    #[test]
    fn a_superseded_record_answers_for_nobody_and_may_go() {
        let mut old = record("ns", "a", 50);
        old.name.name = ids::superseded_name(&old.name.name, "uid");
        assert_eq!(gone(&[old, record("ns", "a", 50)], &["a"], "1h", 0), [("-".into(), Why::Age)]);
    }

    #[test]
    fn an_age_is_keep_or_a_length_of_time() {
        assert_eq!("Keep".parse(), Ok(Age::Keep));
        assert_eq!("90d".parse(), Ok(Age::For(Span::hours(90 * 24))));
        assert_eq!("36h".parse(), Ok(Age::For(Span::hours(36))));
        for wrong in ["", "d", "-1d", "keep", "99999999999999999999d", "5"] {
            assert!(wrong.parse::<Age>().is_err(), "{wrong}");
        }
    }
}
