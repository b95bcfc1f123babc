//! What readers may see. Pure: questions and answers, no requests.

use std::collections::BTreeSet;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Runs,
    Workflows,
    Records,
    Decisions,
    Jobs,
    Revisions,
}

impl Kind {
    pub const fn group(self) -> &'static str {
        match self {
            Kind::Runs | Kind::Workflows | Kind::Records | Kind::Decisions => "missioncontrol.dev",
            Kind::Jobs => "batch",
            Kind::Revisions => "apps",
        }
    }

    pub const fn resource(self) -> &'static str {
        match self {
            Kind::Runs => "workflowruns",
            Kind::Workflows => "workflows",
            Kind::Records => "runrecords",
            Kind::Decisions => "workflowdecisions",
            Kind::Jobs => "jobs",
            Kind::Revisions => "controllerrevisions",
        }
    }
}

/// A question about a right. Without a namespace it is about all of them, without a name about every object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask {
    pub verb: &'static str,
    pub kind: Kind,
    pub namespace: Option<String>,
    pub name: Option<String>,
}

impl Ask {
    pub fn list(kind: Kind, namespace: Option<&str>) -> Self {
        Self { verb: "list", kind, namespace: namespace.map(String::from), name: None }
    }

    pub fn get(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { verb: "get", kind, namespace: Some(namespace.into()), name: Some(name.into()) }
    }

    pub fn create(kind: Kind, namespace: &str) -> Self {
        Self { verb: "create", kind, namespace: Some(namespace.into()), name: None }
    }
}

/// The namespaces whose objects of a kind a reader may list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sight {
    All,
    Only(BTreeSet<String>),
}

impl Sight {
    pub fn has(&self, namespace: &str) -> bool {
        match self {
            Sight::All => true,
            Sight::Only(names) => names.contains(namespace),
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Sight::Only(names) if names.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_list_nothing_sees_nothing() {
        let none = Sight::Only(BTreeSet::new());
        assert!(none.is_empty() && !none.has("a") && !none.has(""));
        let one = Sight::Only(["a".to_string()].into());
        assert!(one.has("a") && !one.has("b") && !one.is_empty());
        assert!(Sight::All.has("b") && !Sight::All.is_empty());
    }
}
