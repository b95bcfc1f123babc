//! Records and live runs -> the figures of the pages, computed once for all readers who see the same namespaces.
//!
//! Figures of the same version are the same. While changes keep coming, figures are computed at most once a second,
//! however many pages are open. Start reading at [`FigureCache::of`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{RunRecord, Stamp, WorkflowRun};
use crate::view::stats::{Stats, Trend};

use super::access::AccessError;
use super::access::rights::Visibility;
use super::changes::{Changes, PUBLISH_DELAY};
use super::cluster_view::{ClusterView, readable};
use super::record_cache::WINDOW;

/// Cached results: readers who see the same namespaces share one.
const MAX_ENTRIES: usize = 16;
/// The window moves even without a change.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The namespaces of the records and of the runs.
pub type Scope = (Visibility, Visibility);

/// The latest results.
#[derive(Debug, Default)]
pub struct FigureCache {
    kept: Mutex<Vec<CachedFigures>>,
    /// One computation at a time: each takes a core.
    folding: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct CachedFigures {
    scope: Scope,
    version: u64,
    at: Instant,
    folded: Arc<FigureSet>,
}

/// When the figures were computed.
#[derive(Debug)]
pub struct FigureSet {
    /// The version of the changes that they include: see [`super::changes::Changes::version`].
    pub version: u64,
    pub stats: Stats,
    pub trend: Trend,
    /// The reader may list no records: the figures cover live runs only.
    pub without_records: bool,
    /// There are more records than the cache keeps.
    pub is_cut: bool,
}

impl FigureCache {
    /// The figures over the namespaces in `scope`.
    pub async fn of(
        &self,
        cluster: &Arc<ClusterView>,
        changes: &Changes,
        scope: Scope,
        now: fn() -> Stamp,
    ) -> Result<Arc<FigureSet>, AccessError> {
        if let Some(folded) = self.fresh(changes, &scope) {
            return Ok(folded);
        }
        let _turn = self.folding.lock().await;
        // Another request may have computed them meanwhile.
        if let Some(folded) = self.fresh(changes, &scope) {
            return Ok(folded);
        }
        let (version, at) = (changes.version(), Instant::now());
        let (objects, wanted) = (Arc::clone(cluster), scope.clone());
        let folding = tokio::task::spawn_blocking(move || Arc::new(fold(&objects, &wanted, version, now())));
        let folded = folding.await.map_err(|_| AccessError::Unavailable(None))?;
        self.keep(CachedFigures { scope, version, at, folded: Arc::clone(&folded) });
        Ok(folded)
    }

    fn fresh(&self, changes: &Changes, scope: &Scope) -> Option<Arc<FigureSet>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = kept.iter().find(|e| e.scope == *scope)?;
        let age = entry.at.elapsed();
        let good = if entry.version == changes.version() { age < MAX_AGE } else { age < PUBLISH_DELAY };
        good.then(|| Arc::clone(&entry.folded))
    }

    fn keep(&self, entry: CachedFigures) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|e| e.scope != entry.scope && e.at.elapsed() < MAX_AGE);
        if kept.len() >= MAX_ENTRIES {
            kept.remove(0);
        }
        kept.push(entry);
    }
}

fn fold(cluster: &ClusterView, (records, runs): &Scope, version: u64, now: Stamp) -> FigureSet {
    let without_records = records.is_empty() && !runs.is_empty();
    let (kept, live) = (cluster.visible_records(records), cluster.visible_runs_unsorted(runs));
    let records: Vec<&RunRecord> = kept.iter().map(|r| &**r).collect();
    let runs = live.iter().filter_map(|r| readable::<WorkflowRun>(r));
    let since = window(now);
    FigureSet {
        version,
        stats: Stats::of(records.iter().copied(), runs, since),
        trend: Trend::of(records.iter().copied(), since, now),
        without_records,
        is_cut: cluster.records.is_cut(now),
    }
}

/// The start of the window.
fn window(now: Stamp) -> Stamp {
    Stamp(now.0.checked_sub(WINDOW).unwrap_or(jiff::Timestamp::MIN))
}
