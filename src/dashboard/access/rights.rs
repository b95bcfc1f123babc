//! What readers may see. Pure: permissions and answers, no requests.

use std::collections::BTreeSet;

/// The kinds that permissions are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    Runs,
    Workflows,
    Records,
    Decisions,
    Jobs,
    Revisions,
}

impl ObjectKind {
    pub const fn group(self) -> &'static str {
        match self {
            ObjectKind::Runs | ObjectKind::Workflows | ObjectKind::Records | ObjectKind::Decisions => {
                "missioncontrol.dev"
            }
            ObjectKind::Jobs => "batch",
            ObjectKind::Revisions => "apps",
        }
    }

    pub const fn resource(self) -> &'static str {
        match self {
            ObjectKind::Runs => "workflowruns",
            ObjectKind::Workflows => "workflows",
            ObjectKind::Records => "runrecords",
            ObjectKind::Decisions => "workflowdecisions",
            ObjectKind::Jobs => "jobs",
            ObjectKind::Revisions => "controllerrevisions",
        }
    }
}

/// A permission. Without a namespace it is about all namespaces, without a name about every object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    pub verb: &'static str,
    pub kind: ObjectKind,
    pub namespace: Option<String>,
    pub name: Option<String>,
}

impl Permission {
    pub fn list(kind: ObjectKind, namespace: Option<&str>) -> Self {
        Self { verb: "list", kind, namespace: namespace.map(String::from), name: None }
    }

    pub fn get(kind: ObjectKind, namespace: &str, name: &str) -> Self {
        Self { verb: "get", kind, namespace: Some(namespace.into()), name: Some(name.into()) }
    }

    pub fn create(kind: ObjectKind, namespace: &str) -> Self {
        Self { verb: "create", kind, namespace: Some(namespace.into()), name: None }
    }
}

/// The namespaces in which a reader may list objects of a kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Visibility {
    All,
    Only(BTreeSet<String>),
}

impl Visibility {
    pub fn includes(&self, namespace: &str) -> bool {
        match self {
            Visibility::All => true,
            Visibility::Only(names) => names.contains(namespace),
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Visibility::Only(names) if names.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_list_nothing_sees_nothing() {
        let none = Visibility::Only(BTreeSet::new());
        assert!(none.is_empty() && !none.includes("a") && !none.includes(""));
        let one = Visibility::Only(["a".to_string()].into());
        assert!(one.includes("a") && !one.includes("b") && !one.is_empty());
        assert!(Visibility::All.includes("b") && !Visibility::All.is_empty());
    }
}
