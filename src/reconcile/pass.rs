//! The parameters of one pass over one run, from its first read to its last effect.

use std::sync::Arc;

use k8s_openapi::NamespaceResourceScope;
use kube::{Api, Resource};

use crate::api::{Stamp, WorkflowRun};
use crate::cluster::Name;
use crate::job::Owner;

use super::context::Context;
use super::queue::Key;
use super::run_cache::SharedRunCache;

/// One pass over one run.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) ctx: &'a Arc<Context>,
    pub(super) name: &'a Name,
    /// The newest version that this process knows.
    pub(super) run: &'a WorkflowRun,
    /// What this process knows of the run beyond the watches.
    pub(super) cache: &'a Arc<SharedRunCache>,
    /// The clock of the decision, read once. Only later answers of the API server are recorded with their own time
    /// ([`super::run_cache::answered_at`]).
    pub(super) now: Stamp,
}

impl<'a> Pass<'a> {
    /// The objects of the run's namespace.
    pub(super) fn api<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>>(&self) -> Api<K> {
        self.ctx.api(&self.name.namespace)
    }

    pub(super) fn uid(&self) -> &'a str {
        self.run.metadata.uid.as_deref().unwrap_or_default()
    }

    /// The run as the owner of its children.
    pub(super) fn owner(&self) -> Owner<'a> {
        Owner { name: &self.name.name, namespace: &self.name.namespace, uid: self.uid() }
    }

    /// Another pass follows this one.
    pub(super) fn look_again(&self) {
        self.ctx.queue.add(Key::Run(self.name.clone()));
    }
}
