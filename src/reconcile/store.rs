//! Watch events -> what is known of the cluster now, with indexes, so that a pass costs the same however much has
//! finished.
//!
//! A store says what changed, including what vanished while a watch was broken; the last sight of what is gone is kept
//! in a graveyard, because it is evidence. Each part of the scope is listed on its own, and a new list of one replaces
//! nothing of another. It never asks the API server and never decides.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use kube::Resource;
use kube::runtime::watcher::Event;

use crate::cluster::Name;

use super::scope::Part;

/// What a watch event did to a store.
#[derive(Clone, Debug)]
pub enum Change<K> {
    Seen(Arc<K>),
    Gone(Arc<K>),
}

/// How far the list of a part has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// There was none yet.
    #[default]
    Awaited,
    /// There was none yet, and the API server does not allow it.
    Refused,
    /// There was one; changes follow it.
    Complete,
}

/// All objects of one kind that the watches select.
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
    /// Lists that are under way.
    listed: HashMap<Part, HashMap<Name, Arc<K>>>,
    standing: HashMap<Part, Standing>,
}

impl<K: Resource> Store<K> {
    /// `groups` names the indexes under which an object is found.
    pub fn new(groups: fn(&K) -> Vec<String>) -> Self {
        let state = State {
            objects: HashMap::new(),
            groups: HashMap::new(),
            listed: HashMap::new(),
            standing: HashMap::new(),
        };
        Self { state: RwLock::new(state), groups, graves: None }
    }

    /// The same, with a graveyard.
    pub fn with_graves(groups: fn(&K) -> Vec<String>) -> Self {
        Self { graves: Some(Graveyard::default()), ..Self::new(groups) }
    }

    /// Takes in one event of a part's watch.
    pub fn apply(&self, part: &Part, event: Event<K>) -> Vec<Change<K>> {
        // Burials happen under this lock: whoever no longer finds an object finds its grave.
        let mut state = self.write();
        let changes = self.change(&mut state, part, event);
        for change in &changes {
            if let (Change::Gone(object), Some(graves)) = (change, &self.graves) {
                graves.bury(Arc::clone(object));
            }
        }
        changes
    }

    fn change(&self, state: &mut State<K>, part: &Part, event: Event<K>) -> Vec<Change<K>> {
        match event {
            Event::Apply(object) => vec![Change::Seen(state.put(Arc::new(object), self.groups))],
            Event::Delete(object) => {
                state.remove(&Name::of(&object), self.groups);
                vec![Change::Gone(Arc::new(object))]
            }
            Event::Init => {
                state.listed.remove(part);
                Vec::new()
            }
            Event::InitApply(object) => {
                let listed = state.listed.entry(part.clone()).or_default();
                listed.insert(Name::of(&object), Arc::new(object));
                Vec::new()
            }
            Event::InitDone => state.replace(part, self.groups),
        }
    }

    /// The API server does not allow a part's list. What was listed before stands.
    pub fn refuse(&self, part: &Part) {
        let mut state = self.write();
        let standing = state.standing.entry(part.clone()).or_default();
        if *standing == Standing::Awaited {
            *standing = Standing::Refused;
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

    /// What `look` makes of all objects.
    pub fn fold<T>(&self, look: impl FnOnce(&mut dyn Iterator<Item = &K>) -> T) -> T {
        self.read(|s| look(&mut s.objects.values().map(|o| &**o)))
    }

    pub fn all(&self) -> Vec<Arc<K>> {
        self.read(|s| s.objects.values().cloned().collect())
    }

    pub fn names(&self) -> Vec<Name> {
        self.read(|s| s.objects.keys().cloned().collect())
    }

    pub fn standing(&self, part: &Part) -> Standing {
        self.read(|s| s.standing.get(part).copied().unwrap_or_default())
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

    /// A new list of a part is complete: what it lacks of that part vanished while nobody watched.
    fn replace(&mut self, part: &Part, groups: fn(&K) -> Vec<String>) -> Vec<Change<K>> {
        let listed = self.listed.remove(part).unwrap_or_default();
        let gone = |n: &&Name| part.holds(n) && !listed.contains_key(*n);
        let vanished: Vec<Name> = self.objects.keys().filter(gone).cloned().collect();
        let mut changes: Vec<Change<K>> =
            vanished.iter().filter_map(|n| self.remove(n, groups)).map(Change::Gone).collect();
        for object in listed.into_values() {
            changes.push(Change::Seen(self.put(object, groups)));
        }
        self.standing.insert(part.clone(), Standing::Complete);
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

    const ALL: &Part = &Part::Cluster;

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
        store.apply(ALL, Event::Apply(pod("a", "Running")));
        store.apply(ALL, Event::Init);
        store.apply(ALL, Event::InitApply(pod("b", "Running")));
        assert_eq!(store.standing(ALL), Standing::Awaited);
        assert_eq!(told(store.apply(ALL, Event::InitDone)), ["gone a", "seen b"]);
        assert_eq!(store.standing(ALL), Standing::Complete);
    }

    #[test]
    fn a_new_list_of_one_namespace_replaces_nothing_of_another() {
        let store = Store::new(pod_groups);
        let [a, b] = ["a", "b"].map(|n| Part::Namespace(n.into()));
        for part in [&a, &b] {
            store.apply(part, Event::Init);
        }
        // The lists are under way at the same time.
        store.apply(&a, Event::InitApply(pod_in("a", "old", "Running")));
        store.apply(&b, Event::InitApply(pod_in("b", "stays", "Running")));
        assert_eq!(told(store.apply(&b, Event::InitDone)), ["seen stays"]);
        assert_eq!(told(store.apply(&a, Event::InitDone)), ["seen old"]);

        store.apply(&a, Event::Init);
        assert_eq!(told(store.apply(&a, Event::InitDone)), ["gone old"]);
        assert_eq!(store.names(), [Name::new("b", "stays")]);
    }

    #[test]
    fn a_list_that_begins_again_forgets_what_the_broken_one_had() {
        let store = Store::new(pod_groups);
        store.apply(ALL, Event::Init);
        store.apply(ALL, Event::InitApply(pod("a", "Running")));
        store.apply(ALL, Event::Init);
        store.apply(ALL, Event::InitApply(pod("b", "Running")));
        assert_eq!(told(store.apply(ALL, Event::InitDone)), ["seen b"]);
    }

    #[test]
    fn a_refusal_is_forgotten_with_the_first_list_and_does_not_undo_one() {
        let store: Store<Pod> = Store::new(pod_groups);
        let [a, b] = ["a", "b"].map(|n| Part::Namespace(n.into()));
        store.refuse(&a);
        assert_eq!((store.standing(&a), store.standing(&b)), (Standing::Refused, Standing::Awaited));
        store.apply(&a, Event::Init);
        assert_eq!(store.standing(&a), Standing::Refused);
        store.apply(&a, Event::InitDone);
        store.refuse(&a);
        assert_eq!((store.standing(&a), store.standing(&b)), (Standing::Complete, Standing::Awaited));
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
        let store = Store::with_graves(pod_groups);
        for name in ["a", "b"] {
            store.apply(ALL, Event::Apply(pod(name, "Running")));
            store.apply(ALL, Event::Delete(pod(name, "Failed")));
        }
        store.prune(Duration::ZERO, |p: &Pod| p.name_any() == "a");
        assert_eq!(store.get(&Name::new("ns", "a")), None);
        assert_eq!(store.grave(&Name::new("ns", "a")), Some(Arc::new(pod("a", "Failed"))));
        assert_eq!(store.grave(&Name::new("ns", "b")), None);
    }
}
