//! Records and live runs -> the figures that pages show, folded once for all who see the same namespaces.
//!
//! Figures of the same changes are the same; while changes go on, they are folded at most once a second, however many pages
//! are open. Start reading at [`Figures::of`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{RunRecord, Stamp, WorkflowRun};
use crate::view::stats::{Stats, Trend};

use super::Dashboard;
use super::access::rights::{Kind, Sight};
use super::access::{Reader, Refusal};
use super::changes::HELD;
use super::known::readable;
use super::shelf::WINDOW;

/// Folds that are kept: readers who see the same share one.
const KEPT: usize = 16;
/// Without any change the window moves all the same.
const OLD: Duration = Duration::from_secs(60);

/// Whose records, and whose runs.
type Seen = (Sight, Sight);

/// The folds of late.
#[derive(Debug, Default)]
pub struct Figures {
    kept: Mutex<Vec<Entry>>,
    /// One at a time: a fold takes a core.
    folding: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Entry {
    seen: Seen,
    version: u64,
    at: Instant,
    folded: Arc<Folded>,
}

/// What was made of them.
#[derive(Debug)]
pub struct Folded {
    /// The changes that are in it, as [`super::changes::Changes::version`] counts them.
    pub version: u64,
    pub stats: Stats,
    pub trend: Trend,
    /// The reader may list no records: only what is live is in the figures.
    pub without_records: bool,
    /// There are more records than are kept.
    pub is_cut: bool,
}

impl Figures {
    /// The figures of what a reader may see.
    pub async fn of(d: &Arc<Dashboard>, reader: &Reader) -> Result<Arc<Folded>, Refusal> {
        let seen = (d.sight(reader, Kind::Records).await?, d.sight(reader, Kind::Runs).await?);
        if let Some(folded) = d.figures.fresh(d, &seen) {
            return Ok(folded);
        }
        let _turn = d.figures.folding.lock().await;
        // Somebody may have done it meanwhile.
        if let Some(folded) = d.figures.fresh(d, &seen) {
            return Ok(folded);
        }
        let (version, at) = (d.changes.version(), Instant::now());
        let (dashboard, wanted) = (Arc::clone(d), seen.clone());
        let folded = tokio::task::spawn_blocking(move || Arc::new(fold(&dashboard, &wanted, version))).await;
        let folded = folded.map_err(|_| Refusal::Away(None))?;
        d.figures.keep(Entry { seen, version, at, folded: Arc::clone(&folded) });
        Ok(folded)
    }

    fn fresh(&self, d: &Dashboard, seen: &Seen) -> Option<Arc<Folded>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = kept.iter().find(|e| e.seen == *seen)?;
        let age = entry.at.elapsed();
        let good = if entry.version == d.changes.version() { age < OLD } else { age < HELD };
        good.then(|| Arc::clone(&entry.folded))
    }

    fn keep(&self, entry: Entry) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|e| e.seen != entry.seen && e.at.elapsed() < OLD);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(entry);
    }
}

fn fold(d: &Dashboard, (records, runs): &Seen, version: u64) -> Folded {
    let without_records = records.is_empty() && !runs.is_empty();
    let (kept, live) = (d.known.seen_records(records), d.known.runs_within(runs));
    let records: Vec<&RunRecord> = kept.iter().map(|r| &**r).collect();
    let runs = live.iter().filter_map(|r| readable::<WorkflowRun>(r));
    let since = window((d.now)());
    Folded {
        version,
        stats: Stats::of(records.iter().copied(), runs, since),
        trend: Trend::of(records.iter().copied(), since, (d.now)()),
        without_records,
        is_cut: d.known.records.is_cut((d.now)()),
    }
}

/// Where the window begins.
fn window(now: Stamp) -> Stamp {
    Stamp(now.0.checked_sub(WINDOW).unwrap_or(jiff::Timestamp::MIN))
}
