//! Watch events -> what is known of the cluster now, with indexes, so that a pass costs the same however much has
//! finished.
//!
//! A store says what changed, including what vanished while a watch was broken; the last sight of what is gone is kept
//! in a graveyard, because it is evidence. It never asks the API server and never decides.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use kube::Resource;
use kube::runtime::watcher::Event;

/// An object's namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    pub namespace: String,
    pub name: String,
}

impl Name {
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The name of `object`.
    pub fn of(object: &impl Resource) -> Self {
        let meta = object.meta();
        Self {
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone().unwrap_or_default(),
        }
    }

    /// Another object of the same namespace.
    pub fn beside(&self, name: impl Into<String>) -> Self {
        Self { namespace: self.namespace.clone(), name: name.into() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What a watch event did to a store.
#[derive(Clone, Debug)]
pub enum Change<K> {
    Seen(Arc<K>),
    Gone(Arc<K>),
}

/// All objects of one kind that the watch selects.
#[derive(Debug)]
pub struct Store<K> {
    state: RwLock<State<K>>,
    groups: fn(&K) -> Vec<String>,
    graves: Option<Graveyard<K>>,
}

#[derive(Debug)]
struct State<K> {
    objects: HashMap<Name, Arc<K>>,
    groups: HashMap<String, BTreeSet<Name>>,
    listed: HashMap<Name, Arc<K>>,
    synced: bool,
}

impl<K: Resource> Store<K> {
    /// `groups` names the indexes under which an object is found.
    pub fn new(groups: fn(&K) -> Vec<String>) -> Self {
        let state =
            State { objects: HashMap::new(), groups: HashMap::new(), listed: HashMap::new(), synced: false };
        Self { state: RwLock::new(state), groups, graves: None }
    }

    /// The same, with a graveyard.
    pub fn with_graves(groups: fn(&K) -> Vec<String>) -> Self {
        Self { graves: Some(Graveyard::default()), ..Self::new(groups) }
    }

    /// Takes in one watch event.
    pub fn apply(&self, event: Event<K>) -> Vec<Change<K>> {
        // Burials happen under this lock: whoever no longer finds an object finds its grave.
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let changes = self.change(&mut state, event);
        for change in &changes {
            if let (Change::Gone(object), Some(graves)) = (change, &self.graves) {
                graves.bury(Arc::clone(object));
            }
        }
        changes
    }

    fn change(&self, state: &mut State<K>, event: Event<K>) -> Vec<Change<K>> {
        match event {
            Event::Apply(object) => vec![Change::Seen(state.put(Arc::new(object), self.groups))],
            Event::Delete(object) => {
                state.remove(&Name::of(&object), self.groups);
                vec![Change::Gone(Arc::new(object))]
            }
            Event::Init => {
                state.listed = HashMap::new();
                Vec::new()
            }
            Event::InitApply(object) => {
                state.listed.insert(Name::of(&object), Arc::new(object));
                Vec::new()
            }
            Event::InitDone => state.replace(self.groups),
        }
    }

    pub fn get(&self, name: &Name) -> Option<Arc<K>> {
        self.read(|s| s.objects.get(name).cloned())
    }

    /// The last sight of an object that is gone. Ask [`Self::get`] first.
    pub fn grave(&self, name: &Name) -> Option<Arc<K>> {
        self.graves.as_ref()?.get(name)
    }

    /// The last sight of an object that is gone and looks like that. There are few graves.
    pub fn find_grave(&self, wanted: impl Fn(&K) -> bool) -> Option<Arc<K>> {
        self.graves.as_ref()?.lock().values().map(|(object, _)| object).find(|object| wanted(object)).cloned()
    }

    /// Forgets graves that are old and not wanted any more. The age covers the time in which a cached status does not
    /// name the attempt yet.
    pub fn prune(&self, age: Duration, wanted: impl Fn(&K) -> bool) {
        if let Some(graves) = &self.graves {
            graves.prune(age, wanted);
        }
    }

    /// The objects of one index entry.
    pub fn group(&self, group: &str) -> Vec<Arc<K>> {
        self.read(|s| {
            s.groups.get(group).into_iter().flatten().filter_map(|n| s.objects.get(n).cloned()).collect()
        })
    }

    /// Whether an index entry has objects.
    pub fn has(&self, group: &str) -> bool {
        self.read(|s| s.groups.contains_key(group))
    }

    pub fn names(&self) -> Vec<Name> {
        self.read(|s| s.objects.keys().cloned().collect())
    }

    /// True after the first complete list.
    pub fn is_synced(&self) -> bool {
        self.read(|s| s.synced)
    }

    fn read<T>(&self, look: impl FnOnce(&State<K>) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<K: Resource> State<K> {
    fn put(&mut self, object: Arc<K>, groups: fn(&K) -> Vec<String>) -> Arc<K> {
        let name = Name::of(&*object);
        self.remove(&name, groups);
        for group in groups(&object) {
            self.groups.entry(group).or_default().insert(name.clone());
        }
        self.objects.insert(name, Arc::clone(&object));
        object
    }

    fn remove(&mut self, name: &Name, groups: fn(&K) -> Vec<String>) -> Option<Arc<K>> {
        let old = self.objects.remove(name)?;
        for group in groups(&old) {
            if let Some(names) = self.groups.get_mut(&group) {
                names.remove(name);
                if names.is_empty() {
                    self.groups.remove(&group);
                }
            }
        }
        Some(old)
    }

    /// A new list is complete: what it lacks vanished while nobody watched.
    fn replace(&mut self, groups: fn(&K) -> Vec<String>) -> Vec<Change<K>> {
        let listed = std::mem::take(&mut self.listed);
        let vanished: Vec<Name> = self.objects.keys().filter(|n| !listed.contains_key(*n)).cloned().collect();
        let mut changes: Vec<Change<K>> =
            vanished.iter().filter_map(|n| self.remove(n, groups)).map(Change::Gone).collect();
        for object in listed.into_values() {
            changes.push(Change::Seen(self.put(object, groups)));
        }
        self.synced = true;
        changes
    }
}

/// The last sight of objects that are gone.
#[derive(Debug)]
struct Graveyard<K>(Mutex<HashMap<Name, (Arc<K>, Instant)>>);

impl<K> Default for Graveyard<K> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Resource> Graveyard<K> {
    fn bury(&self, object: Arc<K>) {
        self.lock().insert(Name::of(&*object), (object, Instant::now()));
    }

    fn get(&self, name: &Name) -> Option<Arc<K>> {
        self.lock().get(name).map(|(object, _)| Arc::clone(object))
    }

    fn prune(&self, age: Duration, wanted: impl Fn(&K) -> bool) {
        self.lock().retain(|_, (object, at)| at.elapsed() < age || wanted(object));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, (Arc<K>, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Pod;
    use kube::ResourceExt;

    use super::*;
    use crate::api::labels;
    use crate::reconcile::stores::pod_groups;

    fn pod(name: &str, phase: &str) -> Pod {
        serde_json::from_value(serde_json::json!({
            "metadata": {"name": name, "namespace": "ns", "labels": {labels::RUN: "r"}},
            "status": {"phase": phase},
        }))
        .unwrap()
    }

    fn told<K: Resource>(changes: Vec<Change<K>>) -> Vec<String> {
        let mut told: Vec<String> = changes
            .iter()
            .map(|c| match c {
                Change::Seen(o) => format!("seen {}", o.meta().name.clone().unwrap_or_default()),
                Change::Gone(o) => format!("gone {}", o.meta().name.clone().unwrap_or_default()),
            })
            .collect();
        told.sort();
        told
    }

    #[test]
    fn what_vanished_while_nobody_watched_is_gone() {
        let store = Store::new(pod_groups);
        store.apply(Event::Apply(pod("a", "Running")));
        store.apply(Event::Init);
        store.apply(Event::InitApply(pod("b", "Running")));
        assert!(!store.is_synced());
        assert_eq!(told(store.apply(Event::InitDone)), ["gone a", "seen b"]);
        assert!(store.is_synced());
    }

    #[test]
    fn a_pod_that_is_over_leaves_the_index_of_live_pods() {
        let store = Store::new(pod_groups);
        store.apply(Event::Apply(pod("a", "Running")));
        assert_eq!(store.group("ns/r").len(), 1);
        store.apply(Event::Apply(pod("a", "Succeeded")));
        assert_eq!(store.group("ns/r").len(), 0);
        assert!(store.get(&Name::new("ns", "a")).is_some());
    }

    #[test]
    fn a_grave_is_kept_while_it_is_wanted() {
        let store = Store::with_graves(pod_groups);
        for name in ["a", "b"] {
            store.apply(Event::Apply(pod(name, "Running")));
            store.apply(Event::Delete(pod(name, "Failed")));
        }
        store.prune(Duration::ZERO, |p: &Pod| p.name_any() == "a");
        assert_eq!(store.get(&Name::new("ns", "a")), None);
        assert_eq!(store.grave(&Name::new("ns", "a")), Some(Arc::new(pod("a", "Failed"))));
        assert_eq!(store.grave(&Name::new("ns", "b")), None);
    }
}
