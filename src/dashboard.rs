//! The dashboard: what the process knows of the cluster -> pages, for readers who signed in with a token of their
//! own.
//!
//! It reads what the operator's watches keep. The only requests that a page makes ask what its reader may see. It
//! never uses the operator's rights for a reader. [`access`] decides who may see what, [`pages`] builds the pages,
//! [`web`] serves them. [`parts`], [`draw`] and [`ansi`] turn plain values into HTML: a page has neither inline style
//! nor inline script, and colors are classes of `assets/style.css`. Start reading at [`web::router`].
//! are classes of `assets/style.css`. Start reading at [`web::router`].

pub mod access;
pub mod ansi;
pub mod api;
pub mod assets;
pub mod changes;
pub mod cluster_view;
pub mod draw;
pub mod figures;
pub mod limits;
pub mod page;
pub mod pages;
pub mod parts;
pub mod record_cache;
pub mod web;

// Tests of the drawings and of the colors read the HTML.
#[cfg(test)]
#[path = "../tests/support/markup.rs"]
mod markup;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::{Stamp, Workflow, WorkflowRun};

use access::rights::{ObjectKind, Visibility};
use access::{Access, AccessError, Reader};
use changes::Changes;
use cluster_view::{Cached, ClusterView};
use figures::{FigureCache, FigureSet};
use limits::{ConnectionLimits, OpenStreams};

/// The namespaces of one version of the cluster view.
type Namespaces = Mutex<Option<(u64, Arc<BTreeSet<String>>)>>;

/// Everything that requests are answered from.
#[derive(Debug)]
pub struct Dashboard {
    pub cluster: Arc<ClusterView>,
    pub access: Access,
    pub changes: Changes,
    pub figures: FigureCache,
    pub streams: OpenStreams,
    pub limits: ConnectionLimits,
    namespaces: Namespaces,
    /// Whether readers may create decisions here, as far as their own rights allow it.
    pub actions: bool,
    pub now: fn() -> Stamp,
}

impl Dashboard {
    pub fn new(cluster: ClusterView, access: Access, actions: bool, now: fn() -> Stamp) -> Self {
        let (changes, figures) = (Changes::default(), FigureCache::default());
        let (streams, limits) = (OpenStreams::default(), ConnectionLimits::default());
        let namespaces = Namespaces::default();
        let cluster = Arc::new(cluster);
        Self { cluster, access, changes, figures, streams, limits, namespaces, actions, now }
    }

    /// Every namespace that has objects. Computed once per change, however many pages ask.
    fn namespaces(&self) -> Arc<BTreeSet<String>> {
        // Read the version first: a change during the scan triggers another scan.
        let version = self.changes.version();
        let mut kept = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, all)) if *of == version => Arc::clone(all),
            _ => {
                let all = Arc::new(self.cluster.namespaces());
                *kept = Some((version, Arc::clone(&all)));
                all
            }
        }
    }

    /// The namespaces in which a reader may list objects of a kind.
    pub async fn visibility(&self, reader: &Reader, kind: ObjectKind) -> Result<Visibility, AccessError> {
        self.access.visibility(reader, kind, || self.namespaces()).await
    }

    /// The figures over what a reader may see.
    pub async fn figures(&self, reader: &Reader) -> Result<Arc<FigureSet>, AccessError> {
        let records = self.visibility(reader, ObjectKind::Records).await?;
        let runs = self.visibility(reader, ObjectKind::Runs).await?;
        self.figures.of(&self.cluster, &self.changes, (records, runs), self.now).await
    }

    /// That run, if it exists and the reader may read it; otherwise `None`, as if it did not exist.
    pub async fn run(
        &self,
        reader: &Reader,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Cached<WorkflowRun>>, AccessError> {
        let may = self.access.sees(reader, ObjectKind::Runs, namespace, name).await?;
        Ok(may.then(|| (self.cluster.run)(namespace, name)).flatten())
    }

    /// The same for a workflow.
    pub async fn workflow(
        &self,
        reader: &Reader,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Cached<Workflow>>, AccessError> {
        let may = self.access.sees(reader, ObjectKind::Workflows, namespace, name).await?;
        Ok(may.then(|| (self.cluster.workflow)(namespace, name)).flatten())
    }
}
