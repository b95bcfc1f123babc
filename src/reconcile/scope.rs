//! Names of namespaces, as a user wrote them -> the scope of this process.
//!
//! A scope has watch scopes, each of which is listed and watched on its own: the whole cluster is one, and so is each
//! namespace of a list, because permissions are granted per namespace. A failure in one never blocks another. It makes
//! no request. Start reading at [`Scope::of`].

use crate::cluster::Name;
use std::collections::BTreeSet;
use std::fmt;

use k8s_openapi::NamespaceResourceScope;
use kube::api::{ApiResource, DynamicObject};
use kube::{Api, Client, Resource};

/// The maximum length of a namespace's name.
const LONGEST: usize = 63;

/// The namespaces that a process works in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Cluster,
    Namespaces(BTreeSet<String>),
}

/// What is listed and watched with one request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WatchScope {
    Cluster,
    Namespace(String),
}

impl Scope {
    /// The scope of a list of names; an empty list means the whole cluster. A name that is listed twice counts once.
    pub fn of(namespaces: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<String> = namespaces.into_iter().collect();
        if names.is_empty() { Self::Cluster } else { Self::Namespaces(names) }
    }

    pub fn watch_scopes(&self) -> Vec<WatchScope> {
        match self {
            Self::Cluster => vec![WatchScope::Cluster],
            Self::Namespaces(names) => names.iter().cloned().map(WatchScope::Namespace).collect(),
        }
    }

    /// The watch scope that contains a namespace's objects.
    pub fn watch_scope_of(&self, namespace: &str) -> WatchScope {
        match self {
            Self::Cluster => WatchScope::Cluster,
            Self::Namespaces(_) => WatchScope::Namespace(namespace.into()),
        }
    }

    /// The namespace, if there is exactly one.
    pub fn only(&self) -> Option<&str> {
        match self {
            Self::Namespaces(names) if names.len() == 1 => names.first().map(String::as_str),
            Self::Cluster | Self::Namespaces(_) => None,
        }
    }
}

impl WatchScope {
    /// Whether an object of that name belongs to it.
    pub fn holds(&self, name: &Name) -> bool {
        match self {
            Self::Cluster => true,
            Self::Namespace(namespace) => *namespace == name.namespace,
        }
    }

    /// The objects in it.
    pub fn api<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>>(
        &self,
        client: &Client,
    ) -> Api<K> {
        match self {
            Self::Cluster => Api::all(client.clone()),
            Self::Namespace(namespace) => Api::namespaced(client.clone(), namespace),
        }
    }

    /// The objects in it as they are stored, of any shape.
    pub fn raw(&self, client: &Client, kind: &ApiResource) -> Api<DynamicObject> {
        match self {
            Self::Cluster => Api::all_with(client.clone(), kind),
            Self::Namespace(namespace) => Api::namespaced_with(client.clone(), namespace, kind),
        }
    }
}

impl fmt::Display for WatchScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("all namespaces"),
            Self::Namespace(namespace) => write!(f, "namespace {namespace}"),
        }
    }
}

/// The name of a namespace, or what is wrong with it.
pub fn namespace(text: &str) -> Result<String, String> {
    let name = text.trim();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() {
        return Err("the name is empty; name a namespace, or leave the option out for all of them".into());
    }
    if name.len() > LONGEST || !name.chars().all(fits) || name.starts_with('-') || name.ends_with('-') {
        return Err(format!(
            "no namespace can have that name: at most {LONGEST} of a-z, 0-9 and '-', with no '-' at either end"
        ));
    }
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(names: &[&str]) -> Scope {
        Scope::of(names.iter().map(|n| n.to_string()))
    }

    #[test]
    fn no_name_means_the_whole_cluster() {
        assert_eq!(scope(&[]).watch_scopes(), [WatchScope::Cluster]);
    }

    #[test]
    fn a_name_that_is_there_twice_is_one_part() {
        let scopes = ["a", "b"].map(|n| WatchScope::Namespace(n.into()));
        assert_eq!(scope(&["b", "a", "b"]).watch_scopes(), scopes);
    }

    #[test]
    fn only_a_list_of_one_has_an_only_namespace() {
        assert_eq!(scope(&["a", "a"]).only(), Some("a"));
        assert_eq!(scope(&["a", "b"]).only(), None);
        assert_eq!(scope(&[]).only(), None);
    }

    #[test]
    fn a_name_that_no_namespace_can_have_is_refused() {
        assert_eq!(namespace(" team-a "), Ok("team-a".into()));
        for wrong in ["", " ", "Team", "a b", "-a", "a-", "a.b", "a/b", &"a".repeat(64)] {
            assert!(namespace(wrong).is_err(), "{wrong:?}");
        }
    }
}
