//! Watch events -> the current objects of the cluster, with indexes, so that the cost of a pass does not depend on the
//! number of finished runs.
//!
//! A store reports what changed, including what vanished while a watch was broken; the last state of a deleted object
//! is kept as a tombstone, because it is evidence. Each watch scope is listed on its own, and a new list of one
//! replaces nothing of another. It never asks the API server and never decides.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use kube::Resource;
use kube::runtime::watcher::Event;

use crate::cluster::Name;

use super::scope::WatchScope;

/// Drops what no pass reads.
pub(crate) fn trim<K: Resource>(object: &mut K) {
    let meta = object.meta_mut();
    meta.managed_fields = None;
    if let Some(annotations) = meta.annotations.as_mut() {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

/// What a watch event did to a store.
#[derive(Clone, Debug)]
pub(crate) enum Change<K> {
    Applied(Arc<K>),
    Deleted(Arc<K>),
}

/// The state of a scope's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ListState {
    /// Not complete yet.
    #[default]
    Awaited,
    /// Not complete yet, and the API server denies it.
    Refused,
    /// Complete; changes follow it.
    Complete,
}

/// All objects of one kind that the watches select.
#[derive(Debug)]
pub(crate) struct Store<K> {
    state: RwLock<State<K>>,
    groups: fn(&K) -> Vec<String>,
    tombstones: Option<Tombstones<K>>,
}

#[derive(Debug)]
struct State<K> {
    objects: HashMap<Name, Arc<K>>,
    groups: HashMap<String, BTreeSet<Name>>,
    /// Lists that are under way.
    listed: HashMap<WatchScope, HashMap<Name, Arc<K>>>,
    list_states: HashMap<WatchScope, ListState>,
}

impl<K: Resource> Store<K> {
    /// `groups` names the indexes under which an object is found.
    pub(crate) fn new(groups: fn(&K) -> Vec<String>) -> Self {
        let state = State {
            objects: HashMap::new(),
            groups: HashMap::new(),
            listed: HashMap::new(),
            list_states: HashMap::new(),
        };
        Self { state: RwLock::new(state), groups, tombstones: None }
    }

    /// The same, with tombstones.
    pub(crate) fn with_tombstones(groups: fn(&K) -> Vec<String>) -> Self {
        Self { tombstones: Some(Tombstones::default()), ..Self::new(groups) }
    }

    /// Applies one event of a scope's watch.
    pub(crate) fn apply(&self, scope: &WatchScope, event: Event<K>) -> Vec<Change<K>> {
        // Under this lock: a reader that no longer finds an object finds its tombstone.
        let mut state = self.write();
        let changes = self.change(&mut state, scope, event);
        for change in &changes {
            if let (Change::Deleted(object), Some(tombstones)) = (change, &self.tombstones) {
                tombstones.insert(Arc::clone(object));
            }
        }
        changes
    }

    fn change(&self, state: &mut State<K>, scope: &WatchScope, event: Event<K>) -> Vec<Change<K>> {
        match event {
            Event::Apply(object) => vec![Change::Applied(state.put(Arc::new(object), self.groups))],
            Event::Delete(object) => {
                state.remove(&Name::of(&object), self.groups);
                vec![Change::Deleted(Arc::new(object))]
            }
            Event::Init => {
                state.listed.remove(scope);
                Vec::new()
            }
            Event::InitApply(object) => {
                let listed = state.listed.entry(scope.clone()).or_default();
                listed.insert(Name::of(&object), Arc::new(object));
                Vec::new()
            }
            Event::InitDone => state.replace(scope, self.groups),
        }
    }

    /// The API server denies a scope's list. Objects that were listed before stay.
    pub(crate) fn refuse(&self, scope: &WatchScope) {
        let mut state = self.write();
        let list_state = state.list_states.entry(scope.clone()).or_default();
        if *list_state == ListState::Awaited {
            *list_state = ListState::Refused;
        }
    }

    pub(crate) fn get(&self, name: &Name) -> Option<Arc<K>> {
        self.read(|s| s.objects.get(name).cloned())
    }

    /// The last state of a deleted object. Ask [`Self::get`] first.
    pub(crate) fn tombstone(&self, name: &Name) -> Option<Arc<K>> {
        self.tombstones.as_ref()?.get(name)
    }

    /// The last state of a deleted object that matches. There are few tombstones.
    pub(crate) fn find_tombstone(&self, wanted: impl Fn(&K) -> bool) -> Option<Arc<K>> {
        self.tombstones
            .as_ref()?
            .lock()
            .values()
            .map(|(object, _)| object)
            .find(|object| wanted(object))
            .cloned()
    }

    /// Drops tombstones that are old and no longer wanted. The minimum age covers the time in which a cached status
    /// does not name the attempt yet.
    pub(crate) fn prune(&self, age: Duration, wanted: impl Fn(&K) -> bool) {
        if let Some(tombstones) = &self.tombstones {
            tombstones.prune(age, wanted);
        }
    }

    /// The objects of one index entry.
    pub(crate) fn group(&self, group: &str) -> Vec<Arc<K>> {
        self.read(|s| {
            s.groups.get(group).into_iter().flatten().filter_map(|n| s.objects.get(n).cloned()).collect()
        })
    }

    /// Whether an index entry has objects.
    pub(crate) fn has(&self, group: &str) -> bool {
        self.read(|s| s.groups.contains_key(group))
    }

    /// The result of `look` for all objects.
    pub(crate) fn fold<T>(&self, look: impl FnOnce(&mut dyn Iterator<Item = &K>) -> T) -> T {
        self.read(|s| look(&mut s.objects.values().map(|o| &**o)))
    }

    pub(crate) fn all(&self) -> Vec<Arc<K>> {
        self.read(|s| s.objects.values().cloned().collect())
    }

    pub(crate) fn names(&self) -> Vec<Name> {
        self.read(|s| s.objects.keys().cloned().collect())
    }

    pub(crate) fn list_state(&self, scope: &WatchScope) -> ListState {
        self.read(|s| s.list_states.get(scope).copied().unwrap_or_default())
    }

    fn write(&self) -> RwLockWriteGuard<'_, State<K>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
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

    /// A new list of a scope is complete: objects of that scope that are not in it vanished while the watch was broken.
    fn replace(&mut self, scope: &WatchScope, groups: fn(&K) -> Vec<String>) -> Vec<Change<K>> {
        let listed = self.listed.remove(scope).unwrap_or_default();
        let gone = |n: &&Name| scope.holds(n) && !listed.contains_key(*n);
        let vanished: Vec<Name> = self.objects.keys().filter(gone).cloned().collect();
        let mut changes: Vec<Change<K>> =
            vanished.iter().filter_map(|n| self.remove(n, groups)).map(Change::Deleted).collect();
        for object in listed.into_values() {
            changes.push(Change::Applied(self.put(object, groups)));
        }
        self.list_states.insert(scope.clone(), ListState::Complete);
        changes
    }
}

/// The last state of deleted objects.
#[derive(Debug)]
struct Tombstones<K>(Mutex<HashMap<Name, (Arc<K>, Instant)>>);

impl<K> Default for Tombstones<K> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Resource> Tombstones<K> {
    fn insert(&self, object: Arc<K>) {
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

    const ALL: &WatchScope = &WatchScope::Cluster;

    fn pod(name: &str, phase: &str) -> Pod {
        pod_in("ns", name, phase)
    }

    fn pod_in(namespace: &str, name: &str, phase: &str) -> Pod {
        serde_json::from_value(serde_json::json!({
            "metadata": {"name": name, "namespace": namespace, "labels": {labels::RUN: "r"}},
            "status": {"phase": phase},
        }))
        .unwrap()
    }

    fn changed<K: Resource>(changes: Vec<Change<K>>) -> Vec<String> {
        let mut names: Vec<String> = changes
            .iter()
            .map(|c| match c {
                Change::Applied(o) => format!("applied {}", o.meta().name.clone().unwrap_or_default()),
                Change::Deleted(o) => format!("deleted {}", o.meta().name.clone().unwrap_or_default()),
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_vanished_while_nobody_watched_is_gone() {
        let store = Store::new(pod_groups);
        store.apply(ALL, Event::Apply(pod("a", "Running")));
        store.apply(ALL, Event::Init);
        store.apply(ALL, Event::InitApply(pod("b", "Running")));
        assert_eq!(store.list_state(ALL), ListState::Awaited);
        assert_eq!(changed(store.apply(ALL, Event::InitDone)), ["applied b", "deleted a"]);
        assert_eq!(store.list_state(ALL), ListState::Complete);
    }

    #[test]
    fn a_new_list_of_one_namespace_replaces_nothing_of_another() {
        let store = Store::new(pod_groups);
        let [a, b] = ["a", "b"].map(|n| WatchScope::Namespace(n.into()));
        for scope in [&a, &b] {
            store.apply(scope, Event::Init);
        }
        // The lists are under way at the same time.
        store.apply(&a, Event::InitApply(pod_in("a", "old", "Running")));
        store.apply(&b, Event::InitApply(pod_in("b", "stays", "Running")));
        assert_eq!(changed(store.apply(&b, Event::InitDone)), ["applied stays"]);
        assert_eq!(changed(store.apply(&a, Event::InitDone)), ["applied old"]);

        store.apply(&a, Event::Init);
        assert_eq!(changed(store.apply(&a, Event::InitDone)), ["deleted old"]);
        assert_eq!(store.names(), [Name::new("b", "stays")]);
    }

    #[test]
    fn a_list_that_begins_again_forgets_what_the_broken_one_had() {
        let store = Store::new(pod_groups);
        store.apply(ALL, Event::Init);
        store.apply(ALL, Event::InitApply(pod("a", "Running")));
        store.apply(ALL, Event::Init);
        store.apply(ALL, Event::InitApply(pod("b", "Running")));
        assert_eq!(changed(store.apply(ALL, Event::InitDone)), ["applied b"]);
    }

    #[test]
    fn a_refusal_is_forgotten_with_the_first_list_and_does_not_undo_one() {
        let store: Store<Pod> = Store::new(pod_groups);
        let [a, b] = ["a", "b"].map(|n| WatchScope::Namespace(n.into()));
        store.refuse(&a);
        assert_eq!((store.list_state(&a), store.list_state(&b)), (ListState::Refused, ListState::Awaited));
        store.apply(&a, Event::Init);
        assert_eq!(store.list_state(&a), ListState::Refused);
        store.apply(&a, Event::InitDone);
        store.refuse(&a);
        assert_eq!((store.list_state(&a), store.list_state(&b)), (ListState::Complete, ListState::Awaited));
    }

    #[test]
    fn a_pod_that_is_over_leaves_the_index_of_live_pods() {
        let store = Store::new(pod_groups);
        store.apply(ALL, Event::Apply(pod("a", "Running")));
        assert_eq!(store.group("ns/r").len(), 1);
        store.apply(ALL, Event::Apply(pod("a", "Succeeded")));
        assert_eq!(store.group("ns/r").len(), 0);
        assert!(store.get(&Name::new("ns", "a")).is_some());
    }

    #[test]
    fn a_grave_is_kept_while_it_is_wanted() {
        let store = Store::with_tombstones(pod_groups);
        for name in ["a", "b"] {
            store.apply(ALL, Event::Apply(pod(name, "Running")));
            store.apply(ALL, Event::Delete(pod(name, "Failed")));
        }
        store.prune(Duration::ZERO, |p: &Pod| p.name_any() == "a");
        assert_eq!(store.get(&Name::new("ns", "a")), None);
        assert_eq!(store.tombstone(&Name::new("ns", "a")), Some(Arc::new(pod("a", "Failed"))));
        assert_eq!(store.tombstone(&Name::new("ns", "b")), None);
    }
}
